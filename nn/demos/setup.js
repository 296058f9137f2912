// The settings of the playground: as an address, as a net, as arrays.
import { SETS } from "./data.js";
import { FORMULAS } from "./formulas.js";
import { Net } from "./net.js";
import { generator } from "./random.js";

export const MOST_LAYERS = 6;
export const MOST_UNITS = 8;
export const LOSSES = { classes: ["bce_with_logits", "mse", "hinge", "squared_hinge"], numbers: ["mse", "mae", "huber"] };
const LISTS = ["features", "hidden"], TEXTS = ["data", "activation", "loss", "optimizer", "penalty"];
const KINDS = { activation: "activations", optimizer: "optimizers", penalty: "penalties" };
const NUMBERS = ["lr", "alpha", "batch", "noise", "test", "seed"];

/** Read what the address asks for; what it asks for in vain is left out. */
export function fromAddress(hash) {
  const found = {};
  for (const [key, text] of new URLSearchParams(hash.replace(/^#/, ""))) {
    if (key === "hidden") {
      const widths = text ? text.split(",").map(Number) : [];
      if (widths.length <= MOST_LAYERS && widths.every((n) => Number.isInteger(n) && n >= 1 && n <= MOST_UNITS)) found.hidden = widths;
    } else if (key === "features") {
      const names = text.split(",").filter((name) => Object.hasOwn(FORMULAS.features, name));
      if (names.length) found.features = [...new Set(names)];
    } else if (NUMBERS.includes(key) && text !== "" && Number(text) >= 0 && Number.isFinite(Number(text))) found[key] = Number(text);
    else if (key === "discretize") found.discretize = text === "yes";
    else if (key === "data" && Object.hasOwn(SETS, text) && text !== "own") Object.assign(found, { data: text, problem: SETS[text].problem });
    else if (Object.hasOwn(KINDS, key) && (Object.hasOwn(FORMULAS[KINDS[key]], text) || (key === "penalty" && text === "none"))) found[key] = text;
    else if (key === "loss" && Object.values(LOSSES).flat().includes(text)) found.loss = text;
  }
  if (found.batch !== undefined) found.batch = Math.max(1, Math.round(found.batch));
  if (found.noise !== undefined) found.noise = Math.min(0.5, found.noise);
  if (found.test !== undefined) found.test = Math.min(0.9, Math.max(0.1, found.test));
  return found;
}

/** Write settings as the part of an address behind the #. */
export function toAddress(state) {
  const parts = new URLSearchParams();
  for (const key of LISTS) parts.set(key, state[key].join(","));
  for (const key of [...TEXTS, ...NUMBERS]) parts.set(key, state[key]);
  parts.set("discretize", state.discretize ? "yes" : "no");
  return String(parts).replaceAll("%2C", ",");
}

/** Make a net of the settings, with weights drawn from a seed, or those of the model that the page began with. */
export function netOf(state, seed = state.seed) {
  const net = new Net([state.features.length, ...state.hidden, 1], state).draw(generator(seed));
  if (state.start?.seed === seed && String(state.start.sizes) === String(net.sizes)) net.P.set(state.start.numbers);
  return net;
}

/** Bring points into arrays: features, and targets as the loss wants them. */
export function arrays(points, state) {
  const of = state.features.map((name) => FORMULAS.features[name]), X = new Float64Array(points.length * of.length);
  points.forEach((point, i) => of.forEach((f, j) => { X[i * of.length + j] = f(point.x, point.y); }));
  const zero = state.loss === "bce_with_logits";
  const Y = Float64Array.from(points, (point) => (zero ? (point.value > 0 ? 1 : 0) : point.value));
  return { n: points.length, X, Y };
}
