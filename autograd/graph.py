"""The graph: its nodes, how an operation is recorded as a node, and topological sorting.

A node is plain data: `(op, inputs, data)`. It stores the operand values that its derivative needs. So an assignment
to a leaf does not change the derivatives of nodes that were computed before. A node holds no closure, so a graph has
no reference cycle: reference counting frees it at once, without the cycle collector.

Traversals are loops, not recursion, so a chain of a million nodes does not exceed Python's recursion limit.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import numpy as np

from . import modes
from .anomaly import watch_result
from .checks import flag, function
from .locks import graph_lock
from .modes import switch
from .primitive import Operand, Primitive, plain, primitive

ZERO = 0.0  # the gradient of a node that no vjp term has reached; compared by identity with a computed 0.0


@primitive
def constant() -> None:
    """Mark a node that is not differentiated: a number in a formula, or a detached result."""


@primitive
def variable() -> None:
    """Mark the variable of a transform such as `grad`: a leaf that belongs to one call of it."""


@primitive(symbol="=", vjps=[None])
def stop_gradient(x: Any) -> Any:
    """Return `x` unchanged, with derivative 0. A trace records it for `detach` and `no_grad`."""
    return x


class Node(Operand):
    """A value in a graph, with the operation that computed it. Its subclasses are `Value` and `Tensor`.

    Attributes:
        data: the number or array.
        grad: the gradient; None before the first `backward`. Leaves accumulate it over calls.
        op: the primitive that computed this node; None for a leaf.
        inputs: the operands, in order.
        label: a name for pictures and messages.

    >>> from chalkgrad import Node, Value
    >>> y = Value(2.0, label="x") * 3
    >>> isinstance(y, Node), y.op.name, [x.data for x in y.inputs]
    (True, 'mul', [2.0, 3.0])
    """

    # _data, op, _first, _second: the node. _x, _y: the data of its operands when it was made. The first two operands
    # have slots of their own, because a tuple would cost as much memory as the node. _wide holds the further operands,
    # their data and the settings. Fewer slots use less cache: a net of 66,000 nodes takes 7 MB.
    __slots__ = ("_data", "_first", "_mark", "_notes", "_second", "_wide", "_x", "_y", "grad", "op")
    _data: Any
    _first: Any
    _second: Any
    _x: Any
    _y: Any
    _wide: tuple[tuple[Any, ...], tuple[Any, ...], dict[str, Any]]
    _mark: Any
    _notes: dict[str, str]
    grad: Any
    op: Any
    shape: Any
    data: Any

    def _become_leaf(self, data: Any, op: Primitive | None, label: str = "") -> None:
        self._data = data
        self.op = op
        self._first = self._second = self._mark = self.grad = None
        if label.__class__ is not str or label:
            self.label = label

    @property
    def inputs(self) -> tuple[Node, ...]:
        """Return the operands in order. A leaf has none.

        >>> from chalkgrad import Value
        >>> (Value(2.0, label="x") * 3).inputs
        (Value(2.0, label='x'), Value(3.0))
        """
        if self._first is None:
            return ()
        if self._second is None:
            return (self._first,)
        return (self._first, self._second, *self._wide[0]) if self.op.wide else (self._first, self._second)

    @property
    def params(self) -> dict[str, Any]:
        """Return the settings of the operation, such as `axis`.

        >>> from chalkgrad import Tensor
        >>> Tensor([[1.0, 2.0]]).sum(axis=0).params
        {'axis': 0, 'keepdims': False}
        """
        return self._wide[2] if self._first is not None and self.op.wide else {}

    @property
    def label(self) -> str:
        """Name of the node in pictures and messages.

        Raises:
            TypeError: the new label is not a string.

        >>> from chalkgrad import Value
        >>> y = Value(2.0, label="y")
        >>> y.label
        'y'
        """
        return self._note("label")

    @label.setter
    def label(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"`label` is a text, not {type(text).__name__} ({text!r:.40})")
        self._take_note("label", text)

    def _note(self, name: str) -> str:
        try:
            return self._notes.get(name, "")
        except AttributeError:  # most nodes have no notes, so the slot is empty
            return ""

    def _take_note(self, name: str, text: str) -> None:
        self._notes = {**getattr(self, "_notes", {}), name: text}

    @property
    def is_leaf(self) -> bool:
        """Return whether the user created this node, and no operation computed it.

        >>> from chalkgrad import Value
        >>> x = Value(2.0)
        >>> x.is_leaf, (x * x).is_leaf
        (True, False)
        """
        return self._first is None

    @property
    def requires_grad(self) -> bool:
        """Whether `backward` computes a gradient for this node. Set it to False to freeze a leaf, to True to train it.

        Raises:
            TypeError: the new value is neither True nor False.
            ValueError: the node is the result of an operation.
            RuntimeError: the assignment is inside a function that is being compiled.

        >>> from chalkgrad import Value
        >>> x, y = Value(3.0), Value(2.0)
        >>> x.requires_grad = False
        >>> (x * y).backward()
        >>> x.grad, y.grad
        (None, 3.0)
        """
        return self.op is not constant and self.op is not stop_gradient and (self._first is not None or not self.role)

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if flag(wanted, "requires_grad") is self.requires_grad:
            return
        if not self.is_leaf or self.op not in (None, constant):
            raise ValueError(f"`requires_grad` of a result cannot be changed, only that of a leaf: {self!r:.60}; "
                             "`detach()` gives its numbers as a constant")  # fmt: skip
        self._refuse_change("requires_grad")
        self.op, self.role = (None, "") if wanted else (constant, "frozen")
        self.grad = None

    def _refuse_change(self, name: str) -> None:
        """Refuse to change an attribute inside a traced function: the program reads it again at each call."""
        if modes.tracer() is not None:
            raise RuntimeError(f"`{name}` cannot change inside a function that is being compiled: set it before")

    @property
    def role(self) -> str:
        """Role of a constant in a net: "frozen" for a parameter that is not trained, "buffer" (see `nn.buffer`), or "".

        >>> from chalkgrad import Value
        >>> x = Value(2.0)
        >>> x.requires_grad = False
        >>> x.role
        'frozen'
        """
        return self._note("role")

    @role.setter
    def role(self, name: str) -> None:
        self._take_note("role", name)

    @property
    def _prev(self) -> set[Node]:
        return set(self.inputs)

    @property
    def _op(self) -> str:
        return "" if self._first is None else self.op.symbol

    def record(self, op: Primitive, inputs: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Compute `op` and return it as a new node of the graph."""
        return record(op, inputs, params)

    def zero_grad(self) -> None:
        """Set the gradient to zero.

        >>> from chalkgrad import Value
        >>> x = Value(3.0)
        >>> (2 * x).backward()
        >>> x.zero_grad()
        >>> x.grad
        0.0
        """
        self.grad = 0.0 if self._data.__class__ is float else np.zeros_like(self._data)

    def detach(self) -> Self:
        """Return a constant with the same data and without history.

        >>> from chalkgrad import Value
        >>> (Value(2.0) * 3).detach()
        Value(6.0)
        """
        if self.op is not constant and modes.tracer() is not None:
            return _stopped(self)
        node = new_constant(self._data)
        if self._data.__class__ is np.ndarray:
            original: Any = self
            node._is_lent = original._is_lent = True  # the first change of either array copies it
        return node


