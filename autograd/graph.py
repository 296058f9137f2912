"""The graph: nodes, how an operation becomes one, and their traversal in topological order.

A node is data: `(op, inputs, data)`. It keeps the data of its operands as they were when it was made, so its
derivative is that of the computation that took place, whatever is assigned to a leaf afterwards. It holds no
closure, hence no reference cycle: a graph is freed by counting, at once, with the cycle collector off.

Every traversal is a loop: a chain of a million nodes is an ordinary graph.
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

ZERO = 0.0  # the gradient of a node that nothing has reached yet, distinguished from a computed 0.0 by identity


@primitive
def constant() -> None:
    """A node that is not differentiated: a number written in a formula, or a detached result."""


@primitive
def variable() -> None:
    """The variable of a transform such as `grad`: a leaf that belongs to one call of it."""


@primitive(symbol="=", vjps=[None])
def stop_gradient(x: Any) -> Any:
    """The same number, not differentiated: what `detach` and `no_grad` leave in a trace, which has to follow it."""
    return x


class Node(Operand):
    """One value in a graph, with the operation that made it. `Value` and `Tensor` are its two kinds.

    Attributes:
        data: the number or array.
        grad: what the last `backward` gave, None before the first; leaves add up over calls.
        op: the primitive that made this node; None for a leaf.
        inputs: its operands, in order.
        label: a name of your choice.

    >>> from chalkgrad import Node, Value
    >>> y = Value(2.0, label="x") * 3
    >>> isinstance(y, Node), y.op.name, [x.data for x in y.inputs]
    (True, 'mul', [2.0, 3.0])
    """

    # _data, op, _first, _second: the node. _x, _y: its operands' data when it was made. The first two operands have
    # slots of their own, because a tuple for them would cost as much as the node; _wide holds the further operands,
    # their data and the settings, of an op that has such. A slot less is cache gained: a net of 66,000 nodes is 7 MB.
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

    # Attributes --------------------------------------------------------------------------------------------

    @property
    def inputs(self) -> tuple[Node, ...]:
        """Return the operands, in order; a leaf has none.

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
        """The name of the node in pictures and messages.

        Raises:
            TypeError: it is set to something that is no text.

        >>> from chalkgrad import Value
        >>> y = Value(2.0) * 3
        >>> y.label = "y"
        >>> y
        Value(6.0, label='y', op=mul)
        """
        return self._note("label")

    @label.setter
    def label(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"`label` is a text, not {type(text).__name__} ({text!r:.40})")
        self._take_note("label", text)

    def _note(self, name: str) -> str:
        return getattr(self, "_notes", {}).get(name, "")  # most nodes have no notes, and no memory for them

    def _take_note(self, name: str, text: str) -> None:
        self._notes = {**getattr(self, "_notes", {}), name: text}

    @property
    def is_leaf(self) -> bool:
        """Return whether this node was made by you and not by an operation.

        >>> from chalkgrad import Value
        >>> x = Value(2.0)
        >>> x.is_leaf, (x * x).is_leaf
        (True, False)
        """
        return self._first is None

    @property
    def requires_grad(self) -> bool:
        """Whether `backward` can reach this node. Set it to False to freeze a leaf, to True to train it (again).

        Raises:
            TypeError: it is set to something that is neither True nor False.
            ValueError: it is set on the result of an operation.
            RuntimeError: it is set inside a function that is being compiled.

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
        """Refuse to change what a program would read anew, even if it is put back later."""
        if modes.tracer() is not None:
            raise RuntimeError(f"`{name}` cannot change inside a function that is being compiled: set it before")

    @property
    def role(self) -> str:
        """What a constant is in a net: "frozen", a parameter that is left alone; "buffer", see `nn.buffer`; or "".

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
        """Compute `op` and record it as a node."""
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
        """Return the same data in a constant without history.

        >>> from chalkgrad import Value
        >>> (Value(2.0) * 3).detach()
        Value(6.0)
        """
        if self.op is not constant and modes.tracer() is not None:
            return _stopped(self)
        node = new_constant(self._data)
        if self._data.__class__ is np.ndarray:
            original: Any = self
            node._is_lent = original._is_lent = True  # whoever changes the array first, changes a copy
        return node


