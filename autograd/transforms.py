"""Transforms: functions that return derivatives of functions, of any order and in any nesting.

Each call of a transformed function creates new variables, so nested transforms cannot confuse their variables.
For floats and arrays the result is floats and arrays. For nodes it is nodes, and also where the function uses a
variable of an outer transform.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec

import numpy as np

from . import modes
from .checks import array_of, float_of, items
from .containers import flatten, rebuild
from .forward import pushforward
from .graph import Node, constant, new_constant, new_variable, topological, variable, zeros
from .primitives import layout
from .primitives.arithmetic import identity
from .primitives.layout import reshape, stack
from .reverse import pullback
from .shapes import describe

Argnums = int | tuple[int, ...]
P = ParamSpec("P")


class _Call:
    """One call of a function, with new variables in place of its arguments `argnums`."""

    def __init__(self, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], argnums: tuple[int, ...]):
        if not callable(f):
            raise TypeError(f"`f` is a function to differentiate, not {describe(f)} ({f!r:.40})")
        self.argnums = [_place(i, len(args), f) for i in argnums]
        if len(set(self.argnums)) < len(self.argnums):
            raise ValueError(f"`argnums` {argnums} names an argument of {_name(f)} twice")
        self.args = [args[i] for i in self.argnums]
        given, lifted = flatten(self.args), list(args)
        with modes.recording_again():
            self.variables = [_lifted(x, f) for x in given]
            for i, arg in zip(self.argnums, rebuild(self.args, self.variables), strict=True):
                lifted[i] = arg
            self._mark("yes")
            self.result = f(*lifted, **kwargs)
            self._mark("")
        named = f"the result of {_name(f)}"
        self.outputs = [x if isinstance(x, Node) else new_constant(_number(x, named)) for x in flatten(self.result)]
        own, (_, leaves) = set(map(id, self.variables)), topological(*self.outputs)
        self.graph = any(isinstance(x, Node) for x in given) or any(
            leaf.op is variable and id(leaf) not in own for leaf in leaves
        )
        self.own = [x for x in self.variables if x.op is variable]
        self._live(False)

    def _mark(self, differentiated: str) -> None:
        """Note in a trace that reading numbers from results of these variables would lose a gradient."""
        if modes.tracer() is not None:
            for x in self.variables:
                x._take_note("differentiated", differentiated)

    def _live(self, live: bool) -> None:
        """Set whether the new leaves count as variables. If not, an outer transform takes them for constants."""
        for x in self.own:
            x.op = variable if live else constant

    def shown(self, nodes: list[Any], like: Any) -> Any:
        """Return results in the containers of `like`, as nodes or as plain numbers."""
        return rebuild(like, nodes if self.graph else [_shown(x._data if isinstance(x, Node) else x) for x in nodes])

    @property
    def value(self) -> Any:
        passed_on = [x._first if x.op is identity and x._first is not None else x for x in self.outputs]
        return self.shown(passed_on, self.result)

    def pull(self, cotangents: list[Any], graph: bool, strict: bool = False) -> list[Any]:
        """Return the cotangents of the arguments in their containers. `strict`: zeros in `cotangents` are exact."""
        self._live(True)
        try:
            seeds = [(node, g) for node, g in zip(self.outputs, cotangents, strict=True) if node.requires_grad]
            with modes.recording_again():
                found = pullback(seeds, self.variables, graph=graph, strict=self.outputs if strict else ())
        finally:
            self._live(False)
        results = [_zero_like(x, graph) if g is None else g for x, g in zip(self.variables, found, strict=True)]
        return rebuild(self.args, results if graph else _apart(results))


def _apart(arrays: list[Any]) -> list[Any]:
    """Copy arrays that share memory: the two gradients of `a + b` can be the same array, or views of it."""
    seen: set[int] = set()
    out = []
    for x in arrays:
        if x.__class__ is np.ndarray and (x.base is not None or id(x) in seen):
            x = x.copy()
        seen.add(id(x))
        out.append(x)
    return out


def _places(argnums: Any) -> tuple[int, ...]:
    """Return `argnums`, one whole number or several, as a tuple."""
    places: Any = (argnums,) if isinstance(argnums, (int, np.integer)) else argnums
    if not isinstance(places, (tuple, list)):
        raise TypeError(f"`argnums` is the number of an argument, or a tuple of such, not {argnums!r:.60}")
    return tuple(places)


def _place(i: int, n: int, f: Any) -> int:
    if not isinstance(i, (int, np.integer)) or not -n <= i < n:
        raise ValueError(f"`argnums` names argument {i!r}, but {_name(f)} was called with {n} positional arguments")
    return i % n


def _name(f: Any) -> str:
    return f"`{getattr(f, '__name__', type(f).__name__)}`"


def _lifted(x: Any, f: Any) -> Node:
    if isinstance(x, Node):
        return identity(x) if x.requires_grad else new_variable(x._data)
    return new_variable(_number(x, f"an argument of {_name(f)}"))


def _number(x: Any, what: str) -> Any:
    """Return a plain number or array as float data."""
    if x.__class__ is np.ndarray and x.dtype.kind in "iuf":
        native = x.dtype.newbyteorder("=")  # some files have another byte order
        return np.array(x, dtype=native if native in (np.float32, np.float64) else np.float64)
    if isinstance(x, (int, float, np.integer, np.floating)) and not isinstance(x, bool):
        return float_of(x, "x")
    if hasattr(type(x), "__array__") and x.__class__ is not np.ndarray and not isinstance(x, np.generic):
        return _number(array_of(x, what), what)
    raise TypeError(f"{what} is {describe(x)} ({x!r:.40}): to differentiate by it, pass a real number, array or node")


def _shown(data: Any) -> Any:
    """Return an array of shape () as a scalar, as NumPy does."""
    return data[()] if data.__class__ is np.ndarray and not data.shape else data


def _zero_like(x: Node, graph: bool) -> Any:
    return new_constant(zeros(x._data)) if graph else zeros(x._data)


def _matching(given: Any, nodes: list[Node], what: str, graph: bool) -> list[Any]:
    """Check that cotangents or tangents match their nodes in number and shape."""
    leaves = flatten(given)
    if len(leaves) != len(nodes):
        raise ValueError(
            f"`{what}` holds {len(leaves)} numbers or arrays; {len(nodes)} are needed, one for each "
            "(in place of an array, give an array and not a list)"
        )
    out = []
    for x, node in zip(leaves, nodes, strict=True):
        data = x._data if isinstance(x, Node) else _number(x, f"`{what}`")
        if np.shape(data) != np.shape(node._data):
            raise ValueError(f"`{what}` has shape {np.shape(data)} where {np.shape(node._data)} is needed")
        if node._data.__class__ is not float:
            data = np.asarray(data, dtype=node._data.dtype)
        out.append((x if isinstance(x, Node) else new_constant(data)) if graph else data)
    return out


def _single(call: _Call, f: Any) -> Node:
    out = call.outputs[0] if len(call.outputs) == 1 else None
    if out is None or np.size(out._data) != 1:
        got = describe(call.result) if out is None else f"shape {np.shape(out._data)}"
        raise ValueError(
            f"grad needs a function whose result is a single number; {_name(f)} gave {got}: "
            "reduce it, as with `.sum()`, or use `jacobian`"
        )
    return out


def value_and_grad(f: Callable[P, Any], argnums: Argnums = 0) -> Callable[P, tuple[Any, Any]]:
    r"""Return a function that computes both $f(x)$ and its gradient $\nabla f(x)$.

    Args:
        f: a function that returns a single number. Its arguments are floats, arrays, nodes, or nested lists, tuples
            and dicts of them.
        argnums: the position of the argument to differentiate with respect to, or a tuple of positions.

    Raises:
        ValueError: the result is not a single number, or `argnums` is not the position of an argument.
        TypeError: an argument to differentiate with respect to contains something that is not a real number.

    >>> value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)
    """
    single, places = isinstance(argnums, (int, np.integer)), _places(argnums)

    @functools.wraps(f)
    def differentiated(*args: P.args, **kwargs: P.kwargs) -> Any:
        call = _Call(f, args, kwargs, places)
        out = _single(call, f)
        one = 1.0 if out._data.__class__ is float else np.ones_like(out._data)
        grads = call.pull([new_constant(one) if call.graph else one], call.graph)
        return call.value, grads[0] if single else tuple(grads)

    return differentiated


def grad(f: Callable[P, Any], argnums: Argnums = 0) -> Callable[P, Any]:
    r"""Return a function that computes the gradient $\nabla f(x)$. The arguments are those of `value_and_grad`.

    Raises:
        TypeError, ValueError: as for `value_and_grad`.

    >>> grad(lambda x: x**3)(2.0), grad(grad(lambda x: x**3))(2.0)
    (12.0, 12.0)
    >>> grad(lambda p: p["w"] * p["b"])({"w": 2.0, "b": 5.0})
    {'w': 5.0, 'b': 2.0}
    """
    both = value_and_grad(f, argnums)

    @functools.wraps(f)
    def differentiated(*args: P.args, **kwargs: P.kwargs) -> Any:
        return both(*args, **kwargs)[1]

    return differentiated


def gradients(root: Any, nodes: Iterable[Any], *, zeros: bool = True) -> list[Any]:
    r"""Return $\partial\,\mathrm{root} / \partial x$ for every node `x` in `nodes`, as nodes of a graph.

    These are the gradients of `backward(create_graph=True)`. The function does not change `grad`.

    Args:
        root: a node that holds a single number.
        nodes: the nodes to differentiate with respect to.
        zeros: where `root` does not depend on a node, True gives zeros, and False gives None.

    Raises:
        TypeError: `root`, or one of `nodes`, is not a node.
        ValueError: `root` does not hold a single number, or is a constant.

    >>> from chalkgrad import Value
    >>> x, y = Value(3.0), Value(4.0)
    >>> [g.data for g in gradients(x * x * y, [x, y])]
    [24.0, 9.0]
    """
    nodes = items(nodes, "nodes")
    for name, x in (("root", root), *(("nodes", x) for x in nodes)):
        if not isinstance(x, Node):
            raise TypeError(f"`{name}` is made of Values and Tensors, not {describe(x)} ({x!r:.40})")
    if np.size(root._data) != 1 or root.op is constant:
        what = "is a constant" if root.op is constant else f"has shape {root.shape}"
        raise ValueError(f"`root` {what}; gradients need a single number that depends on a leaf")
    one = 1.0 if root._data.__class__ is float else np.ones_like(root._data)
    with modes.recording_again():
        found = pullback([(root, new_constant(one))], nodes, graph=True)
    return [_zero_like(x, True) if g is None and zeros else g for x, g in zip(nodes, found, strict=True)]


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    r"""Return $f(x)$ and a function that maps a cotangent $\bar y$ to the product $\bar y^T J$, by reverse mode.

    Args:
        f: a function that returns numbers, arrays or nested containers of them.
        *primals: the arguments of `f`. The returned function gives a tuple with one cotangent for each.

    Raises:
        TypeError: an argument or the result contains something that is not a real number.
        ValueError: the cotangent does not have the shape and structure of the result.

    Source: Griewank and Walther (2008), Evaluating Derivatives, section 3.2.

    >>> y, pull = vjp(lambda a, b: a * b, 2.0, 5.0)
    >>> y, pull(1.0)
    (10.0, (5.0, 2.0))
    """
    call = _Call(f, primals, {}, tuple(range(len(primals))))

    def pull(cotangent: Any) -> tuple[Any, ...]:
        graph = call.graph or any(isinstance(x, Node) for x in flatten(cotangent))
        return tuple(call.pull(_matching(cotangent, call.outputs, "cotangent", graph), graph))

    return call.value, pull


def jvp(f: Callable[..., Any], primals: Iterable[Any], tangents: Iterable[Any]) -> tuple[Any, Any]:
    r"""Return $f(x)$ and the directional derivative $J \dot x$, by forward mode.

    Args:
        f: a function that returns numbers, arrays or nested containers of them.
        primals: a tuple of the arguments $x$.
        tangents: the direction $\dot x$, with the structure and shapes of `primals`.

    Raises:
        TypeError: `primals` or `tangents` is not a tuple, or contains something that is not a real number.
        ValueError: a tangent does not have the shape of its argument.

    Source: Wengert (1964), A simple automatic derivative evaluation program.

    >>> jvp(lambda a, b: a * b, (2.0, 5.0), (1.0, 0.0))
    (10.0, 5.0)
    """
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            raise TypeError(f"`{name}` is a tuple, one for each argument, not {describe(given)}: write `(x,)`")
    primals, tangents = tuple(primals), tuple(tangents)
    call = _Call(f, primals, {}, tuple(range(len(primals))))
    call.graph = call.graph or any(isinstance(x, Node) for x in flatten(list(tangents)))
    moves = _matching(list(tangents), call.variables, "tangents", call.graph)
    start = dict(zip(call.variables, moves, strict=True))
    with modes.recording_again():
        found = pushforward(call.outputs, start, graph=call.graph)
    moved = [found[x] if x in found else _zero_like(x, call.graph) for x in call.outputs]
    return call.value, call.shown(moved, call.result)


def jacobian(f: Callable[P, Any], argnums: Argnums = 0) -> Callable[P, Any]:
    r"""Return a function that computes the Jacobian $J_{ij} = \partial f_i / \partial x_j$.

    The shape of $J$ is the shape of the result followed by the shape of the argument. If the result or the argument
    is a container, the returned containers of the result hold those of the argument.

    Raises:
        TypeError, ValueError: as for `value_and_grad`, but the result can have any shape.

    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    single, places = isinstance(argnums, (int, np.integer)), _places(argnums)

    @functools.wraps(f)
    def differentiated(*args: P.args, **kwargs: P.kwargs) -> Any:
        call = _Call(f, args, kwargs, places)
        tree = call.args[0] if single else tuple(call.args)
        blocks = [rebuild(tree, _block_row(call, k)) for k in range(len(call.outputs))]
        return rebuild(call.result, blocks)

    return differentiated


