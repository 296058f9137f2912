// The net as a picture: a heat map in every unit, a line for every weight, and an editor for the numbers.
import { FORMULAS } from "./formulas.js";
import { colour, heat } from "./plot.js";
import { MOST_UNITS } from "./setup.js";
import { button, fmt, g, h, icon } from "./ui.js";

const UNIT = 38, PITCH = 62, TOP = 64;
export const PLUS = "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z";
export const MINUS = "M5 11h14v2H5z";
const SUB = "₀₁₂₃₄₅₆₇₈₉";

/** How a feature is written: x0^2 is x₀². */
export const pretty = (name) => name.replace(/x(\d)/g, (_, d) => `x${SUB[d]}`).replace("^2", "²").replace("*", "·");

/** How unit j of layer k is called: the features, then h, then the output. */
export function unitName(net, k, j, features) {
  if (k === 0) return pretty(features[j]);
  return k === net.layers ? "output" : `h${SUB[j + 1]}`;
}

/** What follows such a name, where it needs saying of which layer. */
export const ofLayer = (net, k) => (k === 0 || k === net.layers ? "" : ` of layer ${k}`);

export class NetworkView {
  constructor(app) {
    this.app = app;
    this.links = g("svg", { class: "links", "aria-hidden": "true" });
    this.units = h("div");
    this.editor = h("div", { class: "editor", role: "dialog", hidden: true });
    this.element = h("div", { class: "network", role: "group", "aria-label": "the net" }, this.links, this.units, this.editor);
    this.element.addEventListener("keydown", (event) => { if (event.key === "Escape") this.close(); });
  }

  /** Lay out the units and lines of a net of another shape. */
  build() {
    const { net, state } = this.app, names = Object.keys(FORMULAS.features);
    this.close();
    this.width = Math.max(this.element.clientWidth || 600, 132 + 62 * net.layers);
    const rows = Math.max(names.length, ...net.sizes.slice(1));
    const height = TOP + rows * PITCH + 8, left = 92, right = this.width - 36;
    const x = (k) => left + ((right - left) * k) / net.layers, y = (j) => TOP + j * PITCH + UNIT / 2;
    const from = state.features.map((name) => names.indexOf(name));
    this.place = (k, j) => [x(k), k === 0 ? y(from[j]) : k === net.layers ? y((rows - 1) / 2) : y(j)];
    this.element.style.height = `${height}px`;
    this.links.setAttribute("viewBox", `0 0 ${this.width} ${height}`);
    this.links.style.cssText = `width:${this.width}px;height:${height}px`;
    this.units.replaceChildren();
    this.cells = net.sizes.map((width, k) => Array.from({ length: width }, (_, j) => (k ? this.unit(k, j) : null)));
    names.forEach((name, i) => this.feature(name, from.indexOf(i), x(0), y(i)));
    for (let k = 1; k < net.layers; k++) this.header(k, x(k));
    this.units.append(h("div", { class: "column-title", style: `left:${x(0)}px`, text: "features" }),
      h("div", { class: "column-title", style: `left:${x(net.layers)}px`, text: "output" }));
    this.lines();
    this.titles();
  }

  unit(k, j) {
    const { net } = this.app, [x, y] = this.place(k, j), last = k === net.layers;
    const cell = this.cell(x, y, `unit${last ? " last" : ""}`, { on: {
      click: () => this.edit(k, j), pointerenter: () => this.app.magnify(k, j), pointerleave: () => this.app.magnify(null),
      focus: () => { this.name(k, j); this.app.magnify(k, j); }, blur: () => this.app.magnify(null),
    } });
    cell.bias = h("i", { class: "bias" });
    cell.append(cell.bias);
    return cell;
  }

  /** What a screen reader says of a unit. */
  name(k, j) {
    const { net, state, look } = this.app, says = [`${unitName(net, k, j, state.features)}${ofLayer(net, k)}`];
    says.push(`bias ${fmt(net.P[net.bias(k - 1, j)])}`);
    if (look) says.push(`value ${fmt(look.h[k][j])}`, `gradient ${fmt(look.g[k][j])}`);
    this.cells[k][j].setAttribute("aria-label", `${says.join(", ")}; edit its weights`);
  }

