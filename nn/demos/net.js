// A net of linear layers, its training step, and the numbers of both passes. Every formula (activations, losses,
// penalties, optimisers) comes from Python as loops over arrays: see formulas.py. Nothing here makes code at run time.
import { FORMULAS } from "./formulas.js";

// Each of the three products keeps four sums at a time, since a sum waits for its last addition.

/** Multiply n rows of k numbers by the m rows of W, which start at w, and add the biases, which follow them. */
export function linear(n, k, m, x, P, w, z) {
  const b = w + m * k;
  for (let j = 0; j < m; j++) {
    const q = w + j * k, bias = P[b + j];
    let i = 0;
    for (; i + 3 < n; i += 4) {
      let s = bias, t = bias, u = bias, v = bias;
      for (let p = 0, r = i * k; p < k; p++, r++) {
        const weight = P[q + p];
        s += x[r] * weight;
        t += x[r + k] * weight;
        u += x[r + 2 * k] * weight;
        v += x[r + 3 * k] * weight;
      }
      const out = i * m + j;
      z[out] = s;
      z[out + m] = t;
      z[out + 2 * m] = u;
      z[out + 3 * m] = v;
    }
    for (; i < n; i++) {
      let s = bias;
      for (let p = 0, r = i * k; p < k; p++) s += x[r + p] * P[q + p];
      z[i * m + j] = s;
    }
  }
}

/** Compute the gradients of the weights and biases of a layer from those of its sums, e. */
function gradients(n, k, m, x, e, G, w) {
  const b = w + m * k;
  for (let j = 0; j < m; j++) {
    const q = w + j * k;
    let p = 0, bias = 0;
    for (let i = 0, f = j; i < n; i++, f += m) bias += e[f];
    G[b + j] = bias;
    for (; p + 3 < k; p += 4) {
      let s = 0, t = 0, u = 0, v = 0;
      for (let i = 0, r = p, f = j; i < n; i++, r += k, f += m) {
        const g = e[f];
        s += g * x[r];
        t += g * x[r + 1];
        u += g * x[r + 2];
        v += g * x[r + 3];
      }
      G[q + p] = s;
      G[q + p + 1] = t;
      G[q + p + 2] = u;
      G[q + p + 3] = v;
    }
    for (; p < k; p++) {
      let s = 0;
      for (let i = 0, r = p, f = j; i < n; i++, r += k, f += m) s += e[f] * x[r];
      G[q + p] = s;
    }
  }
}

/** Hand the gradients of the sums of a layer back to the sums of the layer before, whose slopes are d. */
function backward(n, k, m, e, P, w, d, out) {
  for (let i = 0; i < n; i++) {
    const row = i * k, from = i * m;
    let p = 0;
    for (; p + 3 < k; p += 4) {
      let s = 0, t = 0, u = 0, v = 0;
      for (let j = 0, q = w + p; j < m; j++, q += k) {
        const g = e[from + j];
        s += g * P[q];
        t += g * P[q + 1];
        u += g * P[q + 2];
        v += g * P[q + 3];
      }
      const o = row + p;
      out[o] = s * d[o];
      out[o + 1] = t * d[o + 1];
      out[o + 2] = u * d[o + 2];
      out[o + 3] = v * d[o + 3];
    }
    for (; p < k; p++) {
      let s = 0;
      for (let j = 0, q = w + p; j < m; j++, q += k) s += e[from + j] * P[q];
      out[row + p] = s * d[row + p];
    }
  }
}

export class Net {
  /**
   * @param {number[]} sizes widths of all layers, from the inputs on
   * @param {{activation: string, loss: string, optimizer?: string, lr?: number, penalty?: string, alpha?: number}} is
   */
  constructor(sizes, is) {
    this.sizes = sizes;
    this.layers = sizes.length - 1;
    this.at = [];
    let top = 0;
    for (let k = 0; k < this.layers; k++) {
      this.at.push(top);
      top += (sizes[k] + 1) * sizes[k + 1];
    }
    this.count = top;
    this.P = new Float64Array(top);
    this.G = new Float64Array(top);
    this.buffers = new Map();
    this.set(is);
  }

  /** Change activation, loss, optimiser, learning rate or penalty; the parameters stay. */
  set(is) {
    this.is = { optimizer: "sgd", lr: 0.03, penalty: "none", alpha: 0, ...this.is, ...is };
    this.activation = FORMULAS.activations[this.is.activation];
    this.loss = FORMULAS.losses[this.is.loss];
    const optimizer = FORMULAS.optimizers[this.is.optimizer];
    if (optimizer !== this.optimizer) {
      this.optimizer = optimizer;
      this.states = optimizer.states.map(() => new Float64Array(this.count));
      this.t = 0;
    }
    return this;
  }