def _block_row(call: _Call, k: int) -> list[Any]:
    """Return the Jacobian of output `k` with respect to every variable, by one backward pass for each element."""
    data = call.outputs[k]._data
    rows = []
    for i in range(np.size(data)):
        basis: Any = 1.0
        if data.__class__ is not float:
            basis = np.zeros_like(data)
            basis.flat[i] = 1.0
        cotangents = [_zero_like(x, call.graph) for x in call.outputs]
        cotangents[k] = new_constant(basis) if call.graph else basis
        rows.append(flatten(call.pull(cotangents, call.graph, strict=True)))
    if not rows:
        empty = [np.zeros(np.shape(data) + np.shape(x._data), dtype=np.result_type(data)) for x in call.variables]
        return [new_constant(x) for x in empty] if call.graph else empty
    return [_assembled(list(column), np.shape(data), call.graph) for column in zip(*rows, strict=True)]


def _assembled(parts: list[Any], shape: tuple[int, ...], graph: bool) -> Any:
    """Return the rows of a Jacobian as one array: the axes of the result come before those of the variable."""
    if not shape:
        return parts[0]
    if not graph:
        return np.array(parts).reshape(shape + np.shape(parts[0]))
    if parts[0]._data.__class__ is float:
        return layout.array_of(*parts, shape=shape)
    return reshape(stack(*parts), shape=shape + parts[0].shape)


def hessian(f: Callable[P, Any], argnums: Argnums = 0) -> Callable[P, Any]:
    r"""Return a function that computes the Hessian $H_{ij} = \partial^2 f / \partial x_i \partial x_j$.

    Raises:
        TypeError, ValueError: as for `value_and_grad`.

    >>> hessian(lambda x: x[0] * x[0] * x[1])(np.array([1.0, 3.0]))
    array([[6., 2.],
           [2., 0.]])
    """
    return jacobian(grad(f, argnums), argnums)


def hvp(f: Callable[..., Any], primal: Any, vector: Any) -> Any:
    r"""Return the Hessian-vector product $H v$ at `primal`, by forward mode over reverse mode, without building $H$.

    Args:
        f: a function of one argument that returns a single number.
        primal: the argument.
        vector: the vector $v$, with the structure and shapes of `primal`.

    Raises:
        ValueError: the result is not a single number, or `vector` does not have the shape of `primal`.

    Source: Pearlmutter (1994), Fast exact multiplication by the Hessian.

    >>> hvp(lambda x: x[0] * x[0] * x[1], np.array([1.0, 3.0]), np.array([1.0, 0.0]))
    array([6., 2.])
    """
    return jvp(grad(f), (primal,), (vector,))[1]
