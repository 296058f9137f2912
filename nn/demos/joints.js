// A shallow net of one input: a slider for each parameter, the steps of its construction, and its joints.
import { FORMULAS } from "./formulas.js";
import { Net } from "./net.js";
import { Graph } from "./plot.js";
import { button, fmt, h, select, signed, slider } from "./ui.js";

// theta_0, theta_1 and phi of three hidden units, then phi_0: Prince (2023), figure 3.3
const START = [[-0.2, 0.4, -1.3], [-0.9, 0.9, 1.3], [1.1, -0.7, 0.66]], OFFSET = -0.23;

/** Return the places where the slope of a shallow ReLU net changes, from left to right. */
export const jointsOf = (units) => units.filter(([, slope, out]) => slope !== 0 && out !== 0).map(([bias, slope]) => -bias / slope).sort((a, b) => a - b);

export function render_joints(root) {
  const units = START.map((unit) => [...unit]), net = new Net([1, 3, 1], { activation: "relu", loss: "mse" });
  let offset = OFFSET, at = 1;
  const range = [0, 2];
  const sums = new Graph("1. Sums θᵢ₀ + θᵢ₁ x", range, [-1.2, 1.2]), bent = new Graph("2. After the activation", range, [-1.2, 1.2]);
  const weighted = new Graph("3. Times φᵢ", range, [-1.2, 1.2]), total = new Graph("4. Their sum with φ₀: the net", range, [-1.2, 1.2]);
  const said = h("p", { class: "said", "aria-live": "polite" });
  const value = (activation, z) => {
    const to = new Float64Array(1);
    FORMULAS.activations[activation].values(1, Float64Array.of(z), to);
    return to[0];
  };
  function paint() {
    units.forEach(([bias, slope, out], j) => {
      net.P[net.weight(0, 0, j)] = slope;
      net.P[net.bias(0, j)] = bias;
      net.P[net.weight(1, j, 0)] = out;
    });
    net.P[net.bias(1, 0)] = offset;
    const room = net.room(1), kind = net.is.activation;
    const y = (x) => {
      room.h[0][0] = x;
      return net.forward(1, room)[0];
    };
    for (const graph of [sums, bent, weighted, total]) graph.clear();
    const joints = kind === "relu" ? jointsOf(units) : [];
    joints.forEach((x) => { for (const graph of [bent, weighted, total]) graph.upright(x); });
    units.forEach(([bias, slope, out], j) => {
      const z = (x) => bias + slope * x, a = (x) => value(kind, z(x)), name = `unit-${j + 1}`;
      sums.curve(z, name).dot(at, z(at), name);
      bent.curve(a, name).dot(at, a(at), name);
      weighted.curve((x) => out * a(x), name).dot(at, out * a(at), name);
    });
    total.curve(y, "whole").dot(at, y(at), "whole");
    const seen = joints.filter((x) => x > range[0] && x < range[1]);
    const terms = units.map(([bias, slope, out]) => `${signed(out)} · ${kind}(${fmt(bias + slope * at)})`).join(" ");
    said.textContent = `y(${fmt(at)}) = ${fmt(offset)} ${terms} = ${fmt(y(at))}. `
      + (kind === "relu" ? `${seen.length} joints in the picture, at x = ${seen.map((x) => fmt(x)).join(", ") || "–"}: ${seen.length + 1} linear pieces, at most ${units.length + 1}.` : "Without a ReLU there are no joints.");
  }
  const made = [], one = (label, get, set, span = 2) => {
    const control = slider(label, { min: -span, max: span, step: 0.01, value: get() }, (x) => { set(x); paint(); });
    made.push(() => control.set(get()));
    return control;
  };
  const groups = units.map((unit, j) => h("fieldset", { class: `unit-${j + 1}` }, h("legend", { text: `hidden unit ${j + 1}` }),
    ["θ₀ bias", "θ₁ slope", "φ weight out"].map((label, i) => one(label, () => unit[i], (x) => { unit[i] = x; }))));
  const reset = () => {
    START.forEach((unit, j) => unit.forEach((x, i) => { units[j][i] = x; }));
    offset = OFFSET;
    made.forEach((show) => show());
    paint();
  };
  root.replaceChildren(h("h1", { class: "title", text: "Joints of a shallow net" }),
    h("p", { text: "y = φ₀ + Σ φᵢ a(θᵢ₀ + θᵢ₁ x): three lines are bent, weighted and added. A ReLU bends its line where it is 0; there the net has a joint." }),
    h("div", { class: "graphs four" }, [sums, bent, weighted, total].map((graph) => graph.element)), said,
    h("div", { class: "sliders" }, groups, h("fieldset", {}, h("legend", { text: "the net" }), one("φ₀ offset", () => offset, (x) => { offset = x; }),
      slider("x", { min: 0, max: 2, step: 0.01, value: at }, (x) => { at = x; paint(); }), select("Activation", ["relu", "leaky_relu", "tanh", "sigmoid", "gelu"], "relu", (x) => { net.set({ activation: x }); paint(); }),
      button("as at first", reset))));
  paint();
  return { paint };
}
