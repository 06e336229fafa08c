/** The filters of the job list: filled in as they were asked for, and sent without what is empty. */

import { element } from "./dom.js";
import { request } from "./http.js";

const MOST_SUGGESTIONS = 500;
const form = document.getElementById("filters");
const asked = new URLSearchParams(window.location.search);

for (const control of form.querySelectorAll("[name]")) {
  const value = asked.getAll(control.name).join(",");
  if (value === "") continue;
  if (control.tagName === "SELECT" && ![...control.options].some((option) => option.value === value)) {
    control.append(element("option", { value }, value));
  }
  control.value = value;
}
// A filter that the form does not show still holds; a new selection begins with its first page.
const settled = new Set(["offset", "after", ...[...form.querySelectorAll("[name]")].map(({ name }) => name)]);
for (const [name, value] of asked) {
  if (!settled.has(name)) form.append(element("input", { type: "hidden", name, value }));
}
form.addEventListener("formdata", (event) => {
  for (const [name, value] of [...event.formData]) {
    if (value === "") event.formData.delete(name);
  }
});
suggestProcesses();

async function suggestProcesses() {
  const list = document.getElementById("process-ids");
  try {
    const response = await request(`${new URL(form.action).pathname.replace(/jobs$/, "processes")}?limit=${MOST_SUGGESTIONS}`);
    const { processes } = await response.json();
    list.replaceChildren(...processes.map(({ id }) => element("option", { value: id })));
  } catch {
    // The list keeps the processes of the jobs on this page.
  }
}
