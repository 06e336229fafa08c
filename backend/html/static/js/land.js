/** Land behind a map: the generalised outlines that this server carries, for as long as they are fine enough. */

import { svg } from "./svg.js";

const OUTLINES = new URL("../data/land.json", import.meta.url);
const OFF_DEGREES = 0.13; // of its coasts 95 % are no further from the true ones
const MOST_PIXELS_OFF = 5;
const TURNS = [-360, 0, 360]; // a map may begin anywhere, and reach beyond the antimeridian

/** Whether land may be drawn at this scale: beyond it, what is at the coast would stand in the sea, and the reverse. */
export function landSuits(pixelsPerDegree) {
  return pixelsPerDegree * OFF_DEGREES <= MOST_PIXELS_OFF;
}

/**
 * Fill a group with the land of the world and of its repetitions; `project` takes a position and a shift in degrees.
 *
 * A map without it is a map as well: nothing is thrown.
 */
export async function drawLand(group, project) {
  let outlines;
  try {
    const response = await fetch(OUTLINES);
    if (!response.ok) return;
    outlines = await response.json();
  } catch {
    return;
  }
  const rings = outlines.coordinates.flat();
  for (const shift of TURNS) {
    const d = rings.map((ring) => `M${ring.map((at) => project(at, shift)).join("L")}Z`).join("");
    group.append(svg("path", { d }));
  }
}
