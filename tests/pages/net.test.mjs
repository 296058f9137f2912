// The logic of the pages, without a browser. PAGES names the folder of the modules, CASES what Python computed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

const from = (name) => import(`file://${process.env.PAGES}/${name}.js`);
const { Net } = await from("net");
const { FORMULAS } = await from("formulas");
const { SETS, make } = await from("data");
const { arrays, fromAddress, netOf, toAddress } = await from("setup");
const { regions } = await from("regions");
const { generator, normal, shuffle } = await from("random");
const { contour } = await from("plot");
const { fmt } = await from("ui");
const { evaluate } = await from("classifier");
const { walk } = await from("momentum");
const { jointsOf } = await from("joints");
const { composedJoints, zigzag } = await from("composition");
const { UNITS } = await from("saturation");
const cases = JSON.parse(readFileSync(process.env.CASES));

const near = (a, b, tolerance, what) => assert.ok(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b)), `${what}: ${a} is not ${b}`);

for (const [i, one] of cases.training.entries()) {
  test(`training ${i}: ${JSON.stringify(one.is)} ${one.sizes} is Python's over ${one.losses.length} steps`, () => {
    const net = new Net(one.sizes, one.is);
    net.P.set(one.start);
    const [X, Y] = [Float64Array.from(one.X.flat()), Float64Array.from(one.Y.flat())];
    one.losses.forEach((loss, t) => near(net.step(X, Y, one.rows[t], 0, one.rows[t].length), loss, 1e-12, `loss of step ${t}`));
    one.end.forEach((x, q) => near(net.P[q], x, 1e-11, `parameter ${q}`));
  });
}

for (const [i, one] of cases.regions.entries()) {
  test(`regions ${i}: ${one.count} as Python finds`, () => {
    const net = new Net(one.sizes, { activation: one.activation, loss: "mse" });
    net.P.set(one.start);
    const found = regions(net, ["x0", "x1"], [-1, 1, -1, 1]).regions;
    assert.equal(found.length, one.count);
    const area = (corners) => Math.abs(corners.reduce((sum, [x, y], j) => {
      const [a, b] = corners[(j + 1) % corners.length];
      return sum + x * b - a * y;
    }, 0)) / 2;
    near(found.reduce((sum, { corners }) => sum + area(corners), 0), 4, 1e-9, "area of all regions");
    for (const { corners, maps: [[a, b, c]] } of found) {
      const [x, y] = [0, 1].map((k) => corners.reduce((sum, corner) => sum + corner[k], 0) / corners.length);
      const room = net.room(1);
      room.h[0].set([x, y]);
      near(net.forward(1, room)[0], a * x + b * y + c, 1e-9, "the map of a region");
    }
  });
}

test("the numbers of both passes are those of finite differences", () => {
  const net = new Net([2, 3, 2, 1], { activation: "tanh", loss: "bce_with_logits" }).draw(generator(5));
  const before = net.G.slice(), look = net.inspect([0.3, -0.8], [1]), h = 1e-6;
  assert.deepEqual(net.G, before, "looking changes nothing");
  const loss = () => net.evaluate(1, Float64Array.of(0.3, -0.8), Float64Array.of(1));
  for (let q = 0; q < net.count; q++) {
    const kept = net.P[q];
    net.P[q] = kept + h;
    const up = loss();
    net.P[q] = kept - h;
    const down = loss();
    net.P[q] = kept;
    near(look.G[q], (up - down) / (2 * h), 1e-8, `gradient of parameter ${q}`);
  }
  look.h[1].forEach((x, j) => near(x, Math.tanh(look.z[1][j]), 1e-12, "value of a unit"));
});

test("data sets have the size, the classes and the share of test points that is asked for", () => {
  for (const [name, { problem, n }] of Object.entries(SETS)) {
    const points = make(name, { noise: 0.2, test: 0.3, seed: 1 });
    assert.equal(points.length, n);
    assert.equal(points.filter((point) => point.test).length, Math.round(n * 0.3));
    if (problem === "classes") assert.ok(points.every(({ value }) => value === 1 || value === -1));
    assert.deepEqual(points, make(name, { noise: 0.2, test: 0.3, seed: 1 }), "the seed decides");
    if (n) assert.notDeepEqual(points, make(name, { noise: 0.2, test: 0.3, seed: 2 }));
  }
});

test("an address brings its settings back, and nothing that is none", () => {
  const state = {
    data: "spirals", problem: "classes", features: ["x0", "sin x1"], hidden: [8, 3], activation: "relu", loss: "hinge", optimizer: "adam",
    lr: 0.01, penalty: "L1", alpha: 0.003, batch: 4, noise: 0.1, test: 0.2, discretize: true, seed: 7,
  };
  assert.deepEqual({ ...fromAddress(`#${toAddress(state)}`) }, state);
  assert.deepEqual(fromAddress("#hidden="), { hidden: [] });
  const wrong = "#hidden=9&features=x7&data=__proto__&activation=constructor&lr=-1&penalty=toString&seed=&batch=x&loss=a&noise=NaN&unknown=1";
  assert.deepEqual(fromAddress(wrong), {});
  assert.deepEqual(fromAddress("#hidden=1,2,3,4,5,6,7"), {});
  assert.deepEqual(fromAddress("#noise=9&test=0&batch=0"), { noise: 0.5, test: 0.1, batch: 1 });
});

