// What looks into the net: the numbers of both passes, linear regions, 50 restarts, the loss surface, Python.
import { Inside } from "./inside.js";
import { contour, grid, heat } from "./plot.js";
import { pythonCode } from "./python.js";
import { generator, normal } from "./random.js";
import { hasRegions, most, regions } from "./regions.js";
import { arrays, netOf } from "./setup.js";
import { button, fmt, g, h, select, tabs } from "./ui.js";

/** Do work in slices of a frame, so that the page stays alive; `work` returns false when all is done. */
function slices(work, done) {
  let stopped = false;
  const slice = () => {
    if (stopped) return;
    const begin = performance.now();
    while (performance.now() - begin < 12) if (!work()) return done();
    requestAnimationFrame(slice);
  };
  requestAnimationFrame(slice);
  return () => { stopped = true; };
}

class Regions {
  constructor(app) {
    this.app = app;
    this.text = h("p", { class: "big" });
    this.more = h("p", { class: "hint" });
    this.element = h("div", {}, this.text, this.more);
  }

  painted() {
    const { app } = this, { net, state, plane } = app;
    plane.lines.replaceChildren();
    if (!hasRegions(state.activation, state.features) || !net.layers) {
      this.text.textContent = "Choose the activation ReLU and the features x₀ and x₁: then the net is linear in pieces.";
      this.more.textContent = "Where a unit bends, a line runs through the plane, and behind it the next layer bends along these lines.";
      return;
    }
    const { regions: found, bends } = regions(net, state.features, app.domain), by = new Map();
    for (const { k, ends } of bends) by.set(k, (by.get(k) ?? "") + plane.path(ends));
    for (const [k, d] of by) plane.lines.append(g("path", { d, class: `bend of-${Math.min(k + 1, 3)}` }));
    const units = state.hidden.reduce((a, b) => a + b, 0);
    this.text.textContent = `${found.length} linear ${found.length === 1 ? "region" : "regions"} in this square`;
    this.more.textContent = state.hidden.length === 1
      ? `${units} ReLU units can make at most ${most(units)} regions of the plane (Zaslavsky): 1 + ${units} + ${units}·${units - 1}/2. Every unit draws one straight line.`
      : state.hidden.length ? "Solid lines: bends of the first layer. Broken lines: those of later layers; they bend where they cross earlier ones."
        : "Without a hidden layer the net is linear: one region.";
  }

  leave() { this.app.plane.lines.replaceChildren(); }
}

class Restarts {
  constructor(app) {
    this.app = app;
    this.epochs = 200;
    this.run = button("train 50 nets", () => this.start(), { class: "wide" });
    this.note = h("p", { class: "hint", "aria-live": "polite", text: "The same data and settings, 50 other first weights: how often does luck decide?" });
    this.bars = h("div", { class: "bars", role: "group", "aria-label": "final training losses of all nets" });
    this.nets = h("div", { class: "thumbs" });
    this.element = h("div", {}, h("div", { class: "row" }, this.run,
      select("Epochs for each", [50, 200, 1000], this.epochs, (x) => { this.epochs = Number(x); })), this.note, this.bars, this.nets);
  }

  start() {
    const { app } = this, epochs = this.epochs, { n, X, Y } = app.train;
    this.stop?.();
    app.pause();
    this.found = [];
    this.bars.replaceChildren();
    this.nets.replaceChildren();
    if (!n) return;
    const rows = Array.from({ length: n }, (_, i) => i), size = Math.min(app.state.batch, n);
    let net = null, epoch = 0, seed = app.state.seed;
    this.stop = slices(() => {
      if (!net) net = netOf(app.state, ++seed), epoch = 0;
      for (let at = 0; at < n; at += size) net.step(X, Y, rows, at, Math.min(size, n - at));
      if (++epoch < epochs) return true;
      this.found.push({ loss: net.evaluate(n, X, Y), P: net.P.slice(), seed });
      net = null;
      this.note.textContent = `${this.found.length} of 50 nets trained`;
      if (this.found.length % 10 === 0) this.histogram();
      return this.found.length < 50;
    }, () => this.histogram(true));
  }

