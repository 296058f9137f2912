// Optimisers on a surface of two numbers, step by step: what momentum does in a valley.
import { FORMULAS } from "./formulas.js";
import { Plane, contour, grid, heat } from "./plot.js";
import { button, fmt, g, h, player, select, slider } from "./ui.js";

const NAMES = { sgd: "gradient descent", momentum: "momentum", nesterov: "Nesterov", adam: "Adam", rmsprop: "RMSprop", adagrad: "Adagrad" };
const SURFACES = {
  valley: { title: "a narrow valley", domain: [-3, 3, -3, 3], start: [-2.6, 1.6], lr: 0.04 },
  saddle: { title: "a saddle", domain: [-3, 3, -3, 3], start: [-2.4, 0.02], lr: 0.05 },
  rosenbrock: { title: "Rosenbrock's banana", domain: [-2.2, 2.2, -1.4, 3], start: [-1.6, 2.2], lr: 0.002 },
};

/** Walk n steps of an optimiser from a point; returns all points and what came last. */
export function walk(name, surface, start, { lr, mu }, n) {
  const { states, step } = FORMULAS.optimizers[name], P = Float64Array.from(start), kept = states.map(() => new Float64Array(2)), path = [[...P]];
  for (let t = 1; t <= n; t++) {
    const [, gx, gy] = FORMULAS.surfaces[surface](P[0], P[1]);
    step(2, P, Float64Array.of(gx, gy), kept, lr, t, mu);
    path.push([...P]);
    if (!P.every((x) => Math.abs(x) < 1e6)) break;
  }
  return path;
}

const N = 96;

export function render_momentum(root, settings) {
  let surface = settings.surface, { start, lr, domain } = SURFACES[surface], mu = 0.8, steps = 0, shown = ["sgd", "momentum"];
  const plane = new Plane("the surface from above, with the paths of the optimisers", domain), said = h("p", { class: "said", "aria-live": "polite" }), table = h("tbody");
  plane.svg.setAttribute("tabindex", "0");
  function ground() {
    const points = grid(N, domain), values = Float64Array.from({ length: N * N }, (_, i) => Math.log(1e-2 + FORMULAS.surfaces[surface](points[2 * i], points[2 * i + 1])[0] - low()));
    const [least, most] = [Math.min(...values), Math.max(...values)];
    heat(plane.canvas, N, values.map((x) => 1 - (2 * (x - least)) / (most - least)));
    plane.lines.replaceChildren(...Array.from({ length: 11 }, (_, i) => g("path", { d: contour(N, values, least + ((i + 1) / 12) * (most - least), 320), class: "contour" })));
  }
  const low = () => (surface === "saddle" ? -6 : 0);
  function paint() {
    plane.points.replaceChildren();
    table.replaceChildren(...shown.map((name) => {
      const path = walk(name, surface, start, { lr, mu }, steps), j = Object.keys(NAMES).indexOf(name) + 1, [x, y] = path.at(-1);
      plane.points.append(g("path", { d: plane.path(path), class: `curve unit-${j}`, fill: "none" }), ...path.slice(-40).map((p) => g("circle", { cx: plane.x(p[0]), cy: plane.y(p[1]), r: 1.8, class: `dot unit-${j}` })),
        g("circle", { cx: plane.x(x), cy: plane.y(y), r: 6, class: `dot unit-${j}` }));
      return h("tr", { class: `unit-${j}` }, h("th", { scope: "row", text: NAMES[name] }), [x, y, FORMULAS.surfaces[surface](x, y)[0]].map((value) => h("td", { text: fmt(value) })));
    }));
    plane.marks.replaceChildren(g("path", { d: `M${plane.x(start[0]) - 7} ${plane.y(start[1])}h14m-7 -7v14`, class: "cross" }));
    said.textContent = `After ${steps} steps. Click on the surface, or use the arrow keys on it, to begin elsewhere.`;
  }
  const again = (by) => { steps = by; paint(); };
  const rate = slider("learning rate", { min: -3.5, max: 0, step: 0.02, value: Math.log10(lr), text: (x) => fmt(10 ** x) }, (x) => { lr = 10 ** x; paint(); });
  const boxes = Object.entries(NAMES).map(([name, title], j) => {
    const box = h("input", { type: "checkbox", on: { change: () => { shown = Object.keys(NAMES).filter((other) => (other === name ? box.checked : shown.includes(other))); paint(); } } });
    box.checked = shown.includes(name);
    return h("label", { class: `check unit-${j + 1}` }, box, h("span", { text: title }));
  });
  const begin = (point) => { start = point; paint(); };
  plane.svg.addEventListener("click", (event) => begin(plane.at(event)));
  plane.svg.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] }[event.key];
    if (!by) return;
    event.preventDefault();
    begin([start[0] + by[0], start[1] + by[1]]);
  });
  root.replaceChildren(h("h1", { class: "title", text: "Momentum on a surface" }),
    h("p", { text: "v ← μ v + gradient, θ ← θ − η v: steps along the valley add up, steps across it cancel. All optimisers are those of the library." }),
    h("div", { class: "beside wide" }, plane.element, h("div", {}, h("div", { class: "sliders" },
      h("fieldset", {}, h("legend", { text: "the walk" }), select("Surface", Object.entries(SURFACES).map(([key, { title }]) => [key, title]), surface, (x) => {
        surface = x;
        ({ start, lr, domain } = SURFACES[x]);
        rate.set(Math.log10(lr));
        plane.set(domain);
        ground();
        again(0);
      }), rate, slider("momentum μ", { min: 0, max: 0.99, step: 0.01, value: mu }, (x) => { mu = x; paint(); }),
      h("div", { class: "row" }, player(["run", "pause"], [80, 500], () => steps < 600 && again(steps + 1)), button("step", () => again(steps + 1)), button("100 steps", () => again(steps + 100)), button("reset", () => again(0)))),
      h("fieldset", {}, h("legend", { text: "optimisers" }), boxes)), said,
    h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ["", "x", "y", "height"].map((text) => h("th", { scope: "col", text })))), table)))));
  ground();
  again(30);
  return { paint: () => { ground(); paint(); } };
}
