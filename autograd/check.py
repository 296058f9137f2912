"""`gradcheck`: compare the engine's derivatives with numerical derivatives.

The check compares numbers, not matrices. For a random direction v and a random cotangent u, reverse mode gives
(u J) v and forward mode gives u (J v). Finite differences of f along v give the same number without a derivative rule.
A wrong element of J changes one of these numbers with probability one. `backward()` has its own traversal of the graph,
so it is checked too. With `compiled=True`, the compiled programs of both modes are checked as well.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from .checks import count
from .compiler.compiled import Compiled, compile
from .containers import flatten, rebuild
from .graph import Node, new_constant, new_variable, topological, zeros
from .primitive import plain
from .primitives.reductions import sum as total
from .transforms import jvp, vjp

DIRECTIONS = 3
STEPS = tuple(10.0**-k for k in range(1, 7))
"""Step sizes relative to each element. The check uses the estimate that differs least from the one before it."""

FORWARD = ("forward mode", "compiled forward mode")
"""The modes that take a tangent and not a cotangent."""

SEARCHED = 1000
"""The largest number of inputs or outputs for which a wrong element is searched; more would take minutes."""


class GradcheckError(AssertionError):
    """A derivative of the engine differs from the numerical derivative of the function."""


def gradcheck(
    f: Callable[..., Any],
    *args: Any,
    order: int = 1,
    compiled: bool = False,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    rng: np.random.Generator | None = None,
) -> None:
    r"""Compare the derivatives of `f` at `args`, in reverse mode and in forward mode, with numerical derivatives.

    The numerical derivative along a direction $v$ is a five-point difference,
    $f' \approx \frac{8(f_1 - f_{-1}) - (f_2 - f_{-2})}{12h}$ with $f_k = f(x + khv)$. The function returns None if all
    derivatives agree.

    Args:
        f: a function of numbers, arrays, nodes and nested containers of them. The check calls it with nodes. If `f`
            is a compiled function, its programs are compared with the original function.
        *args: the point. All numbers and arrays in it are differentiated, in float64.
        order: the highest order of derivatives, from 1 to 9. With 2, the check also differentiates the gradient.
        compiled: check the compiled programs of `f` and of its derivatives too.
        rtol: tolerance relative to the length of the vector of the terms $\partial f/\partial x_i\, v_i$.
        atol: absolute tolerance.
        rng: the random generator for directions and cotangents; `numpy.random.default_rng(0)` if left out.

    Raises:
        GradcheckError: a derivative differs, or a program gives another result than `f`. The message names the mode,
            the order, the worst element and both numbers.
        ValueError: `order` is out of range, a tolerance is negative, `f` is not finite near `args`, or `f` gives
            another result in each call.
        TypeError: `args` contains something that is not a real number, array or node.

    Source: Abramowitz and Stegun (1964), Handbook of Mathematical Functions, section 25.3.

    >>> from chalkgrad import div, primitive, sin
    >>> gradcheck(lambda a, b: sin(a * b) / b, 0.5, np.array([1.0, 2.0]), order=2)
    >>> @primitive(partials=[lambda out, x: div(1.001, x)])
    ... def log_(x):
    ...     return np.log(x)
    >>> gradcheck(log_, 2.0)
    Traceback (most recent call last):
        ...
    autograd.check.GradcheckError: reverse mode of `log_`, order 1, is wrong: the derivative by argument[0] is
    0.5005 by the engine, while differences give 0.5...
    """
    order = count(order, "order", 1, 9)
    for name, tolerance in (("rtol", rtol), ("atol", atol)):
        if not isinstance(tolerance, (int, float, np.number)) or not 0 <= tolerance < 2.0**1000:
            raise ValueError(f"`{name}` is a number from 0, not {tolerance!r:.60}")
    rng = np.random.default_rng(0) if rng is None else rng
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"`rng` is a generator such as numpy.random.default_rng(0), or None, not {rng!r:.60}")
    if isinstance(f, Compiled):
        f, compiled = f.__wrapped__, True  # type: ignore[attr-defined]  # set by update_wrapper
    title = f"`{getattr(f, '__name__', type(f).__name__)}`"
    point = _Place(args)
    for n in range(1, order + 1):
        check = _Check(f, point, compiled, rtol, atol, f"{title}, order {n},")
        for _ in range(DIRECTIONS):
            check.along(_scale(point.vector) * _signed(rng, point.vector), _signed(rng, check.result.vector))
        f = _gradient(f, check.result.packed(_signed(rng, check.result.vector)))


def _gradient(f: Callable[..., Any], cotangent: Any) -> Callable[..., Any]:
    return lambda *args: vjp(f, *args)[1](cotangent)


class _Place:
    """Numbers and arrays in their containers, and the same as one flat vector of float64."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree
        self.parts = [_real(x) for x in flatten(tree)]
        self.vector = _flat(self.parts)

    def leaves(self, vector: np.ndarray) -> list[Any]:
        """Split a vector into floats and arrays with the shapes of the parts."""
        out, start = [], 0
        for x in self.parts:
            piece = vector[start : start + np.size(x)]
            out.append(piece[0].item() if isinstance(x, float) else piece.reshape(np.shape(x)).copy())
            start += np.size(x)
        return out

    def packed(self, vector: np.ndarray) -> Any:
        return rebuild(self.tree, self.leaves(vector))

    def names(self, whole: str) -> list[str]:
        """Return a name for every element, made of its keys and indices."""
        return _names(self.packed(self.vector), whole)


