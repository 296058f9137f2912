// Output units and losses: where the output is wrong, does a gradient tell so?
import { FORMULAS } from "./formulas.js";
import { Graph } from "./plot.js";
import { button, fmt, h, select, slider } from "./ui.js";

/** Loss and slope of a loss with respect to z, behind a unit that gives its value and its slope. */
function behind(unit, loss, z, y) {
  const [value, slope] = unit(z), e = new Float64Array(1);
  const total = FORMULAS.losses[loss].slopes(1, Float64Array.of(value), Float64Array.of(y), e, 1);
  return { value, loss: total, slope: e[0] * slope };
}

function sigmoid(z) {
  const [h_, d] = [new Float64Array(1), new Float64Array(1)];
  FORMULAS.activations.sigmoid.slopes(1, Float64Array.of(z), h_, d);
  return [h_[0], d[0]];
}

export const UNITS = {
  clip: { title: "clip(z, 0, 1) with squared error", of: (z, y) => behind((x) => [Math.max(0, Math.min(1, x)), x > 0 && x < 1 ? 1 : 0], "mse", z, y) },
  mse: { title: "sigmoid with squared error", of: (z, y) => behind(sigmoid, "mse", z, y) },
  bce: { title: "sigmoid with log-likelihood", of: (z, y) => ({ ...behind((x) => [x, 1], "bce_with_logits", z, y), value: sigmoid(z)[0] }) },
};

export function render_saturation(root) {
  let y = 1, z = -5, lr = 1, at = null;
  const losses = new Graph("Loss", [-8, 8], [0, 8], { xName: "z", yName: "loss" }), slopes = new Graph("Its derivative with respect to z", [-8, 8], [-2.2, 2.2], { xName: "z", yName: "derivative" });
  const outputs = new Graph("Output", [-8, 8], [-0.1, 1.1], { xName: "z", yName: "output" });
  const table = h("tbody"), said = h("p", { class: "said", "aria-live": "polite" });
  const places = () => at ?? Object.fromEntries(Object.keys(UNITS).map((name) => [name, z]));
  function paint() {
    for (const graph of [losses, slopes, outputs]) graph.clear();
    table.replaceChildren(...Object.entries(UNITS).map(([name, { title, of }], j) => {
      const kind = `unit-${j + 1}`, here = places()[name], now = of(here, y);
      losses.curve((x) => of(x, y).loss, kind).dot(here, now.loss, kind);
      slopes.curve((x) => of(x, y).slope, kind).dot(here, now.slope, kind);
      outputs.curve((x) => of(x, y).value, kind).dot(here, now.value, kind);
      return h("tr", { class: kind }, h("th", { scope: "row", text: title }), [here, now.value, now.loss, now.slope].map((x) => h("td", { text: fmt(x) })));
    }));
    const now = Object.values(UNITS).map(({ of }, j) => of(Object.values(places())[j], y)), wrong = Math.abs(now[1].value - y) > 0.5;
    said.textContent = wrong ? `The output is wrong. Clipped, the slope is ${fmt(now[0].slope)}: nothing is learned. The sigmoid with squared error gives ${fmt(now[1].slope)}: it starves. With the log-likelihood it is ${fmt(now[2].slope)}, the output minus the target.`
      : "The output is on the right side: now all derivatives may be small, and should be.";
  }
  const zed = slider("z", { min: -8, max: 8, step: 0.1, value: z }, (x) => { z = x; at = null; paint(); });
  const step = () => {
    at = Object.fromEntries(Object.entries(places()).map(([name, here]) => [name, here - lr * UNITS[name].of(here, y).slope]));
    paint();
  };
  root.replaceChildren(h("h1", { class: "title", text: "Saturation of output units" }),
    h("p", { text: "Three ways to learn a probability from a number z. The logarithm in the loss undoes the exponential in the unit, so its derivative does not vanish where the output is wrong." }),
    h("div", { class: "graphs three" }, [outputs, losses, slopes].map((graph) => graph.element)), said,
    h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ["unit and loss", "z", "output", "loss", "derivative"].map((text) => h("th", { scope: "col", text })))), table)),
    h("div", { class: "sliders" }, h("fieldset", {}, h("legend", { text: "the output" }), zed, select("Target", [["1", "1"], ["0", "0"]], "1", (x) => { y = Number(x); at = null; paint(); })),
      h("fieldset", {}, h("legend", { text: "descend on all three" }), slider("learning rate", { min: 0.1, max: 5, step: 0.1, value: lr }, (x) => { lr = x; }),
        h("div", { class: "row" }, button("step", step), button("20 steps", () => { for (let i = 0; i < 20; i++) step(); }), button("back to z", () => { at = null; paint(); })))));
  paint();
  return { paint };
}