  feature(name, j, x, y) {
    const on = j >= 0;
    const cell = this.cell(x, y, `unit feature${on ? "" : " off"}`, {
      "aria-pressed": on, "aria-label": `feature ${name}`,
      on: {
        click: () => this.app.toggle(name), pointerenter: () => on && this.app.magnify(0, j), pointerleave: () => this.app.magnify(null),
      },
    });
    cell.name = name;
    if (on) this.cells[0][j] = cell;
    const points = this.app.points, n = this.app.n, values = new Float64Array(n * n), of = FORMULAS.features[name];
    for (let i = 0; i < n * n; i++) values[i] = of(points[2 * i], points[2 * i + 1]);
    heat(cell.canvas, n, values, 0, 1, values.reduce((a, b) => Math.max(a, Math.abs(b)), 0));
    this.units.append(h("span", { class: `feature-name${on ? "" : " off"}`, style: `left:${x - UNIT / 2 - 8}px;top:${y}px`, text: pretty(name) }));
  }

  cell(x, y, kind, props) {
    const canvas = h("canvas", { "aria-hidden": "true" }), up = h("span", { class: "tag up" }), down = h("span", { class: "tag down" });
    const cell = h("button", { type: "button", class: kind, style: `left:${x - UNIT / 2}px;top:${y - UNIT / 2}px`, ...props }, canvas, up, down);
    Object.assign(cell, { canvas, up, down });
    this.units.append(cell);
    return cell;
  }

  header(k, x) {
    const { state } = this.app, width = state.hidden[k - 1];
    const by = (d) => () => this.app.reshape(state.hidden.map((n, i) => (i === k - 1 ? n + d : n)));
    this.units.append(h("div", { class: "layer-head", style: `left:${x}px`, role: "group", "aria-label": `layer ${k}, ${width} units` },
      h("div", {}, button(icon(PLUS), by(1), { "aria-label": `add a unit to layer ${k}`, disabled: width >= MOST_UNITS, "data-key": `+${k}` }),
        button(icon(MINUS), by(-1), { "aria-label": `take a unit from layer ${k}`, disabled: width <= 1, "data-key": `-${k}` })),
      h("span", { text: `${width} ${width === 1 ? "unit" : "units"}` })));
  }

  lines() {
    const { net } = this.app;
    this.parts = [];
    this.labels = g("g", { class: "products" });
    const hits = g("g", { class: "hits" }), seen = g("g");
    for (let k = 0; k < net.layers; k++) {
      for (let j = 0; j < net.sizes[k + 1]; j++) {
        for (let p = 0; p < net.sizes[k]; p++) {
          const [x1, y1] = this.place(k, p), [x2, y2] = this.place(k + 1, j), a = x1 + UNIT / 2, b = x2 - UNIT / 2;
          const bend = (b - a) * 0.45, d = `M${a} ${y1}C${a + bend} ${y1} ${b - bend} ${y2} ${b} ${y2}`;
          const line = g("path", { d, fill: "none", class: "link" });
          hits.append(g("path", { d, fill: "none", on: {
            click: () => this.edit(k + 1, j, p), pointerenter: () => line.classList.add("over"), pointerleave: () => line.classList.remove("over"),
          } }, g("title")));
          seen.append(line);
          this.parts.push({ line, title: hits.lastChild.firstChild, k, p, j, q: net.weight(k, p, j) });
        }
      }
    }
    this.links.replaceChildren(seen, hits, this.labels);
  }

  /** Show the numbers of the net as they are: heat maps, lines, and the tags of a chosen point. */
  paint() {
    const { net, look, room, n, lineShows } = this.app, byGradient = look && lineShows === "gradient";
    for (let k = 1; k <= net.layers; k++) {
      this.cells[k].forEach((cell, j) => {
        const last = k === net.layers;
        heat(cell.canvas, n, room.h[k], j, net.sizes[k], 1, last ? this.app.shown : null);
        const color = colour(net.P[net.bias(k - 1, j)]);
        if (cell.color !== color) cell.bias.style.background = cell.color = color;
      });
    }
    const of = byGradient ? look.G : net.P, scale = byGradient ? 6 / Math.max(1e-12, ...look.G.map(Math.abs)) : 1.6;
    for (const part of this.parts) {
      const x = of[part.q], width = Math.min(9, 0.5 + Math.abs(x) * scale).toFixed(1), kind = x < 0 ? "link negative" : "link positive";
      if (part.width !== width) part.line.style.strokeWidth = part.width = width;
      if (part.kind !== kind) {
        part.kind = kind;
        part.line.setAttribute("class", kind);
      }
    }
    this.tags();
    this.refresh();
  }

