"""A backward pass that is wrong on purpose, for comparison with the correct one."""

from __future__ import annotations

from .graph import Node, all_nodes
from .modes import quiet
from .reverse import vjp_terms

_MOST = 100_000


def naive_backward(root: Node) -> int:
    r"""Go backward as a beginner would, and wrongly: every node propagates its gradient at once, and on each visit.

    Where a node is used several times, its first term is propagated again with every later one. Right is to
    wait until all terms have arrived, that is, to go in topological order; or to propagate only the new term, which is
    right but goes along every path, and there may be exponentially many.

    Sets `grad` of all nodes, as `backward` does; the numbers are right only where every node is used once.

    Args:
        root: a Value.

    Returns:
        How many times a node was visited; `backward` visits each once.

    Raises:
        TypeError: `root` is not a node.
        ValueError: there would be more than 100,000 visits.

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
