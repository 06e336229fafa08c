/** The page of a job's results. */

import { showResults } from "./results.js";

const path = window.location.pathname.replace(/\/+$/, "");
const results = document.getElementById("results");
const job = path.replace(/\/results$/, "");
const crumb = document.getElementById("job-crumb");

crumb.href = job;
crumb.textContent = decodeURIComponent(job.slice(job.lastIndexOf("/") + 1));
results.dataset.href = path;
showResults(results);
