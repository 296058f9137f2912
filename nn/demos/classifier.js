// A linear classifier of three classes: points to drag, and every number of it with its gradient beside.
import { FORMULAS } from "./formulas.js";
import { Net } from "./net.js";
import { Plane, grid } from "./plot.js";
import { generator, normal } from "./random.js";
import { button, fmt, g, h, player, select, slider, themed } from "./ui.js";

const CLASSES = 3, N = 160, DOMAIN = [-1, 1, -1, 1];
const START = [[0.5, 0.4, 0], [0.8, 0.3, 0], [0.3, 0.8, 0], [-0.4, 0.3, 1], [-0.3, 0.7, 1], [-0.7, 0.2, 1], [0.7, -0.4, 2], [0.5, -0.6, 2], [-0.4, -0.5, 2]];
const LOSSES = [["weston_watkins", "hinge: Weston and Watkins"], ["one_vs_all", "hinge: one against all"], ["structured", "hinge: structured"], ["softmax", "softmax"]];
const SHAPES = [(x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`, (x, y, r) => `M${x} ${y - r * 1.2}L${x + r * 1.2} ${y}L${x} ${y + r * 1.2}L${x - r * 1.2} ${y}Z`,
  (x, y, r) => `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}Z`];

/** Scores and losses of all points, the mean loss, the penalty, and the gradient of their sum. */
export function evaluate(net, points) {
  const n = points.length, room = net.room(n), y = new Float64Array(n * CLASSES);
  points.forEach(([x0, x1, label], i) => {
    room.h[0].set([x0, x1], 2 * i);
    y[CLASSES * i + label] = 1;
  });
  const data = net.differentiate(n, room, y), scores = points.map((_, i) => Array.from(room.h[1].slice(CLASSES * i, CLASSES * (i + 1))));
  const each = scores.map((row, i) => net.loss.values(1, Float64Array.from(row), y.slice(CLASSES * i, CLASSES * (i + 1))));
  const weights = net.sizes[0] * CLASSES, penalty = FORMULAS.penalties.L2.slopes(0, weights, net.P, net.G, net.is.alpha);
  return { scores, each, data, penalty, total: data + penalty, G: net.G.slice() };
}

export function render_classifier(root, settings) {
  const net = new Net([2, CLASSES], { activation: "linear", loss: settings.loss, lr: settings.lr, penalty: "L2", alpha: settings.alpha });
  const points = START.map((point) => [...point]), random = generator(settings.seed);
  const plane = new Plane("three classes in the plane; points can be dragged, or moved with the arrow keys", DOMAIN), cells = grid(N, DOMAIN);
  plane.svg.setAttribute("role", "group");
  let steps = 0, now = null;
  const draw = () => { for (let q = 0; q < net.count; q++) net.P[q] = 0.7 * normal(random); steps = 0; };
  const places = Array.from({ length: CLASSES }, (_, j) => [net.weight(0, 0, j), net.weight(0, 1, j), net.bias(0, j)]);
  const numbers = h("tbody"), table = h("tbody"), totals = h("p", { class: "big totals" }), count = h("output", { class: "count" });

  const inputs = places.map((row) => row.map((q, i) => {
    const name = `${["W", "W", "b"][i]} of class ${places.indexOf(row)}${i < 2 ? `, x${i}` : ""}`;
    const gradient = h("small"), control = slider("", { min: -3, max: 3, step: 0.01, value: 0 }, (x) => { net.P[q] = x; paint(); });
    control.querySelector("input").setAttribute("aria-label", name);
    return { q, gradient, control, element: h("td", { class: "parameter" }, control, gradient) };
  }));
  numbers.append(...inputs.map((row, j) => h("tr", { class: `class-${j}` }, h("th", { scope: "row", text: `class ${j}` }), row.map((one) => one.element))));

  const dots = points.map((point, i) => {
    const dot = g("path", { tabindex: 0, role: "button", class: `point class-${point[2]}`, on: {
      pointerdown: (event) => { dot.setPointerCapture(event.pointerId); dot.held = true; event.preventDefault(); dot.focus(); },
      pointerup: () => { dot.held = false; },
      pointermove: (event) => { if (dot.held) move(i, plane.at(event)); },
      keydown: (event) => {
        const by = { ArrowLeft: [-0.05, 0], ArrowRight: [0.05, 0], ArrowUp: [0, 0.05], ArrowDown: [0, -0.05] }[event.key];
        if (!by) return;
        event.preventDefault();
        move(i, [point[0] + by[0], point[1] + by[1]]);
      },
    } });
    return dot;
  });
  plane.points.replaceChildren(...dots);
  function move(i, [x, y]) {
    [points[i][0], points[i][1]] = [x, y].map((v) => Math.round(Math.max(-0.98, Math.min(0.98, v)) * 100) / 100);
    paint();
  }

  function regions() {
    const canvas = plane.canvas, context = canvas.getContext("2d"), room = net.room(N * N);
    canvas.width = canvas.height = N;
    room.h[0].set(cells);
    const scores = net.forward(N * N, room), image = context.createImageData(N, N);
    const paper = channels(themed("--paper")), ink = [0, 1, 2].map((j) => channels(themed(`--class-${j}`)).map((c, k) => Math.round(paper[k] + (c - paper[k]) * 0.34)));
    for (let i = 0; i < N * N; i++) {
      let best = 0;
      for (let j = 1; j < CLASSES; j++) if (scores[CLASSES * i + j] > scores[CLASSES * i + best]) best = j;
      image.data.set([...ink[best], 255], 4 * i);
    }
    context.putImageData(image, 0, 0);
  }

  /** Draw where each score is 0, and an arrow to where it grows. */
  function lines() {
    plane.lines.replaceChildren(...places.flatMap(([a, b, c], j) => {
      const [wx, wy, bias] = [net.P[a], net.P[b], net.P[c]], size = Math.hypot(wx, wy);
      if (size < 1e-9) return [];
      const [x, y] = [(-bias * wx) / size ** 2, (-bias * wy) / size ** 2], [dx, dy] = [wx / size, wy / size];
      return [g("path", { d: plane.path([[x - 4 * dy, y + 4 * dx], [x + 4 * dy, y - 4 * dx]]), class: `score class-${j}`, fill: "none" }),
        g("path", { d: plane.path([[x, y], [x + 0.16 * dx, y + 0.16 * dy]]), class: `score arrow class-${j}`, fill: "none" })];
    }));
  }

  function paint() {
    now = evaluate(net, points);
    regions();
    lines();
    inputs.flat().forEach(({ q, gradient, control }) => {
      control.set(net.P[q]);
      gradient.textContent = `gradient ${fmt(now.G[q])}`;
    });
    dots.forEach((dot, i) => {
      const [x, y, label] = points[i];
      dot.setAttribute("d", SHAPES[label](plane.x(x), plane.y(y), 6.5));
      dot.setAttribute("aria-label", `point ${i} of class ${label} at ${fmt(x)}, ${fmt(y)}: loss ${fmt(now.each[i])}`);
    });
    table.replaceChildren(...points.map(([x, y, label], i) => {
      const best = now.scores[i].indexOf(Math.max(...now.scores[i]));
      return h("tr", { class: best === label ? "" : "wrong" }, h("td", { text: fmt(x) }), h("td", { text: fmt(y) }), h("td", { class: `class-${label}` }, h("b", { text: label })),
        now.scores[i].map((score, j) => h("td", { class: j === label ? "right" : "", text: fmt(score) })), h("td", { text: fmt(now.each[i]) }), h("td", { text: best === label ? "✓" : "✗" }));
    }));
    totals.textContent = `${fmt(now.data)} loss of the data + ${fmt(now.penalty)} penalty = ${fmt(now.total)}`;
    count.textContent = `${steps} steps`;
  }

  function step() {
    evaluate(net, points);
    net.is.penalty = "none"; // its gradient stands in G already
    net.update();
    steps++;
    paint();
  }
  const run = player(["run", "stop"], [50, 250], () => {
    step();
    return Number.isFinite(now.total);
  });
  draw();
  const log = (x) => fmt(10 ** x);
  root.replaceChildren(h("h1", { class: "title", text: "Linear classifier" }),
    h("p", { text: "Scores W x + b of three classes; the largest decides. Lines: where a score is 0; arrows: where it grows. Drag the points, move the sliders, or descend along the gradients beside them." }),
    h("div", { class: "beside classifier" }, h("div", {}, plane.element, h("div", { class: "row" }, button("single step", step), run, button("randomize", () => { draw(); paint(); }), count),
      h("div", { class: "sliders" }, h("fieldset", {}, select("Loss", LOSSES, settings.loss, (x) => { net.set({ loss: x }); paint(); }),
        slider("step size", { min: -3, max: 0.5, step: 0.05, value: Math.log10(settings.lr || 1e-3), text: log }, (x) => { net.set({ lr: 10 ** x }); }),
        slider("L2 penalty", { min: -4, max: 1, step: 0.05, value: Math.log10(settings.alpha || 1e-4), text: log }, (x) => { net.set({ alpha: 10 ** x }); paint(); })))),
    h("div", {}, totals,
      h("div", { class: "scroll" }, h("table", { class: "parameters" }, h("thead", {}, h("tr", {}, ["", "W, x₀", "W, x₁", "b"].map((text) => h("th", { scope: "col", text })))), numbers)),
      h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ["x₀", "x₁", "y", "s₀", "s₁", "s₂", "loss", ""].map((text) => h("th", { scope: "col", text })))), table)))));
  paint();
  return { paint };
}

const channels = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