  tags() {
    const { net, look, step } = this.app;
    for (let k = 0; k <= net.layers; k++) {
      this.cells[k].forEach((cell, j) => {
        const forward = look && (!step || step.forward(k, j)), backward = look && (!step || step.backward(k, j));
        const [up, down] = [forward ? fmt(look.h[k][j]) : "", backward ? fmt(look.g[k][j]) : ""];
        if (cell.up.textContent !== up) cell.up.textContent = up;
        if (cell.down.textContent !== down) cell.down.textContent = down;
        cell.classList.toggle("lit", Boolean(step?.lit(k, j)));
      });
    }
    this.labels.replaceChildren();
    for (const part of this.parts) {
      const label = step?.label(part.k, part.p, part.j);
      part.line.classList.toggle("lit", Boolean(label));
      part.line.classList.toggle("dim", Boolean(step) && !label);
      if (!label) continue;
      const at = part.line.getPointAtLength(part.line.getTotalLength() * (step.atSource ? 0.24 : 0.8));
      for (const kind of ["halo", ""]) this.labels.append(g("text", { x: at.x, y: at.y + 3.5, class: kind, "text-anchor": "middle", text: label }));
    }
  }

  /** Open the editor for all that comes into a unit; the weight from unit p has the focus, or else the bias. */
  edit(k, j, p = null) {
    const { net, state } = this.app, [x, y] = this.place(k, j);
    this.opened = this.cells[k][j];
    const field = (text, q) => {
      const input = h("input", { type: "number", step: "0.1", "aria-label": text, on: { input: () => {
        if (input.value !== "" && Number.isFinite(Number(input.value))) {
          net.P[q] = Number(input.value);
          this.app.edited();
        }
      } } });
      input.q = q;
      return h("label", {}, h("span", { text }), input);
    };
    const title = `Into ${unitName(net, k, j, state.features)}${ofLayer(net, k)}`;
    const fields = Array.from({ length: net.sizes[k - 1] }, (_, i) => field(`weight of ${unitName(net, k - 1, i, state.features)}`, net.weight(k - 1, i, j)));
    fields.unshift(field("bias", net.bias(k - 1, j)));
    this.editor.replaceChildren(h("header", {}, h("strong", { text: title }), button("×", () => this.close(), { "aria-label": "close" })), ...fields);
    this.editor.setAttribute("aria-label", title);
    this.editor.hidden = false;
    const wide = 208, scroll = this.element.scrollLeft;
    this.editor.style.left = `${Math.max(scroll, Math.min(x + UNIT, scroll + this.element.clientWidth - wide))}px`;
    this.editor.style.top = `${Math.max(0, Math.min(y, this.element.clientHeight - 60 - 34 * fields.length))}px`;
    this.refresh();
    this.editor.querySelectorAll("input")[p === null ? 0 : p + 1].focus();
  }

  /** Show the numbers of the net in the fields of the editor, but not in the one that is being written in. */
  refresh() {
    if (this.editor.hidden) return;
    for (const input of this.editor.querySelectorAll("input")) {
      if (input !== document.activeElement || input.value === "") input.value = String(Math.round(this.app.net.P[input.q] * 1e6) / 1e6);
    }
  }

  close() {
    if (this.editor.hidden) return;
    this.editor.hidden = true;
    this.opened?.focus?.();
  }

  /** Name units and lines with their numbers; called when training pauses. */
  titles() {
    const { net, state } = this.app;
    for (let k = 1; k <= net.layers; k++) for (let j = 0; j < net.sizes[k]; j++) this.name(k, j);
    for (const { title, k, p, j, q } of this.parts) {
      title.textContent = `${unitName(net, k, p, state.features)} → ${unitName(net, k + 1, j, state.features)}: weight ${fmt(net.P[q])}`;
    }
  }
}
