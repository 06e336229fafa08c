/** A job's page: follows the job until it ends, dismisses it, and shows its results. */

import { element, say } from "./dom.js";
import { localUrl, Problem, request } from "./http.js";
import { showResults } from "./results.js";

const HELD_SECONDS = 20;
const LEAST_PAUSE_MS = 400;
const MOST_PAUSE_MS = 15_000;
const ENDED = ["successful", "failed", "dismissed"];

const panel = document.getElementById("job");
const url = panel.dataset.href;
const button = document.getElementById("dismiss");
const dialog = document.getElementById("confirm");
const trouble = document.getElementById("trouble");
const results = document.getElementById("results");

let shown = panel.dataset.status;

button.addEventListener("click", () => dialog.showModal());
dialog.addEventListener("close", () => dialog.returnValue === "dismiss" && dismiss());

if (shown === "successful") showResults(results);
if (!ENDED.includes(shown)) follow();

/** Ask again as soon as there is an answer: the server holds it back until the job changes. */
async function follow() {
  let etag = null;
  let pause = LEAST_PAUSE_MS;
  while (!ENDED.includes(shown)) {
    const asked = performance.now();
    try {
      const held = etag ? { "If-None-Match": etag, Prefer: `wait=${HELD_SECONDS}` } : {};
      const response = await request(url, { headers: held, cache: "no-store" });
      if (response.status !== 304) {
        etag = response.headers.get("ETag");
        show(await response.json());
      }
      say(trouble, null);
      pause = LEAST_PAUSE_MS;
    } catch (error) {
      if (error instanceof Problem && error.status < 500) {
        say(trouble, error.message);
        return;
      }
      pause = Math.min(2 * pause, MOST_PAUSE_MS);
      say(trouble, `The server does not answer; trying again. ${error.message}`);
    }
    // A server that does not hold answers back is not to be asked without end.
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, pause - (performance.now() - asked))));
  }
}

function show(job) {
  const changed = job.status !== shown;
  shown = job.status;
  document.getElementById("progress").value = job.progress ?? 0;
  document.getElementById("percent").textContent = `${job.progress ?? 0} %`;
  document.getElementById("message").textContent = job.message ?? "";
  for (const name of ["created", "started", "updated", "finished"]) {
    document.getElementById(name).textContent = moment(job[name]);
  }
  if (!changed) return;
  panel.dataset.status = shown;
  const known = ["accepted", "running", ...ENDED].includes(shown);
  document.getElementById("status").replaceChildren(element("mark", { class: known ? shown : "unknown" }, shown));
  button.textContent = shown === "successful" ? "Remove the results" : "Dismiss this job";
  button.hidden = shown === "failed" || shown === "dismissed";
  results.hidden = shown !== "successful";
  showLinks(job.links ?? []);
  if (shown === "successful") showResults(results);
}

function showLinks(links) {
  const items = links.map(({ href, title, type }) => {
    const kind = type ? [" ", element("small", {}, `(${type})`)] : [];
    return element("li", {}, element("a", { href: localUrl(href) }, title ?? href), ...kind);
  });
  document.querySelector(".links").replaceChildren(...items);
}

async function dismiss() {
  button.disabled = true;
  try {
    const response = await request(url, { method: "DELETE" });
    show(await response.json());
    say(trouble, null);
  } catch (error) {
    say(trouble, `It could not be dismissed: ${error.message}`);
  }
  button.disabled = false;
}

function moment(text) {
  const time = new Date(text ?? NaN);
  return Number.isNaN(time.valueOf()) ? "–" : `${time.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