  /** Draw new weights from the uniform distribution of Glorot, or of He for ReLU and its kin; biases are 0. */
  draw(random) {
    const he = FORMULAS.rectifiers.includes(this.is.activation);
    this.P.fill(0);
    for (let k = 0; k < this.layers; k++) {
      const [n, m] = [this.sizes[k], this.sizes[k + 1]], limit = Math.sqrt(6 / (he ? n : n + m));
      for (let q = 0; q < n * m; q++) this.P[this.at[k] + q] = limit * (2 * random() - 1);
    }
    for (const state of this.states) state.fill(0);
    this.t = 0;
    return this;
  }

  weight(k, p, j) { return this.at[k] + j * this.sizes[k] + p; }

  bias(k, j) { return this.at[k] + this.sizes[k] * this.sizes[k + 1] + j; }

  /** Room for n rows: per layer the outputs h, the sums z, the slopes d and the gradients e of the sums. */
  room(n) {
    let room = this.buffers.get(n);
    if (!room) {
      const rows = () => this.sizes.map((width) => new Float64Array(n * width));
      this.buffers.set(n, (room = { h: rows(), z: rows(), d: rows(), e: rows() }));
    }
    return room;
  }

  /** Compute the outputs of n rows that stand in room.h[0]; with slopes if they are to be differentiated. */
  forward(n, room, slopes = false) {
    const { h, z, d } = room;
    for (let k = 0; k < this.layers; k++) {
      const last = k === this.layers - 1, m = this.sizes[k + 1];
      linear(n, this.sizes[k], m, h[k], this.P, this.at[k], last ? h[k + 1] : z[k + 1]);
      if (last) break;
      if (slopes) this.activation.slopes(n * m, z[k + 1], h[k + 1], d[k + 1]);
      else this.activation.values(n * m, z[k + 1], h[k + 1]);
    }
    return h[this.layers];
  }

  /** Take one step on the rows that are listed from `at` to `at + n`, and return their mean loss before it. */
  step(X, Y, rows, at, n) {
    const [k, m] = [this.sizes[0], this.sizes[this.layers]], room = this.room(n), x = room.h[0];
    const y = (room.y ??= new Float64Array(n * m));
    for (let i = 0; i < n; i++) {
      const row = rows[at + i];
      for (let j = 0; j < k; j++) x[i * k + j] = X[row * k + j];
      for (let j = 0; j < m; j++) y[i * m + j] = Y[row * m + j];
    }
    const loss = this.differentiate(n, room, y);
    this.update();
    return loss;
  }

  /** Compute the mean loss of n rows in room.h[0], and its gradients in G and room.e. */
  differentiate(n, room, y) {
    const { h, d, e } = room, last = this.layers;
    this.forward(n, room, true);
    const loss = this.loss.slopes(n, h[last], y, e[last], 1 / n) / n;
    for (let k = last - 1; k >= 0; k--) {
      gradients(n, this.sizes[k], this.sizes[k + 1], h[k], e[k + 1], this.G, this.at[k]);
      if (k) backward(n, this.sizes[k], this.sizes[k + 1], e[k + 1], this.P, this.at[k], d[k], e[k]);
    }
    return loss;
  }

  /** Change the parameters against the gradients in G, to which the penalty of the weights is added first. */
  update() {
    const { alpha, lr, penalty } = this.is;
    if (penalty !== "none" && alpha) {
      for (let k = 0; k < this.layers; k++) {
        const to = this.at[k] + this.sizes[k] * this.sizes[k + 1];
        FORMULAS.penalties[penalty].slopes(this.at[k], to, this.P, this.G, alpha);
      }
    }
    this.t++;
    this.optimizer.step(this.count, this.P, this.G, this.states, lr, this.t);
  }

  /** Return the mean loss of n rows, without the penalty. */
  evaluate(n, X, Y) {
    if (!n) return NaN;
    const room = this.room(n);
    room.h[0].set(X.subarray(0, n * this.sizes[0]));
    return this.loss.values(n, this.forward(n, room), Y) / n;
  }

  /** Return every number of both passes for one row: h, z, d (local derivatives), e (by the sums) and g (by the h). */
  inspect(x, y) {
    const room = this.room(1), kept = this.G.slice();
    room.h[0].set(x);
    const loss = this.differentiate(1, room, Float64Array.from(y)), G = this.G.slice();
    this.G.set(kept);
    const g = this.sizes.map((width, k) => Float64Array.from({ length: width }, (_, p) => {
      if (k === this.layers) return room.e[k][p];
      let s = 0;
      for (let j = 0; j < this.sizes[k + 1]; j++) s += room.e[k + 1][j] * this.P[this.weight(k, p, j)];
      return s;
    }));
    const copied = (rows) => rows.map((row) => row.slice());
    return { loss, G, g, h: copied(room.h), z: copied(room.z), d: copied(room.d), e: copied(room.e) };
  }

  /** Take over what another net of the same sizes has learned. */
  copy(other) {
    this.P.set(other.P);
    return this;
  }
}
