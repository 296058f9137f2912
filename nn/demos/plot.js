// Pictures of the plane: heat maps, points, lines, curves, contours. Orange is negative, blue is positive.
import { fmt, g, h, themed } from "./ui.js";

const STEPS = 255;
const AREAS = ["--negative", "--zero", "--positive"], DOTS = ["--minus", "--zero", "--plus"];
const palettes = new Map();

const channels = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

/** Return a table of 256 colours for -1 to 1, as pixels; saturation grows with the root of the size. */
function colours(names) {
  const key = [document.documentElement.dataset.theme, ...names].join(); // the style sheet is slow to ask
  if (!palettes.has(key)) {
    const [low, zero, high] = names.map((name) => channels(themed(name))), made = new Uint32Array(STEPS + 1);
    for (let i = 0; i <= STEPS; i++) {
      const x = (2 * i) / STEPS - 1, share = Math.sqrt(Math.abs(x)), end = x < 0 ? low : high;
      const [r, green, b] = zero.map((from, c) => Math.round(from + (end[c] - from) * share));
      made[i] = (255 << 24) | (b << 16) | (green << 8) | r;
    }
    palettes.set(key, made);
  }
  return palettes.get(key);
}

/** Return the colour of a number from -1 to 1 as CSS; that of a point is stronger than that of an area. */
export function colour(x, names = AREAS) {
  const pixel = colours(names)[Math.round((Math.max(-1, Math.min(1, x || 0)) + 1) / 2 * STEPS)];
  return `rgb(${pixel & 255}, ${(pixel >> 8) & 255}, ${(pixel >> 16) & 255})`;
}

/** Paint n x n numbers, every `stride`-th of `values` from `from` on, into a canvas of that size. */
export function heat(canvas, n, values, from = 0, stride = 1, scale = 1, squash = null) {
  if (canvas.width !== n) canvas.width = canvas.height = n;
  const context = canvas.getContext("2d"), image = (canvas.image ??= context.createImageData(n, n));
  const pixels = (canvas.pixels ??= new Uint32Array(image.data.buffer)), table = colours(AREAS);
  for (let i = 0, q = from; i < n * n; i++, q += stride) {
    const x = squash ? squash(values[q]) : values[q] / scale;
    pixels[i] = table[x > -1 ? (x < 1 ? ((x + 1) * STEPS / 2 + 0.5) | 0 : STEPS) : 0];
  }
  context.putImageData(image, 0, 0);
}

/** Spread n x n numbers over size x size ones, linearly between them. */
export function enlarged(n, values, size, to) {
  for (let i = 0; i < size; i++) {
    const y = Math.max(0, Math.min(n - 1.001, ((i + 0.5) / size) * n - 0.5)), row = Math.floor(y), b = y - row;
    for (let j = 0; j < size; j++) {
      const x = Math.max(0, Math.min(n - 1.001, ((j + 0.5) / size) * n - 0.5)), q = row * n + Math.floor(x);
      const a = x - Math.floor(x);
      to[i * size + j] = (values[q] * (1 - a) + values[q + 1] * a) * (1 - b) + (values[q + n] * (1 - a) + values[q + n + 1] * a) * b;
    }
  }
  return to;
}

/** Return the middles of n x n fields of a domain, row by row from the top: x and y of each. */
export function grid(n, [x0, x1, y0, y1]) {
  const points = new Float64Array(2 * n * n);
  for (let i = 0, q = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      points[q++] = x0 + ((j + 0.5) / n) * (x1 - x0);
      points[q++] = y1 - ((i + 0.5) / n) * (y1 - y0);
    }
  }
  return points;
}

/** Return round numbers inside a range, about as many as are asked for. */
export function ticks(low, high, count = 5) {
  const rough = (high - low) / count, unit = 10 ** Math.floor(Math.log10(rough)), step = unit * [1, 2, 5, 10].find((n) => n * unit >= rough * 0.99);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) found.push(Number((i * step).toPrecision(12)));
  return found;
}

const written = (x) => String(x).replace("-", "−");

const SIZE = 320;