  histogram(all = false) {
    const losses = this.found.map((one) => (Number.isFinite(one.loss) ? one.loss : Infinity)), finite = losses.filter(Number.isFinite);
    if (!finite.length) {
      this.note.textContent = "No net ended at a finite loss: the learning rate is too large.";
      return;
    }
    const top = Math.max(...finite), low = Math.min(...finite), count = 12, width = (top - low) / count || 1;
    const bins = Array.from({ length: count }, () => []);
    this.found.forEach((one, i) => { if (Number.isFinite(losses[i])) bins[Math.min(count - 1, Math.floor((losses[i] - low) / width))].push(one); });
    const tallest = Math.max(...bins.map((bin) => bin.length));
    this.bars.replaceChildren(...bins.map((bin, i) => h("button", {
      type: "button", class: "barred", disabled: !bin.length,
      "aria-label": `${bin.length} nets with a loss from ${fmt(low + i * width)} to ${fmt(low + (i + 1) * width)}: show them`,
      on: { click: () => this.show(bin) },
    }, h("span", { text: bin.length || "" }), h("i", { style: `height:${(bin.length / tallest) * 92}px` }), h("small", { text: i % 3 === 0 || i === count - 1 ? fmt(low + i * width, 2) : "" }))));
    if (all) {
      const near = losses.filter((loss) => loss <= low + 0.1 * (top - low) || loss < 1e-3).length;
      this.note.textContent = `Losses from ${fmt(low)} to ${fmt(top)}. ${near} of 50 ended near the best; the others are stuck, or not yet there. Choose a bar to see its nets.`;
      this.show(bins.find((bin) => bin.length) ?? []);
    }
  }

  show(bin) {
    const { app } = this, n = 40, points = grid(n, app.domain), cells = Array.from({ length: n * n }, (_, i) => ({ x: points[2 * i], y: points[2 * i + 1], value: 0 }));
    const net = netOf(app.state), room = net.room(n * n);
    if (bin.some((one) => one.P.length !== net.count)) return;
    room.h[0].set(arrays(cells, app.state).X);
    this.nets.replaceChildren(...bin.slice(0, 24).map((one) => {
      const canvas = h("canvas", { "aria-hidden": "true" });
      net.P.set(one.P);
      heat(canvas, n, net.forward(n * n, room), 0, 1, 1, app.shown);
      return h("button", { type: "button", class: "thumb", "aria-label": `take the net with loss ${fmt(one.loss)}`, on: { click: () => {
        app.net.P.set(one.P);
        app.edited();
        app.say(`the net of seed ${one.seed} stands above, with a loss of ${fmt(one.loss)}`);
      } } }, canvas, h("small", { text: fmt(one.loss) }));
    }));
  }

  rebuilt() {
    if (!this.found) return;
    this.stop?.();
    this.found = null;
    this.bars.replaceChildren();
    this.nets.replaceChildren();
    this.note.textContent = "The settings have changed: train the nets again.";
  }
}

class Surface {
  constructor(app) {
    this.app = app;
    this.seed = 1;
    this.reach = 1;
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.svg = g("svg", { viewBox: "0 0 320 320", role: "img", "aria-label": "the training loss around the weights, along two random directions" });
    this.note = h("p", { class: "hint", "aria-live": "polite" });
    this.element = h("div", { class: "beside" }, h("div", { class: "plane surface" }, this.canvas, this.svg), h("div", {},
      h("p", { text: "The training loss around the weights as they are (the cross), along two random directions, each as long in every unit as its weights." }),
      select("Reach", [[0.3, "0.3 times the weights"], [1, "as large as the weights"], [3, "3 times the weights"]], this.reach, (x) => { this.reach = Number(x); this.start(); }),
      h("div", { class: "row" }, button("compute", () => this.start()), button("other directions", () => { this.seed++; this.start(); })), this.note));
  }

  /** A random direction whose part for each unit is as long as the unit's weights (Li et al., 2018). */
  direction(random) {
    const { net } = this.app, d = new Float64Array(net.count);
    for (let k = 0; k < net.layers; k++) {
      for (let j = 0; j < net.sizes[k + 1]; j++) {
        const places = [net.bias(k, j), ...Array.from({ length: net.sizes[k] }, (_, p) => net.weight(k, p, j))];
        for (const q of places) d[q] = normal(random);
        const size = (v) => Math.sqrt(places.reduce((sum, q) => sum + v[q] ** 2, 0)), scale = (size(net.P) || 1) / (size(d) || 1);
        for (const q of places) d[q] *= scale;
      }
    }
    return d;
  }

