"""A backward pass that is wrong on purpose, for comparison with the correct one."""

from __future__ import annotations

from .graph import Node, all_nodes
from .modes import quiet
from .reverse import vjp_terms

_MOST = 100_000


def naive_backward(root: Node) -> int:
    r"""Run a wrong backward pass, a typical mistake: every node propagates its gradient at each visit.

    If a node has several uses, its first term is propagated again with every later term. A correct pass waits until all
    terms have arrived, so it goes in topological order. To propagate only the new term is also correct, but it follows
    every path, and the number of paths can be exponential.

    Like `backward`, the function sets `grad` of all nodes. The gradients are correct only if every node has one use.

    Args:
        root: a Value.

    Returns:
        The number of visits. `backward` visits each node once.

    Raises:
        TypeError: `root` is not a node.
        ValueError: the pass needs more than 100,000 visits.

    >>> from chalkgrad import Value
    >>> a = Value(1.0)
    >>> b = a + a
    >>> c = b + b
    >>> naive_backward(c), a.grad, b.grad
    (7, 6.0, 2.0)
    >>> a.zero_grad()
    >>> c.backward()
    >>> a.grad, b.grad
    (4.0, 2.0)
    """
    if not isinstance(root, Node):
        raise TypeError(f"`root` is a Value, not {type(root).__name__} ({root!r:.40})")
    grads = {root: 1.0}
    waiting, visits = [(root, iter(vjp_terms(root, 1.0) if root.inputs else ()))], 1
    with quiet():
        while waiting:  # a stack in the place of calls: what is at its top is the innermost call
            operand, share = next(waiting[-1][1], (None, 0.0))
            if operand is None:
                waiting.pop()
                continue
            visits += 1
            if visits > _MOST:
                raise ValueError(f"`root` would need more than {_MOST:,} visits: there is one for every path to it")
            grads[operand] = grads.get(operand, 0.0) + share
            waiting.append((operand, iter(vjp_terms(operand, grads[operand]) if operand.inputs else ())))
    for node in all_nodes(root):
        if node in grads:
            node.grad = grads[node]
    return visits