# Recording ---------------------------------------------------------------------------------------------------

KINDS: dict[bool, type[Node]] = {}
"""The class for floats (True) and for arrays (False). Each class registers itself here."""


def new_constant(data: Any) -> Any:
    """Return a constant node for a float or an array."""
    cls = KINDS[data.__class__ is float]
    node = cls.__new__(cls)
    node._become_leaf(data, constant)
    return node


def fresh(make: Callable[[], Any]) -> Any:
    """Return a constant that holds the number or array `make()`, for dropout, noise and other random inputs.

    An eager graph contains only this constant. A compiled program calls `make` again in each run.

    Args:
        make: a function without arguments. Every result has the same shape and dtype.

    Raises:
        TypeError: `make` is not callable.

    >>> rng = np.random.default_rng(1)
    >>> noise = fresh(lambda: rng.normal(size=3))
    >>> noise.shape, noise.requires_grad
    ((3,), False)
    """
    follower = modes.follower()
    function(make, "make", "that draws a number or an array")
    drawn = make() if follower is None else follower.draw(make)
    data = float(drawn) if isinstance(drawn, (int, float)) else np.array(drawn)
    tracer = modes.tracer()
    return new_constant(data) if tracer is None else _stopped(tracer.drawn(new_variable(data), make))


def new_variable(data: Any) -> Any:
    """Return a leaf for a float or an array, for one call of a transform."""
    node = new_constant(data)
    node.op = variable
    return node


