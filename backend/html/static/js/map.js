/** A map of GeoJSON: plate carrée with true shapes at its middle, land, a graticule and a scale; nothing of other hosts. */

import { element } from "./dom.js";
import { arrange, partsOf, turn } from "./geometry.js";
import { drawGraticule, scaleBar } from "./graticule.js";
import { drawLand, landSuits } from "./land.js";
import { svg } from "./svg.js";

const UNITS = 1000; // of drawing, across the box: digits enough to zoom in 500 times
const MOST_ZOOM = 500;
const LEAST_DEGREES = 1e-5;
const POINT_DEGREES = 0.02; // what is shown around a single point
const MARGIN = 1.25;
const STEP = 1.6;
const STEEPEST_LATITUDE = 75; // beyond it the world would be drawn as a thin strip

/** The map of features; `onSelect` is called with the index of one that is chosen. */
export class ResultMap {
  constructor(features, onSelect) {
    this.onSelect = onSelect;
    this.svg = svg("svg", { tabindex: "0", role: "img" });
    this.sheet = svg("rect", { class: "sheet", x: 0 });
    this.land = svg("g", { class: "land" });
    this.grid = svg("g", { class: "graticule" });
    this.shapes = svg("g", { class: "shapes" });
    this.labels = svg("g", { class: "labels" });
    this.svg.append(this.sheet, this.land, this.grid, this.shapes, this.labels);
    this.caption = element("figcaption");
    this.root = element("figure", { class: "map" }, this.svg, this.#controls(), this.caption);
    this.#draw(features.map((feature) => partsOf(feature?.geometry)));
    this.#listen();
  }

  /** Mark a feature and tell of it. */
  select(index) {
    for (const shape of this.shapes.children) shape.classList.toggle("selected", Number(shape.dataset.index) === index);
    this.onSelect(index);
  }

  #draw(features) {
    this.box = arrange(features.flat());
    const box = this.box ?? { west: -180, south: -90, east: 180, north: 90 };
    const middle = (box.south + box.north) / 2;
    this.centre = { lon: (box.west + box.east) / 2, lat: middle };
    this.squeeze = Math.cos((Math.min(STEEPEST_LATITUDE, Math.abs(middle)) * Math.PI) / 180);
    const point = box.east === box.west && box.north === box.south;
    const least = point ? POINT_DEGREES : LEAST_DEGREES;
    this.extent = {
      width: Math.max(least, (box.east - box.west) * MARGIN) * this.squeeze,
      height: Math.max(least, (box.north - box.south) * MARGIN),
    };
    this.unit = UNITS / Math.max(this.extent.width, this.extent.height);
    features.forEach((parts, index) => this.shapes.append(this.#shape(parts, index)));
    const count = features.filter((parts) => parts.length > 0).length;
    const name = this.box
      ? `${count} ${count === 1 ? "feature" : "features"}, from ${position(box.west, box.south)} to ${position(box.east, box.north)}`
      : "Nothing to draw: no feature has a geometry";
    const credit = element("span", { class: "credit" }, " Land: Natural Earth.");
    this.caption.replaceChildren(`${name}. Longitude, latitude (WGS 84).`, credit);
    this.svg.setAttribute("aria-label", `Map of the result. ${name}`);
  }

  #shape(parts, index) {
    const shape = svg("g", { class: "feature", "data-index": index });
    for (const { kind, rings, shift } of parts) {
      const project = (at) => this.#project(at, shift);
      const whole = rings.map((ring) => `M${ring.map(project).join("L")}`);
      if (kind === "polygon") {
        shape.append(svg("path", { class: "area", d: `${whole.join("Z")}Z` }));
        shape.append(svg("path", { class: "edge", d: rings.map((ring) => outline(ring, project)).join("") }));
      } else {
        shape.append(svg("path", { class: kind, d: kind === "point" ? `${whole[0]}h0` : whole.join("") }));
      }
    }
    return shape;
  }

  #project([lon, lat], shift) {
    const x = (lon + shift - this.centre.lon) * this.squeeze * this.unit;
    const y = (this.centre.lat - lat) * this.unit;
    return `${x.toFixed(3)} ${y.toFixed(3)}`;
  }

  #listen() {
    new ResizeObserver(() => this.#resize()).observe(this.root);
    this.shapes.addEventListener("click", (event) => {
      const shape = event.target.closest(".feature");
      if (shape && !this.dragged) this.select(Number(shape.dataset.index));
    });
    this.svg.addEventListener("pointerdown", (event) => this.#drag(event));
    this.svg.addEventListener("keydown", (event) => this.#key(event));
    this.svg.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
        event.preventDefault();
        this.#zoom(event.deltaY < 0 ? STEP : 1 / STEP, event.offsetX, event.offsetY);
      },
      { passive: false },
    );
  }

