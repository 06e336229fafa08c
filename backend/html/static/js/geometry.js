/** GeoJSON (RFC 7946) as parts that can be drawn, on either side of the antimeridian. Pure. */

const GEOMETRIES = ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"];
const DEEPEST = 8;

/** Whether a value of JSON says that it is GeoJSON. */
export function isGeoJson(value) {
  if (typeof value !== "object" || value === null) return false;
  if (value.type === "FeatureCollection") return Array.isArray(value.features);
  if (value.type === "Feature") return "geometry" in value;
  return GEOMETRIES.includes(value.type) && (Array.isArray(value.coordinates) || Array.isArray(value.geometries));
}

/** The parts of a geometry: `{kind: "point" | "line" | "polygon", rings: [[[lon, lat], …], …]}`; what is none is left out. */
export function partsOf(geometry, depth = 0) {
  if (typeof geometry !== "object" || geometry === null || depth > DEEPEST) return [];
  const { type, coordinates } = geometry;
  if (type === "GeometryCollection") return list(geometry.geometries).flatMap((member) => partsOf(member, depth + 1));
  if (type === "Point") return part("point", [[coordinates]]);
  if (type === "MultiPoint") return list(coordinates).flatMap((position) => part("point", [[position]]));
  if (type === "LineString") return part("line", [coordinates]);
  if (type === "MultiLineString") return list(coordinates).flatMap((line) => part("line", [line]));
  if (type === "Polygon") return part("polygon", coordinates);
  if (type === "MultiPolygon") return list(coordinates).flatMap((polygon) => part("polygon", polygon));
  return [];
}

function part(kind, rings) {
  const kept = list(rings)
    .map((ring) => list(ring).filter((position) => Number.isFinite(position?.[0]) && Number.isFinite(position?.[1])))
    .filter((ring) => ring.length > 0);
  if (kept.length === 0) return [];
  const [west, east] = range(kept[0], 0);
  const [south, north] = range(kept[0], 1);
  return [{ kind, rings: kept, west, east, south, north, shift: 0 }];
}

function list(value) {
  return Array.isArray(value) ? value : [];
}

function range(positions, axis) {
  let least = Infinity;
  let most = -Infinity;
  for (const position of positions) {
    least = Math.min(least, position[axis]);
    most = Math.max(most, position[axis]);
  }
  return [least, most];
}

/**
 * Move parts by whole turns so that all lie together: the map begins where the widest stretch without any part ends.
 *
 * Sets each part's `shift`, in degrees, and returns the box around all: `{west, east, south, north}`, where east may
 * exceed 180; null without parts.
 */
export function arrange(parts) {
  if (parts.length === 0) return null;
  const start = westOf(parts);
  const box = { west: Infinity, east: -Infinity, south: Infinity, north: -Infinity };
  for (const part of parts) {
    const middle = (part.west + part.east) / 2;
    part.shift = part.east - part.west >= 360 ? 0 : 360 * Math.ceil((start - middle) / 360 - 1e-12);
    box.west = Math.min(box.west, part.west + part.shift);
    box.east = Math.max(box.east, part.east + part.shift);
    box.south = Math.min(box.south, part.south);
    box.north = Math.max(box.north, part.north);
  }
  return box;
}

function westOf(parts) {
  const ranges = parts.map(({ west, east }) => ({ west: turn(west), length: east - west })).sort((a, b) => a.west - b.west);
  let reach = -Infinity;
  for (const { west, length } of ranges) reach = Math.max(reach, west + length - 360);
  // A stretch that begins in the west of the list may be covered from the east of it, across the antimeridian.
  let best = { gap: -Infinity, west: ranges[0].west };
  for (const { west, length } of ranges) {
    if (west - reach > best.gap + 1e-9) best = { gap: west - reach, west };
    reach = Math.max(reach, west + length);
  }
  return best.gap > 0 ? best.west : -180;
}

/** The longitude within [-180, 180). */
export function turn(lon) {
  return ((((lon + 180) % 360) + 360) % 360) - 180;
}
