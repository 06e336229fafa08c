/** The page of a dataset's features: those of its own URL, on a map and in a table. */

import { element } from "./dom.js";
import { readText, request } from "./http.js";
import { mapAndTable } from "./results.js";

const MOST_BYTES = 32_000_000;
const target = document.getElementById("features");
const source = document.querySelector('link[rel="alternate"][type="application/geo+json"]').href;

try {
  const response = await request(source, { headers: { Accept: "application/geo+json" } });
  const value = JSON.parse(await readText(response, MOST_BYTES));
  target.replaceChildren(...mapAndTable(value, Number(new URL(source).searchParams.get("offset") ?? 0)));
} catch (error) {
  target.replaceChildren(element("p", { class: "notice" }, error.message));
}
