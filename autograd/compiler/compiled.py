"""`compile`: turn a graph, or a function that builds one, into a program that runs at native speed."""

from __future__ import annotations

import enum
import functools
import html
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any, Generic, ParamSpec, overload

import numpy as np

from .. import modes
from ..checks import function
from ..containers import flatten, rebuild
from ..display import Shown
from ..graph import Node, constant, new_constant, new_variable, topological, variable, without_collector, zeros
from ..locks import lock
from ..reverse import pullback
from ..shapes import describe
from .arrays.body import Body, Stats
from .ir.instructions import ir_of
from .ir.passes import optimize
from .scalars.body import FunctionOfScalars, GraphOfScalars
from .tracing.captured import Captured
from .tracing.codes import FIRM
from .tracing.sources import set_states
from .tracing.ties import is_plain
from .tracing.trace import Guard, Trace, refuse_inside

_FLOATS = frozenset({np.dtype(np.float32), np.dtype(np.float64)})
_PLAIN = frozenset({int, bool, str, bytes, type(None)})
_FLAT = frozenset({float, np.float64, np.float32, np.ndarray, int, bool, str})
P = ParamSpec("P")
TRACES = 16
"""The number of programs that a compiled function keeps for arguments with the same key."""
KINDS = 256
"""The number of keys, that is, of kinds of arguments, for which it keeps programs."""


class Program(Shown):
    """A compiled graph: `compile` makes it, and a call runs the forward and the backward pass.

    `print(program)` shows its IR, `program.stats` the number of instructions, and `draw(program)` its graph.

    Attributes:
        root: the node that the program computes.
        leaves: the nodes that it reads, and whose gradients it sets.
        stats: the sizes of the program.

    Raises:
        TypeError: `root` is not a Value or a Tensor.
        ValueError: `root` is a constant, or does not hold a single number.

    >>> from chalkgrad import Value, compile
    >>> x = Value(3.0, label="x")
    >>> print(compile(x * x).stats.instructions, "instructions")
    2 instructions
    """

    def __init__(self, root: Node) -> None:
        if not isinstance(root, Node):
            raise TypeError(f"`root` is a Value or a Tensor, not {describe(root)} ({root!r:.40})")
        if root.op is constant:
            raise ValueError("`root` is a constant: there is nothing to compile. It needs a leaf, such as Value(2.0)")
        data = root._data
        if data.__class__ is not float and data.size != 1:
            raise ValueError(f"`root` has shape {data.shape}; a program needs a single number: take its sum or mean")
        self.root = root
        self._body: GraphOfScalars | Body
        with without_collector():
            if (scalars := GraphOfScalars.of(root)) is not None:
                self._body, self.leaves = scalars, scalars.leaves
                return
            self.leaves = [leaf for leaf in topological(root)[1] if leaf.op is not constant]
            one = 1.0 if data.__class__ is float else np.ones_like(data)
            grads = pullback([(root, new_constant(one))], self.leaves, graph=True)
            pairs = zip(self.leaves, grads, strict=True)
            outputs = [root, *(new_constant(zeros(x._data)) if g is None else g for x, g in pairs)]
            order, all_leaves = topological(*outputs)
            self._body = Body(optimize(ir_of(outputs, self.leaves)), len(order) + len(all_leaves))

    def __call__(self) -> Any:
        """Return the value of the root for the current data of the leaves, and replace the gradients of the leaves.

        Raises:
            ValueError: a leaf has another shape than when the program was compiled.

        >>> from chalkgrad import Value, compile
        >>> x = Value(3.0)
        >>> program = compile(x * x)
        >>> x.data = 4.0
        >>> program(), x.grad
        (16.0, 8.0)
        """
        refuse_inside("a Program")
        body = self._body
        if isinstance(body, GraphOfScalars):
            value, *grads = body()
            value = value if self.root._data.__class__ is float else np.full_like(self.root._data, value)
        else:
            with body.lock:
                for place, leaf in zip(body.inputs, self.leaves, strict=True):
                    if place.shape != np.shape(leaf._data):
                        raise ValueError(f"a leaf has changed its shape from {place.shape} to {np.shape(leaf._data)}")
                    place[...] = leaf._data
                body.run()
                value, *grads = map(_taken, body.outputs, [self.root, *self.leaves])
        for leaf, grad in zip(self.leaves, grads, strict=True):
            leaf.grad = grad
        return value

    @property
    def stats(self) -> Stats:
        """Sizes of the program, such as `stats.instructions`."""
        return self._body.stats

    def __str__(self) -> str:
        return self._body.text(["result", *(f"gradient of {leaf.label or 'a leaf'}" for leaf in self.leaves)])

    def _html(self) -> str:
        return f'<pre style="font-size:12px;line-height:1.4;overflow-x:auto">{html.escape(str(self))}</pre>'

    def _graph_(self) -> Node:
        return self.root

    def __reduce__(self) -> Any:
        return Program, (self.root,)

    def __repr__(self) -> str:
        return f"Program({self.stats.instructions} instructions, {len(self.leaves)} leaves)"


