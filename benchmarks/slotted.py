"""A peer: the engine that one writes oneself, tidy and quick, after reading micrograd. Plain Python, no other module.

Nodes have slots and hold no closures: each keeps its operands with the local derivatives, so that nothing hangs in a
cycle. The walk backward is a loop, and takes chains of any length.
"""

from __future__ import annotations

import math

__all__ = ["Value"]


class Value:
    """A number that knows which numbers it was made of, and its derivative by each."""

    __slots__ = ("data", "grad", "parents", "partials")

    def __init__(self, data: float, parents: tuple[Value, ...] = (), partials: tuple[float, ...] = ()) -> None:
        self.data, self.grad, self.parents, self.partials = data, 0.0, parents, partials

    def __add__(self, other: Value | float) -> Value:
        if isinstance(other, Value):
            return Value(self.data + other.data, (self, other), (1.0, 1.0))
        return Value(self.data + other, (self,), (1.0,))

    def __mul__(self, other: Value | float) -> Value:
        if isinstance(other, Value):
            return Value(self.data * other.data, (self, other), (other.data, self.data))
        return Value(self.data * other, (self,), (other,))

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Value:
        return self * -1.0

    def __sub__(self, other: Value | float) -> Value:
        return self + -other

    def __rsub__(self, other: float) -> Value:
        return -self + other

    def tanh(self) -> Value:
        t = math.tanh(self.data)
        return Value(t, (self,), (1.0 - t * t,))

    def relu(self) -> Value:
        positive = self.data > 0
        return Value(self.data if positive else 0.0, (self,), (float(positive),))

    def backward(self) -> None:
        """Add to `grad` of every node on the way to this one its derivative."""
        order, stack, seen = [], [(self, False)], set()
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((parent, False) for parent in node.parents if parent not in seen)
        self.grad = 1.0
        for node in reversed(order):
            grad = node.grad
            for parent, partial in zip(node.parents, node.partials, strict=True):
                parent.grad += partial * grad
