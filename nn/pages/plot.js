// Pictures of the plane: heat maps, points, lines, curves, contours. Orange is negative, blue is positive.
import { fmt, g, h, themed } from "./ui.js";

const STEPS = 255;
let palette = null, paletteOf = "";

const channels = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

/** Return a table of 256 colours for -1 to 1, as pixels; saturation grows with the root of the size. */
function colours() {
  const key = ["--negative", "--zero", "--positive"].map(themed).join();
  if (key !== paletteOf) {
    const [low, zero, high] = key.split(",").map(channels);
    paletteOf = key;
    palette = new Uint32Array(STEPS + 1);
    for (let i = 0; i <= STEPS; i++) {
      const x = (2 * i) / STEPS - 1, share = Math.sqrt(Math.abs(x)), end = x < 0 ? low : high;
      const [r, green, b] = zero.map((from, c) => Math.round(from + (end[c] - from) * share));
      palette[i] = (255 << 24) | (b << 16) | (green << 8) | r;
    }
  }
  return palette;
}

/** Return the colour of a number from -1 to 1 as CSS. */
export function colour(x) {
  const pixel = colours()[Math.round((Math.max(-1, Math.min(1, x || 0)) + 1) / 2 * STEPS)];
  return `rgb(${pixel & 255}, ${(pixel >> 8) & 255}, ${(pixel >> 16) & 255})`;
}

/** Paint n x n numbers, every `stride`-th of `values` from `from` on, into a canvas of that size. */
export function heat(canvas, n, values, from = 0, stride = 1, scale = 1, squash = null) {
  if (canvas.width !== n) canvas.width = canvas.height = n;
  const context = canvas.getContext("2d"), image = (canvas.image ??= context.createImageData(n, n));
  const pixels = (canvas.pixels ??= new Uint32Array(image.data.buffer)), table = colours();
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
    this.ticks = axes;
    this.set(domain);
  }

  set(domain) {
    this.domain = domain;
    this.axes.replaceChildren();
    if (!this.ticks) return;
    const [x0, x1, y0, y1] = domain;
    for (const t of [-1, -0.5, 0, 0.5, 1]) {
      const x = (x0 + x1) / 2 + t * (x1 - x0) * 0.5 * (5 / 6), y = (y0 + y1) / 2 + t * (y1 - y0) * 0.5 * (5 / 6);
      this.axes.append(
        g("line", { x1: this.x(x), x2: this.x(x), y1: SIZE - 5, y2: SIZE }),
        g("text", { x: this.x(x), y: SIZE - 8, "text-anchor": "middle", text: fmt(x, 2) }),
        g("line", { x1: 0, x2: 5, y1: this.y(y), y2: this.y(y) }),
        g("text", { x: 8, y: this.y(y) + 3.5, text: fmt(y, 2) }),
      );
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
      const [x, y] = [this.x(point.x), this.y(point.y)], fill = colour(point.value);
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