def record(op: Primitive, inputs: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Compute `op` on nodes, numbers and arrays, and record the result as a node."""
    raw, differentiable, scalars, only_nodes = [], False, False, True
    for x in inputs:
        if isinstance(x, Node):
            raw.append(x._data)
            differentiable = differentiable or x.op is not constant
        else:
            raw.append(_owned(x, op.name))
            only_nodes = False
            scalars = scalars or isinstance(raw[-1], np.generic)
    if scalars:  # NumPy scalars become arrays if an operand is an array, else floats, since a Value is never float32
        alike: Any = np.asarray if any(r.__class__ is np.ndarray for r in raw) else float
        raw = [alike(r) if isinstance(r, np.generic) else r for r in raw]
    data: Any = op.evaluate(raw, params)
    if data.__class__ not in (float, np.ndarray):
        raise TypeError(f"primitive `{op.name}` returned {type(data).__name__}: return a float or an array")
    cls = KINDS[data.__class__ is float]
    if switch.open and differentiable and not modes.recording() and modes.tracer() is not None:
        with modes.recording_again():
            return _stopped(record(op, inputs, params))
    if not differentiable or (switch.open and not modes.recording()):
        node: Any = cls.__new__(cls)
        node._become_leaf(data, constant)
        if data.__class__ is np.ndarray and (data.base is not None or any(data is r for r in raw)):
            node._is_lent = True  # a view of an operand's array: a change copies it first
    else:
        nodes: Sequence[Any] = inputs
        if not only_nodes:
            nodes = [x if isinstance(x, Node) else new_constant(r) for x, r in zip(inputs, raw, strict=True)]
        if op.options:
            params = {**op.options, **params}
        node = made(cls, data, op, nodes, raw, params)
    if switch.open and modes.watching():
        labels = [getattr(x, "label", "") for x in inputs]
        node._take_note("site", watch_result(op.name, data, list(zip(labels, raw, strict=True))))
    return node


def _stopped(x: Node) -> Any:
    """Detach a node in a trace, where the program must compute the number again in each run."""
    return made(type(x), x._data, stop_gradient, [x], [x._data], {})


def _owned(x: Any, name: str) -> Any:
    """Return a number or an array for the graph. An array is copied, because the caller may change it."""
    if x.__class__ is float:
        return x
    x = plain(x, name)
    if x.__class__ is np.ndarray and (x.flags.writeable or x.base is not None):
        return x.copy()
    return x


def made(kind: type[Node], data: Any, op: Primitive, nodes: Sequence[Any], raw: Sequence[Any], params: Any) -> Any:
    """Return a new node of `op`. `raw` is the data of the operands."""
    node: Any = object.__new__(kind)
    node._data, node.op = data, op
    node._mark = node.grad = None
    node._first, node._second = nodes[0], nodes[1] if len(nodes) > 1 else None
    node._x, node._y = raw[0], raw[1] if len(raw) > 1 else None
    if op.wide:
        node._wide = tuple(nodes[2:]), tuple(raw[2:]), params
    for operand in nodes:
        if operand._first is None and operand._data.__class__ is np.ndarray:
            operand._is_lent = True
    return node


def saved(node: Node) -> tuple[Any, ...]:
    """Return the operand values that the node stored when it was made."""
    if node._second is None:
        return (node._x,)
    return (node._x, node._y, *node._wide[1]) if node.op.wide else (node._x, node._y)


def zeros(data: Any) -> Any:
    return 0.0 if data.__class__ is float else np.zeros_like(data)


# Traversal ---------------------------------------------------------------------------------------------------


@contextmanager
def without_collector() -> Iterator[None]:
    """Pause Python's cycle collector in a `with` block. It would visit every node again and again, and find no cycle.

    Use it around a loop that builds graphs; `nn.fit` does. Afterwards the collector is on or off as before.

    >>> from chalkgrad import Value, without_collector
    >>> with without_collector():
    ...     sum(Value(1.0) for _ in range(1000)).backward()
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def topological(*roots: Node) -> tuple[list[Node], list[Node]]:
    """Return all nodes that `roots` depend on: the computed nodes, each before its inputs, and the leaves.

    The order is the reverse postorder of a depth-first traversal that visits operands from left to right.

    Raises:
        TypeError: one of `roots` is not a node.

    >>> from chalkgrad import Value
    >>> a = Value(2.0, label="a")
    >>> order, leaves = topological(a * a + 1)
    >>> [node.op.name for node in order], [leaf.label for leaf in leaves]
    (['add', 'mul'], ['a', ''])
    """
    order, leaves = list[Node](), list[Node]()
    for root in roots:
        if not isinstance(root, Node):
            raise TypeError(f"`roots` are Values and Tensors, not {type(root).__name__} ({root!r:.40})")
    with graph_lock.lock:
        traverse(roots, order, leaves, [], None)
    return order, leaves


def traverse(
    roots: tuple[Node, ...], order: list[Node], leaves: list[Node], path: list[Node], before: dict[Node, Any] | None
) -> None:
    """Fill `order` and `leaves` depth first. With `before`, save each `grad` there and set it to `ZERO`."""
    further: dict[Node, Iterator[Node]] = {}  # iterators over the operands after the second
    token = object()  # the mark of the nodes that were visited
    for root in reversed(roots):
        node: Any = root
        while True:
            while node._mark is not token:  # go down along the first operands
                node._mark = token
                if before is not None:
                    if node.grad is not None:
                        before[node] = node.grad
                    node.grad = ZERO
                operand = node._first
                if operand is None:
                    leaves.append(node)
                    break
                path.append(node)
                if node.op.wide:
                    further[node] = iter(node._wide[0])
                node = operand
            while path:  # go up to the next operand that was not visited
                parent = path[-1]
                node = parent._second
                if node is not None and node._mark is not token:
                    break
                if further and parent in further:
                    node = next((x for x in further[parent] if x._mark is not token), None)
                    if node is not None:
                        break
                order.append(path.pop())
            else:
                break
    order.reverse()


def all_nodes(root: Node) -> list[Node]:
    order, leaves = topological(root)
    return order + leaves
