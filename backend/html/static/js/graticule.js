/** Meridians, parallels and the scale of a map. A frame says how degrees lie on the screen. */

import { turn } from "./geometry.js";
import { svg } from "./svg.js";

const METRES_PER_DEGREE = 111_195; // of latitude, on the mean sphere: right to 0.6 %
const COARSE_STEPS = [90, 45, 30, 15, 10, 5, 2, 1];
const LEAST_PIXELS = 90;
const BAR_PIXELS = 110;

/** Fill `grid` with lines, append their names to `labels`, and lay `sheet`, a rectangle, between the poles. */
export function drawGraticule(frame, sheet, grid, labels) {
  const { width, height } = frame;
  const top = Math.max(0, yOf(frame, 90));
  const bottom = Math.min(height, yOf(frame, -90));
  grid.replaceChildren();
  for (const [key, value] of Object.entries({ y: top, width, height: Math.max(0, bottom - top) })) sheet.setAttribute(key, value);
  for (const [lon, step] of marks(frame.lonAt(0), frame.lonAt(width), frame.perLon)) {
    const x = xOf(frame, lon);
    const name = Math.abs(turn(lon)) === 180 ? "meridian antimeridian" : "meridian";
    grid.append(svg("line", { class: name, x1: x, x2: x, y1: top, y2: bottom }));
    if (x > 46 && x < width - 24) labels.append(svg("text", { x, y: height - 6, class: "lon" }, lonText(lon, step)));
  }
  for (const [lat, step] of marks(Math.max(-90, frame.latAt(height)), Math.min(90, frame.latAt(0)), frame.perLat)) {
    const y = yOf(frame, lat);
    grid.append(svg("line", { class: "parallel", x1: 0, x2: width, y1: y, y2: y }));
    if (y > 14 && y < height - 22) labels.append(svg("text", { x: 6, y: y - 4, class: "lat" }, latText(lat, step)));
  }
}

/** A bar of a round length, as it is at the middle of the map. */
export function scaleBar(frame) {
  const latitude = frame.latAt(frame.height / 2);
  const along = Math.max(0.01, Math.cos((Math.min(90, Math.abs(latitude)) * Math.PI) / 180));
  const perPixel = (METRES_PER_DEGREE * along) / frame.perLon;
  const length = roundDown(perPixel * BAR_PIXELS);
  const pixels = length / perPixel;
  const [right, y] = [frame.width - 12, frame.height - 28];
  const path = svg("path", { d: `M${right - pixels} ${y - 5}v5h${pixels}v-5` });
  const text = length >= 1000 ? `${length / 1000} km` : `${length} m`;
  return svg("g", { class: "scale-bar" }, path, svg("text", { x: right - pixels / 2, y: y - 6 }, text));
}

function xOf(frame, lon) {
  return (lon - frame.lonAt(0)) * frame.perLon;
}

function yOf(frame, lat) {
  return (frame.latAt(0) - lat) * frame.perLat;
}

function marks(from, to, pixelsPerDegree) {
  const step = stepOf(LEAST_PIXELS / pixelsPerDegree);
  const found = [];
  for (let index = Math.ceil(from / step); index * step <= to && found.length < 100; index += 1) {
    found.push([Number((index * step).toFixed(9)), step]);
  }
  return found;
}

/** The smallest step of a round number of degrees that is no smaller than `least`. */
function stepOf(least) {
  if (least > 1) return COARSE_STEPS.findLast((step) => step >= least) ?? COARSE_STEPS[0];
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((digit) => digit * power).find((step) => step >= least * 0.999);
}

function roundDown(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  const digit = [5, 2, 1].find((candidate) => candidate * power <= value) ?? 1;
  return Number((digit * power).toPrecision(3));
}

function lonText(lon, step) {
  const turned = turn(lon);
  if (turned === 0) return "0°";
  return Math.abs(turned) === 180 ? "180°" : degrees(turned, step) + (turned < 0 ? " W" : " E");
}

function latText(lat, step) {
  return lat === 0 ? "0°" : degrees(lat, step) + (lat < 0 ? " S" : " N");
}

function degrees(value, step) {
  return `${Math.abs(value).toFixed(Math.max(0, Math.min(7, Math.ceil(-Math.log10(step) - 1e-9))))}°`;
}
