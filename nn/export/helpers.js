// Functions that `to_javascript` and the pages call where JavaScript has none; blank lines part them.

const dot = (xs, ws) => xs.reduce((sum, x, i) => sum + x * ws[i], 0);

const sum = (xs) => xs.reduce((a, b) => a + b, 0);

const step = (x) => x > 0 ? 1 : x !== x ? x : 0;

const relu = (x) => x > 0 || x !== x ? x : 0;

const leaky_relu = (x, slope) => x > 0 ? x : slope * x;

const elu = (x, alpha) => x > 0 ? x : alpha * Math.expm1(x);

const sigmoid = (x) => {
    const t = Math.exp(-Math.abs(x)); // never overflows
    return (x < 0 ? t : 1) / (1 + t);
};

const softplus = (x) => (x > 0 ? x : 0) + Math.log1p(Math.exp(-Math.abs(x)));

const _sech2 = (x) => {
    const t = Math.exp(-2 * Math.abs(x)), u = 1 + t;
    return 4 * t / (u * u);
};

const maximum = (x, y) => x > y || x !== x ? x : y;

const minimum = (x, y) => x < y || x !== x ? x : y;

const inside = (x, low, high) => x !== x ? x : low < x && x < high ? 1 : 0;

const pow = (x, y) => x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y);

const round = (x) => {
    const even = 2 * Math.round(x / 2);
    return Math.abs(x % 1) === 0.5 ? even : Math.round(x);
};

const erf = (x) => {
    if (!(Math.abs(x) < 1.5)) return 1 - erfc(x);
    let sum = 0;
    for (let k = 0, term = x; k < 40; k++, term *= -x * x / k) sum += term / (2 * k + 1);
    return 2 / Math.sqrt(Math.PI) * sum;
};

const erfc = (x) => { // a continued fraction, far from 0
    const z = Math.abs(x);
    if (z < 1.5) return 1 - erf(x);
    let y = 0;
    for (let k = 120; k > 0; k--) y = k / 2 / (z + y);
    y = z < 40 ? Math.exp(-z * z) / Math.sqrt(Math.PI) / (z + y) : z !== z ? z : 0;
    return x < 0 ? 2 - y : y;
};

const logsumexp = (xs) => {
    const top = Math.max(...xs);
    return Math.abs(top) === Infinity ? top : top + Math.log(sum(xs.map((x) => Math.exp(x - top))));
};
