// The linear regions of a ReLU net of two inputs, exactly: polygons, cut where the sum of each unit is 0.

const SLOPES = { relu: [0, 1], leaky_relu: [0.01, 1], linear: [1, 1] };

/** Whether the regions of a net can be found: its inputs are x0 and x1, and its activation bends only at 0. */
export const hasRegions = (activation, features) =>
  activation in SLOPES && features.every((name) => name === "x0" || name === "x1");

/** Return the regions of a net inside a domain, and the segments at which its units bend, each with its layer. */
export function regions(net, features, [x0, x1, y0, y1]) {
  const [left, right] = SLOPES[net.is.activation], bends = [];
  const inputs = features.map((name) => (name === "x0" ? [1, 0, 0] : [0, 1, 0]));
  let found = [{ corners: [[x0, y0], [x1, y0], [x1, y1], [x0, y1]], maps: inputs }];
  for (let k = 0; k < net.layers; k++) {
    const last = k === net.layers - 1, next = [];
    for (const { corners, maps } of found) {
      const sums = Array.from({ length: net.sizes[k + 1] }, (_, j) => {
        const sum = [0, 0, net.P[net.bias(k, j)]];
        maps.forEach((map, p) => map.forEach((x, c) => { sum[c] += x * net.P[net.weight(k, p, j)]; }));
        return sum;
      });
      let parts = [corners];
      if (!last && left !== right) {
        sums.forEach((sum, j) => { parts = parts.flatMap((part) => cut(part, sum, (ends) => bends.push({ k, j, ends }))); });
      }
      for (const part of parts) next.push({ corners: part, maps: last ? sums : activated(sums, middle(part), left, right) });
    }
    found = next;
  }
  return { regions: found, bends };
}

const value = ([a, b, c], [x, y]) => a * x + b * y + c;

const middle = (corners) => [0, 1].map((c) => corners.reduce((sum, corner) => sum + corner[c], 0) / corners.length);

const activated = (sums, point, left, right) =>
  sums.map((sum) => sum.map((x) => x * (value(sum, point) > 0 ? right : left)));

/** Cut a polygon where a linear function is 0 (Sutherland and Hodgman, 1974). */
function cut(corners, sum, found) {
  const heights = corners.map((corner) => value(sum, corner));
  const size = Math.max(...corners.flat().map(Math.abs)) * Math.max(Math.abs(sum[0]), Math.abs(sum[1]));
  const tiny = 1e-12 * (size + Math.abs(sum[2]));
  if (Math.min(...heights) >= -tiny || Math.max(...heights) <= tiny) return [corners];
  const halves = [[], []], ends = [];
  corners.forEach((corner, i) => {
    const j = (i + corners.length - 1) % corners.length, [a, b] = [heights[j], heights[i]];
    if (a > 0 !== b > 0) {
      const t = a / (a - b), point = [0, 1].map((c) => corners[j][c] + (corner[c] - corners[j][c]) * t);
      ends.push(point);
      halves[0].push(point);
      halves[1].push(point);
    }
    halves[b > 0 ? 0 : 1].push(corner);
  });
  found(ends);
  return halves;
}

/** The most regions that one layer of ReLU units can make of the plane (Zaslavsky, 1975). */
export const most = (units) => 1 + units + (units * (units - 1)) / 2;
