"""`latex`: write both passes as aligned equations, for a paper or a slide."""

from __future__ import annotations

from dataclasses import replace

from ..checks import flag
from ..graph import Node
from .analysis.formula import formula_of, short
from .analysis.notation import LATEX
from .analysis.snapshot import Snapshot, number, snapshot_of_numbers
from .picture.textbook import derivative, rule_in


def _bracketed(x: str) -> str:
    return rf"\left({LATEX.number(x)}\right)" if x.startswith("-") else LATEX.number(x)


_NUMBERS = replace(LATEX, name=_bracketed)


def latex(result: Node, values: bool = True) -> str:
    r"""Return the forward and the backward pass as LaTeX, each as an `align*` environment of the package amsmath.

    Each value has an equation $v = f(x, y)$. Each gradient has one too, a sum over the uses $u$ of $v$:
    $\frac{\partial r}{\partial v} = \sum_u \frac{\partial r}{\partial u} \frac{\partial u}{\partial v}$.

    Args:
        result: a Value whose graph has at most 400 nodes.
        values: whether the equations also show the numbers.

    Raises:
        TypeError: `result` is not a Value, or `values` is neither True nor False.
        ValueError: the graph contains arrays, or more than 400 nodes.

    >>> from chalkgrad import Value, latex
    >>> x = Value(3.0, label="x")
    >>> y = 2 * x
    >>> y.label = "y"
    >>> print(latex(y))
    \begin{align*}
    x &= 3 \\
    y &= 2 \cdot x = 2 \cdot 3 = 6
    \end{align*}
    \begin{align*}
    \frac{\partial y}{\partial y} &= 1 \\
    \frac{\partial y}{\partial x} &= \frac{\partial y}{\partial y} \cdot 2 = 1 \cdot 2 = 2
    \end{align*}
    """
    values = flag(values, "values")
    snapshot = snapshot_of_numbers(result, "equations")
    return f"{_aligned(_forward(snapshot, values))}\n{_aligned(_backward(snapshot, values))}"


def _aligned(lines: list[list[str]]) -> str:
    written = [f"{left} &= {' = '.join(dict.fromkeys(right))}" for left, *right in lines]
    return "\\begin{align*}\n" + " \\\\\n".join(written) + "\n\\end{align*}"


def _value(x: object) -> str:
    return LATEX.number(short(number(x)))


def _forward(snapshot: Snapshot, values: bool) -> list[list[str]]:
    lines = []
    for node, data in zip(snapshot.nodes, snapshot.data, strict=True):
        if node not in snapshot.names or not (node.inputs or values):
            continue
        sides = [LATEX.name(snapshot.names[node])]
        if node.inputs:
            names = {x: snapshot.names[x] for x in node.inputs if x in snapshot.names}
            sides.append(formula_of([node], names, LATEX))
            sides += [formula_of([node], {x: short(number(x._data)) for x in names}, _NUMBERS)] if values else []
        lines.append([*sides, *([_value(data)] if values else [])])
    return lines


def _backward(snapshot: Snapshot, values: bool) -> list[list[str]]:
    last, lines = len(snapshot.nodes) - 1, []
    for i in sorted(snapshot.adjoints, reverse=True):
        if snapshot.nodes[i] not in snapshot.names:
            continue
        links = [link for user in sorted(set(snapshot.users[i])) for link in snapshot.links_of(user)]
        uses = [link for link in links if link.operand == i and link.added is not None]
        symbols, numbers = [], []
        for link in uses:
            rule = rule_in(snapshot, link.result, link.position, LATEX) or derivative(snapshot, [link.result], i, LATEX)
            rule = rf"\left({rule}\right)" if any(sign in rule for sign in (" + ", " - ")) or rule[0] == "-" else rule
            symbols.append(rf"{derivative(snapshot, [last], link.result, LATEX)} \cdot {rule}")
            numbers.append(rf"{_value(link.arriving)} \cdot {_bracketed(short(link.partial))}")
        sides = [" + ".join(symbols)] if uses else [_value(snapshot.adjoints[i])]
        sides += [" + ".join(numbers), _value(snapshot.adjoints[i])] if values and uses else []
        lines.append([derivative(snapshot, [last], i, LATEX), *sides])
    return lines
