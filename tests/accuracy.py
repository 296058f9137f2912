"""How far rows are from the exact oracle, on points over the whole range: eager and compiled, float64 and float32.

`python tests/accuracy.py [POINTS [ROW ...]]` prints autograd/primitives/README.md, or a part of it.
"""

from __future__ import annotations

import functools
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # to run as a script, from anywhere

import numpy as np
from claims import UNITS, WITHIN, arity_of, bounds_of, domain_of, function_of
from oracle import FORMULAS, Exact, derivatives, exact, ulps

from autograd import TABLE, compile, grad

__all__ = ["PAGE", "Worst", "measured", "page", "points"]

PAGE = Path(__file__).resolve().parent.parent / "autograd/primitives/README.md"
KINDS = (np.float64, np.float32)

SPECIAL = [
    # ordinary numbers, and neighbours of whole ones
    0.5, 1.0, 2.0, 3.0, 10.0, 0.25, 1 / 3, math.e, math.log(2), 7.5, 100.5, 1e5 + 0.5,
    2.0**24 + 1, 2.0**52 + 0.5, 2.0**53,
    np.nextafter(1.0, 0), np.nextafter(1.0, 2), np.nextafter(2.0, 0), np.nextafter(0.5, 1),
    # zeros of circular functions, and the number that is hardest to reduce by multiples of π/2
    math.pi / 4, math.pi / 2, math.pi, 1.5 * math.pi, 2 * math.pi, 11.0, 22.0, 355.0, 103993 * math.pi / 2,
    6381956970095103.0 * 2.0**797,
    # where exponentials saturate, underflow and overflow, in float32 and float64
    5.9, 9.2, 13.3, 19.06, 20.5, 26.5, 27.2, 36.7, 37.5, 38.5, 87.3, 88.7, 103.9, 354.9, 372.6,
    709.7, 709.78, 710.4, 745.1, 1022.5, 1023.9,
    # zeros of derivatives: of silu, gelu, sinc, tanh
    1.2784645427610738, 2.3993572805154, 0.7517915246935645, math.sqrt(2), 1.4302966531242027,
    0.6626, 0.6584789484624084,
    # ends of the range, and of the squares and cubes in it
    np.finfo(np.float64).tiny, np.finfo(np.float64).smallest_subnormal, np.finfo(np.float64).max, 8.3e-308,
    1e154, 1.4e154, 1e-154, 1e-162, 1e77, 1e-103, 2.1e102,
    float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).smallest_subnormal), float(np.finfo(np.float32).max),
    1e19, 1e-19, 1e-23, 1e13,
]  # fmt: skip


