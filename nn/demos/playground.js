// The playground: data, net and output side by side, and below them what looks into the net.
import { DOMAIN, SETS, domainOf, make } from "./data.js";
import { FORMULAS } from "./formulas.js";
import { MINUS, NetworkView, PLUS } from "./network.js";
import { panels } from "./panels.js";
import { Curves, Plane, enlarged, grid, heat } from "./plot.js";
import { generator, shuffle } from "./random.js";
import { LOSSES, MOST_LAYERS, arrays, fromAddress, netOf, toAddress } from "./setup.js";
import { button, checkbox, fmt, h, icon, select, slider } from "./ui.js";

const N = 56, LARGE = 224, BUDGET = 9;
const RATES = [0.00001, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const NAMES = {
  tanh: "tanh", relu: "ReLU", sigmoid: "sigmoid", linear: "linear", leaky_relu: "leaky ReLU", elu: "ELU", gelu: "GELU",
  silu: "SiLU", softplus: "softplus", sin: "sine", sgd: "SGD", momentum: "momentum 0.9", nesterov: "Nesterov 0.9", adam: "Adam",
  adamw: "AdamW", rmsprop: "RMSprop", adagrad: "Adagrad", none: "none", L1: "L1", L2: "L2", bce_with_logits: "cross-entropy",
  mse: "squared error", hinge: "hinge", squared_hinge: "squared hinge", mae: "absolute error", huber: "Huber",
};
const named = (keys) => keys.map((key) => [key, NAMES[key] ?? key]);

/** Return a list in order, with a number that it must have. */
const among = (list, x) => [...new Set([...list, x])].sort((a, b) => a - b);

class App {
  constructor(root, settings) {
    this.root = root;
    this.state = {
      data: "circles", problem: "classes", features: ["x0", "x1"], hidden: [4, 2], activation: "tanh", loss: "bce_with_logits",
      optimizer: "sgd", lr: 0.03, penalty: "none", alpha: 0.001, batch: 10, noise: 0, test: 0.5, discretize: false, seed: 1,
      ...settings, ...fromAddress(readHash()),
    };
    this.own = (settings.own?.rows ?? []).map(([x, y, value]) => ({ x, y, value: settings.own.problem === "classes" ? 2 * value - 1 : value }));
    this.ownProblem = settings.own?.problem ?? "classes";
    if (!LOSSES[this.state.problem].includes(this.state.loss)) this.state.loss = LOSSES[this.state.problem][0];
    this.n = N;
    this.speed = "1";
    this.lineShows = "weights";
    this.chosen = this.look = this.step = this.magnified = null;
    this.playing = false;
    this.brush = "0";
    this.large = new Float64Array(LARGE * LARGE);
    this.one = new Float64Array(N * N);
    this.network = new NetworkView(this);
    this.plane = new Plane("output of the net over the plane, and the data", DOMAIN);
    this.curves = new Curves("loss of training and test data over the epochs", ["train", "test"]);
    this.panels = panels(this);
    this.layout();
    this.redraw();
    new ResizeObserver(() => {
      if (this.network.element.clientWidth !== this.seenWidth) this.arrangeNetwork();
    }).observe(this.network.element);
  }

  /** How an output is shown: from -1 to 1. */
  shown = (z) => {
    if (this.isDiscrete()) return z < 0 ? -1 : 1;
    return this.state.loss === "bce_with_logits" ? Math.tanh(z / 2) : z / this.scale;
  };

  isDiscrete() { return this.state.discretize && this.state.problem === "classes"; }

  // Data and net

  /** Draw the data anew, then start over. */
  redraw() {
    const own = this.state.data === "own";
    this.data = make(this.state.data, this.state, this.own);
    this.domain = own && this.own.length > 1 && this.own.some((p) => Math.abs(p.x) > 6 || Math.abs(p.y) > 6 || this.given()) ? domainOf(this.own) : DOMAIN;
    this.scale = this.state.problem === "classes" ? 1 : Math.max(1e-9, ...this.data.map((point) => Math.abs(point.value)));
    this.plane.set(this.domain);
    this.points = grid(N, this.domain);
    this.choose(null);
    this.dots();
    this.reset();
  }

  given() { return this.own.some((point) => !point.drawn); }

  dots() {
    const scale = this.state.problem === "classes" ? 1 : this.scale;
    const points = this.data.filter((point) => this.showTest || !point.test);
    this.plane.dots(points.map((point) => ({ ...point, value: point.value / scale })), points.length > 400 ? 2.8 : 3.6);
    this.planeMarks();
  }

  /** Make the net anew from the seed, and forget the curves. */
  reset() {
    this.net = netOf(this.state);
    this.epoch = 0;
    this.steps = 0;
    this.history = { train: [], test: [] };
    this.order = null;
    this.arrange();
    this.record();
    this.remember();
    this.rebuild();
  }

  /** Bring data and grid into the arrays that the net takes. */
  arrange() {
    this.train = arrays(this.data.filter((point) => !point.test), this.state);
    this.held = arrays(this.data.filter((point) => point.test), this.state);
    const cells = Array.from({ length: N * N }, (_, i) => ({ x: this.points[2 * i], y: this.points[2 * i + 1], value: 0 }));
    this.room = this.net.room(N * N);
    this.room.h[0].set(arrays(cells, this.state).X);
    this.random = generator(this.state.seed + 1000003);
  }

  /** Lay the net out anew: it has another shape, or the page another width or theme. */
  arrangeNetwork() {
    this.seenWidth = this.network.element.clientWidth;
    const key = document.activeElement?.dataset?.key;
    this.network.build();
    if (key) this.root.querySelector(`[data-key="${key}"]`)?.focus();
    this.paint();
  }

  rebuild() {
    this.layerCount.textContent = `${this.state.hidden.length} hidden ${this.state.hidden.length === 1 ? "layer" : "layers"}`;
    this.more.disabled = this.state.hidden.length >= MOST_LAYERS;
    this.less.disabled = !this.state.hidden.length;
    this.step = null; // its numbers are those of the net before
    this.see();
    this.arrangeNetwork();
    this.panels.rebuilt();
  }

  reshape(hidden) {
    this.state.hidden = hidden;
    this.reset();
  }

  toggle(name) {
    const on = this.state.features, all = Object.keys(FORMULAS.features);
    if (on.includes(name) && on.length === 1) return this.say("a net needs at least one feature");
    this.state.features = all.filter((other) => (other === name) !== on.includes(other));
    this.reset();
    [...this.network.units.querySelectorAll(".feature")].find((cell) => cell.name === name)?.focus();
  }

  /** Change a setting that the net can take on while it trains. */
  tune(change) {
    Object.assign(this.state, change);
    this.net.set(this.state);
    this.remember();
    this.panels.rebuilt();
  }

  edited() {
    this.record(true);
    this.see();
    this.paint();
    this.panels.changed();
  }

  remember() {
    try { history.replaceState(null, "", `#${toAddress(this.state)}`); } catch { /* a frame may have no address */ }
  }

  // Training

  /** Take one epoch: all batches once, in a new order. */
  epochStep() {
    const { n, X, Y } = this.train, size = Math.min(this.state.batch, n);
    this.order ??= Array.from({ length: n }, (_, i) => i);
    shuffle(this.order, this.random);
    for (let at = 0; at < n; at += size, this.steps++) this.net.step(X, Y, this.order, at, Math.min(size, n - at));
    this.epoch++;
  }

  record(again = false) {
    const [train, test] = [this.train, this.held].map(({ n, X, Y }) => this.net.evaluate(n, X, Y));
    if (again) this.history.train.pop(), this.history.test.pop();
    this.history.train.push(train);
    this.history.test.push(test);
    return Number.isFinite(train);
  }

  advance() {
    if (!this.train.n) return this.pause("there are no data: draw some points");
    const begin = performance.now(), times = Number(this.speed);
    for (let i = 0; i < times && (i === 0 || performance.now() - begin < BUDGET); i++) this.epochStep();
    if (!this.record()) this.pause("the loss is no number any more: the learning rate is too large. Reset, and try a smaller one");
    this.see();
    this.paint();
  }

  frame = () => {
    if (!this.playing) return;
    this.advance();
    requestAnimationFrame(this.frame);
  };

  play() {
    this.playing = true;
    this.playButton.replaceChildren(icon("M7 5h4v14H7zM13 5h4v14h-4z"));
    this.playButton.setAttribute("aria-label", "pause");
    this.panels.playing();
    requestAnimationFrame(this.frame);
  }

  pause(why) {
    this.playing = false;
    this.playButton.replaceChildren(icon("M8 5v14l11-7z"));
    this.playButton.setAttribute("aria-label", "train");
    this.network.titles();
    this.say(why ?? `paused ${this.standing()}`);
    this.panels.changed();
  }

  standing() {
    const { train, test } = this.history;
    return `after ${this.epoch} ${this.epoch === 1 ? "epoch" : "epochs"}: training loss ${fmt(train.at(-1))}, test loss ${fmt(test.at(-1))}`;
  }

  say(text) { this.live.textContent = text; }

  // What is seen

  /** Compute the numbers of both passes at the chosen point. */
  see() {
    this.look = null;
    if (!this.chosen) return;
    const { X, Y } = arrays([this.chosen], this.state);
    this.look = this.net.inspect(X, Y);
  }

  choose(point, pinned = false) {
    this.chosen = point;
    this.pinned = pinned && Boolean(point);
    if (this.net) this.see();
  }

  magnify(k, j) {
    this.magnified = k === null ? null : [k, j];
    this.paintPlane();
  }

  paint() {
    this.net.forward(N * N, this.room);
    this.network.paint();
    this.paintPlane();
    this.epochText.textContent = String(this.epoch).padStart(6, "0").replace(/(\d{3})$/, ",$1");
    const { train, test } = this.history;
    this.trainText.textContent = fmt(train.at(-1));
    this.testText.textContent = test.length && Number.isFinite(test.at(-1)) ? fmt(test.at(-1)) : "–";
    this.curves.draw([train, test]);
    this.planeMarks();
    this.panels.painted();
  }

  paintPlane() {
    const [k, j] = this.magnified ?? [this.net.layers, 0], m = this.net.sizes[k], last = k === this.net.layers;
    let values = this.room.h[k];
    if (m > 1) for (let i = 0, q = j; i < N * N; i++, q += m) this.one[i] = values[q];
    if (m > 1) values = this.one;
    const early = last && !this.isDiscrete(); // before there are 16 times as many; an edge of two colours stays sharp
    if (early) values = this.one.map((_, i) => this.shown(values[i]));
    enlarged(N, values, LARGE, this.large);
    const top = k === 0 ? this.large.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9) : 1;
    heat(this.plane.canvas, LARGE, this.large, 0, 1, top, last && !early ? this.shown : null);
    this.planeTitle.textContent = last ? "Output" : `Unit ${j + 1} of ${k ? `layer ${k}` : "the features"}`;
  }

  planeMarks() {
    const at = this.chosen;
    this.plane.marks.replaceChildren();
    if (at) this.plane.marks.append(this.panels.mark(this.plane.x(at.x), this.plane.y(at.y), this.pinned));
  }

  nearest([x, y], points = this.data.filter((point) => this.showTest || !point.test)) {
    let best = null, least = Infinity;
    for (const point of points) {
      const far = (point.x - x) ** 2 + (point.y - y) ** 2;
      if (far < least) [best, least] = [point, far];
    }
    return best;
  }

  // The parts of the page

  layout() {
    const { state } = this;
    this.playButton = button(icon("M8 5v14l11-7z"), () => (this.playing ? this.pause() : this.play()), { class: "play", "aria-label": "train" });
    const stepButton = button(icon("M6 5v14l9-7zM16 5h2v14h-2z"), () => {
      if (this.playing) this.pause();
      this.advance();
      this.network.titles();
      this.say(this.standing());
      this.panels.changed();
    }, { class: "round", "aria-label": "one epoch" });
    const resetButton = button(icon("M12 5V1L7 6l5 5V7a6 6 0 1 1-6 6H4a8 8 0 1 0 8-8z"), () => { this.pause(); this.reset(); }, { class: "round", "aria-label": "reset the net" });
    this.epochText = h("output", { class: "epoch" });
    this.live = h("p", { class: "live", "aria-live": "polite" });
    this.lossBox = h("div");
    this.top = h("header", { class: "bar" },
      h("div", { class: "transport" }, resetButton, this.playButton, stepButton, h("div", { class: "control" }, h("label", { text: "Epoch" }), this.epochText)),
      h("div", { class: "settings" },
        select("Learning rate", among(RATES, state.lr), state.lr, (x) => this.tune({ lr: Number(x) })),
        select("Activation", named(Object.keys(FORMULAS.activations)), state.activation, (x) => { state.activation = x; this.reset(); }),
        select("Optimizer", named(Object.keys(FORMULAS.optimizers)), state.optimizer, (x) => this.tune({ optimizer: x })),
        this.lossBox,
        select("Penalty", named(["none", "L1", "L2"]), state.penalty, (x) => this.tune({ penalty: x })),
        select("Its rate", among([0, ...RATES.slice(2)], state.alpha), state.alpha, (x) => this.tune({ alpha: Number(x) })),
        select("Speed", [["1", "normal"], ["10", "10 times"], ["1000", "fastest"]], this.speed, (x) => { this.speed = x; })));
    this.layerCount = h("output");
    this.more = button(icon(PLUS), () => this.reshape([...state.hidden, 2]), { "aria-label": "add a hidden layer", class: "round small", "data-key": "more" });
    this.less = button(icon(MINUS), () => this.reshape(state.hidden.slice(0, -1)), { "aria-label": "take the last hidden layer away", class: "round small", "data-key": "less" });
    this.planeTitle = h("h2", { text: "Output" });
    this.trainText = h("output");
    this.testText = h("output");
    const columns = h("div", { class: "columns" },
      h("section", { class: "data", "aria-label": "data" }, h("h2", { text: "Data" }), this.dataControls()),
      h("section", { class: "middle", "aria-label": "net" },
        h("div", { class: "net-head" }, this.more, this.less, h("h2", {}, this.layerCount)),
        this.network.element),
      h("section", { class: "output", "aria-label": "output" }, this.planeTitle,
        h("div", { class: "losses" }, h("div", { class: "test" }, h("span", { text: "Test loss" }), this.testText),
          h("div", { class: "train" }, h("span", { text: "Training loss" }), this.trainText), this.curves.element),
        this.plane.element, this.scaleBar(),
        h("div", { class: "checks" }, checkbox("Show test data", false, (on) => { this.showTest = on; this.dots(); }),
          checkbox("Discretize output", state.discretize, (on) => { state.discretize = on; this.remember(); this.paint(); }))));
    this.root.replaceChildren(h("h1", { class: "title", text: "Playground" }), this.top, columns, this.live, this.panels.element);
    document.addEventListener("keydown", (event) => {
      if (event.key !== " " || event.target !== document.body) return;
      event.preventDefault();
      this.playButton.click();
    });
    this.pointing();
    this.fillLosses();
  }

  fillLosses() {
    const { state } = this;
    this.lossBox.replaceChildren(select("Loss", named(LOSSES[state.problem]), state.loss, (x) => { state.loss = x; this.reset(); }));
  }

  dataControls() {
    const { state } = this, choices = h("div", { class: "sets", role: "radiogroup", "aria-label": "data set" });
    const keys = Object.keys(SETS);
    const pick = (name) => {
      state.data = name;
      state.problem = name === "own" ? this.ownProblem : SETS[name].problem;
      if (!LOSSES[state.problem].includes(state.loss)) state.loss = LOSSES[state.problem][0];
      for (const choice of choices.children) {
        choice.setAttribute("aria-checked", choice.name === name);
        choice.tabIndex = choice.name === name ? 0 : -1;
      }
      this.drawing.hidden = name !== "own" || state.problem !== "classes";
      if (name === "own" && !this.own.length) brush.set((this.brush = "1"));
    };
    for (const name of keys) {
      const small = new Plane(SETS[name].title, DOMAIN, { axes: false });
      small.dots(name === "own" ? [] : make(name, { noise: 0, test: 0, seed: 3, n: 110 }), 9);
      small.svg.setAttribute("aria-hidden", "true");
      const choice = h("button", {
        type: "button", role: "radio", title: SETS[name].title, class: `set ${name}`, "aria-label": SETS[name].title,
        on: {
          click: () => { pick(name); this.fillLosses(); this.redraw(); },
          keydown: (event) => {
            const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
            if (!by) return;
            event.preventDefault();
            const next = choices.children[(keys.indexOf(name) + by + keys.length) % keys.length];
            next.click();
            next.focus();
          },
        },
      }, name === "own" ? h("span", { text: "✎ draw" }) : small.element);
      choice.name = name;
      choices.append(choice);
    }
    const strokes = [["0", "chooses a point"], ["1", "adds a blue point"], ["-1", "adds an orange point"], ["x", "takes one away"]];
    const brush = select("A click on the output", strokes, this.brush, (x) => { this.brush = x; });
    this.drawing = h("div", { class: "drawing" }, brush,
      button("clear", () => { this.own = []; this.redraw(); }));
    pick(state.data);
    const percent = (x) => `${Math.round(x * 100)} %`, whole = (x) => String(Math.round(x));
    this.seedBox = h("input", { type: "number", min: 0, step: 1, value: state.seed, "aria-label": "seed", on: { change: () => {
      state.seed = Math.max(0, Math.floor(Number(this.seedBox.value)) || 0);
      this.redraw();
    } } });
    return [choices, this.drawing,
      slider("Test data", { min: 0.1, max: 0.9, step: 0.1, value: state.test, text: percent }, (x) => { state.test = x; this.redraw(); }),
      slider("Noise", { min: 0, max: 0.5, step: 0.05, value: state.noise, text: percent }, (x) => { state.noise = x; this.redraw(); }),
      slider("Batch size", { min: 1, max: Math.max(30, state.batch), step: 1, value: state.batch, text: whole }, (x) => { state.batch = x; this.order = null; this.reset(); }),
      h("label", { class: "control seed" }, h("span", { text: "Seed" }), this.seedBox),
      button("new seed", () => { this.seedBox.value = state.seed = state.seed + 1; this.redraw(); }, { class: "wide" })];
  }

  scaleBar() {
    const [low, high] = ["−1", "1"];
    return h("div", { class: "scale", role: "img", "aria-label": "orange circles and diamonds are negative, blue ones positive" },
      h("span", { text: low }), h("i"), h("span", { text: high }));
  }

  pointing() {
    const { svg } = this.plane;
    const free = () => this.pinned && this.panels.shown() === "inside";
    svg.addEventListener("pointermove", (event) => {
      if (free() || this.brush !== "0" || event.pointerType === "touch") return;
      this.choose(this.nearest(this.plane.at(event)));
      this.paint();
    });
    svg.addEventListener("pointerleave", () => {
      if (this.pinned) return;
      this.choose(null);
      this.paint();
    });
    svg.addEventListener("click", (event) => {
      const at = this.plane.at(event);
      if (this.state.data !== "own" || this.brush === "0") {
        this.choose(this.nearest(at), true);
        this.panels.open("inside");
        this.paint();
        return;
      }
      if (this.brush === "x") this.own = this.own.filter((point) => point !== this.nearest(at, this.own));
      else this.own.push({ x: at[0], y: at[1], value: Number(this.brush), drawn: true });
      const kept = this.net.P.slice();
      this.redraw();
      if (kept.length === this.net.P.length) this.net.P.set(kept), this.edited();
    });
  }
}

/** Make the playground in an element. */
export function render_playground(root, settings) {
  addEventListener("hashchange", () => location.reload());
  const app = new App(root, settings);
  return { paint: () => { app.dots(); app.arrangeNetwork(); } };
}

function readHash() {
  try { return location.hash; } catch { return ""; }
}
