// Two shallow nets, one behind the other: x to y to y', frame by frame, and as a folding of the input.
import { Net } from "./net.js";
import { Graph } from "./plot.js";
import { button, fmt, h, player, slider } from "./ui.js";

/** A net of three ReLU units on [-1, 1] that goes up, down and up again, with its two joints given. */
export function zigzag(net, first, second, sign) {
  const slopes = [2 / (first + 1), -2 / (second - first), 2 / (1 - second)];
  [[-1, slopes[0]], [first, slopes[1] - slopes[0]], [second, slopes[2] - slopes[1]]].forEach(([joint, out], j) => {
    net.P[net.weight(0, 0, j)] = 1;
    net.P[net.bias(0, j)] = -joint;
    net.P[net.weight(1, j, 0)] = sign * out;
  });
  net.P[net.bias(1, 0)] = -sign;
  return net;
}

/** Return the joints of the second net behind the first inside (-1, 1): its own, and where the first meets those of the second. */
export function composedJoints(f, own, next) {
  const ends = [-1, ...own, 1], found = [...own];
  for (let i = 0; i + 1 < ends.length; i++) {
    const [a, b] = [f(ends[i]), f(ends[i + 1])];
    for (const joint of next) if ((joint - a) * (joint - b) < 0) found.push(ends[i] + ((joint - a) / (b - a)) * (ends[i + 1] - ends[i]));
  }
  return found.sort((a, b) => a - b);
}

const FRAMES = 80;

export function render_composition(root) {
  const nets = [0, 1].map(() => new Net([1, 3, 1], { activation: "relu", loss: "mse" }));
  const joints = [[-1 / 3, 1 / 3], [-1 / 3, 1 / 3]];
  let frame = 24, fold = 0;
  const side = [-1, 1], tall = [-1.2, 1.2];
  const one = new Graph("First net: y of x", side, tall, { yName: "y" }), two = new Graph("Second net: y′ of y", side, tall, { xName: "y", yName: "y′" });
  const both = new Graph("Both: y′ of x", side, tall, { yName: "y′" }), paper = new Graph("Folded by the first net; y′ above", side, [-0.4, 1.1], { xName: "place", yName: "" });
  const said = h("p", { class: "said", "aria-live": "polite" });
  const of = (net) => (x) => {
    const room = net.room(1);
    room.h[0][0] = x;
    return net.forward(1, room)[0];
  };
  function paint() {
    zigzag(nets[0], ...joints[0], 1);
    zigzag(nets[1], ...joints[1], 1);
    const [f, second] = nets.map(of), whole = (x) => second(f(x)), x = -1 + (2 * frame) / FRAMES, y = f(x), out = second(y);
    const cuts = composedJoints(f, joints[0], joints[1]), ends = [-1, ...joints[0], 1];
    for (const graph of [one, two, both, paper]) graph.clear();
    joints[0].forEach((joint) => one.upright(joint));
    joints[1].forEach((joint) => two.upright(joint));
    cuts.forEach((joint) => both.upright(joint));
    const corners = [-1, ...cuts, 1];
    for (let i = 0; i < 3; i++) {
      const piece = corners.filter((t) => t >= ends[i] - 1e-12 && t <= ends[i + 1] + 1e-12), name = `unit-${i + 1}`;
      const place = (t) => (1 - fold) * t + fold * f(t);
      one.line(piece.map((t) => [t, f(t)]), name);
      both.line(piece.map((t) => [t, whole(t)]), name);
      paper.line(piece.map((t) => [place(t), -0.2 + 0.09 * fold * i]), name).line(piece.map((t) => [place(t), 0.55 + 0.35 * whole(t)]), name);
    }
    two.curve(second, "whole");
    both.line([...corners.filter((t) => t < x), x].map((t) => [t, whole(t)]), "trail");
    one.line([[x, -2], [x, y]], "guide").line([[x, y], [2, y]], "guide").dot(x, y, "whole");
    two.line([[y, -2], [y, out]], "guide").line([[y, out], [2, out]], "guide").dot(y, out, "whole");
    both.line([[x, -2], [x, out]], "guide").dot(x, out, "whole");
    paper.dot((1 - fold) * x + fold * y, 0.55 + 0.35 * out, "whole");
    said.textContent = `x = ${fmt(x)} goes to y = ${fmt(y)}, and y to y′ = ${fmt(out)}. ${cuts.length} joints: ${cuts.length + 1} linear pieces from 3 + 3 hidden units, with 20 parameters.`
      + ` Every y is reached ${countOf(f, joints[0], y)} times: so often the second net appears in the whole.`;
  }
  const at = slider("x", { min: 0, max: FRAMES, step: 1, value: frame, text: (i) => fmt(-1 + (2 * i) / FRAMES) }, (i) => { frame = i; paint(); });
  const folded = slider("fold", { min: 0, max: 1, step: 0.01, value: 0, text: (s) => `${Math.round(s * 100)} %` }, (s) => { fold = s; paint(); });
  function advance() {
    frame = (frame + 1) % (FRAMES + 1);
    at.set(frame);
    paint();
  }
  const joint = (n, i, label) => slider(label, { min: i ? 0.05 : -0.95, max: i ? 0.95 : -0.05, step: 0.01, value: joints[n][i] }, (x) => { joints[n][i] = x; paint(); });
  root.replaceChildren(h("h1", { class: "title", text: "Composing two nets" }),
    h("p", { text: "The first net sends three parts of the input to the same y. What the second net does to y, it does to all three: the input is folded, and the second net cuts the folded paper." }),
    h("div", { class: "graphs four" }, [one, two, both, paper].map((graph) => graph.element)), said,
    h("div", { class: "sliders" }, h("fieldset", {}, h("legend", { text: "frame by frame" }), at, folded, h("div", { class: "row" },
      player(["play", "pause"], [60, 400], advance), button("step", advance))),
    ["first net", "second net"].map((name, n) => h("fieldset", {}, h("legend", { text: name }), joint(n, 0, "left joint"), joint(n, 1, "right joint")))));
  paint();
  return { paint };
}

/** How many inputs a piecewise linear function sends to y. */
function countOf(f, joints, y) {
  const ends = [-1, ...joints, 1].map(f);
  return ends.slice(1).filter((b, i) => (ends[i] - y) * (b - y) < 0).length || 1;
}