def axis(n: int, low: float, high: float, rng: np.random.Generator, dtype: Any) -> np.ndarray:
    """Points of one operand inside of an interval: the special ones, and about `n` more."""
    info, k = np.finfo(dtype), max(n // 4, 2)
    least, most = np.log(float(info.smallest_subnormal)), np.log(float(info.max))
    ways = [
        np.array(SPECIAL), -np.array(SPECIAL),
        np.exp(np.linspace(least, most, k)) * np.where(np.arange(k) % 2, 1, -1),
        np.exp(rng.uniform(least, most, k)) * rng.choice([-1, 1], k),
        rng.normal(size=2 * k) * rng.choice([0.3, 3, 30, 300], 2 * k),
    ]  # fmt: skip
    for end in (low, high):
        if math.isfinite(end):
            gap = np.exp(rng.uniform(math.log(float(info.eps) / 4), 0, k))
            ways += [end + gap, end - gap]
    x = np.concatenate(ways).astype(dtype)
    return np.unique(x[np.isfinite(x) & (x > low) & (x < high) & (x != 0)])


def points(name: str, n: int, dtype: Any, seed: int = 0) -> np.ndarray:
    """Points of a row, one a line: of one operand the special ones and about `n` more, of several `n`."""
    rng = np.random.default_rng([seed, *name.encode()])
    with np.errstate(all="ignore"):
        axes = [axis(max(n, 100), low, high, rng, dtype) for low, high in domain_of(name)]
        if len(axes) == 1:
            return axis(n, *domain_of(name)[0], rng, dtype)[:, None]
        few = max(n // 4, 2)
        anywhere = np.stack([rng.choice(x, n) for x in axes], 1)
        ordinary = rng.normal(size=(few, len(axes))) * rng.choice([1.0, 30.0], (few, 1))
        alike, close = (np.repeat(rng.choice(axes[0], (few, 1)).astype(float), len(axes), 1) for _ in range(2))
        alike[:, 1:] *= rng.choice([1.0, -1.0, 1 + 1e-15, 1 - 1e-9, 1 + 1e-3, 3.0, 1e5, -1e-6], (few, len(axes) - 1))
        close[:, 1:] += rng.choice([0.0, 1e-12, -1e-3, 0.5, -20, 40], (few, len(axes) - 1))
        ways = [anywhere, ordinary, alike, close]
        if name == "pow":  # results all over the range, and whole exponents
            x = np.abs(rng.choice(axes[0], 2 * n)).astype(float)
            y = rng.uniform(-1.05, 1.05, 2 * n) * float(np.log(np.finfo(dtype).max)) / np.abs(np.log(x))
            ways += [np.stack([x, y], 1), np.stack([x, rng.integers(-6, 7, 2 * n)], 1)]
        at = np.concatenate(ways).astype(dtype)
        return rng.permutation(at[np.isfinite(at).all(axis=1) & _inside(name, at)])[:n]


def _inside(name: str, at: np.ndarray) -> np.ndarray:
    """Say which points are in the domain, and on no kink."""
    x, inside = at.T, np.ones(len(at), bool)
    for t, (low, high) in zip(x, domain_of(name), strict=True):
        inside &= (low < t) & (t < high) & (t != 0)
    if name in ("maximum", "minimum", "max", "min", "clip", "inside"):
        inside &= (x[0] != x[1]) & (x[0] != x[-1])
    if name in ("clip", "inside"):
        inside &= x[1] != x[2]
    return inside


Function = Callable[..., Any]


def everything(f: Function, arity: int) -> Function:
    """Give the value and all derivatives up to the second, in the order of `derivatives`."""

    def total(g: Function) -> Function:
        return lambda *x: g(*x) if x[0].__class__ is float or not getattr(x[0], "shape", ()) else g(*x).sum()

    def all_of(*x: Any) -> list[Any]:
        first = [grad(total(f), i) for i in range(arity)]
        second = [grad(total(first[i]), j) for i in range(arity) for j in range(i, arity)]
        return [g(*x) for g in (f, *first, *second)]

    return all_of


def ways(name: str) -> dict[tuple[str, Any], Function]:
    """The ways to compute a row: on floats one by one, on arrays eagerly, and compiled."""
    f = everything(function_of(name), arity_of(name))

    def on_arrays(g: Function, at: np.ndarray) -> list[Any]:
        return g(*(np.ascontiguousarray(x) for x in at.T))

    def on_floats(at: np.ndarray) -> list[Any]:
        return list(zip(*(f(*point) for point in at.tolist()), strict=True))

    made: dict[tuple[str, Any], Function] = {}
    if name in TABLE and TABLE[name].elementwise:
        made["floats", np.float64] = on_floats
    program = compile(f)
    for dtype in KINDS:
        made["arrays", dtype] = functools.partial(on_arrays, f)
        made["compiled", dtype] = functools.partial(on_arrays, program)
    return made


@dataclass(frozen=True)
class Worst:
    """The largest error of a derivative, where it was found, and what was there."""

    error: float
    way: str
    at: tuple[float, ...]
    have: float
    want: float

    def __str__(self) -> str:
        return f"{self.error:.3g} ulp ({self.way}) at {self.at}: {self.have!r} for {self.want!r}"


def measured(name: str, n: int, seed: int = 0) -> tuple[int, dict[tuple[int, ...], Worst]]:
    """Measure a row: the number of points, and for each derivative the largest error."""
    sets = {dtype: points(name, n, dtype, seed) for dtype in KINDS}
    at = np.concatenate([sets[np.float64], sets[np.float32].astype(float)])
    wide = len(at) - len(sets[np.float32])  # where the points of float32 begin
    orders = derivatives(arity_of(name))
    want = {by: exact(name, by, at) for by in orders}
    worst = {by: Worst(-1.0, "", (), 0.0, 0.0) for by in orders}
    for (way, dtype), compute in ways(name).items():
        narrow = dtype is np.float32
        results = compute(sets[np.float32] if narrow else at)
        some = slice(wide, None) if narrow else slice(None)
        for by, have in zip(orders, results, strict=True):
            high, low = (x[some] for x in want[by])
            have = np.broadcast_to(np.asarray(have), high.shape)
            error = _errors(name, by, at[some], have, (high, low), dtype)
            k = int(np.argmax(error))
            if error[k] > worst[by].error:
                found = f"{way}, {np.dtype(dtype).name}"
                worst[by] = Worst(float(error[k]), found, tuple(at[some][k].tolist()), float(have[k]), float(high[k]))
    return len(at), worst


def _errors(name: str, by: tuple[int, ...], at: np.ndarray, have: np.ndarray, want: Exact, dtype: Any) -> np.ndarray:
    """Count errors in the unit of a row, and nothing where its bound does not hold."""
    x, units = at.T, UNITS.get(name, {})
    unit = None
    with np.errstate(all="ignore"):
        if claimed := units.get(by) or units.get(len(by)):
            unit = np.fmax(np.abs(claimed[1](want[0], *x)), np.abs(want[0]))
        error = ulps(have, want, dtype, unit)
        if name in WITHIN:
            error = np.where(WITHIN[name][1](np.finfo(dtype), len(by), *x), error, 0.0)
    return np.where(np.isnan(want[0]), 0.0, error)


# -- the page --

HEAD = """# How exact the operations are

Every row of the table states, in `ulps`, how far its value, its first and its second derivatives may be from the exact
ones: at most so many units in the last place, over the whole range of floating-point numbers, for floats and arrays,
eager and compiled, in float64 and float32. A test holds every row to it. The exact result is that of a formula written
independently, differentiated by SymPy and evaluated by mpmath with 50 to 1,800 digits: at points spread over the
logarithm of the range, at random ones, and at special ones, such as subnormal and huge numbers, neighbours of kinks,
singularities and zeros of derivatives, and angles that are hard to reduce.

- One ulp is the distance of floating-point numbers at the exact result; below the smallest normal number it is the
  smallest subnormal one. An infinity counts as the power of 2 behind the largest number. 0.5 is correct rounding.
- Derivatives are computed by the rules of the rows, second ones by those of the rows that these rules are made of.
- Where a result is a sum whose terms cancel, digits are lost next to its zero, whatever formula is used. There the ulp
  is that of another number, which the last column names.
- Where an intermediate result overflows, or loses digits below the smallest normal number, and the final one does not,
  no bound is given: the last column says where it holds.
- Reductions and composites are measured on three numbers, `max` and `min` on two; in longer sums the error grows with
  the number of terms. The rows of `layout` only move numbers, or add them as `sum` does. Kinks themselves are left out:
  what holds there stands in [CONVENTIONS.md](../CONVENTIONS.md).

The bounds are what is promised. Beside them stand the largest errors found at {points:,} points in all, with NumPy
{numpy} and the C library of one machine; others may differ by an ulp or two, for which the bounds leave room. So they
do for other points: where five more draws of 42,000 points came near a bound, or past it, it was doubled.
`python tests/accuracy.py` prints this page.

| row | value | 1st | 2nd | largest error of the value | of 1st derivatives | of 2nd derivatives | ulp of, where |
|---|---|---|---|---|---|---|---|
"""

LETTERS = "xyz"


def line(name: str, worst: dict[tuple[int, ...], Worst]) -> str:
    """Write a row of the page."""
    cells = [f"`{name}`", *(f"{bound:g}" for bound in bounds_of(name))]
    for order in range(3):
        found = [
            f"{''.join(LETTERS[i] for i in by)} {w.error:.2g}".strip() for by, w in worst.items() if len(by) == order
        ]
        zero = all(w.error == 0 for by, w in worst.items() if len(by) == order)
        cells.append("0" if zero else found[0].split()[-1] if arity_of(name) == 1 or order == 0 else ", ".join(found))
    return "| " + " | ".join([*cells, remarks(name)]) + " |"


def remarks(name: str) -> str:
    """Say in ulp of what a row is measured, and where."""
    units: dict[str, list[str]] = {}
    for by, (text, _) in UNITS.get(name, {}).items():
        order = by if isinstance(by, int) else len(by)
        label = ("value", "1st", "2nd")[order] + ("" if isinstance(by, int) else " " + "".join(LETTERS[i] for i in by))
        units.setdefault(text, []).append(label)
    told = [f"{', '.join(labels)}: {text}" for text, labels in units.items()]
    return "; ".join(told + ([f"where {WITHIN[name][0]}"] if name in WITHIN else []))


def page(n: int, names: Sequence[str] = tuple(FORMULAS), say: Callable[[str], None] = lambda text: None) -> str:
    """Measure all rows and write the page."""
    lines, total = [], 0
    for name in names:
        start = time.perf_counter()
        count, worst = measured(name, n)
        total += count
        lines.append(line(name, worst))
        say(f"{name}, {count} points, {time.perf_counter() - start:.1f} s")
        for by, w in worst.items():
            if w.error > bounds_of(name)[len(by)]:
                say(f"    {by}: more than {bounds_of(name)[len(by)]:g}: {w}")
    return HEAD.format(points=total, numpy=np.__version__) + "\n".join(lines) + "\n"


def main(arguments: Sequence[str]) -> None:
    n, names = int(arguments[0]) if arguments else 2000, arguments[1:] or tuple(FORMULAS)
    sys.stdout.write(page(n, names, say=lambda text: print(text, file=sys.stderr, flush=True)))


if __name__ == "__main__":
    main(sys.argv[1:])
