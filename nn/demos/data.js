// The data of the playground: four sets of two classes, two of numbers, points of the reader's own.
// After the TensorFlow Playground (Smilkov et al., 2017), with its shapes, noise and domain.
import { generator, normal, shuffle } from "./random.js";

export const DOMAIN = [-6, 6, -6, 6];

const between = (random, low, high) => low + random() * (high - low);

/** Draw n points {x, y, value} of a square and give each the value at a place that is off by noise. */
function scattered(n, noise, random, radius, value, gap = 0) {
  return Array.from({ length: n }, () => {
    let [x, y] = [between(random, -radius, radius), between(random, -radius, radius)];
    x += x > 0 ? gap : -gap;
    y += y > 0 ? gap : -gap;
    const [a, b] = [between(random, -radius, radius) * noise, between(random, -radius, radius) * noise];
    return { x, y, value: value(x + a, y + b) };
  });
}

const HILLS = [[-4, 2.5, 1], [0, 2.5, -1], [4, 2.5, 1], [-4, -2.5, -1], [0, -2.5, 1], [4, -2.5, -1]];

function hill(x, y) {
  let found = 0;
  for (const [cx, cy, sign] of HILLS) {
    const height = sign * Math.max(0, 1 - Math.hypot(x - cx, y - cy) / 2);
    if (Math.abs(height) > Math.abs(found)) found = height;
  }
  return found;
}

export const SETS = {
  circles: { title: "Circle", problem: "classes", n: 500, make: (n, noise, random) => Array.from({ length: n }, (_, i) => {
    const r = i < n / 2 ? between(random, 0, 2.5) : between(random, 3.5, 5), angle = between(random, 0, 2 * Math.PI);
    const [x, y] = [r * Math.sin(angle), r * Math.cos(angle)];
    const [a, b] = [between(random, -5, 5) * noise, between(random, -5, 5) * noise];
    return { x, y, value: Math.hypot(x + a, y + b) < 2.5 ? 1 : -1 };
  }) },
  checkerboard: { title: "Exclusive or", problem: "classes", n: 500, make: (n, noise, random) =>
    scattered(n, noise, random, 5, (x, y) => (x * y >= 0 ? 1 : -1), 0.3) },
  gauss: { title: "Two Gaussians", problem: "classes", n: 500, make: (n, noise, random) => {
    const std = Math.sqrt(0.5 + 7 * noise);
    return Array.from({ length: n }, (_, i) => {
      const value = i < n / 2 ? 1 : -1;
      return { x: 2 * value + std * normal(random), y: 2 * value + std * normal(random), value };
    });
  } },
  spirals: { title: "Spiral", problem: "classes", n: 500, make: (n, noise, random) => Array.from({ length: n }, (_, i) => {
    const arm = i < n / 2 ? 0 : 1, share = (i % Math.ceil(n / 2)) / (n / 2);
    const t = 1.75 * share * 2 * Math.PI + arm * Math.PI;
    const [a, b] = [between(random, -1, 1) * noise, between(random, -1, 1) * noise];
    return { x: 5 * share * Math.sin(t) + a, y: 5 * share * Math.cos(t) + b, value: arm ? -1 : 1 };
  }) },
  plane: { title: "Plane", problem: "numbers", n: 1200, make: (n, noise, random) =>
    scattered(n, noise, random, 6, (x, y) => (x + y) / 10) },
  bumps: { title: "Hills and dales", problem: "numbers", n: 1200, make: (n, noise, random) => scattered(n, noise, random, 6, hill) },
  own: { title: "Your own points", problem: "classes", n: 0, make: () => [] },
};

const rounded = (x) => Math.round(x * 1e4) / 1e4;

/** Draw a set anew, in a random order, with the first share of the points for training. */
export function make(name, { noise, test, seed, n = SETS[name].n }, own = []) {
  const random = generator(seed * 7919 + 17);
  const points = name === "own" ? own.map((point) => ({ ...point })) : SETS[name].make(n, noise, random);
  shuffle(points, random);
  const held = Math.round(points.length * test);
  return points.map((point, i) => ({
    ...point, x: rounded(point.x), y: rounded(point.y), value: rounded(point.value), test: i < held,
  }));
}

/** The square around points of the reader's own. */
export function domainOf(points) {
  const ends = (values) => [Math.min(...values), Math.max(...values)];
  const [x0, x1] = ends(points.map((p) => p.x)), [y0, y1] = ends(points.map((p) => p.y));
  const half = Math.max(x1 - x0, y1 - y0, 1e-3) * 0.6;
  return [(x0 + x1) / 2 - half, (x0 + x1) / 2 + half, (y0 + y1) / 2 - half, (y0 + y1) / 2 + half];
}
