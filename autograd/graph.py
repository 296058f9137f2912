"""The graph: nodes, the walk over them in topological order, and the passes along it, backward and forward.

A node is data: `(op, inputs, data)`. It keeps the data of its operands as they were when it was made, so its
derivative is that of the computation that took place, whatever is assigned to a leaf afterwards. It holds no
closure, hence no reference cycle: a graph is freed by counting, at once, with the cycle collector off.

Every walk is a loop: a chain of a million nodes is an ordinary graph.
"""

from __future__ import annotations

import gc
import math
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from . import modes
from .modes import switch
from .primitive import Operand, Primitive, plain, primitive
from .primitives.arithmetic import add, mul, neg
from .primitives.layout import astype, broadcast_to, element, shape_of, sum_to, unbroadcast
from .primitives.selection import gated
from .shapes import sum_over_broadcast

__all__ = ["Node", "constant", "pullback", "pushforward", "record", "topological"]

ZERO = 0.0  # the adjoint of a node that nothing has reached, told from a computed 0.0 by identity


@primitive(symbol="")
def fixed():
    """A node that is not differentiated: a number written in a formula, or a detached result."""


@primitive(symbol="")
def variable():
    """The variable of a transform such as `grad`: a leaf that belongs to one call of it."""


class Node(Operand):
    """One value in a graph, with the operation that made it. `Value` and `Tensor` are its two kinds.

    Attributes:
        data: the number or array.
        grad: what the last `backward` gave, None before the first; leaves add up over calls.
        op: the row of the table that made this node; None for a leaf.
        inputs: its operands, in order.
        label: a name of your choice.
    """

    # _data, op, first, second, more: the node. x, y, rest: its operands' data when it was made. The first two
    # operands have slots of their own, because a tuple for them would cost as much as the node itself.
    __slots__ = (
        "__weakref__", "_adjoint", "_data", "_first", "_label", "_mark", "_more", "_params", "_rest", "_second",
        "_site", "_x", "_y", "grad", "op",
    )  # fmt: skip

    __array_ufunc__ = None  # so that array * node asks the node

    def _become_leaf(self, data: Any, op: Primitive | None, label: str = "") -> None:
        self._data = data
        self.op = op
        self._first = self._second = self._mark = self.grad = None
        self._adjoint = ZERO
        if label:
            self.label = label

    # What a reader asks ------------------------------------------------------------------------------------

    @property
    def inputs(self) -> tuple[Node, ...]:
        """Give the operands, in order; a leaf has none."""
        if self._first is None:
            return ()
        if self._second is None:
            return (self._first,)
        return (self._first, self._second, *self._more) if self.op.wide else (self._first, self._second)

    @property
    def params(self) -> dict[str, Any]:
        """Give the settings of the operation, such as `axis`."""
        return self._params if self._first is not None and self.op.wide else {}

    @property
    def label(self) -> str:
        """Name of the node in pictures and messages."""
        try:
            return self._label
        except AttributeError:
            return ""

    @label.setter
    def label(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"`label` is a text, not {type(text).__name__} ({text!r:.40})")
        self._label = text

    @property
    def is_leaf(self) -> bool:
        """Say whether this node was made by you and not by an operation."""
        return self._first is None

    @property
    def requires_grad(self) -> bool:
        """Say whether `backward` can reach this node."""
        return self.op is not fixed

    @property
    def _prev(self) -> set[Node]:
        return set(self.inputs)

    @property
    def _op(self) -> str:
        return "" if self._first is None else self.op.symbol

    def _backward(self) -> None:
        """Hand this node's gradient on to its inputs, once, as micrograd's closure does."""
        if self._first is not None and self.grad is not None:
            for operand, contribution in _contributions(self, self.grad):
                operand.grad = contribution if operand.grad is None else operand.grad + contribution

    # Deriving ----------------------------------------------------------------------------------------------

    def record(self, op: Primitive, inputs: tuple[Any, ...], params: dict[str, Any]) -> Node:
        """Compute `op` and record it as a node."""
        return record(op, inputs, params)

    def backward(self, gradient: Any = None, *, create_graph: bool = False) -> None:
        r"""Set `grad` of every node that this one depends on: $\bar v = \partial\,\mathrm{self} / \partial v$.

        The gradients of leaves add up over calls (see `zero_grad`); those in between are those of this call.
        If anything goes wrong on the way, no gradient has changed.

        Args:
            gradient: the cotangent of this node, of its shape; 1 if left out, for a single number only.
            create_graph: make the gradients nodes, to draw or to differentiate again.

        >>> from autograd import Value
        >>> x = Value(3.0)
        >>> y = x * x
        >>> y.backward()
        >>> x.grad
        6.0
        """
        seed = _seed(self, gradient)
        if create_graph:
            _backward_with_graph(self, seed)
        else:
            _backward(self, seed)

    def zero_grad(self) -> None:
        """Set the gradient to zero.

        >>> from autograd import Value
        >>> x = Value(3.0)
        >>> (2 * x).backward()
        >>> x.zero_grad()
        >>> x.grad
        0.0
        """
        self.grad = 0.0 if self._data.__class__ is float else np.zeros_like(self._data)

    def detach(self) -> Any:
        """Give the same data in a constant without history."""
        return constant(self._data)

    # Copying: graphs are deep, so none of it recurses ------------------------------------------------------

    def __deepcopy__(self, memo: dict[int, Any]) -> Node:
        for node in reversed(_all_nodes(self)):
            if id(node) not in memo:
                copy = _blank(type(node), node, [memo[id(x)] for x in node.inputs])
                grad = node.grad
                copy.grad = _copied(grad) if not isinstance(grad, Node) else None
                memo[id(node)] = copy
        return memo[id(self)]

    def __copy__(self) -> Node:
        copy = _blank(type(self), self, list(self.inputs))
        copy.grad = self.grad
        return copy

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self._first is None:
            state = (type(self), _copied(self._data), self.op, self.label, self.grad)
            return _leaf, state
        nodes = _all_nodes(self)[::-1]
        place = {node: i for i, node in enumerate(nodes)}
        rows = [
            x if x._first is None else (type(x), x._data, x.op, x.label, [place[i] for i in x.inputs], _saved(x), x.params)
            for x in nodes
        ]
        return _rebuilt, (rows,)

    def __setstate__(self, state: Any) -> None:
        """Nothing is left to set: the functions that make a copy fill it."""


