/** The execute form: sends its values as JSON, shows problems next to their fields, and leads to the job. */

import { say } from "./dom.js";
import { FieldError, readField } from "./field_values.js";
import { localUrl, Problem, request } from "./http.js";

const form = document.getElementById("execute");
const summary = document.getElementById("summary");
const state = document.getElementById("state");
const cancel = document.getElementById("cancel");
const submit = form.querySelector('[type="submit"]');
const fields = [...form.querySelectorAll(".field[data-input]")];

let running = null;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  execute();
});
cancel.addEventListener("click", () => running?.abort());
// A browser that comes back to this page may keep it as it was left.
window.addEventListener("pageshow", () => busy(false));
for (const field of fields) {
  field.querySelector(".add")?.addEventListener("click", () => addValue(field));
  field.addEventListener("click", (event) => event.target.matches(".remove") && removeValue(field, event.target));
  field.addEventListener("input", () => showProblem(field, null));
}

async function execute() {
  clear();
  const boxes = [...form.querySelectorAll("#outputs input")];
  if (boxes.length > 0 && !boxes.some((box) => box.checked)) return summarise("Choose an output.");
  const inputs = await collect();
  if (inputs === null) return;
  const synchronous = form.querySelector('[name="execution-mode"]:checked')?.value === "sync";
  running = new AbortController();
  busy(true, synchronous ? "Running; the server works on it…" : "Sending…");
  try {
    const response = await request(form.action, {
      method: "POST",
      body: JSON.stringify({ inputs, ...chosenOutputs() }),
      // Nothing of the results is wanted here: the job's page shows them.
      headers: { "Content-Type": "application/json", Prefer: `${synchronous ? "" : "respond-async, "}return=minimal` },
      signal: running.signal,
    });
    await response.arrayBuffer(); // a request that is broken off may end its job
    window.location.assign(localUrl(response.headers.get("Location")));
  } catch (error) {
    busy(false);
    if (error.name === "AbortError") say(state, "Cancelled.");
    else explain(error);
  }
}

/** The inputs, or null after saying what is wrong with them. */
async function collect() {
  const inputs = {};
  let wrong = null;
  for (const field of fields) {
    try {
      const value = await readField(field);
      if (value !== undefined) inputs[field.dataset.input] = value;
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      showProblem(field, error.message);
      wrong ??= field;
    }
  }
  wrong?.querySelector("input, select, textarea").focus();
  return wrong === null ? inputs : null;
}

function chosenOutputs() {
  const boxes = [...form.querySelectorAll("#outputs input")];
  if (boxes.every((box) => box.checked)) return {};
  return { outputs: Object.fromEntries(boxes.filter((box) => box.checked).map((box) => [box.name, {}])) };
}

function explain(error) {
  if (!(error instanceof Problem)) {
    summarise(`The server cannot be reached: ${error.message}`);
    return;
  }
  const elsewhere = error.errors.filter(({ path, message }) => {
    const field = fields.find((candidate) => candidate.dataset.input === inputOf(path));
    if (field) showProblem(field, `${within(path)}${message}`);
    return !field;
  });
  const placed = elsewhere.length < error.errors.length;
  const others = elsewhere.map(({ path, message }) => `${path} ${message}`).join("; ");
  summarise(placed ? [error.title, others].filter(Boolean).join(". ") : error.message, error.location);
}

function summarise(text, location = null) {
  say(summary, text);
  if (location) {
    const link = document.createElement("a");
    link.href = localUrl(location);
    link.textContent = "The job";
    summary.append(" ", link);
  }
  summary.focus();
}

/** The input a JSON path such as `$.inputs.geometry.type` or `$.inputs['odd name'][0]` leads to. */
function inputOf(path) {
  const match = /^\$\.inputs(?:\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\])/.exec(path ?? "");
  return match ? (match[1] ?? (match[2] ?? match[3]).replace(/\\(.)/g, "$1")) : null;
}

function within(path) {
  const rest = path.replace(/^\$\.inputs(\.[^.[\]]+|\['(?:[^'\\]|\\.)*'\]|\["(?:[^"\\]|\\.)*"\])/, "");
  return rest ? `${rest.replace(/^\./, "")}: ` : "";
}

function showProblem(field, text) {
  const target = field.querySelector(".field-problem");
  say(target, text && target.textContent ? `${target.textContent}; ${text}` : text);
  for (const input of field.querySelectorAll("input, select, textarea")) {
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
}

function clear() {
  fields.forEach((field) => showProblem(field, null));
  say(summary, null);
  say(state, null);
}

function busy(yes, text = null) {
  submit.disabled = yes;
  cancel.hidden = !yes;
  form.setAttribute("aria-busy", String(yes));
  say(state, text);
}

function addValue(field) {
  const rows = field.querySelectorAll(".value-row");
  if (field.dataset.most && rows.length >= Number(field.dataset.most)) return;
  const last = rows[rows.length - 1];
  const row = last.cloneNode(true);
  let number = 0;
  for (const input of row.querySelectorAll("input, select, textarea")) {
    const label = row.querySelector(`label[for="${input.id}"]`);
    input.value = "";
    input.required = false;
    input.id = label.htmlFor = input.id.replace(/\d+(?=(-href)?$)/, (last) => (number = Number(last) + 1));
  }
  row.querySelector("label").textContent = `Value ${number}`;
  last.after(row);
  row.querySelector("input, select, textarea").focus();
}

function removeValue(field, button) {
  const row = button.closest(".value-row");
  if (field.querySelectorAll(".value-row").length > 1) row.remove();
  else row.querySelectorAll("input, select, textarea").forEach((input) => (input.value = ""));
}
