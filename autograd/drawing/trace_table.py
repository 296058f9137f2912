"""`trace_table`: a computation as a table of values, formulas, and derivatives by two methods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..display import Shown, aligned, number, table
from ..graph import Node, constant, saved
from ..reverse import pullback
from .analysis.formula import formula_of
from .analysis.snapshot import Snapshot, is_bare, snapshot_of_numbers

_STEP = float(np.cbrt(np.finfo(np.float64).eps))  # where rounding and truncation errors are equal


@dataclass(frozen=True)
class TraceRow:
    """One value of a computation.

    Attributes:
        name: the label, or v1, v2, ... in the order of computation.
        formula: the formula of the value in terms of the rows above; empty for a leaf.
        value: the number.
        derivative: the derivative of the result with respect to this value, by the backward pass.
        numeric: the same derivative by a central difference.

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
    """A table of a computation. `trace_table` makes it. Iterate over its rows, or look one up by name.

    Attributes:
        rows: a list of `TraceRow`, operands before results.
        title: the name of the result that is differentiated.

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
        """Return the first row with this name.

        Raises:
            KeyError: there is no such row.
        """
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
    r"""Return a computation as a table with a name, a formula, a value and a derivative for every node.

    The derivative of the result with respect to every value comes from the backward pass. The last column has the
    central difference $\frac{f(v + h) - f(v - h)}{2h}$ for comparison. It takes two more evaluations of the graph
    after $v$, and no derivative rule. The function does not change any gradient.

    Args:
        result: a Value whose graph has at most 400 nodes.

    Raises:
        TypeError: `result` is not a Value.
        ValueError: the graph contains arrays, or more than 400 nodes.

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
    """Return the numbers that the computation used, also if a leaf has been assigned since."""
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