def _copied(data: Any) -> Any:
    return data.copy() if isinstance(data, np.ndarray) else data


def _blank(kind: type[Node], like: Node, inputs: list[Node]) -> Node:
    """Make a node like another over other inputs."""
    if not inputs:
        return _leaf(kind, _copied(like._data), like.op, like.label, None)
    node = _made(kind, like._data, like.op, inputs, _saved(like), like.params)
    if like.label:
        node.label = like.label
    return node


def _leaf(kind: type[Node], data: Any, op: Primitive | None, label: str, grad: Any) -> Node:
    node = kind.__new__(kind)
    node._become_leaf(data, op, label)
    node.grad = grad
    return node


def _rebuilt(rows: list[Any]) -> Node:
    nodes: list[Node] = []
    for row in rows:
        if isinstance(row, Node):
            nodes.append(row)
        else:
            kind, data, op, label, inputs, saved, params = row
            nodes.append(_made(kind, data, op, [nodes[i] for i in inputs], saved, params))
            if label:
                nodes[-1].label = label
    return nodes[-1]


# Recording ---------------------------------------------------------------------------------------------------

_KINDS: dict[bool, type[Node]] = {}  # True: the kind that holds a float; False: the kind that holds an array


def kind(holds_float: bool) -> Callable[[type[Node]], type[Node]]:
    """Make a class the kind of node that holds a float, or an array."""

    def register(cls: type[Node]) -> type[Node]:
        _KINDS[holds_float] = cls
        return cls

    return register


def constant(data: Any) -> Any:
    """Make a node of a float or an array that is not differentiated."""
    cls = _KINDS[data.__class__ is float]
    node = cls.__new__(cls)
    node._become_leaf(data, fixed)
    return node


def new_variable(data: Any) -> Any:
    """Make a leaf of a float or an array for one call of a transform."""
    node = constant(data)
    node.op = variable
    return node