test("a net without hidden layers learns two clouds", () => {
  const state = { features: ["x0", "x1"], hidden: [], activation: "tanh", loss: "bce_with_logits", lr: 0.1 };
  const { n, X, Y } = arrays(make("gauss", { noise: 0, test: 0, seed: 1 }), state), net = netOf(state, 1);
  for (let epoch = 0; epoch < 20; epoch++) for (let at = 0; at < n; at += 10) net.step(X, Y, Array.from({ length: n }, (_, i) => i), at, 10);
  assert.ok(net.evaluate(n, X, Y) < 0.05);
});

test("random numbers are spread as they should be", () => {
  const random = generator(1), many = Array.from({ length: 20000 }, random), wide = Array.from({ length: 20000 }, () => normal(random));
  const mean = (xs) => xs.reduce((a, b) => a + b, 0) / xs.length;
  near(mean(many), 0.5, 0.01, "mean");
  near(mean(many.map((x) => (x - 0.5) ** 2)), 1 / 12, 0.01, "variance");
  near(mean(wide.map((x) => x * x)), 1, 0.05, "variance of the normal distribution");
  assert.deepEqual(shuffle([1, 2, 3, 4], generator(3)).sort(), [1, 2, 3, 4]);
});

test("contours run where the level is", () => {
  const n = 20, values = Float64Array.from({ length: n * n }, (_, i) => i % n);
  const xs = [...contour(n, values, 4.25, 20).matchAll(/[ML]([\d.]+) /g)].map((found) => Number(found[1]));
  assert.ok(xs.length > 20 && xs.every((x) => Math.abs(x - 4.75) < 0.06));
});

test("numbers are written with few digits and a real minus", () => {
  const texts = [[0, "0.00"], [-0.5, "−0.500"], [-0.00001, "−1.0e−5"], [0.0532, "0.053"], [12345, "12345"], [NaN, "NaN"], [-Infinity, "−∞"], [123.456, "123"], [-0, "0.00"]];
  for (const [x, text] of texts) assert.equal(fmt(x), text);
});

test("every formula gives numbers", () => {
  for (const [name, { values, slopes }] of Object.entries(FORMULAS.activations)) {
    const x = Float64Array.of(-30, -1, 0, 0.2, 30), [a, b, d] = [0, 1, 2].map(() => new Float64Array(5));
    values(5, x, a);
    slopes(5, x, b, d);
    assert.deepEqual(a, b, name);
    assert.ok([...a, ...d].every(Number.isFinite), name);
  }
});

for (const one of cases.classifier) {
  test(`the numbers beside a linear classifier with ${one.loss} are Python's`, () => {
    const net = new Net([2, 3], { activation: "linear", loss: one.loss, penalty: "L2", alpha: one.alpha });
    net.P.set(one.start);
    const found = evaluate(net, one.points);
    near(found.total, one.total, 1e-12, "loss and penalty");
    found.each.forEach((loss, i) => near(loss, one.each[i], 1e-12, `loss of point ${i}`));
    found.G.forEach((slope, q) => near(slope, one.gradient[q], 1e-12, `gradient ${q}`));
  });
}

for (const one of cases.walks) {
  test(`${one.optimizer} walks on the ${one.surface} as Python's`, () => {
    const path = walk(one.optimizer, one.surface, one.path[0], one, one.path.length - 1);
    one.path.forEach((point, t) => point.forEach((x, c) => near(path[t][c], x, 1e-10, `step ${t}`)));
  });
}

test("joints stand where the units are 0, and two zigzags make nine pieces", () => {
  assert.deepEqual(jointsOf([[-1, 2, 1], [0.5, 1, -1], [1, 0, 1], [1, 1, 0]]), [-0.5, 0.5]);
  const net = zigzag(new Net([1, 3, 1], { activation: "relu", loss: "mse" }), -1 / 3, 1 / 3, 1), room = net.room(1);
  const f = (x) => {
    room.h[0][0] = x;
    return net.forward(1, room)[0];
  };
  [[-1, -1], [-1 / 3, 1], [1 / 3, -1], [1, 1]].forEach(([x, y]) => near(f(x), y, 1e-12, `f(${x})`));
  const joints = composedJoints(f, [-1 / 3, 1 / 3], [-1 / 3, 1 / 3]);
  assert.equal(joints.length, 8);
  joints.forEach((x, i) => near(x, -1 + (2 * (i + 1)) / 9, 1e-12, "a joint"));
});

test("slopes of output units are those of finite differences, and the log-likelihood keeps its own", () => {
  for (const { of } of Object.values(UNITS)) {
    for (const z of [-5, -0.5, 0.3, 0.8, 4]) near(of(z, 1).slope, (of(z + 1e-6, 1).loss - of(z - 1e-6, 1).loss) / 2e-6, 1e-7, `slope at ${z}`);
  }
  assert.ok(UNITS.clip.of(-5, 1).slope === 0);
  assert.ok(Math.abs(UNITS.mse.of(-5, 1).slope) < 0.02 && UNITS.bce.of(-5, 1).slope < -0.99);
});
