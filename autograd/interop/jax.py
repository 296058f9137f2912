"""JAX's functions as functions of ours: from the jaxpr, its record of a function, with loops unrolled."""

from __future__ import annotations

import functools
import inspect
import math
import operator
import string
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import comparison
from ..checks import optional
from ..graph import Node
from ..primitive import Primitive
from ..primitives import TABLE, arrays, composites, layout, reductions
from ..primitives.arithmetic import fmod
from ..primitives.layout import shape_of
from ..primitives.powers import pow
from ..primitives.selection import clip, where
from ..tensor import concatenate
from .aten import SAME, broadcast_in_dim, cast, unchanged
from .program import Imported, Program, Slot, moved


def from_jax(f: Any, *example: Any, scalars: bool = False, check: bool = True) -> Imported:
    """Return a function of JAX as a function of nodes, which you can draw, differentiate and compile.

    The results and gradients at the example are compared with those of JAX. The arrays in arguments that are dicts,
    lists or other containers become parameters. Loops are unrolled. If an operation has no counterpart, JAX computes
    and differentiates it, as one node.

    Args:
        f: a function of arrays, and of containers of them.
        *example: arguments for the trace.
        scalars: whether graphs consist of Values, with one node for each number, for pictures of small models.
        check: whether to compare results and gradients with those of JAX.

    Raises:
        NotImplementedError: a branch of the function depends on a number. The message names the line.
        ValueError: the gradients differ.
        ImportError: JAX is not installed.

    Source: jax.make_jaxpr, docs.jax.dev/en/latest/jaxpr.html.

    >>> import jax
    >>> def loss(p, x):
    ...     return jax.nn.softplus(x @ p["w"] + p["b"]).mean()
    >>> p, x = {"w": np.ones(3, "float32"), "b": np.zeros(1, "float32")}, np.ones((2, 3), "float32")
    >>> f = from_jax(loss, p, x)
    >>> f(*f.example).backward()
    >>> sorted(f.parameters), f.parameters["w"].grad.shape
    (['b', 'w'], (3,))
    """
    jax = optional("jax", "`from_jax`")
    closed, shapes = jax.make_jaxpr(f, return_shape=True)(*example)
    paths, tree = jax.tree_util.tree_flatten_with_path(example)
    names = _labels(f, [path for path, _ in paths])
    arguments = {name: np.asarray(x) for name, (_, x) in zip(names, paths, strict=True)}
    program = Program(len(arguments))
    values = [Slot(i) for i in range(len(arguments))]
    program.arguments = jax.tree_util.tree_unflatten(tree, values), {}
    outs = _translate(program, closed.jaxpr, closed.consts, values, "")
    program.outputs = jax.tree_util.tree_unflatten(jax.tree_util.tree_structure(shapes), outs)
    made = Imported(f, program, {}, arguments, scalars)
    if check:
        made.compare("JAX", functools.partial(_gradients, f, tree), list(arguments.values()))
    made.parameters = {name: made.inputs[name] for name, (path, x) in zip(names, paths, strict=True)
                       if len(path) > 1 and arguments[name].dtype.kind == "f"}  # fmt: skip
    return made


def _labels(f: Any, paths: list[Any]) -> list[str]:
    """Return labels: the names of arguments, and for elements of containers their paths, as in `layers.0.w`."""
    try:
        own = list(inspect.signature(f).parameters)
    except (TypeError, ValueError):
        own = []
    labels = []
    for first, *rest in paths:
        words = [str(getattr(key, "key", getattr(key, "name", getattr(key, "idx", key)))) for key in rest]
        argument = own[first.idx] if first.idx < len(own) else f"x{first.idx}"
        labels.append(".".join(words) if words else argument)
    return [f"{paths[i][0].idx}.{x}" if labels.count(x) > 1 else x for i, x in enumerate(labels)]


# The translation -----------------------------------------------------------------------------------------------


def _translate(program: Program, jaxpr: Any, consts: Any, args: Sequence[Any], scope: str) -> list[Any]:
    """Add the equations of a jaxpr as steps; return its outputs, Slots or arrays."""
    from jax.extend.source_info_util import summarize

    known = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*map(_plain, consts), *args], strict=True))

    def read(x: Any) -> Any:
        return _plain(x.val) if hasattr(x, "val") else known[x]

    for e in jaxpr.eqns:
        given, name, site = [read(x) for x in e.invars], e.primitive.name, summarize(e.source_info)
        inner = e.params.get("jaxpr") or e.params.get("call_jaxpr") or e.params.get("fun_jaxpr")
        if name in _FLOW:
            outs = _FLOW[name](program, e.params, given, scope, site)
        elif inner is not None and (name != "custom_vjp_call" and not _has_own_rule(name, inner)):
            word = e.params.get("name") or name
            path = scope if name == "custom_jvp_call" else f"{scope}/{word}" if scope else word
            outs = _translate(program, getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), given, path)
        else:
            out = program.add(_rule(e, given), functools.partial(_run, e), given, {}, scope, site)
            outs = [out]
            if e.primitive.multiple_results:
                outs = [program.add(operator.getitem, operator.getitem, (out, i)) for i in range(len(e.outvars))]
        known.update(zip(e.outvars, outs, strict=True))
    return [read(x) for x in jaxpr.outvars]


