"""Splitting: several threads share a large call. Each part computes some of its outputs.

A call is split only between outputs that do not depend on each other. So every number is computed in the same order as
without a split. The last part has the remainder.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from ...threads import MOST
from .views import View

LEAST = 3.0
"""Microseconds of a call from which a fork pays: one costs a quarter of a microsecond where workers are awake."""

PART = 10.0
"""Microseconds of a part below which there are no more parts than threads."""

FLOPS, BYTES = 1e5, 4e4
"""Floating-point operations of a product, and bytes that are moved, in a microsecond."""

NANOSECONDS = {"batch": 0.2, "check": 0.2, "copy": 0.2}
"""The time of one number, in kernels where it is far from half a nanosecond."""


@dataclass(slots=True)
class Call:
    """One instruction of the machine: a kernel with its operands, by the names of its signature."""

    kernel: tuple[str, str, str]
    operands: dict[str, Any]

    @property
    def bases(self) -> list[int]:
        """The bases that it writes and reads."""
        arrays = [x for each in self.operands.values() for x in (each if isinstance(each, list) else [each])]
        return [x.base for x in arrays if isinstance(x, View)]


@dataclass(slots=True)
class Fork:
    """One instruction whose parts may run at once.

    Attributes:
        parts: calls that do not depend on one another.
        cost: of a part, in microseconds.
    """

    parts: list[Call]
    cost: float

    @property
    def bases(self) -> list[int]:
        """The bases that it writes and reads."""
        return [base for part in self.parts for base in part.bases]


@dataclass(slots=True)
class _Cut:
    """A way to cut a call.

    Attributes:
        count: the operand that counts along the cut.
        grain: what parts are multiples of.
        steps: by how much an operand moves for one along the cut.
        repeated: the part of the work of one along the cut that each part repeats.
    """

    count: str
    grain: int
    steps: dict[str, int]
    repeated: float = 0.0


def split(call: Call, threads: int) -> Call | Fork:
    """Return the call, or its parts if they are faster on `threads` threads."""
    cost = _cost(call) if threads > 1 else 0.0
    if cost < LEAST:
        return call
    best, chosen = 0.9, None  # of the time without a cut
    most = max(threads, min(4 * threads, MOST, int(cost / PART)))
    for cut in _cuts(call):
        count = _length(call.operands[cut.count])
        units = count // cut.grain
        for n in sorted({min(units, k) for k in (threads, most // 2, most)}, reverse=True):
            if n > 1:
                time = -(-n // threads) * (-(-units // n) / units + cut.repeated / count)
                if time < best:
                    best, chosen = time, (cut, n)
    if chosen is None:
        return call
    return Fork(list(_parts(call, *chosen)), cost / chosen[1])


def _cost(call: Call) -> float:
    """Return about how many microseconds a call takes."""
    name, o = call.kernel[0], call.operands
    if name == "matmul":
        m, k, n = o["m"], o["k"], o["n"]
        return o.get("batches", 1) * max(2 * m * k * n / FLOPS, 4 * (m * k + k * n + m * n) / BYTES)
    sizes = [o[x] for x in ("rows", "columns", "width", "outer", "n") if x in o]
    return math.prod(map(int, o.get("lengths", sizes))) * NANOSECONDS.get(name, 0.5) / 1000


def _cuts(call: Call) -> Iterator[_Cut]:
    """Return the ways to split a call, or none if its outputs depend on each other."""
    name, o = call.kernel[0], call.operands
    arrays = [x for x in ("a", "b", "c") if x in o]
    if name == "matmul":
        if o.get("batches", 1) > 1:
            yield _Cut("batches", 1, {x: o.get(f"{x}_batch", 0) for x in ("out", "a", "b")})
            return
        lanes = 64 // np.dtype(call.kernel[1]).itemsize
        yield _Cut("n", 2 * lanes, {"out": 1, "b": o["b_column"]} | ({"bias": 1} if "bias" in o else {}))
        yield _Cut("m", 8, {"out": o["out_row"], "a": o["a_row"]}, 15.0)
    elif "outer" in o:
        yield _Cut("outer", 8, {"out": 1, "a": o["n"]})
    elif name == "batch":
        yield _Cut("rows", 1, {"out": o["width"], "first": 1})
    elif name == "copy" and "clock" not in o:
        yield _Cut("lengths", 1 if o["axes"] > 1 else 1024, {"out": o["out_steps"][0], "a": o["a_steps"][0]})
    elif name in ("check", "pick"):
        yield _Cut("n", 1024, {"a": 1} if name == "check" else {"out": 1, "places": 1})
    elif "rows" in o and call.kernel[2] == "":
        yield _Cut("rows", 1, {"out": o["columns"]} | {x: o[f"{x}_row"] for x in arrays})
        if o["rows"] == 1:  # whole vectors, so that no number changes between a vector and the rest of a loop
            yield _Cut("columns", 256, {"out": 1} | {x: o[f"{x}_column"] for x in arrays})


def _parts(call: Call, cut: _Cut, n: int) -> Iterator[Call]:
    """Cut a call into so many parts."""
    whole = call.operands[cut.count]
    total = _length(whole)
    units = total // cut.grain
    edges = [units * i // n * cut.grain for i in range(n)] + [total]
    for start, end in pairwise(edges):
        moved = {x: _moved(call.operands.get(x, 0), start * step) for x, step in cut.steps.items()}
        length = np.array([end - start, *whole[1:]]) if isinstance(whole, np.ndarray) else end - start
        yield Call(call.kernel, call.operands | moved | {cut.count: length})


def _length(x: Any) -> int:
    """Return how many there are along a cut: a copy has a length for each axis, and is cut along the first."""
    return int(x[0] if isinstance(x, np.ndarray) else x)


def _moved(x: Any, by: int) -> Any:
    if isinstance(x, View):
        return replace(x, offset=x.offset + by)
    return x[by:] if isinstance(x, np.ndarray) else x + by
