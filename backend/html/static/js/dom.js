/** Elements of a page. Text that came from a server is only ever set as text. */

/**
 * An element with attributes and children; a child that is no node becomes text. Attributes that are null are left out.
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** A table of rows of cells under a row of headings. Cells are texts or nodes. */
export function table(headings, rows, caption = null) {
  const head = element("tr", {}, ...headings.map((text) => element("th", { scope: "col" }, text)));
  const body = rows.map((cells) => element("tr", {}, ...cells.map((cell) => element("td", {}, cell))));
  const title = caption ? [element("caption", {}, caption)] : [];
  const whole = element("table", { class: "table" }, ...title, element("thead", {}, head), element("tbody", {}, ...body));
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption ?? "Table" }, whole);
}

/** Show a text in an element, or hide it where there is none. */
export function say(target, text) {
  target.textContent = text ?? "";
  target.hidden = !text;
}

/** A value of JSON as a person reads it, no longer than `longest` characters. */
export function textOf(value, longest = 200) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** A number of bytes in a unit that suits it. */
export function sizeText(bytes) {
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return bytes >= 1e3 ? `${(bytes / 1e3).toFixed(1)} kB` : `${bytes} bytes`;
}