  start() {
    const { app } = this, { n: rows, X, Y } = app.train, n = 41, random = generator(this.seed);
    this.stop?.();
    if (!rows) return;
    if (app.playing) app.pause();
    const [a, b] = [this.direction(random), this.direction(random)], P = app.net.P.slice();
    const net = netOf(app.state).copy(app.net), losses = new Float64Array(n * n);
    let i = 0;
    this.stop = slices(() => {
      const u = ((i % n) / (n - 1) - 0.5) * 2 * this.reach, v = (0.5 - Math.floor(i / n) / (n - 1)) * 2 * this.reach;
      for (let q = 0; q < P.length; q++) net.P[q] = P[q] + u * a[q] + v * b[q];
      losses[i] = net.evaluate(rows, X, Y);
      return ++i < n * n;
    }, () => this.draw(n, losses));
  }

  draw(n, losses) {
    const [low, high] = losses.reduce(([a, b], x) => [Math.min(a, x), Math.max(b, x)], [Infinity, -Infinity]);
    const logs = losses.map((x) => Math.log(x + 1e-6)), [bottom, top] = [Math.log(low + 1e-6), Math.log(high + 1e-6)];
    heat(this.canvas, n, logs.map((x) => 1 - (2 * (x - bottom)) / (top - bottom || 1)));
    const levels = Array.from({ length: 9 }, (_, i) => bottom + ((i + 1) / 10) * (top - bottom));
    this.svg.replaceChildren(...levels.map((level) => g("path", { d: contour(n, logs, level, 320), class: "contour" })),
      g("path", { d: "M152 160H168M160 152V168", class: "cross" }));
    const here = losses[(n * n - 1) / 2];
    this.note.textContent = `Here ${fmt(here)}; in the picture from ${fmt(low)} (blue) to ${fmt(high)} (orange).`
      + (here <= low * 1.02 ? " No point in it is lower: a minimum along these directions." : "");
  }

  opened() { this.start(); }

  rebuilt() { this.stop?.(); this.svg.replaceChildren(); this.note.textContent = "The net has changed: compute anew."; }
}

class Code {
  constructor(app) {
    this.app = app;
    this.text = h("pre", { tabindex: 0, "aria-label": "Python code" });
    this.note = h("span", { "aria-live": "polite" });
    this.element = h("div", {}, h("p", { text: "These settings, data and weights in Python: paste it into a cell, and the net that you see is the model `model` there." }),
      h("div", { class: "row" }, button("copy", () => this.copy()), button("save as a file", () => this.save()), this.note), this.text);
  }

  opened() { this.text.textContent = pythonCode(this.app); }

  changed() { this.opened(); }

  rebuilt() { this.opened(); }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.text.textContent);
      this.note.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(this.text);
      this.note.textContent = "marked: copy it with Ctrl+C";
    }
  }

  save() {
    const link = h("a", { href: `data:text/x-python;charset=utf-8,${encodeURIComponent(this.text.textContent)}`, download: "playground.py" });
    link.click();
  }
}

/** Make all panels; only the one that is shown is kept up to date. */
export function panels(app) {
  const made = { inside: new Inside(app), regions: new Regions(app), restarts: new Restarts(app), surface: new Surface(app), code: new Code(app) };
  const titles = { inside: "Forward and backward", regions: "Linear regions", restarts: "50 restarts", surface: "Loss surface", code: "Python" };
  let shown = "inside", ready = false;
  const all = tabs("look inside", Object.keys(made).map((name) => [name, titles[name], made[name].element]), shown, (name) => {
    if (name !== shown) made[shown].leave?.();
    shown = name;
    if (!ready) return;
    made[name].opened?.();
    app.paint();
  });
  ready = true;
  return {
    element: all, open: all.open, shown: () => shown,
    mark: (x, y, pinned) => g("circle", { cx: x, cy: y, r: 8, class: pinned ? "chosen pinned" : "chosen" }),
    painted: () => made[shown].painted?.(),
    changed: () => made[shown].changed?.(),
    playing: () => made[shown].playing?.(),
    rebuilt: () => { for (const [name, panel] of Object.entries(made)) if (name === shown || name !== "code") panel.rebuilt?.(); },
  };
}