/** A square piece of the plane: a heat map below, then lines, points and marks. */
export class Plane {
  constructor(label, domain, { axes = true } = {}) {
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.lines = g("g", { class: "lines", "clip-path": "inset(0)" });
    this.points = g("g", { class: "points" });
    this.marks = g("g", { class: "marks" });
    this.axes = g("g", { class: "axes" });
    this.svg = g("svg", { viewBox: `0 0 ${SIZE} ${SIZE}`, role: "img", "aria-label": label }, this.axes, this.lines, this.points, this.marks);
    this.element = h("div", { class: "plane" }, this.canvas, this.svg);
    this.hasAxes = axes;
    this.set(domain);
  }

  set(domain) {
    this.domain = domain;
    this.axes.replaceChildren();
    if (!this.hasAxes) return;
    const [x0, x1, y0, y1] = domain, edge = 0.02 * (x1 - x0);
    for (const x of ticks(x0 + edge, x1 - edge)) {
      this.axes.append(g("line", { x1: this.x(x), x2: this.x(x), y1: SIZE - 5, y2: SIZE }), g("text", { x: this.x(x), y: SIZE - 8, "text-anchor": "middle", text: written(x) }));
    }
    for (const y of ticks(y0 + edge, y1 - edge)) {
      this.axes.append(g("line", { x1: 0, x2: 5, y1: this.y(y), y2: this.y(y) }), g("text", { x: 8, y: this.y(y) + 3.5, text: written(y) }));
    }
  }

  x(x) { return ((x - this.domain[0]) / (this.domain[1] - this.domain[0])) * SIZE; }

  y(y) { return ((this.domain[3] - y) / (this.domain[3] - this.domain[2])) * SIZE; }

  /** Where in the domain an event happened. */
  at(event) {
    const box = this.svg.getBoundingClientRect(), [x0, x1, y0, y1] = this.domain;
    return [x0 + ((event.clientX - box.left) / box.width) * (x1 - x0), y1 - ((event.clientY - box.top) / box.height) * (y1 - y0)];
  }

  /** Draw points {x, y, value, test}: circles are positive, diamonds negative, test points have no filling. */
  dots(points, radius = 3.6) {
    this.points.replaceChildren(...points.map((point) => {
      const [x, y] = [this.x(point.x), this.y(point.y)], fill = colour(point.value, DOTS);
      const props = { class: point.test ? "test" : "", fill: point.test ? "var(--paper)" : fill, stroke: point.test ? fill : "var(--edge)" };
      const r = radius * 1.15;
      return point.value < 0 ? g("path", { d: `M${x} ${y - r}L${x + r} ${y}L${x} ${y + r}L${x - r} ${y}Z`, ...props })
        : g("circle", { cx: x, cy: y, r: radius, ...props });
    }));
  }

  /** Return the path through points of the domain. */
  path(points) {
    return points.map(([x, y], i) => `${i ? "L" : "M"}${this.x(x).toFixed(2)} ${this.y(y).toFixed(2)}`).join("");
  }
}

