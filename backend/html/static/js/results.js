/** The results of a job, each in the form that suits it, and never more of one than a page can hold. */

import { element, say, sizeText, table, textOf } from "./dom.js";
import { localUrl, readText, request, TooLarge } from "./http.js";
import { isGeoJson } from "./geometry.js";
import { ResultMap } from "./map.js";

const PAGE = 100;
const MOST_COLUMNS = 30;
const MOST_BYTES = 8_000_000;
const MOST_CHARACTERS = 20_000;
const MOST_IMAGE_BYTES = 32_000_000;
const IMAGES = /^image\/(png|jpeg|gif|webp|avif|svg\+xml)(;|$)/i;
const JSON_TYPE = /^application\/(json|[\w.-]+\+json)(;|$)/i;

/** Fill the `.outputs` of a section; its `data-href` says where the results stand. */
export async function showResults(section) {
  const target = section.querySelector(".outputs");
  target.replaceChildren(element("p", {}, "Loading…"));
  try {
    const response = await request(section.dataset.href, { headers: { Prefer: "return=minimal" } });
    const entries = Object.entries(JSON.parse(await readText(response, MOST_BYTES)));
    target.replaceChildren(...entries.map(([name, entry]) => output(section.dataset.href, name, entry)));
    if (entries.length === 0) target.append(element("p", {}, "The job has no outputs."));
  } catch (error) {
    target.replaceChildren(element("p", { class: "notice" }, error.message));
  }
}

function output(base, name, entry) {
  const href = entry?.href ? localUrl(entry.href) : `${base}/${encodeURIComponent(name)}`;
  const type = entry?.type ?? "application/json";
  const facts = [type, entry?.length === undefined ? null : sizeText(entry.length)].filter(Boolean).join(", ");
  const body = element("div", { class: "output-body" });
  const section = element(
    "section",
    { class: "output", "data-output": name },
    element("h3", {}, element("a", { href, type }, name), " ", element("small", {}, facts)),
    body,
  );
  view(body, { name, href, type, length: entry?.length ?? 0, summary: entry?.summary ?? {} }).catch((error) =>
    body.replaceChildren(element("p", { class: "notice" }, refusal(error, href))),
  );
  return section;
}

function refusal(error, href) {
  if (!(error instanceof TooLarge)) return error.message;
  const link = element("a", { href }, "Open it on its own");
  return element("span", {}, `This value is larger than the ${sizeText(MOST_BYTES)} a page shows. `, link);
}

async function view(body, result) {
  if (IMAGES.test(result.type)) return showImage(body, result);
  if (JSON_TYPE.test(result.type)) return showJson(body, result, 0);
  if (result.type.startsWith("text/")) {
    const response = await request(result.href, { headers: { Accept: "*/*" } });
    return body.replaceChildren(preformatted(await readText(response, MOST_BYTES)));
  }
  return body.replaceChildren(element("p", {}, "This value is binary: ", element("a", { href: result.href }, "open it")));
}

function showImage(body, { name, href, length }) {
  if (length > MOST_IMAGE_BYTES) throw new TooLarge();
  body.replaceChildren(element("img", { src: href, alt: `Result ${name}`, class: "preview" }));
}

/** A sequence comes in pages: what is not asked for is not sent. */
async function showJson(body, result, offset) {
  const response = await request(`${result.href}?${new URLSearchParams({ offset, limit: PAGE })}`, {
    headers: { Accept: "*/*" },
  });
  const value = JSON.parse(await readText(response, MOST_BYTES));
  const matched = value?.numberMatched ?? Number(response.headers.get("OGC-NumberMatched") ?? 0);
  const parts = [];
  if (isGeoJson(value) && isLonLat(result.summary.crs)) parts.push(...mapAndTable(value, offset));
  else if (isGeoJson(value)) parts.push(element("p", { class: "notice" }, `Not drawn: its CRS is ${textOf(result.summary.crs)}.`));
  else if (isPlainObject(value)) parts.push(...members(value));
  else parts.push(preformatted(typeof value === "string" ? value : JSON.stringify(value, null, 2)));
  const shown = value?.features?.length ?? (Array.isArray(value) ? value.length : 0);
  if (matched > shown) parts.push(pages(body, result, offset, shown, matched));
  if (isPlainObject(value)) parts.push(source(value));
  body.replaceChildren(...parts);
}

function isLonLat(crs) {
  return !crs || /CRS84h?$|EPSG:+4326$/i.test(String(crs));
}

function isPlainObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function members(value) {
  const entries = Object.entries(value);
  const rows = entries.slice(0, PAGE).map(([name, member]) => [name, textOf(member)]);
  return [table(["Member", "Value"], rows), ...leftOut(entries.length, PAGE, "members")];
}

/** A note where a table has not all of something. */
function leftOut(count, most, what) {
  return count > most ? [element("p", { class: "note" }, `${most} of ${count} ${what} are in the table.`)] : [];
}

/** A map of GeoJSON, what its features are, and their table; `offset` is how many features come before them. */
export function mapAndTable(value, offset) {
  const features = value.type === "FeatureCollection" ? value.features : [value.type === "Feature" ? value : { geometry: value }];
  const details = element("div", { class: "details", "aria-live": "polite" });
  const map = new ResultMap(features, (index) => details.replaceChildren(...describe(features[index], offset + index)));
  const parts = [map.root, details];
  if (value.type === "FeatureCollection") parts.push(...featureTable(features, offset, (index) => map.select(index)));
  else if (value.type === "Feature") map.select(0);
  return parts;
}

function describe(feature, number) {
  const rows = Object.entries(feature?.properties ?? {}).map(([name, value]) => [name, textOf(value, 1000)]);
  const title = `Feature ${feature?.id ?? number + 1}`;
  return rows.length > 0 ? [table(["Property", "Value"], rows, title)] : [element("p", {}, `${title} has no properties.`)];
}

function featureTable(features, offset, select) {
  const every = [...new Set(features.flatMap((feature) => Object.keys(feature?.properties ?? {})))];
  const names = every.slice(0, MOST_COLUMNS);
  const rows = features.map((feature, index) => {
    const button = element("button", { type: "button", class: "button small" }, textOf(feature?.id ?? offset + index + 1, 40));
    button.addEventListener("click", () => select(index));
    return [button, ...names.map((name) => textOf(feature?.properties?.[name] ?? "", 80))];
  });
  return [table(["Feature", ...names], rows, "Features"), ...leftOut(every.length, MOST_COLUMNS, "properties")];
}

function pages(body, result, offset, shown, matched) {
  const state = element("span", { role: "status" }, ` ${offset + 1} to ${offset + shown} of ${matched} `);
  const turn = (label, start, possible) => {
    const button = element("button", { type: "button", class: "button" }, label);
    button.disabled = !possible;
    button.addEventListener("click", () => {
      button.disabled = true;
      showJson(body, result, start).catch((error) => say(state, ` ${error.message} `));
    });
    return button;
  };
  return element(
    "p",
    { class: "pages" },
    turn("Previous", Math.max(0, offset - PAGE), offset > 0),
    state,
    turn("Next", offset + PAGE, offset + shown < matched),
  );
}

function source(value) {
  const details = element("details", {}, element("summary", {}, "JSON"));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(preformatted(JSON.stringify(value, null, 2)));
  });
  return details;
}

function preformatted(text) {
  const cut = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}\n…` : text;
  return element("pre", { tabindex: "0" }, cut);
}