def record(op: Primitive, inputs: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Compute `op` on nodes, numbers and arrays, and record the result as a node."""
    raw, differentiable = [], False
    for x in inputs:
        if isinstance(x, Node):
            raw.append(x._data)
            differentiable = differentiable or x.op is not fixed
        else:
            raw.append(_owned(x, op.name))
    data = op.evaluate(raw, params)
    if data.__class__ is not float and data.__class__ is not np.ndarray:
        raise TypeError(f"primitive `{op.name}` returned {type(data).__name__}: return a float or an array")
    cls = _KINDS[data.__class__ is float]
    if not differentiable or (switch.open and not modes.recording()):
        node = cls.__new__(cls)
        node._become_leaf(data, fixed)
    else:
        nodes = [x if isinstance(x, Node) else constant(_scalar(r)) for x, r in zip(inputs, raw, strict=True)]
        if op.wide:
            params = _with_defaults(op, params)
        node = _made(cls, data, op, nodes, raw, params)
    if switch.open and modes.watching():
        _watch(node, op, inputs, raw)
    return node


def _owned(x: Any, name: str) -> Any:
    """Take a number or an array into a graph, which must not change when the caller's array does."""
    if x.__class__ is float:
        return x
    from_outside = plain(x, name)
    if isinstance(from_outside, np.ndarray) and from_outside.flags.writeable:
        from_outside = from_outside.copy()
    return from_outside


def _scalar(x: Any) -> Any:
    return np.asarray(x) if isinstance(x, np.generic) else x


def _with_defaults(op: Primitive, params: dict[str, Any]) -> dict[str, Any]:
    return {name: params.get(name, default) for name, default in op.options.items()} if op.options else params


def _made(kind: type[Node], data: Any, op: Primitive, nodes: list[Node], raw: Iterable[Any], params: dict) -> Any:
    node = kind.__new__(kind)
    node._data, node.op = data, op
    node._mark = node.grad = None
    node._first, node._second = nodes[0], nodes[1] if len(nodes) > 1 else None
    raw = tuple(raw)
    node._x, node._y = raw[0], raw[1] if len(raw) > 1 else None
    if op.wide:
        node._more, node._rest, node._params = tuple(nodes[2:]), raw[2:], params
    for operand in nodes:
        if operand._first is None and operand._data.__class__ is np.ndarray:
            operand._lent()
    return node


def _saved(node: Node) -> tuple[Any, ...]:
    """Give the operands' data as they were when the node was made."""
    if node._second is None:
        return (node._x,)
    return (node._x, node._y, *node._rest) if node.op.wide else (node._x, node._y)


# The walk ----------------------------------------------------------------------------------------------------


class _Pass:
    """One pass at a time may use the nodes' scratch slots; a walk takes its turn."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.running = False

    @contextmanager
    def backward(self) -> Iterator[None]:
        with self.lock, _without_collector():
            if self.running:
                raise RuntimeError("`backward()` was called inside a derivative rule: use `vjp` or `grad` there")
            self.running = True
            try:
                yield
            finally:
                self.running = False


_turn = _Pass()


@contextmanager
def _without_collector() -> Iterator[None]:
    """Pause the cycle collector: graphs have no cycles, and it would visit every node again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def topological(*roots: Node) -> tuple[list[Node], list[Node]]:
    """List the nodes that `roots` depend on: those made by operations, each before its inputs, and the leaves.

    The order is that of a depth-first walk along the operands from left to right; it depends on nothing else.

    >>> from autograd import Value
    >>> a = Value(2.0, label="a")
    >>> order, leaves = topological(a * a + 1)
    >>> [node.op.name for node in order], [leaf.label for leaf in leaves]
    (['add', 'mul'], ['a', ''])
    """
    with _turn.lock:
        return _walk(roots, scratch=False)


def _walk(roots: tuple[Node, ...], scratch: bool) -> tuple[list[Node], list[Node]]:
    order: list[Node] = []
    leaves: list[Node] = []
    further: dict[Node, Iterator[Node]] = {}  # of the operands past the second
    token = object()  # a node that carries it has been seen
    for root in reversed(roots):
        stack: list[Node] = []
        node = root
        while True:
            while node._mark is not token:  # go down along the first operands
                node._mark = token
                if scratch:
                    node._adjoint = ZERO
                if node._first is None:
                    leaves.append(node)
                    break
                stack.append(node)
                node = node._first
            while stack:  # come up until there is an operand to go down to
                parent = stack[-1]
                node = parent._second
                if node is not None and node._mark is not token:
                    break
                if parent.op.wide and parent._more:
                    node = next((x for x in further.setdefault(parent, iter(parent._more)) if x._mark is not token), None)
                    if node is not None:
                        break
                order.append(stack.pop())
            else:
                break
    order.reverse()
    return order, leaves


def _all_nodes(root: Node) -> list[Node]:
    order, leaves = topological(root)
    return order + leaves


# Backward ----------------------------------------------------------------------------------------------------


def _seed(root: Node, gradient: Any) -> Any:
    """Check the cotangent that a backward pass starts from."""
    if root.op is fixed:
        raise ValueError(
            "backward() from a node that needs no gradient: it is a constant, or was computed under `no_grad` "
            "or from detached nodes only"
        )
    data = root._data
    if gradient is None:
        if data.__class__ is float:
            return 1.0
        if data.size == 1:
            return np.ones_like(data)
        raise ValueError(
            f"backward() needs a single number to start from, and this Tensor has shape {data.shape}: "
            "pass `gradient` of that shape, or reduce first, as in `.sum().backward()`"
        )
    given = gradient._data if isinstance(gradient, Node) else np.asarray(gradient, dtype=np.float64)
    if np.shape(given) != np.shape(data):
        raise ValueError(f"`gradient` has shape {np.shape(given)}; it must have that of the node, {np.shape(data)}")
    if isinstance(gradient, Node):
        return gradient
    return float(given) if data.__class__ is float else given.astype(data.dtype)


def _backward(root: Node, seed: Any) -> None:
    """Run the pass on plain numbers: adjoints gather in a scratch slot, and reach `grad` when all are there."""
    with _turn.backward():
        order, leaves = _walk((root,), scratch=True)
        root._adjoint = seed._data if isinstance(seed, Node) else seed
        masked: set[Node] = set()
        watching = switch.open and modes.watching()
        with np.errstate(all="ignore"):
            for node in order:
                g = node._adjoint
                if g is ZERO:
                    continue  # nothing came: the other branch of a `where`
                if g.__class__ is float and not watching:
                    # A Value. Two rows are written out, since nine nodes of ten in a scalar net are theirs;
                    # a test holds them to the table.
                    op = node.op
                    if op is add:
                        node._first._adjoint += g
                        node._second._adjoint += g
                        continue
                    if op is mul:
                        node._first._adjoint += g * node._y
                        node._second._adjoint += g * node._x
                        continue
                    if op.partials is not None and not op.wide:
                        _spread(node, op, g)
                        continue
                for operand, contribution in _contributions(node, g, masked):
                    if watching:
                        _watch_contribution(node, operand, contribution)
                    gathered = operand._adjoint
                    operand._adjoint = contribution if gathered is ZERO else gathered + contribution
        total = [(leaf, _accumulated(leaf)) for leaf in leaves if leaf.op is not fixed]
        for node in order:
            node.grad = node._adjoint
        for leaf, grad in total:
            leaf.grad = grad
            leaf._adjoint = ZERO
        for node in order:
            if node.grad is ZERO and node._data.__class__ is not float:
                node.grad = np.zeros_like(node._data)


def _spread(node: Node, op: Primitive, g: float) -> None:
    """Apply an elementwise row of one or two operands to floats: `_contributions` without its generality."""
    first, second, partials = node._first, node._second, op.partials
    if second is None:
        slope = partials[0]
        first._adjoint += g * (slope if slope.__class__ is float else slope(node._data, node._x))
        return
    for operand, slope in ((first, partials[0]), (second, partials[1])):
        if operand.op is not fixed:
            part = g * (slope if slope.__class__ is float else slope(node._data, node._x, node._y))
            if part or not op.masks:
                operand._adjoint += part


def _accumulated(leaf: Node) -> Any:
    """Add what a pass brought to what the leaf had, in the leaf's own dtype and memory."""
    data, new, old = leaf._data, leaf._adjoint, leaf.grad
    if data.__class__ is float:
        return new if old is None else old + new
    if new is ZERO:
        return np.zeros_like(data) if old is None else old
    if old is None:
        return np.array(new, dtype=data.dtype)
    return old + new if isinstance(old, Node) else np.add(old, new).astype(data.dtype, copy=False)


def _backward_with_graph(root: Node, seed: Any) -> None:
    order, leaves = topological(root)
    sources = [leaf for leaf in leaves if leaf.op is not fixed]
    start = seed if isinstance(seed, Node) else constant(seed)
    grads = pullback([(root, start)], [*order, *sources], graph=True)
    total = []
    for node, grad in zip([*order, *sources], grads, strict=True):
        grad = grad if grad is not None else constant(_zeros(node._data))
        total.append(grad if node.grad is None or node._first is not None else node.grad + grad)
    for node, grad in zip([*order, *sources], total, strict=True):
        node.grad = grad


def _zeros(data: Any) -> Any:
    return 0.0 if data.__class__ is float else np.zeros_like(data)


def pullback(seeds: list[tuple[Node, Any]], wrt: list[Node], *, graph: bool) -> list[Any]:
    r"""Give $\sum_k \bar y_k\, \partial y_k / \partial x$ for every node `x` of `wrt`, changing nothing.

    Args:
        seeds: results $y_k$ with their cotangents.
        wrt: the nodes to differentiate by.
        graph: build the result as nodes, from nodes, and not from numbers.

    Returns:
        One cotangent per node of `wrt`; None where nothing depends on it.
    """
    order, _ = topological(*(node for node, _ in seeds))
    needed = set(wrt)
    for node in reversed(order):
        if node not in needed and any(x in needed for x in node.inputs):
            needed.add(node)
    cotangents: dict[Node, Any] = {}
    for node, g in seeds:
        cotangents[node] = cotangents[node] + g if node in cotangents else g
    masked: set[Node] = set()
    with np.errstate(all="ignore"):
        for node in order:
            g = cotangents.get(node)
            if g is None or node not in needed:
                continue
            for operand, contribution in _contributions(node, g, masked, needed, graph):
                gathered = cotangents.get(operand)
                cotangents[operand] = contribution if gathered is None else gathered + contribution
    return [cotangents.get(x) for x in wrt]


def _contributions(
    node: Node, g: Any, masked: set[Node] | None = None, needed: set[Node] | None = None, graph: bool = False
) -> Iterator[tuple[Node, Any]]:
    """Apply the row's rule: yield each operand that is differentiated with what the cotangent `g` adds to it.

    `masked` holds the nodes whose cotangents have exact zeros, from a branch that was not taken (see
    `Primitive.masks`); behind these, a product with an infinite slope is 0.
    """
    op = node.op
    operands = node.inputs
    values: tuple[Any, ...] = _saved(node)
    out: Any = node._data
    if graph:
        _check_fresh(node, operands, values)
        values, out = operands, node
    params = node.params
    product = gated if masked and node in masked else _times
    for i, operand in enumerate(operands):
        if operand.op is fixed or (needed is not None and operand not in needed):
            continue
        rule = op.rule(i)
        if rule is None:
            continue
        if op.elementwise:
            slope = rule(out, *values, **params) if callable(rule) else rule
            contribution = product(g, slope)
            if shape_of(contribution) != shape_of(operand):
                contribution = _summed_to(contribution, operand)
        else:
            contribution = rule(g, out, *values, **params)
            if contribution is None:
                continue
        if op.masks or product is gated:
            if contribution.__class__ is float and not contribution:
                continue  # for a single number, an exact zero is no contribution: no rule behind it runs
            if masked is not None:
                masked.add(operand)
        yield operand, _fitted(contribution, operand, op)


def _times(g: Any, slope: Any) -> Any:
    """Multiply by a slope, without a node for a factor of 1 or -1."""
    if slope.__class__ is float:
        if slope == 1.0:
            return g
        if slope == -1.0:
            return -g
    return g * slope


def _summed_to(contribution: Any, operand: Node) -> Any:
    shape = shape_of(operand)
    if isinstance(contribution, np.ndarray):
        return sum_over_broadcast(contribution, shape) if contribution.ndim >= len(shape) else contribution
    return unbroadcast(contribution, shape)


def _fitted(contribution: Any, operand: Node, op: Primitive) -> Any:
    """Give a contribution the kind, shape and dtype of the operand that it belongs to."""
    data = operand._data
    if data.__class__ is float:
        if contribution.__class__ is float:
            return contribution
        if isinstance(contribution, Node):
            if contribution._data.__class__ is float:
                return contribution
            if contribution._data.size == 1:
                return element(contribution, index=(0,) * contribution._data.ndim)
        elif np.size(contribution) == 1:
            return float(np.reshape(contribution, ()))
    else:
        if contribution.__class__ is float or (isinstance(contribution, Node) and contribution._data.__class__ is float):
            contribution = broadcast_to(contribution, shape=data.shape)
        if shape_of(contribution) == data.shape:
            if contribution.dtype == data.dtype or data.dtype.kind != "f":
                return contribution
            return astype(contribution, dtype=data.dtype)
    raise ValueError(
        f"the rule of primitive `{op.name}` gave a cotangent of shape {np.shape(getattr(contribution, 'data', contribution))} "
        f"for an operand of shape {np.shape(data)}: they must be equal"
    )


def _check_fresh(node: Node, operands: tuple[Node, ...], values: tuple[Any, ...]) -> None:
    for operand, value in zip(operands, values, strict=True):
        if operand._first is None and operand.op is not fixed and operand._data is not value:
            raise RuntimeError(
                f"`.data` of {_named(operand)} was changed after `{node.op.name}` used it, so a gradient with a graph "
                "would mix old and new numbers: compute forward again first"
            )


# Forward -----------------------------------------------------------------------------------------------------


def pushforward(outputs: list[Node], tangents: dict[Node, Any], *, graph: bool) -> dict[Node, Any]:
    r"""Carry tangents from leaves to `outputs`: $\dot v = \sum_i \partial v / \partial x_i\, \dot x_i$.

    Uses the rows' partial derivatives; a row with a vector-Jacobian rule is transposed by differentiating that
    rule, which is linear in the cotangent. Gives the tangents of all nodes on the way.
    """
    order, _ = topological(*outputs)
    found = dict(tangents)
    with np.errstate(all="ignore"):
        for node in reversed(order):
            if node in found or not any(x in found for x in node.inputs):
                continue
            tangent = _transposed(node, found, graph) if not node.op.elementwise else _along(node, found, graph)
            if tangent is not None:
                found[node] = tangent
    return found


def _along(node: Node, found: dict[Node, Any], graph: bool) -> Any:
    values: tuple[Any, ...] = node.inputs if graph else _saved(node)
    out = node if graph else node._data
    if graph:
        _check_fresh(node, node.inputs, _saved(node))
    total = None
    for i, operand in enumerate(node.inputs):
        rule = node.op.rule(i)
        if operand not in found or rule is None:
            continue
        slope = rule(out, *values, **node.params) if callable(rule) else rule
        part = _fitted_to_result(_times(found[operand], slope), node)
        total = part if total is None else total + part
    return total


def _fitted_to_result(part: Any, node: Node) -> Any:
    if shape_of(part) != shape_of(node):
        part = broadcast_to(part, shape=shape_of(node))
    return _fitted(part, node, node.op)


def _transposed(node: Node, found: dict[Node, Any], graph: bool) -> Any:
    # sum_i <vjp_i(u), t_i> is <u, tangent of node> for every u: its gradient by u is the tangent.
    probe = new_variable(_zeros(node._data))
    values: tuple[Any, ...] = node.inputs if graph else _saved(node)
    out = node if graph else node._data
    seeds = []
    for i, operand in enumerate(node.inputs):
        rule = node.op.rule(i) if operand in found else None
        if rule is None:
            continue
        back = rule(probe, out, *values, **node.params)
        if isinstance(back, Node):
            seeds.append((_fitted(back, operand, node.op), found[operand]))
    if not seeds:
        return None
    (tangent,) = pullback(seeds, [probe], graph=graph)
    return tangent


# Anomalies ---------------------------------------------------------------------------------------------------


def _named(node: Node) -> str:
    return f"`{node.label}`" if node.label else f"a {type(node).__name__} of shape {shape_of(node)}" if shape_of(node) else "a Value"


def _finite(data: Any) -> bool:
    return math.isfinite(data) if data.__class__ is float else bool(np.all(np.isfinite(data)))


def _first_bad(data: Any) -> Any:
    if data.__class__ is float:
        return data
    data = np.asarray(data)
    return float(data[~np.isfinite(data)].flat[0])


def _caller() -> str:
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] in ("autograd", "nn"):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _watch(node: Node, op: Primitive, inputs: tuple[Any, ...], raw: list[Any]) -> None:
    node._site = _caller()
    if not _finite(node._data):
        operands = ", ".join(
            f"{getattr(x, 'label', '') or 'operand'} = {r if r.__class__ is float else f'array of shape {np.shape(r)}'}"
            for x, r in zip(inputs, raw, strict=True)
        )
        raise FloatingPointError(f"`{op.name}` gave {_first_bad(node._data)} from {operands}, at {node._site}")


def _watch_contribution(node: Node, operand: Node, contribution: Any) -> None:
    if not _finite(contribution):
        site = getattr(node, "_site", "an unknown place: build the graph under `detect_anomaly` too")
        raise FloatingPointError(
            f"the gradient of `{node.op.name}` by {_named(operand)} is {_first_bad(contribution)} "
            f"(`{node.op.name}` was made at {site})"
        )