  #drag(start) {
    this.dragged = false;
    const from = { x: this.view.x, y: this.view.y };
    const move = (event) => {
      const [dx, dy] = [event.clientX - start.clientX, event.clientY - start.clientY];
      if (Math.hypot(dx, dy) > 4) this.dragged = true;
      if (this.dragged) this.#show({ ...this.view, x: from.x + dx, y: from.y + dy });
    };
    const end = new AbortController();
    window.addEventListener("pointermove", move, { signal: end.signal });
    for (const name of ["pointerup", "pointercancel"]) {
      window.addEventListener(name, () => end.abort(), { signal: end.signal });
    }
  }

  #key(event) {
    const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    if (event.key in moves) {
      const [dx, dy] = moves[event.key];
      this.#show({ ...this.view, x: this.view.x + dx, y: this.view.y + dy });
    } else if (event.key === "+" || event.key === "=") this.#zoom(STEP);
    else if (event.key === "-") this.#zoom(1 / STEP);
    else if (event.key === "0") this.#fit();
    else return;
    event.preventDefault();
  }

  #controls() {
    const button = (text, label, action) => {
      const made = element("button", { type: "button", class: "button", "aria-label": label, title: label }, text);
      made.addEventListener("click", action);
      return made;
    };
    return element(
      "div",
      { class: "map-controls" },
      button("+", "Zoom in", () => this.#zoom(STEP)),
      button("−", "Zoom out", () => this.#zoom(1 / STEP)),
      button("⤢", "Show all", () => this.#fit()),
    );
  }

  #resize() {
    const width = Math.round(this.root.clientWidth);
    const height = Math.round(Math.min(480, Math.max(280, width * 0.55)));
    if (width === 0 || (width === this.width && height === this.height)) return;
    Object.assign(this, { width, height });
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.setAttribute("height", height);
    this.#fit();
  }

  #fit() {
    const scale = Math.min(this.width / this.extent.width, this.height / this.extent.height) / this.unit;
    this.fitted = scale;
    this.#show({ scale, x: this.width / 2, y: this.height / 2 });
  }

  #zoom(factor, x = this.width / 2, y = this.height / 2) {
    const scale = Math.min(this.fitted * MOST_ZOOM, Math.max(this.fitted / 8, this.view.scale * factor));
    const ratio = scale / this.view.scale;
    this.#show({ scale, x: x + (this.view.x - x) * ratio, y: y + (this.view.y - y) * ratio });
  }

  /** `view`: pixels per unit of drawing, and where on the screen the centre of the box lies. */
  #show(view) {
    this.view = view;
    const transform = `translate(${view.x} ${view.y}) scale(${view.scale})`;
    const perDegree = view.scale * this.unit;
    for (const layer of [this.land, this.shapes]) layer.setAttribute("transform", transform);
    this.#showLand(landSuits(perDegree));
    const frame = {
      width: this.width,
      height: this.height,
      perLon: perDegree * this.squeeze,
      perLat: perDegree,
      lonAt: (x) => this.centre.lon + (x - view.x) / (perDegree * this.squeeze),
      latAt: (y) => this.centre.lat - (y - view.y) / perDegree,
    };
    this.labels.replaceChildren();
    drawGraticule(frame, this.sheet, this.grid, this.labels);
    this.labels.append(scaleBar(frame));
  }

  #showLand(suits) {
    this.root.classList.toggle("near", !suits);
    if (!suits || this.landAsked) return;
    this.landAsked = true;
    drawLand(this.land, (at, shift) => this.#project(at, shift));
  }
}

function position(lon, lat) {
  return `${turnNear(lon).toFixed(4)}, ${lat.toFixed(4)}`;
}

function turnNear(lon) {
  // 180 stays what it is: only what lies beyond is turned back.
  return Math.abs(lon) <= 180 ? lon : turn(lon);
}

/** A ring without the edges along which only the sheet ends: the antimeridian and the poles. */
function outline(ring, project) {
  let path = `M${project(ring[0])}`;
  for (let index = 1; index < ring.length; index += 1) {
    path += (isSeam(ring[index - 1], ring[index]) ? "M" : "L") + project(ring[index]);
  }
  return path;
}

function isSeam(a, b) {
  return (Math.abs(a[0]) === 180 && a[0] === b[0]) || (Math.abs(a[1]) === 90 && a[1] === b[1]);
}
