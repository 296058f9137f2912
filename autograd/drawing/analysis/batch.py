"""Show a batch by one sample: of the terms of a sum that differ only in their inputs, keep the first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from ...graph import Node, constant, topological
from .snapshot import Snapshot

_FEWEST = 3  # operations that make a term a computation of its own


@dataclass
class Sample:
    """The part of a graph that is shown.

    Attributes:
        shown: the nodes that are shown.
        trees: the largest trees of additions: for the root of each, its additions and its terms, in order.
        hidden: for the root of a tree, or a node of many operands, how many of its terms are not shown.
        kept: for the same, how many of the terms like these are.
    """

    shown: set[int]
    trees: dict[int, tuple[list[int], list[int]]]
    hidden: dict[int, int] = field(default_factory=dict)
    kept: dict[int, int] = field(default_factory=dict)


def all_samples(snapshot: Snapshot) -> Sample:
    """Return a Sample that shows every node."""
    return Sample(set(range(len(snapshot.nodes))), _trees(snapshot))


def one_sample(snapshot: Snapshot, preferred: Collection[int] = ()) -> Sample:
    """Return a Sample with the first, or a preferred one, of the terms with equal operations and parameters."""
    sample = Sample(set(snapshot.roots), _trees(snapshot))
    shown = sample.shown
    inner = {i for root, (members, _) in sample.trees.items() for i in members if i != root}
    kinds: list[int] = []
    wanted = set(preferred)
    for i, operands in enumerate(snapshot.operands):
        if not wanted.isdisjoint(operands):
            wanted.add(i)
    for i in range(len(snapshot.nodes) - 1, -1, -1):
        if i not in shown or i in inner:
            continue
        members, terms = sample.trees.get(i, ([i], list(snapshot.operands[i])))
        if len(set(terms)) > 2 or (len(terms) == 2 and i in sample.trees):
            kinds = kinds or _kinds(snapshot)
            likes: dict[int, list[int]] = {}
            for term in dict.fromkeys(terms):
                likes.setdefault(kinds[term], []).append(term)
            for group in likes.values():
                if len(group) > 1 and _are_samples(snapshot.nodes[group[0]], snapshot.nodes[group[1]]):
                    chosen = next((term for term in group if term in wanted), group[0])
                    terms = [term for term in terms if term == chosen or term not in set(group)]
                    sample.hidden[i] = sample.hidden.get(i, 0) + len(group) - 1
                    sample.kept[i] = sample.kept.get(i, 0) + 1
        shown.update(members)
        shown.update(terms)
    return sample


def _trees(snapshot: Snapshot) -> dict[int, tuple[list[int], list[int]]]:
    nodes, users, operands = snapshot.nodes, snapshot.users, snapshot.operands
    root_of: dict[int, int] = {}
    for i in range(len(nodes) - 1, -1, -1):
        if operands[i] and nodes[i].op.name == "add":
            is_inner = len(users[i]) == 1 and not nodes[i].label and i not in snapshot.roots
            root_of[i] = root_of.get(users[i][0], i) if is_inner else i
    trees: dict[int, tuple[list[int], list[int]]] = {}
    for i, root in reversed(root_of.items()):
        members, terms = trees.setdefault(root, ([], []))
        members.append(i)
        terms += [x for x in operands[i] if root_of.get(x) != root]
    return trees


def _kinds(snapshot: Snapshot) -> list[int]:
    """Number the nodes by the way they are computed. Leaves differ by their labels only."""
    numbers: dict[object, int] = {}
    kinds: list[int] = []
    for node, operands in zip(snapshot.nodes, snapshot.operands, strict=True):
        if operands:
            key: object = (node.op, *[kinds[x] for x in operands])
        else:
            key = (node.op is constant, node.label)
        kinds.append(numbers.setdefault(key, len(numbers)))
    return kinds


def _are_samples(one: Node, other: Node) -> bool:
    """Return whether two terms share only parameters, and have fewer different leaves than shared ones."""
    operations, leaves = _below(one)
    others, other_leaves = _below(other)
    shared = leaves & other_leaves
    return len(operations) >= _FEWEST and not operations & others and len(shared) >= max(1, len(leaves - shared))


def _below(node: Node) -> tuple[set[Node], set[Node]]:
    """Return the operations and leaves that a node depends on, without numbers in formulas."""
    operations, leaves = topological(node)
    return set(operations), {leaf for leaf in leaves if leaf.op is not constant}