def _plain(x: Any) -> Any:
    """Return an array of JAX as one of NumPy. Random keys stay as they are."""
    return np.asarray(x) if isinstance(getattr(x, "dtype", np.dtype(float)), np.dtype) else x


def _run(e: Any, *args: Any) -> Any:
    """Return the result of an equation, computed by JAX on its own or NumPy's arrays."""
    out = _bind(e, *args)
    return [*map(_plain, out)] if e.primitive.multiple_results else _plain(out)


def _bind(e: Any, *args: Any) -> Any:
    import jax

    found = e.primitive.get_bind_params(e.params)
    functions, params = ((), found) if isinstance(found, dict) else found  # of JAX before 0.8
    arrays_of_jax = [x if isinstance(x, jax.Array) else jax.numpy.asarray(x) for x in args]
    return e.primitive.bind(*functions, *arrays_of_jax, **params)


def _has_own_rule(name: str, inner: Any) -> bool:
    """Return whether a function has a derivative rule of its own, which may differ from that of what it computes."""
    return name == "custom_jvp_call" and "/jax/_src/" not in inner.jaxpr.debug_info.func_src_info


def _scan(program: Program, p: Any, given: list[Any], scope: str, site: str) -> list[Any]:
    n, m = p["num_consts"], p["num_consts"] + p["num_carry"]
    consts, carry, take = given[:n], given[n:m], operator.getitem
    rows: list[list[Any]] = []
    for t in range(p["length"])[:: -1 if p["reverse"] else 1]:
        xs = [program.add(take, take, (x, t), {}, scope, site) for x in given[m:]]
        outs = _translate(program, p["jaxpr"].jaxpr, p["jaxpr"].consts, [*consts, *carry, *xs], scope)
        carry = outs[: p["num_carry"]]
        rows.append(outs[p["num_carry"] :])
    columns = zip(*(rows[::-1] if p["reverse"] else rows), strict=True)
    return [*carry, *(program.add(layout.stack, layout.stack, column, {}, scope, site) for column in columns)]


def _cond(program: Program, p: Any, given: list[Any], scope: str, site: str) -> list[Any]:
    if isinstance(given[0], Slot):
        raise NotImplementedError(f"`jax.lax.cond` chooses by a number of the arguments, {_ONE_WAY}, at {site}")
    branch = p["branches"][int(np.clip(given[0], 0, len(p["branches"]) - 1))]
    return _translate(program, branch.jaxpr, branch.consts, given[1:], scope)


def _while(program: Program, p: Any, given: list[Any], scope: str, site: str) -> list[Any]:
    raise NotImplementedError(f"`jax.lax.while_loop` has no fixed count, {_ONE_WAY}, at {site}")


_ONE_WAY = "and a graph holds one way: use `jax.numpy.where`, or a loop with a fixed count"
_FLOW: dict[str, Callable[..., list[Any]]] = {"scan": _scan, "while": _while, "cond": _cond}


# The rules -----------------------------------------------------------------------------------------------------


def _rule(e: Any, given: list[Any]) -> Callable[..., Any]:
    """Return what computes an equation on nodes."""
    name, shape = e.primitive.name, getattr(e.outvars[0].aval, "shape", ())
    if name in _SAME:
        return _SAME[name]
    if name in _RULES:
        plain = (int, float, str, tuple, type(None), np.dtype, np.integer)
        return functools.partial(_RULES[name], {key: x for key, x in e.params.items() if isinstance(x, plain)}, shape)
    if name in ("gather", "slice", "dynamic_slice", "split", "pad", "rev"):
        return _moved(e, given[1:])
    return _opaque(e)


def _moved(e: Any, given: list[Any]) -> Callable[..., Any]:
    """Let JAX move the numbers of the elements, and pick by them."""
    fill = 0.0
    if e.primitive.name == "pad":
        fill, given = float(given[0]), [np.zeros((), int)]
    elif "fill_value" in e.params:
        fill = math.nan if e.params["fill_value"] is None else e.params["fill_value"]
        e = e.replace(params={**e.params, "fill_value": 0})
    return moved(functools.partial(_run, e), e.invars[0].aval.shape, given, fill)