def _taken(x: np.ndarray, like: Node) -> Any:
    """Return a result from the arena: a float for a Value, a copy for a Tensor."""
    data = like._data
    return float(x) if data.__class__ is float else x.copy() if x.dtype == data.dtype else x.astype(data.dtype, "C")


def _plain(x: Any) -> Any:
    return x if x.__class__ is float or x.ndim else x[()]


def _taking(x: np.ndarray, like: Node, wrap: Callable[[Any], Any]) -> Callable[[], Any]:
    """Return a function that reads a result from the arena and wraps it."""
    if wrap is _plain and x.ndim and x.dtype == like._data.dtype:
        return x.copy
    return lambda: wrap(_taken(x, like))


def _given(x: Any, lifted: Any) -> Any:
    """Return an argument for eager code, with the data of the variable that replaces it in the trace."""
    if isinstance(x, Node):
        return x
    if isinstance(x, np.ndarray):
        return (lifted._data if isinstance(lifted, Node) else x).copy()
    return type(x)(lifted._data) if isinstance(lifted, Node) and lifted._data != x else x


class _Traced:
    """One trace of a function: its program, its guards, and the structure of its results."""

    def __init__(self, f: Callable[..., Any], args: Any, call: _Call, roots: Any) -> None:
        self.captured = Captured(roots)
        self.trace = trace = Trace(self.captured)
        lifted, self.guards = call.lifted(), trace.guards
        given = rebuild(args, lifted)
        positional, named = given

        def eager() -> Any:
            own = {id(x): _given(x, new) for x, new in zip(call.leaves, lifted, strict=True)}  # one object stays one
            positional, named = rebuild(args, [own[id(x)] for x in call.leaves])
            return f(*positional, **named)

        nodes = [x for x in (*lifted, *call.leaves) if isinstance(x, Node)]
        self.result = trace.follow(lambda: f(*positional, **named), eager, nodes, AttributeError)
        if _structure(given, []) != _structure(args, []) or [*map(id, flatten(given))] != [*map(id, lifted)]:
            raise RuntimeError("an argument changed while the function was traced: return it as a result instead")
        if _Call(*args).key != call.key:
            raise RuntimeError("an array among the arguments changed while the function was traced: work on a copy")
        self.leaves = flatten(self.result)
        self._made = {id(x) for x in self.leaves if not isinstance(x, Node) and not self._is_known(x)}
        self.outputs = [x for x in self.leaves if isinstance(x, Node)]
        every = [*self.outputs, *(guard.node for guard in self.guards)]
        inputs = trace.inputs(every, [x for x in lifted if isinstance(x, Node)])
        self.is_outside = trace.uses_history or any(x.op is variable for x in trace.parameters)
        scalars = FunctionOfScalars.of(every, inputs)
        self.body = scalars or Body(optimize(ir_of(every, inputs)), trace.nodes)
        wrap = new_constant if call.nodes_given else _plain
        pairs = zip(self.body.outputs[: len(self.outputs)], self.outputs, strict=True)
        self._takes = [_taking(x, like, wrap) for x, like in pairs]
        self._is_single = len(self.leaves) == 1 and self.leaves[0] is self.result

    def run(self, data: Sequence[Any]) -> Any:
        """Return the result in a list. If a guard fails, restore the random generators and return None."""
        body, trace = self.body, self.trace
        before: Any = ()
        with body.lock:
            inputs = body.inputs
            for i, x in enumerate(data):  # faster than `zip`
                inputs[i][...] = x
            if trace.parameters:
                for place, leaf in zip(inputs[-len(trace.parameters) :], trace.parameters, strict=True):
                    if place.shape != leaf.shape:
                        return None
                    place[...] = leaf._data
            if trace.draws:
                before = self.captured.states() if self.guards else ()
                for place, x in zip(inputs[len(data) :], trace.redraw(), strict=False):
                    place[...] = x
            body.run()
            if self.guards:
                now = body.outputs[len(self.outputs) :]
                if not all(guard.holds(x) for guard, x in zip(self.guards, now, strict=True)):
                    set_states(before)
                    return None
            results = [take() for take in self._takes]
        if self._is_single and results:
            return results
        found = iter(results)
        leaves = [next(found) if isinstance(x, Node) else x.copy() if id(x) in self._made else x for x in self.leaves]
        return [rebuild(self.result, leaves)]

    def _is_known(self, x: Any) -> bool:
        """Return whether a program may return the same object at each call. False for an array that `f` made.

        Raises:
            RuntimeError: `x` is another object, which the function may replace in the next call.
        """
        found = self.captured.found
        if is_plain(x) or isinstance(x, (*FIRM, enum.Enum)) or any(x is known for known in found.by_id):
            return True
        if isinstance(x, np.ndarray) and x.dtype != object:
            return id(x) in found.seen
        raise RuntimeError(
            f"the function returns a `{type(x).__name__}`, and a program would return this one for ever: return "
            "numbers, arrays, and lists, tuples and dicts of them, or run uncompiled"
        )

    def __str__(self) -> str:
        names = [f"result {i}" for i in range(len(self.outputs))] + ["guard"] * len(self.guards)
        return self.body.text(names)


