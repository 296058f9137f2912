"""Grouping: in drawings of large graphs, sums of products, neurons and layers become single boxes.

The groups are found in the graph itself. A *sum of products* is a tree of additions whose inner results have no other
use. If it contains parameters, it is a *neuron*, together with its activation. Neurons that read the same inputs are a
*layer*. The labels of the parameters give the groups their names (see `place_of`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Set
from dataclasses import replace

from ...graph import constant
from .batch import Sample
from .composites import composites_of
from .groups import DEEPEST, Group
from .snapshot import Snapshot, is_bare

_LONGEST = 5  # operations in a row
_MANY = 24  # terms of a sum
_REDUCTIONS = {"sum", "max", "min"}
_PRODUCTS = {"mul", "matmul"}
_NUMBERS = re.compile(r"[\d\W]+")
_NO_ACTIVATIONS = {"neg", "square", "abs", "reciprocal", "sqrt", "exp", "log", "identity"}


class GroupFinder:
    """The sums, neurons and layers of a graph, or of one sample of it; `groups` gives them at any depth.

    Attributes:
        all: what can be opened.
        layers: their parts are neurons.
        sums: sums of products, neurons, and what else shares a box; the part of a neuron is what is before its
            activation.
    """

    def __init__(self, snapshot: Snapshot, sample: Sample) -> None:
        self.nodes, self.operands, self.roots = snapshot.nodes, snapshot.operands, snapshot.roots
        self.sample, self.shown = sample, sample.shown
        self.users = {i: [user for user in snapshot.users[i] if user in self.shown] for i in self.shown}
        leaves = [i for i in self.shown if self._is_parameter(i)]
        self.places = {i: place for i in leaves if (place := place_of(self.nodes[i].label))}
        self.own_uses = {i: self._without_penalties(i) for i in leaves if not self.nodes[i].label}
        named = [replace(self._group(members, holds, DEEPEST), title=title)
                 for title, members, holds in composites_of(snapshot)]  # fmt: skip
        self.sums = self._find_sums(named)
        self.layers = self._find_layers()
        self.all = [*self.layers, *self.sums]
        self._name_all()

    # Finding -----------------------------------------------------------------------------------------------

    def _is_parameter(self, i: int) -> bool:
        return not self.operands[i] and self.nodes[i].op is not constant

    def _ends_box(self, i: int) -> bool:
        """Return whether a node stands at the end of its box: one with a label, or a result."""
        return bool(self.nodes[i].label) or i in self.roots

    def _without_penalties(self, leaf: int) -> list[int]:
        """Return the uses of a leaf, without those that have no other operand, as in a penalty on a weight."""
        uses = self.users[leaf]
        return [i for i in uses if any(x != leaf and not is_bare(self.nodes[x]) for x in self.operands[i])] or uses

    def _group(self, members: list[int], holds: list[int], depth: int) -> Group:
        """Return the group of some nodes. It contains the numbers in their formulas."""
        numbers = dict.fromkeys(x for i in members for x in self.operands[i] if is_bare(self.nodes[x]))
        return Group(members, members[-1:], [*holds, *numbers], depth=depth)

    def _find_sums(self, named: list[Group]) -> list[Group]:
        """Find sums of products with their activations, and chains of operations. Add them to `named`."""
        sums = []
        absorbed = {i for s in named for i in s.members}
        for root in sorted(self.shown.intersection(self.sample.trees) - absorbed):
            members, terms = self.sample.trees[root]
            products = [x for x in terms if self._is_product(x)]
            absorbed.update(members, products)
            is_sample = root in self.sample.hidden
            parted = self._parted(sorted([*products, *members]), is_sample)
            sums += [self._sum(group, DEEPEST if is_sample else DEEPEST - 1) for group in parted]
            if len(terms) > _MANY and not sums[-1].place:
                self._hold_terms(sums[-1])
        for i in sorted(self.shown - absorbed):
            if self.operands[i] and self.nodes[i].op.name in _PRODUCTS:
                sums.append(self._sum([i], DEEPEST - 1))  # without a bias
        sums = [s for s in sums if s.depth == DEEPEST or len(s.members) > 1 or self._has_parameters(s)] + named
        taken = {i for s in sums for i in s.members}
        found = [self._activated(s, taken) for s in sums]
        found += self._chains({i for s in found for i in s.members})
        return sorted(found, key=lambda s: s.members[-1 - s.activation])

    def _has_parameters(self, s: Group) -> bool:
        return any(self._is_parameter(x) for x in s.holds)

    def _hold_terms(self, s: Group) -> None:
        """Make a sum of very many terms one box, with leaves that nothing else uses: those without a name of their own.

        `x1`, `x2`, ... share one name, apart from their numbers.
        """
        members = set(s.members)
        leaves = dict.fromkeys(x for i in s.members for x in self.operands[i] if not self.operands[x])
        names = {x: _NUMBERS.sub("", self.nodes[x].label) for x in leaves}
        count = Counter(names.values())
        ours = [x for x in leaves if is_bare(self.nodes[x]) or members.issuperset(self.users[x])]
        s.holds = [x for x in ours if not names[x] or count[names[x]] > 1]
        s.title, s.depth = "sum", DEEPEST

    def _parted(self, members: list[int], is_sample: bool) -> list[list[int]]:
        """Separate a neuron from terms that are added to it later, such as the input of a residual layer."""
        named = {self.places[x] for i in members for x in self.operands[i] if x in self.places}
        if len(named) != 1 or is_sample:
            return [members]
        below: dict[int, int] = {}  # how many uses of its parameters stand under an operation
        for i in members:
            below[i] = sum((x in self.places) + below.get(x, 0) for x in self.operands[i])
        core = next(i for i in members if below[i] == below[members[-1]])
        under, stack = set(), [core]
        while stack:
            i = stack.pop()
            under.add(i)
            stack += [x for x in self.operands[i] if x in below]
        rest = [i for i in members if i not in under]
        return [sorted(under), rest] if rest else [members]

    def _is_product(self, i: int) -> bool:
        is_shown = i in self.shown and bool(self.operands[i]) and self.nodes[i].op.name in _PRODUCTS
        return is_shown and not self._ends_box(i) and len(self.users[i]) == 1

    def _sum(self, members: list[int], depth: int) -> Group:
        inside = set(members)
        leaves = [x for x in dict.fromkeys(x for i in members for x in self.operands[i]) if self._is_parameter(x)]
        named = {self.places[x] for x in leaves if x in self.places}
        place = named.pop() if len(named) == 1 else ()
        holds = [x for x in leaves if (place and self.places.get(x) == place)
                 or (x in self.own_uses and all(user in inside for user in self.own_uses[x]))]  # fmt: skip
        return replace(self._group(members, holds, depth), place=place if holds else ())

    def _activated(self, s: Group, taken: set[int]) -> Group:
        """Return a neuron with its activation, if it has one."""
        output, uses = s.output, self.users[s.output]
        if s.title or not self._has_parameters(s) or len(uses) != 1 or self._ends_box(output) or uses[0] in taken:
            return s
        op = self.nodes[uses[0]].op
        if op.arity != 1 or not op.elementwise or op.name in _NO_ACTIVATIONS:
            return s
        return replace(s, members=[*s.members, *uses], outputs=uses, activation=True, depth=1, parts=[s])

    def _chains(self, taken: set[int]) -> list[Group]:
        """Find chains of operations, each the only user of the one before, such as those of a loss."""
        chains: dict[int, list[int]] = {}
        for i in sorted(self.shown - taken):
            op = self.nodes[i].op
            if not self.operands[i] or i in self.sample.hidden or not (op.elementwise or op.name in _REDUCTIONS):
                continue
            before = {x for x in self.operands[i] if not is_bare(self.nodes[x])}
            x = before.pop() if len(before) == 1 else -1
            joins = x in chains and not self._ends_box(x) and len(self.users[x]) == 1 and len(chains[x]) < _LONGEST
            chains[i] = [*chains.pop(x), i] if joins else [i]
        return [self._group(chain, [], 1) for chain in chains.values() if len(chain) > 1]

    def _find_layers(self) -> list[Group]:
        """Find neurons that read the same inputs, or have names of the same layer."""
        rows: dict[object, list[Group]] = {}
        for s in self.sums:
            if (s.parts or [s])[0].depth == DEEPEST or not self._has_parameters(s):
                continue
            inside = {*s.members, *s.holds}
            reads = frozenset(x for i in s.members for x in self.operands[i] if x not in inside)
            behind = self.nodes[s.output].op if s.activation else None
            rows.setdefault((s.place[:-1], reads, behind), []).append(s)
        return [
            Group(sorted(i for s in row for i in s.members), [s.output for s in row], [x for s in row for x in s.holds],
                  place=row[0].place[:-1], activation=row[0].activation, depth=0, parts=row)
            for row in rows.values() if len(row) > 1 or len(row[0].place) > 1
        ]  # fmt: skip

    def _name_all(self) -> None:
        """Name sums and layers. Parts of a layer without labels are named after the layer."""
        given: Counter[str] = Counter()

        def name(place: tuple[str, ...], kind: str) -> str:
            base = " ".join(place) or kind
            given[base] += 1
            if not place:
                return f"{base} {given[base]}"
            return base if given[base] == 1 else f"{base} ({given[base]})"

        kinds = {0: "layer", 1: "row", 2: "sum", DEEPEST: "sum"}
        for group in self.all:
            kind = "neuron" if group.depth and self._has_parameters(group) else kinds[group.depth]
            group.name = name(group.place, group.title.partition("(")[0] or kind)
        for layer in self.layers:
            if not layer.parts[0].place:
                layer.place = (layer.name,)
                for s in layer.parts:
                    s.place = layer.name, s.name
        for s in self.sums:
            for part in s.parts:
                part.name, part.place = s.name, s.place

    # Dividing ----------------------------------------------------------------------------------------------

    def opened(self, name: str) -> list[Group]:
        """Return the parts of a group (neurons or single nodes), and the nodes that they are computed from."""
        part = next(group for group in self.all if group.name == name)
        groups = [Group([i], [i]) for i in part.members] if part.depth else [replace(s, place=()) for s in part.parts]
        inside = {i for group in groups for i in [*group.members, *group.holds]}
        operands = {x for group in groups for i in group.members for x in self.operands[i]} - inside
        return sorted([*groups, *(Group([x], [x]) for x in operands)], key=_key)

    def groups(self, depth: int, opened: Set[str] = frozenset(), inside: Set[int] = frozenset()) -> list[Group]:
        """Divide into groups, operands first.

        Args:
            depth: from 0, layers as boxes, to 3, every value.
            opened: names of groups to be left open.
            inside: nodes whose groups are to be left open.
        """
        opened = {*opened, *(s.name for s in self.sums if s.title and "all" in opened)}
        opened |= {s.name for s in self.sums if not inside.isdisjoint([*s.members, *s.holds])}
        opened |= {s.name for layer in self.layers if depth > 0 and layer.name in opened for s in layer.parts}
        groups: list[Group] = []
        done: set[int] = set()
        places: dict[int, tuple[str, ...]] = {}
        waiting = [*self.all]
        for group in waiting:  # the list grows inside the loop
            if group.members[0] in done:
                continue
            if depth <= group.depth and opened.isdisjoint([group.name, *(part.name for part in group.parts)]):
                groups.append(group)
                done.update(group.members)
            else:
                named = [i for i in [*group.members, *group.holds] if not is_bare(self.nodes[i])]
                places.update(dict.fromkeys(named, group.place))
                waiting += group.parts
        for i in self.shown - done:
            if self.operands[i]:
                groups.append(replace(self._group([i], [], DEEPEST), place=places.get(i, ())))
                if depth == DEEPEST:
                    groups[-1].holds = []
        held = {x for group in groups for x in group.holds}.difference(self.roots)
        leaves = [x for x in self.shown - held if not self.operands[x]]
        groups += [Group([x], [x], place=places.get(x, ())) for x in leaves]
        return sorted([*groups, *self._stubs(groups)], key=_key)

    def _stubs(self, groups: list[Group]) -> list[Group]:
        hidden, like = self.sample.hidden, {i: "this" if n == 1 else "these" for i, n in self.sample.kept.items()}
        return [
            Group([], [], name="batch", stub=f"and {hidden[i]} more like {like[i]}", beside=(group, True))
            for group in groups for i in hidden.keys() & group.members
        ]  # fmt: skip


def _key(group: Group) -> float:
    return min(group.outputs) if group.beside is None else min(group.beside[0].outputs) - 0.5


# Places ------------------------------------------------------------------------------------------------------

_NEURON = re.compile(r"w(?:(\d*)|eight)\[(\d+),\d+\]|b(?:(\d*)|ias)\[(\d+)\]")


def place_of(label: str) -> tuple[str, ...]:
    """Return the modules that a parameter belongs to, outermost first. Without a module in its label, return none.

    A node does not know the module that made it: that would cost in every operation. The labels of parameters are
    paths, so the places of the nodes that use them follow.

    >>> place_of("w1[3,0]"), place_of("b2[1]"), place_of("0.weight"), place_of("layers.0.neurons.3.w.2"), place_of("x")
    (('layer 1', 'neuron 3'), ('layer 2', 'neuron 1'), ('0',), ('layers.0', 'neurons.3'), ())
    """
    *path, last = label.split(".")
    if found := _NEURON.fullmatch(last):
        *layer, neuron = (x for x in found.groups() if x is not None)  # `weight[3,0]` of PyTorch counts no layers
        return (*_joined(path), *(f"layer {number}".strip() for number in layer), f"neuron {neuron}")
    while path and last.isdigit():  # the place of a number among the weights
        last = path.pop()
    return tuple(_joined(path))


def _joined(path: list[str]) -> list[str]:
    """Return the names of modules with their numbers appended."""
    names: list[str] = []
    for part in path:
        if part.isdigit() and names and not names[-1].rpartition(".")[2].isdigit():
            names[-1] += f".{part}"
        else:
            names.append(part)
    return names