/** A chart of several curves over their numbers, with the lowest and highest value beside it. */
export class Curves {
  constructor(label, classes, height = 72) {
    this.height = height;
    this.paths = classes.map((name) => g("path", { class: name, fill: "none", "vector-effect": "non-scaling-stroke" }));
    this.svg = g("svg", { viewBox: `0 0 300 ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, this.paths);
    this.high = h("span");
    this.element = h("div", { class: "curves" }, this.svg, this.high);
  }

  draw(series) {
    const top = Math.max(1e-9, ...series.map((ys) => ys.reduce((a, b) => (b > a ? b : a), 0)));
    this.high.textContent = fmt(top);
    series.forEach((ys, k) => {
      const every = Math.max(1, Math.ceil(ys.length / 300)), points = [];
      for (let i = 0; i < ys.length; i += every) {
        if (Number.isFinite(ys[i])) points.push(`${(i / Math.max(1, ys.length - 1) * 298 + 1).toFixed(1)} ${((1 - ys[i] / top) * (this.height - 4) + 2).toFixed(1)}`);
      }
      this.paths[k].setAttribute("d", points.length ? `M${points.join("L")}` : "");
    });
  }
}

/** Return the line on which n x n values, of fields of a square of the given size, are equal to a level. */
export function contour(n, values, level, size) {
  const parts = [], step = size / n, at = (i, j) => values[i * n + j] - level;
  const between = (i, j, k, l) => {
    const t = at(i, j) / (at(i, j) - at(k, l));
    return `${((j + 0.5 + (l - j) * t) * step).toFixed(1)} ${((i + 0.5 + (k - i) * t) * step).toFixed(1)}`;
  };
  for (let i = 0; i + 1 < n; i++) {
    for (let j = 0; j + 1 < n; j++) {
      const corners = [[i, j], [i, j + 1], [i + 1, j + 1], [i + 1, j]], cut = [];
      corners.forEach((a, q) => {
        const b = corners[(q + 1) % 4];
        if (at(...a) > 0 !== at(...b) > 0) cut.push(between(...a, ...b));
      });
      for (let q = 0; q + 1 < cut.length; q += 2) parts.push(`M${cut[q]}L${cut[q + 1]}`);
    }
  }
  return parts.join("");
}

/** A chart of functions with axes: lines, points and vertical marks in its own numbers. */
export class Graph {
  constructor(label, [x0, x1], [y0, y1], { width = 320, height = 220, xName = "x", yName = "y" } = {}) {
    Object.assign(this, { x0, x1, y0, y1, width, height });
    this.layer = g("g");
    this.svg = g("svg", { viewBox: `-34 -12 ${width + 44} ${height + 46}`, role: "img", "aria-label": label, class: "graph" });
    const frame = g("g", { class: "axes" });
    for (const x of ticks(x0, x1)) {
      frame.append(g("line", { x1: this.x(x), x2: this.x(x), y1: 0, y2: height, class: "gridline" }), g("text", { x: this.x(x), y: height + 14, "text-anchor": "middle", text: written(x) }));
    }
    for (const y of ticks(y0, y1)) {
      frame.append(g("line", { x1: 0, x2: width, y1: this.y(y), y2: this.y(y), class: "gridline" }), g("text", { x: -5, y: this.y(y) + 3, "text-anchor": "end", text: written(y) }));
    }
    if (y0 < 0 && y1 > 0) frame.append(g("line", { x1: 0, x2: width, y1: this.y(0), y2: this.y(0), class: "zero" }));
    frame.append(g("text", { x: width, y: height + 28, "text-anchor": "end", class: "name", text: xName }), g("text", { x: 0, y: -3, class: "name", text: yName }));
    const clip = `clip${Math.random().toString(36).slice(2)}`;
    this.layer.setAttribute("clip-path", `url(#${clip})`);
    this.marks = g("g");
    this.svg.append(g("clipPath", { id: clip }, g("rect", { x: 0, y: 0, width, height })), frame, this.layer, this.marks);
    this.element = h("figure", {}, h("figcaption", { text: label }), this.svg);
  }

  x(x) { return ((x - this.x0) / (this.x1 - this.x0)) * this.width; }

  y(y) { return ((this.y1 - y) / (this.y1 - this.y0)) * this.height; }

  clear() {
    this.layer.replaceChildren();
    this.marks.replaceChildren();
    return this;
  }

  /** Draw a line through points [x, y]. */
  line(points, name = "") {
    const d = points.map(([x, y], i) => `${i ? "L" : "M"}${this.x(x).toFixed(2)} ${this.y(y).toFixed(2)}`).join("");
    this.layer.append(g("path", { d, class: `curve ${name}`, fill: "none" }));
    return this;
  }

  /** Draw a function at 241 places. */
  curve(f, name = "") {
    return this.line(Array.from({ length: 241 }, (_, i) => this.x0 + ((this.x1 - this.x0) * i) / 240).map((x) => [x, f(x)]), name);
  }

  upright(x, name = "joint") {
    if (x >= this.x0 && x <= this.x1) this.layer.append(g("line", { x1: this.x(x), x2: this.x(x), y1: 0, y2: this.height, class: name }));
    return this;
  }

  dot(x, y, name = "") {
    const inside = (a, low, high) => Math.max(low, Math.min(high, a));
    this.marks.append(g("circle", { cx: inside(this.x(x), 0, this.width), cy: inside(this.y(y), 0, this.height), r: 5.5, class: `dot ${name}` }));
    return this;
  }
}
