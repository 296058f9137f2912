// The numbers of the forward and the backward pass at one point, all at once or step by step.
import { ofLayer, unitName } from "./network.js";
import { button, fmt, h, select, signed } from "./ui.js";

const NAMES = { bce_with_logits: "cross-entropy", mse: "squared error", mae: "absolute error", squared_hinge: "squared hinge" };

/** List the steps of both passes: each unit forward, the loss, each unit backward. */
export function stepsOf(net) {
  const steps = [];
  for (let k = 1; k <= net.layers; k++) for (let j = 0; j < net.sizes[k]; j++) steps.push({ pass: "forward", k, j });
  steps.push({ pass: "loss", k: net.layers, j: 0 });
  for (let k = net.layers; k >= 1; k--) for (let j = 0; j < net.sizes[k]; j++) steps.push({ pass: "backward", k, j });
  return steps;
}

const sum = (terms) => terms.map(([a, b], i) => (i ? `${signed(a)} × ${fmt(b)}` : `${fmt(a)} × ${fmt(b)}`)).join(" ");

/** Say a step in a sentence, with its numbers. */
export function sentence(app, { pass, k, j }) {
  const { net, look, state } = app, activation = state.activation, last = k === net.layers;
  const name = `${unitName(net, k, j, state.features)}${ofLayer(net, k)}`;
  if (pass === "loss") {
    return `The loss: ${NAMES[state.loss] ?? state.loss} of the output ${fmt(look.h[k][0])} is ${fmt(look.loss)}. If the output grows by a little, the loss grows by ${fmt(look.e[k][0])} times as much.`;
  }
  if (pass === "forward") {
    const terms = Array.from(look.h[k - 1], (x, p) => [net.P[net.weight(k - 1, p, j)], x]), bias = net.P[net.bias(k - 1, j)];
    const z = last ? look.h[k][j] : look.z[k][j];
    return `Forward: ${name} = ${last ? "" : `${activation}(`}${sum(terms)} ${signed(bias)}${last ? "" : ")"}`
      + (last ? ` = ${fmt(z)}.` : ` = ${activation}(${fmt(z)}) = ${fmt(look.h[k][j])}.`);
  }
  const inputs = `Each weight into it gets ${fmt(look.e[k][j])} times what it carries; the bias gets ${fmt(look.e[k][j])}.`;
  if (last) return `Backward: the output receives ${fmt(look.e[k][0])}, the derivative of the loss. ${inputs}`;
  const terms = Array.from(look.e[k + 1], (e, i) => [net.P[net.weight(k, j, i)], e]);
  return `Backward: ${name} receives ${sum(terms)} = ${fmt(look.g[k][j])}. Times the slope ${fmt(look.d[k][j])} of ${activation} it is ${fmt(look.e[k][j])}. ${inputs}`;
}

/** What the picture of the net shows in a step: which units have numbers, which lines carry products. */
export function shownIn(app, steps, now) {
  const step = steps[now], { net, look } = app, rank = (pass, k, j) => steps.findIndex((s) => s.pass === pass && s.k === k && s.j === j);
  return {
    atSource: step.pass === "forward",
    lit: (k, j) => k === step.k && j === step.j,
    forward: (k, j) => k === 0 || rank("forward", k, j) <= now,
    backward: (k, j) => k > 0 && (k === net.layers ? now >= steps.findIndex((s) => s.pass === "loss") : rank("backward", k, j) <= now && rank("backward", k, j) >= 0),
    label: (k, p, j) => {
      const weight = net.P[net.weight(k, p, j)];
      if (step.pass === "forward" && k === step.k - 1 && j === step.j) return fmt(weight * look.h[k][p]);
      if (step.pass === "backward" && k === step.k && p === step.j) return fmt(weight * look.e[k + 1][j]);
      return null;
    },
  };
}

export class Inside {
  constructor(app) {
    this.app = app;
    this.now = -1;
    this.said = h("p", { class: "said", "aria-live": "polite" });
    const to = (label, text, move) => button(text, () => this.go(move), { "aria-label": label });
    this.slider = h("input", { type: "range", min: 0, max: 1, value: 0, "aria-label": "step", on: { input: () => this.go(() => Number(this.slider.value)) } });
    this.count = h("output", { class: "count" });
    this.bar = h("div", { class: "player" }, to("first step", "|◀", () => 0), to("previous step", "◀", (i) => i - 1), to("next step", "▶", (i) => i + 1),
      to("last step", "▶|", () => Infinity), this.slider, this.count, button("all numbers", () => this.go(() => -1)));
    const pointer = (by) => () => {
      const points = app.data.filter((point) => app.showTest || !point.test), i = points.indexOf(app.chosen);
      app.choose(points[(i + by + points.length) % points.length] ?? null, true);
      app.paint();
    };
    this.element = h("div", {}, h("div", { class: "row" }, button("previous point", pointer(-1)), button("next point", pointer(1)),
      button("let it go", () => { app.choose(null); this.now = -1; app.step = null; app.paint(); }),
      this.shows = select("Lines show", [["weights", "the weights"], ["gradient", "the gradient of the loss at this point"]], app.lineShows, (x) => { app.lineShows = x; app.paint(); })), this.bar, this.said);
    this.element.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by || event.target.tagName === "SELECT" || event.target === this.slider) return;
      event.preventDefault();
      this.go((i) => i + by);
    });
  }

  go(move) {
    const { app } = this;
    if (app.playing) app.pause();
    if (!app.chosen) app.choose(app.data.find((point) => !point.test) ?? null, true);
    if (!app.look) return;
    app.pinned = true;
    this.now = Math.max(-1, Math.min(this.steps.length - 1, move(this.now)));
    app.paint();
  }

  rebuilt() {
    this.steps = stepsOf(this.app.net);
    this.slider.max = this.steps.length - 1;
    this.now = Math.min(this.now, this.steps.length - 1);
    this.painted();
  }

  playing() { this.now = -1; this.app.step = null; }

  leave() { this.playing(); }

  painted() {
    const { app } = this, before = app.step;
    if (!this.steps) return;
    if (!app.look) {
      this.now = -1;
      app.step = null;
      this.say("Rest on a point of the output, or choose one by a click: the net shows what every unit computes (above it) and the derivative of the loss with respect to it (below it).");
    } else if (this.now < 0) {
      app.step = null;
      const { x, y, value } = app.chosen;
      this.say(`Point (${fmt(x)}, ${fmt(y)}), target ${fmt(app.state.loss === "bce_with_logits" ? Number(value > 0) : value)}: output ${fmt(app.look.h.at(-1)[0])}, loss ${fmt(app.look.loss)}. Values stand above the units, gradients below.`);
    } else {
      app.step = shownIn(app, this.steps, this.now);
      this.say(sentence(app, this.steps[this.now]));
    }
    if (before || app.step) app.network.tags();
    this.slider.value = Math.max(0, this.now);
    this.count.textContent = this.now < 0 ? "all" : `${this.now + 1} / ${this.steps.length}`;
  }

  say(text) { if (this.said.textContent !== text) this.said.textContent = text; }
}
