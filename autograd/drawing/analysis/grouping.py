"""Large graphs made readable: sums of products, neurons and layers become single boxes.

All of it is found in the graph itself. A *sum of products* is a tree of additions whose inner results nobody else
uses. If it holds parameters, it is a *neuron*, together with the activation behind it; neurons that read the same
inputs are a *layer*. Parameters' labels give them their names (see `place_of`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...graph import fixed
from .batch import Sample
from .composites import composites_of
from .groups import Group
from .snapshot import Snapshot

DEEPEST = 3
"""Depths: 0 layers, 1 neurons, 2 sums of products, 3 every value."""

_LONGEST = 4  # operations in a row
_MANY = 24  # terms of a sum
_PRODUCTS = {"mul", "matmul"}
_NUMBERS = re.compile(r"[\d\W]+")
_NO_ACTIVATIONS = {"neg", "square", "abs", "reciprocal", "sqrt", "exp", "log", "identity"}


@dataclass
class _Sum:
    """A sum of products: its operations, the leaves that it holds, and the activation behind it.

    `depth` is the last at which it is one box. Single operations in a row are kept in the same way, and so is what has
    a `title`, such as softmax, or a sum of very many terms: that opens when it is asked for.
    """

    members: list[int]
    holds: list[int]
    place: tuple[str, ...]
    activation: int | None = None
    is_forced: bool = False
    name: str = ""
    depth: int = DEEPEST - 1
    title: str = ""

    @property
    def output(self) -> int:
        return self.members[-1]

    @property
    def operations(self) -> list[int]:
        """The members, and the activation if there is one."""
        return self.members if self.activation is None else [*self.members, self.activation]


class GroupFinder:
    """The sums, neurons and layers of a graph, or of one sample of it; `groups` gives them at any depth."""

    def __init__(self, snapshot: Snapshot, sample: Sample) -> None:
        self.nodes, self.operands, self.roots = snapshot.nodes, snapshot.operands, snapshot.roots
        self.sample, self.shown = sample, sample.shown
        self.users = snapshot.users
        self._beside: dict[int, list[int]] = {}  # the uses of a leaf, but for penalties
        labels = {i: self.nodes[i].label for i in self.shown if self._is_parameter(i) and self.nodes[i].label}
        self.places = {i: place for i, label in labels.items() if (place := place_of(label))}
        self.named = [_Sum(members, holds, (), depth=DEEPEST, title=title)
                      for title, members, holds in composites_of(snapshot)]  # fmt: skip
        self.sums = self._find_sums()
        self.layers = self._name_all(self._find_layers())

    # Finding -----------------------------------------------------------------------------------------------

    def _is_parameter(self, i: int) -> bool:
        return not self.operands[i] and self.nodes[i].op is not fixed

    def _is_number(self, i: int) -> bool:
        """Return whether a node is a number that stands in a formula."""
        node = self.nodes[i]
        return not self.operands[i] and node.op is fixed and node._data.__class__ is float and not node.label

    def _uses(self, i: int) -> list[int]:
        return [user for user in self.users[i] if user in self.shown]

    def _is_of_one(self, user: int, leaf: int) -> bool:
        """Return whether an operation has no other operand than a leaf, as in a penalty on a weight."""
        return all(x == leaf or self._is_number(x) for x in self.operands[user])

    def _find_sums(self) -> list[_Sum]:
        sums = []
        roots: Mapping[int, tuple[list[int], list[int]]] = self.sample.trees
        absorbed = {i for members, _ in roots.values() for i in members} | {i for s in self.named for i in s.members}
        for i in sorted(self.shown):
            if i in roots:
                members, terms = roots[i]
                products = [x for x in terms if self._is_product(x)]
                absorbed.update(products)
                found = self._parted(sorted([*products, *members]), i in self.sample.hidden)
                sums += [self._sum(group) for group in found]
                sums[-1].is_forced = i in self.sample.hidden
                if len(terms) > _MANY and not sums[-1].place:
                    self._hold_terms(sums[-1])
        for i in sorted(self.shown):
            if i not in absorbed and self.operands[i] and self.nodes[i].op.name in _PRODUCTS:
                sums.append(self._sum([i]))  # without a bias
        sums = [s for s in sums if s.is_forced or len(s.members) > 1 or any(self._is_parameter(x) for x in s.holds)]
        sums += self.named
        taken = {i for s in sums for i in s.members}
        for s in sums:
            if not s.title and any(self._is_parameter(x) for x in s.holds):
                s.activation = self._activation(s.output, taken)
        return sorted([*sums, *self._chains({i for s in sums for i in s.operations})], key=lambda s: s.output)

    def _hold_terms(self, s: _Sum) -> None:
        """Make a sum of very many terms one box, with leaves that nothing else uses: those without a name of their own.

        `x1`, `x2`, ... share one name, apart from their numbers.
        """
        members = set(s.members)
        leaves = dict.fromkeys(x for i in s.members for x in self.operands[i] if not self.operands[x])
        names = {x: _NUMBERS.sub("", self.nodes[x].label) for x in leaves}
        count = Counter(names.values())
        ours = [x for x in leaves if not self._is_number(x) and members.issuperset(self._uses(x))]
        s.holds = [x for x in ours if not names[x] or count[names[x]] > 1]
        s.title, s.depth = "sum", DEEPEST

    def _parted(self, members: list[int], is_forced: bool) -> list[list[int]]:
        """Part a neuron from what is added to it afterwards, such as the input of a residual layer."""
        named = {self.places[x] for i in members for x in self.operands[i] if x in self.places}
        if len(named) != 1 or is_forced:
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
        node = self.nodes[i]
        is_shown = i in self.shown and bool(node.inputs) and node.op.name in _PRODUCTS
        return is_shown and not node.label and len(self._uses(i)) == 1

    def _sum(self, members: list[int]) -> _Sum:
        inside = set(members)
        leaves = [x for x in dict.fromkeys(x for i in members for x in self.operands[i]) if self._is_parameter(x)]
        named = {self.places[x] for x in leaves if x in self.places}
        place = named.pop() if len(named) == 1 else ()
        holds = [x for x in leaves if (place and self.places.get(x) == place) or self._belongs(x, inside)]
        return _Sum(members, holds, place if holds else ())

    def _belongs(self, leaf: int, members: set[int]) -> bool:
        """Return whether a leaf without a name is used here alone, but for penalties."""
        if self.nodes[leaf].label:
            return False
        if leaf not in self._beside:  # it may have a million uses, in a million sums
            uses = self._uses(leaf)
            self._beside[leaf] = [u for u in uses if not self._is_of_one(u, leaf)] or uses
        return all(user in members for user in self._beside[leaf])

    def _activation(self, output: int, taken: set[int]) -> int | None:
        uses = self._uses(output)
        if len(uses) != 1 or self.nodes[output].label or uses[0] in taken:
            return None
        user = uses[0]
        op = self.nodes[user].op
        return user if op.arity == 1 and op.elementwise and op.name not in _NO_ACTIVATIONS else None

    def _chains(self, taken: set[int]) -> list[_Sum]:
        """Find operations in a row, each the only user of the one before, such as those of a loss."""
        chains: dict[int, list[int]] = {}
        for i in sorted(self.shown - taken):
            if not self.operands[i] or i in self.sample.hidden or not self.nodes[i].op.elementwise:
                continue
            before = {x for x in self.operands[i] if not self._is_number(x)}
            x = before.pop() if len(before) == 1 else -1
            joins = x in chains and not self.nodes[x].label and len(self._uses(x)) == 1 and len(chains[x]) < _LONGEST
            chains[i] = [*chains.pop(x), i] if joins else [i]
        return [_Sum(chain, [], (), depth=1) for chain in chains.values() if len(chain) > 1]

    def _find_layers(self) -> list[list[_Sum]]:
        rows: dict[object, list[_Sum]] = {}
        for s in self.sums:
            if s.is_forced or s.title or not any(self._is_parameter(x) for x in s.holds):
                continue
            inside = {*s.members, *s.holds}
            reads = frozenset(
                x for i in s.members for x in self.operands[i] if x not in inside and not self._is_number(x)
            )
            behind = self.nodes[s.activation].op if s.activation is not None else None
            rows.setdefault((s.place[:-1], reads, behind), []).append(s)
        return [row for row in rows.values() if len(row) > 1 or len(row[0].place) > 1]

    def _name_all(self, rows: list[list[_Sum]]) -> dict[str, list[_Sum]]:
        """Name sums and layers; return the layers by their names."""
        given: dict[str, int] = {}

        def name(base: str, always: bool = False) -> str:
            given[base] = given.get(base, 0) + 1
            return f"{base} {given[base]}" if always else base + (f" ({given[base]})" if given[base] > 1 else "")

        layers = {}
        for row in rows:
            place = row[0].place[:-1]
            layers[name(" ".join(place)) if place else name("layer", always=True)] = row
        for s in self.sums:
            if s.place:
                s.name = name(" ".join(s.place))
            else:
                kind = "neuron" if s.holds else "sum" if s.depth > 1 else "row"
                s.name = name(s.title.partition("(")[0] or kind, always=True)
        for layer, row in layers.items():
            if not row[0].place:
                for s in row:
                    s.place = (layer, s.name)
        return layers

    def typical(self) -> dict[tuple[str, ...], Group]:
        """For each place, give a group as it stands there when it is folded."""
        found: dict[tuple[str, ...], Group] = {}
        for s in reversed(self.sums):
            found[s.place] = self._group(s)
        for row in reversed(self.layers.values()):
            found[row[0].place[:-1]] = self._layer(row, "")
        return found

    def _group(self, s: _Sum, has_activation: bool = True) -> Group:
        """Return the box of a sum, with its activation if it has one."""
        is_activated = has_activation and s.activation is not None
        members = s.operations if is_activated else s.members
        return Group(members, members[-1:], self._with_numbers(members, s.holds), s.name, s.place,
                     activation=is_activated, title=s.title)  # fmt: skip

    # Dividing ----------------------------------------------------------------------------------------------

    def opened(self, name: str) -> list[Group]:
        """Return what a part consists of, neurons of a layer or single nodes, and what these are computed from."""
        groups = [replace(self._group(s), place=()) for s in self.layers.get(name, [])]
        groups = groups or [Group([i], [i]) for s in self.sums if s.name == name for i in s.operations]
        inside = {i for group in groups for i in [*group.members, *group.holds]}
        operands = {x for group in groups for i in group.members for x in self.operands[i]} - inside
        return sorted([*groups, *(Group([x], [x]) for x in operands)], key=_key)

    def names(self) -> list[str]:
        """List what can be opened."""
        return [*self.layers, *(s.name for s in self.sums)]

    def nodes_of(self, name: str) -> set[int]:
        """Return the operations of a sum, neuron or layer by its name; none if there is no such."""
        found = self.layers.get(name, []) + [s for s in self.sums if s.name == name]
        return {i for s in found for i in s.operations}

    def groups(self, depth: int, opened: set[str], inside: set[int]) -> list[Group]:
        """Divide into groups, operands first.

        Args:
            depth: from 0, layers as boxes, to 3, every value.
            opened: names of groups to be left open.
            inside: nodes whose groups are to be left open.
        """
        groups: list[Group] = []
        named = opened if "all" not in opened else opened | {s.name for s in self.sums if s.title}
        open_sums = {id(s) for s in self.sums if s.name in named or not inside.isdisjoint([*s.operations, *s.holds])}
        for name, row in self.layers.items():
            if depth > 0 and name in opened:
                open_sums |= {id(s) for s in row}
            elif depth == 0 and name not in opened and open_sums.isdisjoint(map(id, row)):
                open_sums |= {id(s) for s in row}  # they have their box
                groups.append(self._layer(row, name))
        done = {i for group in groups for i in group.members}
        places: dict[int, tuple[str, ...]] = {}
        for s in self.sums:
            if s.output in done:
                continue
            if id(s) in open_sums or (depth > s.depth and not s.is_forced):
                places.update(dict.fromkeys([*s.operations, *s.holds], s.place))
                continue
            groups.append(self._group(s, has_activation=depth < 2))
            done.update(groups[-1].members)
            if s.activation is not None and s.activation not in done:
                places[s.activation] = s.place
        held = {x for group in groups for x in group.holds}
        for i in self.shown:
            if self.operands[i] and i not in done:
                numbers = [] if depth == DEEPEST else self._with_numbers([i], [])
                groups.append(Group([i], [i], numbers, place=places.get(i, ())))
                held.update(numbers)
        leaves = {x for group in groups for i in group.members for x in self.operands[i] if not self.operands[x]} - held
        leaves.update(i for i in self.roots if not self.operands[i])
        groups += [Group([x], [x], place=places.get(x, ())) for x in leaves & self.shown]
        return sorted([*groups, *self._stubs(groups)], key=_key)

    def _with_numbers(self, members: list[int], holds: list[int]) -> list[int]:
        numbers = dict.fromkeys(x for i in members for x in self.operands[i] if self._is_number(x))
        return [*holds, *numbers]

    def _layer(self, row: list[_Sum], name: str) -> Group:
        outputs = [s.operations[-1] for s in row]
        members = sorted(i for s in row for i in s.operations)
        holds = [x for s in row for x in self._with_numbers(s.members, s.holds)]
        has_activation = row[0].activation is not None
        return Group(members, outputs, holds, name, row[0].place[:-1], activation=has_activation)

    def _stubs(self, groups: list[Group]) -> list[Group]:
        stubs = []
        for group in groups:
            for i in group.members:
                if i in self.sample.hidden:
                    more = self.sample.hidden[i]
                    text = f"and {more} more like {'this' if self.sample.kept[i] == 1 else 'these'}"
                    stubs.append(Group([], [], name="batch", stub=text, beside=(group, True)))
        return stubs


def _key(group: Group) -> float:
    return min(group.outputs) if group.beside is None else min(group.beside[0].outputs) - 0.5


# Places ------------------------------------------------------------------------------------------------------

_NEURON = re.compile(r"w(?:(\d*)|eight)\[(\d+),\d+\]|b(?:(\d*)|ias)\[(\d+)\]")


def place_of(label: str) -> tuple[str, ...]:
    """Return the modules that a parameter belongs to, outermost first; none if its label names no module.

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
    """Put the number of a module behind its name."""
    names: list[str] = []
    for part in path:
        if part.isdigit() and names and not names[-1].rpartition(".")[2].isdigit():
            names[-1] += f".{part}"
        else:
            names.append(part)
    return names
