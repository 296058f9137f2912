"""`paths`: the derivative as a sum over paths, and the number of operations that this sum takes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from ..graph import Node
from .analysis.formula import cut, one_line, several, short
from .analysis.groups import whole
from .analysis.snapshot import Link, Snapshot
from .drawing import Drawing
from .picture.node_text import name_of
from .picture.reverse_mode import forward_picture
from .settings import Settings

_MOST_LINES = 20
_MOST_REMARKS = 12
_LONGEST = 100


@dataclass(frozen=True)
class Path:
    """One path from a node up to the result: its nodes, and the local derivative of each edge.

    >>> from chalkgrad import Value, paths
    >>> x = Value(2.0, label="x")
    >>> path = next(iter(paths(x * x, x)))
    >>> print(path)
    x → *: 2 = 2
    >>> path.partials, path.product
    ((2.0,), 2.0)
    """

    nodes: tuple[Node, ...]
    partials: tuple[float, ...]

    @property
    def product(self) -> float:
        """Product of the local derivatives, one term of the derivative.

        >>> Path((), (2.0, 3.0)).product
        6.0
        """
        return math.prod(self.partials, start=1.0)

    def __str__(self) -> str:
        names = " → ".join(_name(node) for node in self.nodes)
        return f"{names}: {' × '.join(map(short, self.partials)) or '1'} = {short(self.product)}"


class _Arrival(NamedTuple):
    """The contribution of the backward pass to a node, from one user or from all, and the paths of its terms.

    `is_one`: whether the derivative is exactly 1 so far. `bare`: the number of paths whose factors are all 1.
    """

    derivative: float
    formula: str
    is_one: bool
    ways: int
    factors: int
    bare: int


class Paths:
    """All paths from a node to a result. `paths` makes it; iterate over it to get each `Path`.

    Attributes:
        count: the number of paths. It can be exponential in the number of nodes.
        total: the sum of the products of all paths, that is, the derivative.
        multiplications: the number of multiplications path by path. A factor that is always 1 or -1, as that of a sum,
            does not count.
        factored: the number of multiplications of the backward pass, which first adds parallel edges and then goes
            from node to node.
        additions: the number of additions of the backward pass. Path by path, it is `count - 1`.
        formula: the factored sum, with parallel edges in brackets.

    >>> from chalkgrad import Value, paths
    >>> x = Value(2.0, label="x")
    >>> found = paths((x + 1) * x, x)
    >>> found.count, found.total, found.formula
    (2, 5.0, '3 + 2')
    """

    count, total, multiplications, factored, additions, formula = 0, 0.0, 0, 0, 0, "0"

    def __init__(self, snapshot: Snapshot, start: int) -> None:
        self._snapshot, self._start, self._end = snapshot, start, len(snapshot.nodes) - 1
        self._links: dict[int, list[Link]] = {}  # edges between the start and the result, by the node that they lead to
        above = {start}
        for i in range(start + 1, len(snapshot.nodes)):
            if not above.isdisjoint(snapshot.operands[i]):
                found = [link for link in snapshot.links_of(i) if link.operand in above and link.differentiated]
                if found:
                    above.add(i)
                    self._links[i] = found
        self._go_backward()

    def _is_one(self, link: Link) -> bool:
        node = self._snapshot.nodes[link.result]
        return node.op.elementwise and node.op.rule(link.position) in (1.0, -1.0)

    def _go_backward(self) -> None:
        """Add the terms of each node, propagate the sum along parallel edges together, and count the operations."""
        arrived = {self._end: [_Arrival(1.0, "", True, 1, 0, 1)]}
        for i in range(self._end, self._start - 1, -1):
            if i not in arrived:
                self._links.pop(i, None)
                continue
            terms, texts, ones, ways, factors, bare = zip(*arrived[i], strict=True)
            here = _Arrival(sum(terms), " + ".join(texts), ones == (True,), sum(ways), sum(factors), sum(bare))
            self.additions += len(terms) - 1
            if i == self._start:
                self.count, self.total, self.formula = here.ways, here.derivative, here.formula or "1"
                self.multiplications = here.factors - here.ways + here.bare
            text = f"({here.formula})" if len(terms) > 1 else here.formula
            parallel: dict[int, list[Link]] = {}
            for link in self._links.get(i, []):
                parallel.setdefault(link.operand, []).append(link)
            for x, links in parallel.items():
                partials = [link.partial or 0.0 for link in links]
                neutral = sum(map(self._is_one, links))
                is_one = neutral == len(links) == 1
                self.additions += len(links) - 1
                self.factored += not is_one and not here.is_one
                written = " + ".join(map(short, partials))
                written = f"({written})" if len(links) > 1 else written
                product = " × ".join(factor for factor in (written, text) if factor not in ("", "1")) or "1"
                count, used = here.ways * len(links), here.factors * len(links) + here.ways * (len(links) - neutral)
                product = "…" if len(product) > _LONGEST or "…" in product else product
                arrival = _Arrival(sum(partials) * here.derivative, product, is_one and here.is_one, count, used,
                                   here.bare * neutral)  # fmt: skip
                arrived.setdefault(x, []).append(arrival)
        self.formula = "…" if "…" in self.formula else self.formula

    def __iter__(self) -> Iterator[Path]:
        """Yield the paths. Those through the first operands come first."""
        nodes = self._snapshot.nodes
        stack: list[tuple[int, tuple[Link, ...]]] = [(self._end, ())]
        while stack:
            i, links = stack.pop()
            if i == self._start:
                way = (self._start, *(link.result for link in links))
                yield Path(tuple(nodes[k] for k in way), tuple(link.partial or 0.0 for link in links))
                continue
            stack += [(link.operand, (link, *links)) for link in reversed(self._links.get(i, []))]

    def _listed(self, most: int, what: str) -> list[str]:
        """Return lines with the first paths, the number of further paths, and the operations of both methods."""
        more = [f"… and {self.count - most:,} more{what}"] if self.count > most else []
        return [
            *map(str, islice(self, most)), *more,
            f"sum {short(self.total)}, path by path: {_counted(self.multiplications, max(self.count - 1, 0))}",
            f"factored {self.formula} = {short(self.total)}: {_counted(self.factored, self.additions)}",
        ]  # fmt: skip

    def text(self) -> str:
        """Return the paths with their products, their sum, and the operations of both methods, as lines of text.

        >>> from chalkgrad import Value, paths
        >>> x = Value(2.0, label="x")
        >>> paths(x * x, x).text().splitlines()[:2]
        ['2 paths from x to mul', 'x → *: 2 = 2']
        """
        return "\n".join([self._title, *self._listed(_MOST_LINES, "")]) + "\n"

    @property
    def _title(self) -> str:
        names = _name(self._snapshot.nodes[self._start]), name_of(self._snapshot)
        return f"{several(self.count, 'path')} from {names[0]} to {names[1]}"

    def draw(self) -> Drawing:
        """Return a drawing of the graph in which the edges of the paths show their local derivatives.

        A graph of more than 400 nodes can be drawn as text only: to show or to save it raises a ValueError.

        >>> from chalkgrad import Value, paths
        >>> x = Value(2.0, label="x")
        >>> paths(x * x, x).draw()
        Drawing('2 paths from x to mul', views=1, boxes=2, edges=2)
        """
        snapshot = self._snapshot
        made = forward_picture(snapshot)
        ways = {(link.result, link.position): link for links in self._links.values() for link in links}
        uses = [(i, position) for i, operands in enumerate(snapshot.operands) for position in range(len(operands))]
        for use, edge in zip(uses, made.edges, strict=True):
            if (link := ways.get(use)) is None:
                edge.text, edge.amount, edge.hint, edge.flows = "", 0.0, "", False
            else:
                edge.text, edge.is_faint = short(link.partial), False
        for i, box in enumerate(made.boxes):
            box.amount = box.amount if i == self._start or i in self._links else None
            box.lines = [line for line in box.lines if not line.text.startswith("grad ")]
        dotted = ["dotted: on no path"] if any(not edge.flows for edge in made.edges) else []
        made.legend = [*self._listed(_MOST_REMARKS, " paths"), *dotted]
        made.title, made.sentence = self._title, f"{self._title}; the sum of their products is {short(self.total)}."
        return Drawing([made], [made], snapshot, whole(snapshot), Settings())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {**self.draw()._repr_mimebundle_(), "text/plain": self.text().rstrip()}

    def __repr__(self) -> str:
        return f"Paths({self._title!r}, total={self.total!r})"


def _counted(multiplications: int, additions: int) -> str:
    return f"{several(multiplications, 'multiplication')}, {several(additions, 'addition')}"


def _name(node: Node) -> str:
    return cut(one_line(node.label), 16) or (node.op.symbol if node.inputs else short(node._data))


def paths(result: Node, start: Node) -> Paths:
    r"""Return all paths from a node up to a result. The derivative is the sum of their products:

    $$\frac{\partial\,\mathrm{result}}{\partial\,\mathrm{start}} =
      \sum_{\text{paths}}\ \prod_{\text{edges}} \text{local derivative}$$

    The number of paths can be exponential in the number of nodes. The backward pass factors the sum, and so uses every
    edge once.

    Args:
        result: a Value.
        start: a node that `result` depends on.

    Raises:
        TypeError: one of them is not a node.
        ValueError: `result` does not depend on `start`, or there are arrays on a path.

    Source: Olah (2015), Calculus on Computational Graphs.

    >>> from chalkgrad import Value, paths
    >>> a, b = Value(2.0, label="a"), Value(1.0, label="b")
    >>> print(paths((a + b) * (b + 1), b).text())
    2 paths from b to mul
    b → + → *: 1 × 2 = 2
    b → + → *: 1 × 3 = 3
    sum 5, path by path: 0 multiplications, 1 addition
    factored 3 + 2 = 5: 0 multiplications, 1 addition
    <BLANKLINE>
    """
    for name, node in (("result", result), ("start", start)):
        if not isinstance(node, Node):
            raise TypeError(f"`{name}` is a Value, not {type(node).__name__} ({node!r:.40})")
    snapshot = Snapshot(result)
    if start not in snapshot.place:
        raise ValueError(f"`start` is {start!r:.60}, which `result` does not depend on")
    found = Paths(snapshot, snapshot.place[start])
    if any(link.partial is None for links in found._links.values() for link in links):
        raise ValueError("the paths to `result` contain arrays, whose partials are not single numbers: use Values")
    return found
