/** Elements of SVG. */

const NAMESPACE = "http://www.w3.org/2000/svg";

/** An element with attributes and children; a child that is no node becomes text. */
export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
