"""The forward and the backward pass step by step, as data and as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...graph import Node, saved
from ..analysis.formula import formula, one_line, short, sum_of
from ..analysis.snapshot import Snapshot, number
from .node_text import value_text


@dataclass(frozen=True)
class Term:
    """The vjp term that one step adds to the gradient of one operand: `after = before + added`.

    Attributes:
        operand: the node that receives the term.
        position: the position of the operand, from 0. In `a * a` the same node is operand 0 and operand 1.
        partial: the local derivative if it is a single number, else None. Then `added` is `gradient * partial`.
        added: the number or array that is added.
        before, after: the gradient of the operand before and after the addition.
    """

    operand: Node
    position: int
    partial: float | None
    added: Any
    before: Any
    after: Any


@dataclass(frozen=True)
class Step:
    """One step of a backward pass: a node propagates its gradient to its operands.

    Attributes:
        number: the number of the step, from 1.
        node: the node.
        gradient: the derivative of the root with respect to this node.
        terms: a `Term` for each operand, in order.

    >>> from chalkgrad import Value, backward_steps
    >>> (step,) = backward_steps(Value(2.0, label="x") * 3)
    >>> step.gradient, step.terms[0].partial, step.terms[0].added
    (1.0, 3.0, 3.0)
    """

    number: int
    node: Node
    gradient: Any
    terms: tuple[Term, ...]

    def __str__(self) -> str:
        return backward_sentence(self)


def backward_steps(root: Node) -> Iterator[Step]:
    r"""Yield the steps of the backward pass from `root`: $\bar x \mathrel{+}= \bar v\,\partial v / \partial x$.

    The steps have the order and the rules of `root.backward()`. They start from the `grad` of the root, or from 1 if
    it has none. The function does not change any gradient.

    Args:
        root: a Value or a Tensor.

    Yields:
        A `Step` for each computed node that the pass reaches. `print(step)` shows a sentence.

    Raises:
        TypeError: `root` is not a node.

    >>> from chalkgrad import Value, backward_steps
    >>> a, b = Value(2.0, label="a"), Value(1.0, label="b")
    >>> for step in backward_steps((a + b) * (b + 1)):
    ...     print(step.number, step)
    1 the product (a + b)*(b + 1) receives 1, adds 1 × 2 to the sum a + b and 1 × 3 to the sum b + 1
    2 the sum b + 1 receives 3, adds 3 × 1 to b
    3 the sum a + b receives 2, adds 2 × 1 to a and 2 × 1 to b (3 + 2 = 5)
    """
    if not isinstance(root, Node):
        raise TypeError(f"`root` is a Value or a Tensor, not {type(root).__name__} ({root!r:.40})")
    yield from steps_of(Snapshot(root))


def steps_of(snapshot: Snapshot) -> Iterator[Step]:
    """Yield the steps of the backward pass in a snapshot."""
    gathered: dict[int, Any] = {}
    for place, order in snapshot.steps.items():
        parts = []
        for link in snapshot.links_of(place):
            if link.added is None:
                continue
            before = gathered.get(link.operand)
            after = link.added if before is None else before + link.added
            gathered[link.operand] = after
            if before is None:
                before = 0.0 if after.__class__ is float else np.zeros_like(after)
            operand = snapshot.nodes[link.operand]
            parts.append(Term(operand, link.position, link.partial, link.added, before, after))
        yield Step(order, snapshot.nodes[place], snapshot.adjoints[place], tuple(parts))


# In words ----------------------------------------------------------------------------------------------------

_NOUNS = {
    "add": "sum", "sub": "difference", "mul": "product", "div": "quotient", "neg": "negative", "pow": "power",
    "square": "square", "matmul": "matrix product", "reciprocal": "reciprocal", "sum": "sum Σ",
}  # fmt: skip
_LONGEST = 20  # formula in a sentence


def named(node: Node) -> str:
    """Return a name for a node: its label, its formula if that is short, or its operation.

    >>> from chalkgrad import Value
    >>> a = Value(2.0, label="a")
    >>> named(a), named(a * a), named(a.square()), named(a.tanh()), named(Value(3.0))
    ('a', 'the product a*a', 'the square a²', 'tanh(a)', 'the leaf 3')
    """
    noun = _NOUNS.get(node.op.name, "") if node.inputs else "leaf"
    if node.label:
        label = one_line(node.label)
        return f"the {noun} {label}" if node.inputs and noun else label
    written = formula(node)
    if len(written) > _LONGEST or "…" in written or written == "array":
        return f"the {noun}" if noun else node.op.name
    return f"the {noun} {written}" if noun else written


def forward_sentence(node: Node) -> str:
    """Return a sentence that says what a node computes."""
    operands = []
    for operand, data in zip(node.inputs, saved(node), strict=True):
        label, written = one_line(operand.label), value_text(data)
        operands.append(f"{label} = {written}" if label and number(data) is not None else label or written)
    return f"{named(node)} takes {listed(operands)}, gives {value_text(node._data)}"


def backward_sentence(step: Step) -> str:
    """Return a sentence that says which gradient a node receives, and what it adds to its operands."""
    parts = []
    for part in step.terms:
        single = part.partial is not None and number(step.gradient) is not None and number(part.added) is not None
        written = f"{value_text(step.gradient)} × {short(part.partial)}" if single else value_text(part.added)
        before = number(part.before)
        total = f" ({sum_of([before, number(part.added)])} = {value_text(part.after)})" if single and before else ""
        parts.append(f"{written} to {named(part.operand)}{total}")
    return f"{named(step.node)} receives {value_text(step.gradient)}, {listed(parts, lead='adds ') or 'adds nothing'}"


def listed(parts: Sequence[str], most: int = 4, lead: str = "") -> str:
    """Return `lead` and the parts, joined with commas and "and". Parts after the first few are counted.

    >>> listed(["a", "b", "c"], lead="from "), listed("abc", most=2), listed([], lead="from ")
    ('from a, b and c', 'a and 2 more', '')
    """
    if len(parts) > most:
        parts = [*parts[: most - 1], f"{len(parts) - most + 1} more"]
    return lead * bool(parts) + " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