# Recording ---------------------------------------------------------------------------------------------------

KINDS: dict[bool, type[Node]] = {}
"""True: the kind of node that holds a float; False: the kind that holds an array. Each enters itself."""


def new_constant(data: Any) -> Any:
    """Make a node of a float or an array that is not differentiated."""
    cls = KINDS[data.__class__ is float]
    node = cls.__new__(cls)
    node._become_leaf(data, constant)
    return node


def fresh(make: Callable[[], Any]) -> Any:
    """Make a constant of the number or array that `make()` gives: for dropout, noise, and what else changes by itself.

    A graph sees no more than the constant, but a compiled program calls `make` again each time that it runs.

    Args:
        make: a function without arguments; its result has the same shape and dtype each time.

    Raises:
        TypeError: `make` cannot be called.

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
    """Make a leaf of a float or an array for one call of a transform."""
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
    if scalars:  # of NumPy become arrays among arrays, and floats among floats: a Value is no float32
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
            node._is_lent = True  # a view of an operand's array: who changes it changes a copy
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
    """Detach for a program, which has to follow the number through its runs."""
    return made(type(x), x._data, stop_gradient, [x], [x._data], {})


def _owned(x: Any, name: str) -> Any:
    """Take a number or an array into a graph, which must not change when the caller's array does."""
    if x.__class__ is float:
        return x
    x = plain(x, name)
    if x.__class__ is np.ndarray and (x.flags.writeable or x.base is not None):
        return x.copy()
    return x


def made(kind: type[Node], data: Any, op: Primitive, nodes: Sequence[Any], raw: Sequence[Any], params: Any) -> Any:
    """Make a node of `op`; `raw` is the data of its operands."""
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
    """Return the operands' data as they were when the node was made."""
    if node._second is None:
        return (node._x,)
    return (node._x, node._y, *node._wide[1]) if node.op.wide else (node._x, node._y)


def zeros(data: Any) -> Any:
    return 0.0 if data.__class__ is float else np.zeros_like(data)


# Traversal ---------------------------------------------------------------------------------------------------


@contextmanager
def without_collector() -> Iterator[None]:
    """Pause the cycle collector: graphs have no cycles, and it would visit every node again and again.

    For a loop that builds graphs, as that of `nn.fit`; the collector comes back as it was.

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
    """List the nodes that `roots` depend on: those made by operations, each before its inputs, and the leaves.

    The order is that of a depth-first traversal along the operands from left to right; it depends on nothing else.

    Raises:
        TypeError: one of `roots` is no node.

    >>> from chalkgrad import Value
    >>> a = Value(2.0, label="a")
    >>> order, leaves = topological(a * a + 1)
    >>> [node.op.name for node in order], [leaf.label for leaf in leaves]
    (['add', 'mul'], ['a', ''])
    """
    order: list[Node] = []
    leaves: list[Node] = []
    for root in roots:
        if not isinstance(root, Node):
            raise TypeError(f"`roots` are Values and Tensors, not {type(root).__name__} ({root!r:.40})")
    with graph_lock.lock:
        traverse(roots, order, leaves, [], None)
    return order, leaves


def traverse(
    roots: tuple[Node, ...], order: list[Node], leaves: list[Node], path: list[Node], before: dict[Node, Any] | None
) -> None:
    """Fill `order` and `leaves` depth first. With `before`, set each `grad` to `ZERO` and keep there what it was."""
    further: dict[Node, Iterator[Node]] = {}  # of the operands past the second
    token = object()  # a node that carries it has been seen
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
            while path:  # go up until there is an operand to go down to
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