def _opaque(e: Any) -> Callable[..., Any]:
    """Make an operation that JAX computes and differentiates, for each output of an equation."""

    def run(*args: Any) -> Any:
        nodes = [i for i, x in enumerate(args) if isinstance(x, Node)]

        def output(k: int, *xs: Any) -> Any:
            given = dict(zip(nodes, xs, strict=True))
            out = _bind(e, *(given.get(i, x) for i, x in enumerate(args)))
            return out[k] if e.primitive.multiple_results else out

        outs = []
        for k, x in enumerate(e.outvars):
            f, operands = functools.partial(output, k), [args[i] for i in nodes]
            is_float = x.aval.dtype.kind == "f"
            outs.append(_foreign(f, e.primitive.name, len(nodes))(*operands) if is_float
                        else _plain(f(*(operand.data for operand in operands))))  # fmt: skip
        return outs if e.primitive.multiple_results else outs[0]

    return run


def _foreign(f: Callable[..., Any], name: str, n: int) -> Primitive:
    """Make an operation of a function of JAX. Its derivatives are such operations, made when they are needed."""
    import jax

    def forward(*xs: Any) -> np.ndarray:
        return np.asarray(f(*map(jax.numpy.asarray, xs)))

    def vjps(g: Any, out: Any, xs: Any) -> list[Any]:
        return [_foreign(functools.partial(pulled, i), f"{name}'", n + 1)(g, *xs) for i in range(n)]

    def pulled(i: int, g: Any, *xs: Any) -> Any:
        return jax.vjp(f, *xs)[1](g)[i]

    forward.__name__ = forward.__qualname__ = name
    return Primitive(forward, vjps=vjps)


def _dot(p: Any, shape: Any, a: Any, b: Any) -> Any:
    (left, right), (batch, other) = p["dimension_numbers"]
    first = list(string.ascii_lowercase[: len(shape_of(a))])
    second = list(string.ascii_uppercase[: len(shape_of(b))])
    for i, j in zip([*left, *batch], [*right, *other], strict=True):
        second[j] = first[i]
    if not batch and (*left, *right) == (len(first) - 1, 0) and len(second) < 3:
        return reductions.matmul(a, b)
    kept = [first[i] for i in batch] + [x for i, x in enumerate(first) if i not in (*left, *batch)]
    free = [x for j, x in enumerate(second) if j not in (*right, *other)]
    return arrays.einsum(f"{''.join(first)},{''.join(second)}->{''.join([*kept, *free])}", a, b)


def _select(p: Any, shape: Any, which: Any, *cases: Any) -> Any:
    out = cases[0]
    for i, case in enumerate(cases[1:], 1):
        out = where(which if len(cases) == 2 else comparison.equal(which, i), case, out)
    return out


_SAME: dict[str, Callable[..., Any]] = {
    **SAME, "logistic": TABLE["sigmoid"], "max": TABLE["maximum"], "min": TABLE["minimum"], "rem": fmod,
    "add_any": TABLE["add"], "clamp": lambda low, x, high: clip(x, low, high), "is_finite": comparison.isfinite,
    "and": comparison.logical_and, "or": comparison.logical_or, "not": comparison.logical_not,
    "stop_gradient": lambda x: x.detach(), "copy": unchanged, "copy_p": unchanged, "reduce_precision": unchanged,
}  # fmt: skip
_RULES: dict[str, Callable[..., Any]] = {
    "integer_pow": lambda p, shape, x: pow(x, float(p["y"])),
    "convert_element_type": lambda p, shape, x: cast(x, np.dtype(p["new_dtype"])),
    **dict.fromkeys(["reshape", "squeeze", "expand_dims"], lambda p, shape, x: layout.reshape(x, shape=shape)),
    "broadcast_in_dim": lambda p, shape, x, *_: broadcast_in_dim(x, shape, p["broadcast_dimensions"]),
    "transpose": lambda p, shape, x: layout.transpose(x, axes=p["permutation"]),
    "concatenate": lambda p, shape, *xs: concatenate(list(xs), axis=p["dimension"]),
    "reduce_sum": lambda p, shape, x: reductions.sum(x, axis=p["axes"]),
    "reduce_max": lambda p, shape, x: reductions.max(x, axis=p["axes"]),
    "reduce_min": lambda p, shape, x: reductions.min(x, axis=p["axes"]),
    "reduce_prod": lambda p, shape, x: composites.prod(x, p["axes"]),
    "dot_general": _dot, "select_n": _select,
}  # fmt: skip


def _gradients(f: Any, tree: Any, values: Any, weights: Any) -> Any:
    """Return the outputs and gradients that JAX computes for some inputs."""
    import jax

    def outputs(*xs: Any) -> Any:
        return jax.tree_util.tree_leaves(f(*tree.unflatten(xs)))

    outs, pull = jax.vjp(outputs, *map(jax.numpy.asarray, values))
    none = jax.dtypes.float0  # JAX's dtype of a cotangent of integers
    seeds = [np.zeros(np.shape(y), none if np.asarray(y).dtype.kind != "f" else y.dtype) if w is None else w
             for y, w in zip(outs, weights, strict=True)]  # fmt: skip
    return [*map(np.asarray, outs)], [*map(np.asarray, pull(seeds))]