class _Check:
    """The derivatives of one function at one point, by the engine and by finite differences."""

    def __init__(self, f: Any, point: _Place, compiled: bool, rtol: float, atol: float, title: str) -> None:
        self.f, self.point, self.title = f, point, title
        self.rtol, self.atol = rtol, atol
        self.result = _Place(vjp(f, *point.packed(point.vector))[0])
        if not np.all(np.isfinite(self.result.vector)):
            raise ValueError(f"{title} is not finite at this point: choose another")
        if not self.agrees(f):
            raise ValueError(f"{title} gives another result each time: draw random numbers outside of it")

        def pull(args: Any, cotangent: Any) -> Any:
            return vjp(f, *args)[1](cotangent)

        def push(args: Any, tangents: Any) -> Any:
            return jvp(f, args, tangents)[1]

        self.modes = {"reverse mode": self.mode(pull, self.result), "`backward()`": self.backward,
                      "forward mode": self.mode(push, point)}  # fmt: skip
        if compiled:
            if not self.agrees(compile(f)):
                raise GradcheckError(f"the program of {title} is wrong: it gives another result than the function")
            self.modes["compiled reverse mode"] = self.mode(compile(pull), self.result)
            self.modes["compiled forward mode"] = self.mode(compile(push), point)

    def at(self, vector: np.ndarray, f: Callable[..., Any]) -> np.ndarray:
        nodes = [new_constant(x) for x in self.point.leaves(vector)]
        return _flat([_data(y) for y in flatten(f(*rebuild(self.point.tree, nodes)))])

    def agrees(self, f: Callable[..., Any]) -> bool:
        return bool(np.allclose(self.at(self.point.vector, f), self.result.vector, self.rtol, self.atol))

    def along(self, v: np.ndarray, u: np.ndarray) -> None:
        want = float(u @ self.numerical(v))
        allowed = self.atol + self.rtol * float(np.linalg.norm(self.modes["reverse mode"](u) * v))
        for mode, derivative in self.modes.items():
            have = float(u @ derivative(v)) if mode in FORWARD else float(derivative(u) @ v)
            if not abs(have - want) <= allowed < np.inf:
                raise GradcheckError(self.located(mode) or self.message(mode, "", "along a direction", have, want))

    def mode(self, transform: Callable[..., Any], place: _Place) -> Callable[[np.ndarray], np.ndarray]:
        """Return a transform as a function of one vector, the cotangent or tangent with the structure of `place`."""

        def on_vectors(w: np.ndarray) -> np.ndarray:
            found = transform(self.point.packed(self.point.vector), place.packed(w))
            return _flat([_data(x) for x in flatten(found)])

        return on_vectors

    def backward(self, u: np.ndarray) -> np.ndarray:
        variables = [new_variable(x) for x in self.point.leaves(self.point.vector)]
        outputs = flatten(self.f(*rebuild(self.point.tree, variables)))
        products = [total(y * g) for y, g in zip(outputs, self.result.leaves(u), strict=True) if isinstance(y, Node)]
        root: Any = sum(products[1:], products[0]) if products else new_constant(0.0)
        order, leaves = topological(root)
        before = [(node, node.grad) for node in (*order, *leaves)]  # also of parameters that `f` captures
        try:
            if root.requires_grad:
                root.backward()
            return _flat([zeros(x._data) if x.grad is None else x.grad for x in variables])
        finally:
            for node, grad in before:
                node.grad = grad

    def numerical(self, v: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            estimates = [self.five_points(v, h) for h in STEPS]
            doubts = [float(np.max(np.abs(a - b), initial=0.0)) for a, b in pairwise(estimates)]
        if np.all(np.isnan(doubts)):
            raise ValueError(f"{self.title} is not finite near this point: choose another")
        return estimates[int(np.nanargmin(doubts)) + 1]

    def five_points(self, v: np.ndarray, h: float) -> np.ndarray:
        x, f = self.point.vector, self.f
        near = self.at(x + h * v, f) - self.at(x - h * v, f)
        return (8.0 * near - (self.at(x + 2.0 * h * v, f) - self.at(x - 2.0 * h * v, f))) / (12.0 * h)

    def located(self, mode: str) -> str:
        """Return a message on the worst element of the Jacobian; "" if every element is within the tolerance."""
        inputs, outputs = self.point.vector.size, self.result.vector.size
        if max(inputs, outputs) > SEARCHED:
            return ""
        steps = _scale(self.point.vector)
        want = np.stack([self.numerical(e) for e in np.diag(steps)], axis=1) / steps
        if mode in FORWARD:
            have = np.stack([self.modes[mode](e) for e in np.eye(inputs)], axis=1)
        else:
            have = np.stack([self.modes[mode](e) for e in np.eye(outputs)])
        off = np.abs(have - want)
        off = np.where(np.isnan(off), np.inf, off)
        i, j = np.unravel_index(int(np.argmax(off)), off.shape)
        if off[i, j] <= self.atol + self.rtol * abs(want[i, j]):
            return ""
        result = f"of {self.result.names('result')[i]} " if outputs > 1 else ""
        return self.message(mode, result, f"by {self.point.names('argument')[j]}", have[i, j], want[i, j])

    def message(self, mode: str, what: str, where: str, have: float, want: float) -> str:
        return (
            f"{mode} of {self.title} is wrong: the derivative {what}{where} is {have:.10g} by the "
            f"engine, while differences give {want:.10g} (off by {abs(have - want):.3g}; allowed are `rtol` "
            f"{self.rtol:g} and `atol` {self.atol:g})"
        )


def _real(x: Any) -> Any:
    """Return a number as a float, and an array as float64."""
    data = x._data if isinstance(x, Node) else plain(x, "gradcheck")
    return float(data) if isinstance(data, (float, np.generic)) else np.array(data, dtype=np.float64)


def _data(x: Any) -> Any:
    return x._data if isinstance(x, Node) else x


def _flat(parts: list[Any]) -> np.ndarray:
    return np.concatenate([np.ravel(x) for x in parts]) if parts else np.zeros(0)


def _signed(rng: np.random.Generator, like: np.ndarray) -> np.ndarray:
    """Return random numbers of either sign, with sizes from 0.5 to 1."""
    return rng.uniform(0.5, 1.0, like.size) * rng.choice([-1.0, 1.0], like.size)


def _scale(x: np.ndarray) -> np.ndarray:
    """Return a step size in proportion to each element, so that no step crosses zero."""
    return np.where(x == 0, 1.0, np.abs(x))


def _names(tree: Any, name: str) -> list[str]:
    """Return a name for every number in arrays and nested containers, made of its keys and indices."""
    if isinstance(tree, (dict, list, tuple)):
        parts = tree.items() if isinstance(tree, dict) else enumerate(tree)
        return [n for key, part in parts for n in _names(part, f"{name}[{key!r}]")]
    places: Any = np.ndindex(np.shape(tree))
    return [name + (f" at index {i if len(i) > 1 else i[0]}" if i else "") for i in places]
