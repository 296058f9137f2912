"""A computation as a table: every value with its formula, its derivative, and the same derivative by differences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..display import Shown, aligned, number, table
from ..graph import Node, constant, saved
from ..reverse import pullback
from .analysis.formula import formula_of
from .analysis.snapshot import Snapshot, is_bare, snapshot_of_numbers

_STEP = float(np.cbrt(np.finfo(np.float64).eps))  # where rounding and curvature err alike


@dataclass(frozen=True)
class TraceRow:
    """One value of a computation.

    Attributes:
        name: its label, or v1, v2, ... in the order of computation.
        formula: how it is computed from those above; empty for what is given.
        value: the number.
        derivative: of the result by this value, by the backward pass.
        numeric: the same by moving this value a little, and computing again all that follows from it.

    >>> from chalkgrad import Value, trace_table
    >>> row = trace_table(Value(2.0, label="x") * 3)["v1"]
    >>> row.formula, row.value
    ('x*3', 6.0)
    """

    name: str
    formula: str
    value: float
    derivative: float
    numeric: float


class TraceTable(Shown):
    """The rows of a table: iterate over them, or look one up by its name. Made by `trace_table`.

    Attributes:
        rows: a list of `TraceRow`, operands before results.
        title: what the derivatives are derivatives of.

    >>> from chalkgrad import Value, trace_table
    >>> made = trace_table(Value(2.0, label="x") * 3)
    >>> len(made), [row.name for row in made], made["x"].derivative
    (2, ['x', 'v1'], 3.0)
    """

    def __init__(self, rows: list[TraceRow], title: str) -> None:
        self.rows, self.title = rows, title

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[TraceRow]:
        return iter(self.rows)

    def __getitem__(self, name: str) -> TraceRow:
        """Return the first row of that name; raise KeyError if there is none."""
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"no row {name!r}; there are {', '.join(row.name for row in self.rows)}")

    def _head(self) -> list[str]:
        return ["name", "formula", "value", f"∂{self.title}/∂name", "by differences"]

    def _html(self) -> str:
        return table(self._head(), [[r.name, r.formula, r.value, r.derivative, r.numeric] for r in self.rows])

    def __repr__(self) -> str:
        rows = [[r.name, r.formula, *map(number, (r.value, r.derivative, r.numeric))] for r in self.rows]
        return aligned([self._head(), *rows], left=2)


def trace_table(result: Node) -> TraceTable:
    r"""Return a table of a computation, as one writes it by hand: name, formula, value, derivative.

    The derivative of the result by every value comes from the backward pass. Beside it stands a central difference,
    $\frac{f(v + h) - f(v - h)}{2h}$, for which the graph behind this value is computed twice more, with no rule used.
    No gradient is changed.

    Args:
        result: a Value, of at most 400 values.

    Raises:
        TypeError: `result` is not a Value.
        ValueError: there are arrays in the graph, or more than 400 values.

    Source: Griewank and Walther (2008), Evaluating Derivatives, section 1: evaluation traces.

    >>> from chalkgrad import Value, trace_table
    >>> a, b = Value(2.0, label="a"), Value(1.0, label="b")
    >>> trace_table((a + b) * (b + 1))
    name  formula  value  ∂v3/∂name  by differences
    a                  2          2               2
    b                  1          5               5
    v1    a + b        3          2               2
    v2    b + 1        2          3               3
    v3    v1*v2        6          1               1
    """
    snapshot = snapshot_of_numbers(result, "tables")
    names = snapshot.names
    shown = [node for node in snapshot.nodes if not is_bare(node)]
    found = pullback([(result, 1.0)], shown, graph=False)
    values = _values(snapshot)
    rows = [
        TraceRow(names[node], formula_of([node], names) if node.inputs else "", values[node], derivative or 0.0,
                 0.0 if node.op is constant else _difference(snapshot, values, node))
        for node, derivative in zip(shown, found, strict=True)
    ]  # fmt: skip
    return TraceTable(rows, names[result])


def _values(snapshot: Snapshot) -> dict[Node, float]:
    """Return the numbers that the computation used, whatever has been assigned to a leaf since."""
    values = dict(zip(snapshot.nodes, snapshot.data, strict=True))
    for node in snapshot.nodes:
        if node.inputs:
            values.update(zip(node.inputs, saved(node), strict=True))
    return values


def _difference(snapshot: Snapshot, values: dict[Node, float], moved: Node) -> float:
    step = _STEP * max(1.0, abs(values[moved]))
    ends = []
    for x in (values[moved] + step, values[moved] - step):
        now = {moved: x}
        for node in snapshot.nodes[snapshot.place[moved] + 1 :]:
            if any(operand in now for operand in node.inputs):
                now[node] = node.op.evaluate([now.get(y, values[y]) for y in node.inputs], node.params)
        ends.append(now.get(snapshot.nodes[-1], values[snapshot.nodes[-1]]))
    return (ends[0] - ends[1]) / (2.0 * step)
