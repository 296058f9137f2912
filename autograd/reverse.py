"""Reverse mode: in reverse topological order, each operation adds its vjp terms to the cotangents of its operands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from . import modes
from .anomaly import watch_term
from .graph import ZERO, Node, constant, new_constant, saved, topological, traverse, without_collector, zeros
from .locks import graph_lock
from .modes import quiet, switch
from .primitive import Primitive
from .primitives.activations import relu
from .primitives.arithmetic import add, mul
from .primitives.layout import astype, broadcast_to, element, shape_of, unbroadcast
from .primitives.selection import strict_zero_mul, where

_NO_SETTINGS: dict[str, Any] = {}


def backward(root: Node, gradient: Any, create_graph: bool) -> None:
    """Run the backward pass from `root`; see `Value.backward`."""
    if modes.tracer() is not None:
        raise RuntimeError(
            "`backward()` inside a function that is being compiled would leave numbers in `grad` that no later run "
            "renews: compile `grad(f)` or `value_and_grad(f)`, or build the graph outside and compile(root)"
        )
    seed = _seed(root, gradient)
    if create_graph:
        _backward_with_graph(root, seed)
    else:
        _backward_plain(root, seed)


def _seed(root: Node, gradient: Any) -> Any:
    """Return the cotangent that a backward pass starts from, after a check."""
    if root.op is constant:
        raise ValueError(
            "backward() from a node that needs no gradient: it is a constant, or was computed under `no_grad` "
            "or from detached nodes only"
        )
    data = root._data
    if gradient is None:
        if np.size(data) == 1:
            return 1.0 if data.__class__ is float else np.ones_like(data)
        raise ValueError(
            f"backward() needs a single number to start from, and this Tensor has shape {data.shape}: "
            "pass `gradient` of that shape, or reduce first, as in `.sum().backward()`"
        )
    try:
        given: Any = gradient._data if isinstance(gradient, Node) else np.asarray(gradient)
        if given.__class__ is not float:
            given = given.astype(np.float64, casting="unsafe" if given.dtype == object else "same_kind")
    except (TypeError, ValueError, OverflowError):
        shape = np.shape(data)
        raise TypeError(f"`gradient` is a number, array or node of shape {shape}, not {gradient!r:.40}") from None
    if np.shape(given) != np.shape(data):
        raise ValueError(f"`gradient` has shape {np.shape(given)}; it must have that of the node, {np.shape(data)}")
    if isinstance(gradient, Node):
        return gradient
    return float(given) if data.__class__ is float else given.astype(data.dtype)


def _backward_plain(root: Node, seed: Any) -> None:
    """Run the pass on plain numbers and accumulate in `grad`. After an error, restore `grad`."""
    order: list[Node] = []
    leaves: list[Node] = []
    path: list[Node] = []
    before: dict[Node, Any] = {}
    with graph_lock.backward(), without_collector(), quiet():
        try:
            traverse((root,), order, leaves, path, before)
            root.grad = seed._data if isinstance(seed, Node) else seed
            unreached = _pull(order, watching=bool(switch.open) and modes.watching())
            for leaf, total in [(leaf, _accumulated(leaf, before.get(leaf))) for leaf in leaves]:
                leaf.grad = total
            for node in unreached:
                node.grad = zeros(node._data)
        except BaseException:
            for node in (*path, *order, *leaves):
                node.grad = before.get(node)
            raise


def _pull(order: list[Node], watching: bool) -> list[Node]:
    """Propagate the gradient of each node to its operands. Return the nodes that no gradient reached."""
    unreached = []
    strict: set[Node] = set()
    zero, plus, times, rectify = ZERO, add, mul, relu  # local names are faster than global ones
    for node in order:
        g = node.grad
        if g.__class__ is float:
            if g is zero:
                unreached.append(node)  # the other branch of a `where`
                continue
            if not watching and node not in strict:
                # A Value. Three primitives are inlined because nearly all nodes of a scalar net use them. A test
                # compares them with their rules.
                op = node.op
                if op is plus:
                    node._first.grad += g
                    node._second.grad += g
                    continue
                if op is times:
                    node._first.grad += g * node._y
                    node._second.grad += g * node._x
                    continue
                if op is rectify and node._x == node._x:
                    node._first.grad += g if node._x > 0.0 else g * 0.0
                    continue
                if op._partials is not None and not op.wide and not op.strict_zeros:
                    _spread(node, op, g)
                    continue
        for operand, term in vjp_terms(node, g, strict):
            if watching:
                watch_term(node, operand, term)
            gathered = operand.grad
            operand.grad = term if gathered is zero else gathered + term
    return unreached


def _spread(node: Node, op: Primitive, g: float) -> None:
    """Apply an elementwise primitive of one or two operands to floats: `vjp_terms` without its generality."""
    first, second = node._first, node._second
    partials: Any = op._partials
    if second is None:
        if (partial := partials[0]) is not None:
            first.grad += g * (partial if partial.__class__ is float else partial(node._data, node._x))
        return
    if first.op is not constant and (partial := partials[0]) is not None:
        first.grad += g * (partial if partial.__class__ is float else partial(node._data, node._x, node._y))
    if second.op is not constant and (partial := partials[1]) is not None:
        second.grad += g * (partial if partial.__class__ is float else partial(node._data, node._x, node._y))


def _accumulated(leaf: Node, old: Any) -> Any:
    """Return the old gradient of a leaf plus the new one, in the dtype of the leaf."""
    data, new = leaf._data, leaf.grad
    if leaf.op is constant:
        return old
    if data.__class__ is float:
        return new if old is None else old + new
    if new is ZERO:
        return np.zeros_like(data) if old is None else old
    if old is None:
        return np.array(new, dtype=data.dtype)
    return old + new if isinstance(old, Node) else np.add(old, new).astype(data.dtype, copy=False)


def _backward_with_graph(root: Node, seed: Any) -> None:
    order, leaves = topological(root)
    nodes = [*order, *(leaf for leaf in leaves if leaf.op is not constant)]
    start = seed if isinstance(seed, Node) else new_constant(seed)
    total = []
    for node, grad in zip(nodes, pullback([(root, start)], nodes, graph=True), strict=True):
        grad = grad if grad is not None else new_constant(zeros(node._data))
        if node._first is not None:
            total.append(grad._data)  # as a node it would be part of a reference cycle
        else:
            total.append(grad if node.grad is None else node.grad + grad)
    for node, grad in zip(nodes, total, strict=True):
        node.grad = grad


def pullback(seeds: list[tuple[Node, Any]], wrt: list[Node], *, graph: bool, strict: Iterable[Node] = ()) -> list[Any]:
    r"""Return $\sum_k \bar y_k\, \partial y_k / \partial x$ for every node `x` of `wrt`, without changing `grad`.

    Args:
        seeds: results $y_k$ with their cotangents.
        wrt: the nodes to differentiate with respect to.
        graph: whether the cotangents are nodes of a graph and not numbers.
        strict: results whose cotangents have exact zeros; see `vjp_terms`.

    Returns:
        One cotangent per node of `wrt`, or None if no result depends on it.
    """
    order, _ = topological(*(node for node, _ in seeds))
    needed = set(wrt)
    for node in reversed(order):
        if node not in needed and any(x in needed for x in node.inputs):
            needed.add(node)
    cotangents: dict[Node, Any] = {}
    for node, g in seeds:
        cotangents[node] = cotangents[node] + g if node in cotangents else g
    strict = set(strict)
    watching = bool(switch.open) and modes.watching()
    with quiet():
        for node in order:
            g = cotangents.get(node)
            if g is None or node not in needed:
                continue
            for operand, term in vjp_terms(node, g, strict, needed, graph):
                if watching:
                    watch_term(node, operand, term)
                gathered = cotangents.get(operand)
                cotangents[operand] = term if gathered is None else gathered + term
    return [cotangents.get(x) for x in wrt]


def vjp_terms(
    node: Node, g: Any, strict: set[Node] | None = None, needed: set[Node] | None = None, graph: bool = False
) -> Iterator[tuple[Node, Any]]:
    """Yield each differentiated operand with its vjp term for the cotangent `g`.

    `strict` contains the nodes whose cotangents have exact zeros, from a branch that was not taken (see
    `Primitive.strict_zeros`). For these nodes, zero times an infinite partial is 0.
    """
    op = node.op
    values, out = rule_arguments(node, graph)
    params = node._wide[2] if op.wide else _NO_SETTINGS
    product = strict_zero_times_both if op.strict_zeros else _strict_zero_times if strict and node in strict else times
    partials = op._partials
    joint: Any = op._vjps(g, out, values, **params) if callable(op._vjps) else None  # once, not once per operand
    for i, operand in enumerate(node.inputs):
        if operand.op is constant or (needed is not None and operand not in needed):
            continue
        rule: Any = partials[i] if partials is not None else op.rule(i)
        if rule is None:
            continue
        if partials is not None:
            term = product(g, rule(out, *values, **params) if callable(rule) else rule)
        else:
            term = joint[i] if joint is not None else rule(g, out, *values, **params)
        if op.strict_zeros or product is _strict_zero_times:
            if strict is not None:
                strict.add(operand)
            if term.__class__ is float and not term:
                term = None  # for a single number, an exact zero ends the propagation
            if term is None and strict is not None:
                _mark_strict(operand, strict)
        if term is None:
            continue
        yield operand, term if _fits(term, operand._data) else fitted(term, operand, op)


def _mark_strict(node: Node, strict: set[Node]) -> None:
    """Mark the nodes that the exact zero of a node would have reached."""
    waiting = [node]
    while waiting:
        unmarked = [x for x in waiting.pop().inputs if x not in strict]
        strict.update(unmarked)
        waiting += unmarked


def _fits(term: Any, data: Any) -> bool:
    """Return whether a term is an array with the shape and dtype of its operand, the most frequent case."""
    return term.__class__ is np.ndarray is data.__class__ and term.shape == data.shape and term.dtype is data.dtype


def times(g: Any, partial: Any) -> Any:
    """Return `g` times a partial derivative, without a multiplication by 1 or -1."""
    if partial.__class__ is float:
        if partial == 1.0:
            return g
        if partial == -1.0:
            return -g
    return g * partial


def _strict_zero_times(g: Any, partial: Any) -> Any:
    """Return the product, exactly 0 where `g` is 0."""
    return times(g, partial) if partial.__class__ is float and abs(partial) == 1.0 else strict_zero_mul(g, partial)


def strict_zero_times_both(g: Any, partial: Any) -> Any:
    """Return the product, exactly 0 where one factor is 0: partials of a strict-zero product have exact zeros too."""
    if partial.__class__ is float and abs(partial) == 1.0:
        return times(g, partial)
    return where(partial, strict_zero_mul(g, partial), 0.0)


def fitted(term: Any, operand: Node, op: Primitive) -> Any:
    """Return a term with the type, shape and dtype of its operand, which may have been broadcast."""
    data = operand._data
    if term.__class__ is data.__class__ is float:
        return term
    if op.elementwise and len(shape_of(term)) >= len(shape_of(operand)):
        term = unbroadcast(term, shape_of(operand))
    if data.__class__ is float:
        if isinstance(term, Node):
            if term._data.__class__ is float:
                return term
            if term._data.size == 1:
                return element(term, index=(0,) * term._data.ndim)
        elif np.size(term) == 1:
            return float(np.reshape(term, ()))
    else:
        if term.__class__ is float:
            return np.full(data.shape, term, data.dtype)
        if isinstance(term, Node) and term._data.__class__ is float:
            term = broadcast_to(term, shape=data.shape)
        if shape_of(term) == data.shape:
            if term.dtype == data.dtype or data.dtype.kind != "f":  # pyright: ignore[reportAttributeAccessIssue]
                return term
            return astype(term, dtype=data.dtype)
    raise ValueError(
        f"the rule of primitive `{op.name}` gave a cotangent of shape {shape_of(term)} "
        f"for an operand of shape {np.shape(data)}: they must be equal"
    )


def rule_arguments(node: Node, graph: bool) -> tuple[tuple[Any, ...], Any]:
    """Return the operands and the result for a derivative rule, as numbers, or as nodes to build a graph."""
    values = saved(node)
    if not graph:
        return values, node._data
    for operand, value in zip(node.inputs, values, strict=True):
        same = operand._data is value or np.array_equal(value, operand._data, equal_nan=True)  # `.data` gives a copy
        if operand._first is None and not same:
            named = f"`{operand.label}`" if operand.label else f"an operand of shape {operand.shape}"
            raise RuntimeError(
                f"`.data` of {named} was changed after `{node.op.name}` used it, so a gradient with a graph "
                "would mix old and new numbers: compute forward again first"
            )
    return node.inputs, node
