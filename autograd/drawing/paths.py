"""The derivative as a sum over paths, and why nobody computes it so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from ..graph import Node
from .analysis.formula import cut, one_line, short
from .analysis.groups import whole
from .analysis.snapshot import Link, Snapshot
from .drawing import Drawing
from .picture.elements import Picture
from .picture.node_text import name_of
from .picture.reverse_mode import forward_picture
from .settings import Settings

_MOST_LINES = 20
_MOST_REMARKS = 12
_LONGEST = 100


@dataclass(frozen=True)
class Path:
    """One way from a node up to the result: the nodes, and the local derivative of each step."""

    nodes: tuple[Node, ...]
    slopes: tuple[float, ...]

    @property
    def product(self) -> float:
        """The product of the local derivatives."""
        product = 1.0
        for slope in self.slopes:
            product *= slope
        return product

    def __str__(self) -> str:
        names = " → ".join(_name(node) for node in self.nodes)
        return f"{names}: {' × '.join(map(short, self.slopes)) or '1'} = {short(self.product)}"


class Paths:
    """All paths from a node to a result; made by `paths`. Iterate to get them one by one.

    Attributes:
        count: how many there are, which may be astronomically many.
        total: the sum of their products, that is, the derivative.
        multiplications: how many it takes to multiply along every path. A factor that a rule gives as 1, as that of a
            sum, is none.
        factored: how many the backward pass takes, which adds up parallel edges first, then goes from node to node.
        additions: how many sums that takes; path by path, it is one less than there are paths.
    """

    def __init__(self, snapshot: Snapshot, start: int) -> None:
        self._snapshot, self._start = snapshot, start
        self._links = self._on_the_way()
        self._end = len(snapshot.nodes) - 1
        counts = {start: (1, 0, 1)}  # of the paths from the start: how many, their factors, how many have none
        for i in range(start + 1, self._end + 1):
            found = [(counts[link.operand], self._is_one(link)) for link in self._links.get(i, [])]
            if found:
                counts[i] = (
                    sum(n for (n, _, _), _ in found),
                    sum(k + (0 if one else n) for (n, k, _), one in found),
                    sum(bare for (_, _, bare), one in found if one),
                )
        self.count, factors, bare = counts.get(self._end, (0, 0, 0))
        self.multiplications = factors - self.count + bare
        self.total, self.factored, self.additions = self._backward()

    def _on_the_way(self) -> dict[int, list[Link]]:
        """Find the links between the start and the result, by the node that they lead to."""
        snapshot, links = self._snapshot, {}
        above = {self._start}
        for i in range(self._start + 1, len(snapshot.nodes)):
            if not above.isdisjoint(snapshot.operands[i]):
                found = [link for link in snapshot.links_of(i) if link.operand in above and link.differentiated]
                if found:
                    above.add(i)
                    links[i] = found
        below = {len(snapshot.nodes) - 1}
        for i in sorted(links, reverse=True):
            if i in below:
                below.update(link.operand for link in links[i])
        return {i: found for i, found in links.items() if i in below}

    def _is_one(self, link: Link) -> bool:
        node = self._snapshot.nodes[link.result]
        return node.op.elementwise and node.op.rule(link.position) in (1.0, -1.0)

    def _backward(self) -> tuple[float, int, int]:
        """Go backward, parallel edges added up first, and count the products."""
        adjoint = {self._end: 1.0}
        untouched = {self._end}
        multiplications = additions = 0
        uses: dict[int, list[bool]] = {}
        for i in range(self._end, self._start, -1):
            if i not in self._links:
                continue
            if i != self._end and uses.get(i) == [True]:
                untouched.add(i)
            parallel: dict[int, list[Link]] = {}
            for link in self._links[i]:
                parallel.setdefault(link.operand, []).append(link)
            for x, links in parallel.items():
                is_one = len(links) == 1 and self._is_one(links[0])
                multiplications += not is_one and i not in untouched
                uses.setdefault(x, []).append(is_one and i in untouched)
                additions += len(links) - 1 + (x in adjoint)
                slope = sum(link.slope or 0.0 for link in links)
                adjoint[x] = adjoint.get(x, 0.0) + slope * adjoint[i]
        return adjoint.get(self._start, 0.0), multiplications, additions

    def __iter__(self) -> Iterator[Path]:
        """Yield the paths, those through the first operands first."""
        nodes = self._snapshot.nodes
        stack: list[tuple[int, tuple[Link, ...]]] = [(self._end, ())]
        while stack:
            i, links = stack.pop()
            if i == self._start:
                way = (self._start, *(link.result for link in links))
                yield Path(tuple(nodes[k] for k in way), tuple(link.slope or 0.0 for link in links))
                continue
            stack += [(link.operand, (link, *links)) for link in reversed(self._links.get(i, []))]

    @property
    def formula(self) -> str:
        """The sum, factored: parallel edges in brackets, and each node's derivative written once for each use."""
        written = {self._end: ""}
        terms: dict[int, list[str]] = {}
        for i in range(self._end, self._start - 1, -1):
            if i != self._end:
                if i not in terms:
                    continue
                joined = " + ".join(terms[i])
                written[i] = f"({joined})" if len(terms[i]) > 1 and i != self._start else joined
            if len(written[i]) > _LONGEST:
                return "…"
            parallel: dict[int, list[str]] = {}
            for link in self._links.get(i, []):
                parallel.setdefault(link.operand, []).append(short(link.slope))
            for x, slopes in parallel.items():
                factor = f"({' + '.join(slopes)})" if len(slopes) > 1 else slopes[0]
                factors = [text for text in (factor, written[i]) if text not in ("", "1")]
                terms.setdefault(x, []).append(" × ".join(factors) or "1")
        return written.get(self._start) or ("1" if self._start == self._end else "0")

    def text(self) -> str:
        """List the paths with their products, their sum, and what both ways cost."""
        lines = [self._title]
        for path in self:
            if len(lines) > _MOST_LINES:
                lines.append(f"… and {self.count - _MOST_LINES:,} more")
                break
            lines.append(str(path))
        return "\n".join([*lines, *self._costs]) + "\n"

    @property
    def _title(self) -> str:
        names = _name(self._snapshot.nodes[self._start]), name_of(self._snapshot)
        return f"{_several(self.count, 'path')} from {names[0]} to {names[1]}"

    @property
    def _costs(self) -> list[str]:
        return [
            f"sum {short(self.total)}, path by path: {_counted(self.multiplications, max(self.count - 1, 0))}",
            f"factored {self.formula} = {short(self.total)}: {_counted(self.factored, self.additions)}",
        ]

    def draw(self) -> Drawing:
        """Draw the graph with the paths: the edges that lie on one have their local derivative.

        Raises:
            ValueError: there are more than 400 boxes.
        """
        return self._drawing

    @cached_property
    def _drawing(self) -> Drawing:
        picture = self._picture()
        return Drawing([picture], [picture], self._snapshot, whole(self._snapshot), Settings())

    def _picture(self) -> Picture:
        """Show the forward graph with local derivatives on the paths alone."""
        snapshot = self._snapshot
        made = forward_picture(snapshot)
        ways = {(link.result, link.position): link for links in self._links.values() for link in links}
        uses = [(i, position) for i, operands in enumerate(snapshot.operands) for position in range(len(operands))]
        for use, edge in zip(uses, made.edges, strict=True):
            if (link := ways.get(use)) is None:
                edge.text, edge.amount, edge.hint, edge.flows = "", 0.0, "", False
            else:
                edge.text, edge.is_faint = short(link.slope), False
        for i, box in enumerate(made.boxes):
            box.amount = box.amount if i == self._start or i in self._links else None
            box.lines = [line for line in box.lines if not line.text.startswith("grad ")]
        remarks = [str(path) for path in islice(self, _MOST_REMARKS)]
        left_out = [f"… and {self.count - _MOST_REMARKS:,} more paths"] if self.count > _MOST_REMARKS else []
        dotted = ["dotted: on no path"] if any(not edge.flows for edge in made.edges) else []
        made.legend = [*remarks, *left_out, *self._costs, *dotted]
        made.title, made.sentence = self._title, f"{self._title}; the sum of their products is {short(self.total)}."
        return made

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {**self.draw()._repr_mimebundle_(), "text/plain": self.text().rstrip()}

    def __repr__(self) -> str:
        return f"Paths({self._title!r}, total={self.total!r})"


def _counted(multiplications: int, additions: int) -> str:
    return f"{_several(multiplications, 'multiplication')}, {_several(additions, 'addition')}"


def _several(n: int, what: str) -> str:
    return f"{n:,} {what}{'s' if n != 1 else ''}"


def _name(node: Node) -> str:
    return cut(one_line(node.label), 16) or (node.op.symbol if node.inputs else short(node._data))


def paths(result: Node, start: Node) -> Paths:
    r"""List all paths from a node up to a result: the derivative is the sum of their products.

    $$\frac{\partial\,\mathrm{result}}{\partial\,\mathrm{start}} =
      \sum_{\text{paths}}\ \prod_{\text{edges}} \text{local derivative}$$

    There may be exponentially many. Factored, as the backward pass does it, every edge is used once.

    Args:
        result: a Value.
        start: a node that it depends on.

    Raises:
        TypeError: one of them is not a node.
        ValueError: `result` does not depend on `start`, or there are arrays on the way.

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
    if any(link.slope is None for links in found._links.values() for link in links):
        raise ValueError("on the paths to `result` are arrays, whose slopes are no single numbers: use Values")
    return found