class _Call:
    """The flattened arguments of a call: numbers and arrays become variables, the others are settings."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        flat = not kwargs and _FLAT.issuperset(map(type, args))  # the usual call, with nothing to flatten
        self.leaves: Sequence[Any] = args if flat else flatten((args, kwargs))
        self.data: list[Any] = []
        self.objects: list[Any] = []
        key: list[Any] = []
        self.nodes_given = self.inside = False
        for x in self.leaves:
            if isinstance(x, Node):
                self.nodes_given = True
                self.inside = self.inside or x.op is variable or x._first is not None
                key.append((x.op is constant, x.label))
                x = x._data
            if isinstance(x, np.ndarray) and x.dtype in _FLOATS:
                self.data.append(x)
                key.append((x.shape, x.dtype))
            elif isinstance(x, (float, np.floating)):
                self.data.append(float(x))
                key.append(float)
            elif isinstance(x, np.ndarray):
                if x.dtype.kind not in "iub":
                    raise TypeError(f"an argument is an array of `{x.dtype}`: a compiled function takes real numbers")
                key.append((x.shape, x.dtype.str, x.tobytes()))
            elif type(x) in _PLAIN or isinstance(x, (np.integer, np.bool_)):
                key.append((type(x), x))
            else:
                self.objects.append(x)
                key.append((type(x),))
        self.key = tuple(key) if flat else (_structure((args, kwargs), self.objects), self.nodes_given, *key)

    def lifted(self) -> list[Any]:
        """Return the flattened arguments with a variable, of the same label, in place of each number and array."""
        leaves = list(self.leaves)
        for i, x in enumerate(leaves):
            data = x._data if isinstance(x, Node) else x
            if isinstance(data, (float, np.floating)) or (isinstance(data, np.ndarray) and data.dtype in _FLOATS):
                leaves[i] = new_variable(np.array(data, order="C") if isinstance(data, np.ndarray) else float(data))
                if isinstance(x, Node):
                    leaves[i].label = x.label
                    del leaves[i].grad  # the gradient belongs to the caller, not to the trace
        return leaves


def _structure(tree: Any, objects: list[Any]) -> Any:
    """Return how containers are nested. Append user-defined classes and attributes of their objects to `objects`."""
    if not isinstance(tree, (list, tuple, dict)):
        return None
    if type(tree) not in (list, tuple, dict):
        objects += [type(tree), getattr(tree, "__dict__", None)]
    if isinstance(tree, dict):
        return (type(tree), *((key, _structure(x, objects)) for key, x in tree.items()))
    return (type(tree), *(_structure(x, objects) for x in tree))


class Compiled(Generic[P]):
    """A function that is traced once for each structure, shape and dtype of its arguments, and then runs as a program.

    - Floats, arrays, Values and Tensors are variables. Whole numbers, booleans, strings and arrays of whole numbers are
      settings: each value has its own trace. Other objects are checked for changes, as captured objects are.
    - Results are numbers and arrays. If an argument is a node, they are constants without history.
    - Captured leaves, such as the parameters of a model, are read at every call. If a captured number, array or
      setting has changed, the function is traced again. The check compares the bytes of a captured array at each
      call, unless the array is read-only and owns its data.
    - A branch on a traced number (`if x > 0`) becomes a guard. If the guard fails, the function is traced again.
    - Random numbers come from `fresh`, or, as real numbers, from a generator that is an attribute.
    - An error refuses what a program cannot repeat: other random numbers, clocks, files, prints and side effects.

    The original function runs uncompiled inside another compiled function, and where an argument or a captured node is
    a variable of `grad` or the result of an operation.

    >>> from chalkgrad import compile, grad
    >>> cube = compile(grad(lambda x: x**3))
    >>> cube(2.0), cube(3.0)
    (12.0, 27.0)
    """

    _unwatched = frozenset({"_traces", "_lock"})

    def __init__(self, f: Callable[P, Any]) -> None:
        functools.update_wrapper(self, function(f, "f", "to compile"))
        self._f = f
        self._traces: dict[Any, list[_Traced]] = {}
        self._lock = lock()
        self._roots = {getattr(f, "__name__", "self"): f}

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        if modes.switch.open and modes.follower() is not None:
            return self._f(*args, **kwargs)
        if not kwargs:  # floats and arrays alone have a short key, without a `_Call`
            given: Any = args
            key = tuple([(x.shape, x.dtype) if x.__class__ is np.ndarray else x.__class__ for x in given])
            if (found := self._run(key, args, self._roots)) is not None:
                return found[0]
        call = _Call(args, kwargs)
        if call.inside:
            return self._f(*args, **kwargs)
        roots = self._roots
        if call.objects:
            roots = roots | {f"argument {i}": x for i, x in enumerate(call.objects)}
        if (found := self._run(call.key, call.data, roots)) is None:
            with self._lock:  # another thread may have traced it meanwhile
                found = self._run(call.key, call.data, roots) or self._trace((args, kwargs), call, roots)
        return found[0]

    def __get__(self, holder: Any, kind: Any = None) -> Any:
        return self if holder is None else types.MethodType(self, holder)

    def _run(self, key: Any, data: Sequence[Any], roots: Any) -> Any:
        """Run the first trace that holds, and return its result in a list; None if there is no such trace."""
        traces = self._traces.get(key, [])
        for one in traces:
            if one.captured.holds(roots) and (found := one.run(data)) is not None:
                if one is not traces[0]:
                    self._first(key, one)  # the next call is likely to use the same trace
                return found
        return None

    def _first(self, key: Any, one: _Traced) -> None:
        with self._lock:
            rest = [x for x in self._traces.pop(key, ()) if x is not one]
            while len(self._traces) >= KINDS:
                del self._traces[next(iter(self._traces))]
            self._traces[key] = [one, *rest[: TRACES - 1]]

    def _trace(self, args: Any, call: _Call, roots: Any) -> Any:
        """Trace the function, run the new program, and return its result in a list."""
        traces = self._traces.get(call.key, [])
        if len(traces) >= TRACES and all(one.captured.holds(roots) for one in traces):
            raise RuntimeError(
                f"{self!r} has been traced {TRACES} times for arguments that look alike, since "
                f"{_reason(traces[0].guards)}: write the branch with `where`, hand the number over as an argument, or "
                "run the function uncompiled"
            )
        f: Any = self._f
        made = _Traced(f, args, call, roots)
        if made.is_outside:
            return [f(*args[0], **args[1])]
        self._first(call.key, made)
        if (found := made.run(call.data)) is None:
            raise RuntimeError(f"{self!r} took another way in the program than in its trace: please report this")
        return found

    def __reduce__(self) -> Any:
        name = getattr(self, "__qualname__", "")
        found: Any = sys.modules.get(self.__module__)
        for part in name.split("."):
            found = getattr(found, part, None)
        return name if found is self else (Compiled, (self._f,))  # with the decorator `@compile`, by name

    def program(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """Return the program for these arguments as text, one instruction a line.

        >>> "tanh" in compile(lambda x: x.tanh()).program(0.5)
        True
        """
        self(*args, **kwargs)
        return str(self._traces[_Call(args, kwargs).key][0])

    def __repr__(self) -> str:
        return f"compile({getattr(self._f, '__name__', type(self._f).__name__)})"


def _reason(guards: list[Guard]) -> str:
    if not guards:
        return "the shapes of the leaves that it captures change"
    guard = guards[-1]
    how = "asks in Python whether a number is true" if guard.is_truth else "reads numbers out of nodes in Python"
    return f"it {how} (of `{guard.node.op.name if guard.node.op else 'a leaf'}`), and the answer changes"


@overload
def compile(target: Node | Program) -> Program: ...  # type: ignore[overload-overlap]  # a Program can be called
@overload
def compile(target: Callable[P, Any]) -> Compiled[P]: ...
def compile(target: Any) -> Any:
    r"""Return a graph, or a function that builds one, as a program that runs at native speed.

    Args:
        target: the root node of a graph, which gives a `Program`. Or a function of floats, arrays, Values, Tensors
            and nested containers of them, which gives a `Compiled` function with the same results.

    Raises:
        TypeError: `target` is neither a node nor a function.
        ValueError: the root is a constant, or does not hold a single number.

    >>> from chalkgrad import Value, compile
    >>> a, b = Value(2.0, label="a"), Value(1.0, label="b")
    >>> program = compile((a + b) * (b + 1))
    >>> program(), a.grad, b.grad
    (6.0, 2.0, 5.0)
    """
    if isinstance(target, Node):
        return Program(target)
    if isinstance(target, (Program, Compiled)):
        return target
    if callable(target):
        return Compiled(target)
    raise TypeError(f"`target` is a node or a function, not {describe(target)} ({target!r:.40})")
