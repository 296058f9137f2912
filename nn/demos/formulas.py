"""The formulas of the library as JavaScript: values and derivatives, traced from single Values and printed as loops.

So a page computes what Python computes. A new activation, loss or optimiser needs one name in a list below.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import autograd as ag
from autograd import Node, Tensor, Value, compiler, gradients

from ..export.javascript import FUNCTIONS, HELPERS, INLINE, REDUCTIONS
from ..export.source import number_text, places_of
from ..layers.activations import function_of
from ..layers.features import FEATURES
from ..losses.formulas import LOSSES, cross_entropy, hinge, multiclass_hinge
from ..mlp import RECTIFIERS
from ..optim.update_rules import RULES, SGD
from ..training.penalties import L1, L2

ACTIVATIONS = ("tanh", "relu", "sigmoid", "linear", "leaky_relu", "elu", "gelu", "silu", "softplus", "sin")
OUTPUT_LOSSES = ("bce_with_logits", "mse", "hinge", "squared_hinge", "mae", "huber")
OPTIMIZERS: dict[str, Callable[..., Any]] = {
    "sgd": SGD,
    "momentum": functools.partial(SGD, momentum=0.9),
    "nesterov": functools.partial(SGD, momentum=0.9, nesterov=True),
    **{name: rule for name, rule in RULES.items() if name not in ("sgd", "nadam")},
}
SCORE_LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "weston_watkins": multiclass_hinge.formula,
    "one_vs_all": lambda z, y: ag.sum(hinge.formula(z, 2.0 * y - 1.0)),
    "structured": lambda z, y: ag.max(z + (1.0 - y)) - ag.sum(y * z),
    "softmax": cross_entropy.formula,
}
"""The losses of three scores, from scores and a row with a single 1."""

SHARED = {
    "_decay": "Math.exp(-2 * Math.abs({0}))",
    "tanh": "(Math.abs({0}) < 0.3 ? Math.tanh({0}) : ({0} < 0 ? {1} - 1 : 1 - {1}) / (1 + {1}))",
    "_sech2": "4 * {1} / ((1 + {1}) * (1 + {1}))",
}
"""Tanh and its derivative share an exponential: half of the time of a step is spent in them."""

SURFACES: dict[str, Callable[[Any, Any], Any]] = {
    "valley": lambda x, y: 0.25 * x * x + 5.0 * y * y,
    "saddle": lambda x, y: 0.5 * x * x - 0.5 * y * y,
    "rosenbrock": lambda x, y: ag.square(1.0 - x) + 20.0 * ag.square(y - x * x),
}
"""What the demo of momentum descends on."""

_ELEMENTWISE, _REDUCTIONS = {*INLINE, *HELPERS, *FUNCTIONS}, REDUCTIONS | {"sum_to": REDUCTIONS["sum"]}


class _Printer:
    """Prints operations on single numbers as statements, each once; those that are constant in a loop apart."""

    def __init__(self, constant: Sequence[str]) -> None:
        self.constant = set(constant)
        self.before: list[str] = []
        self.inside: list[str] = []
        self.known: dict[str, str] = {}

    def instruction(self, instr: compiler.Instruction, operands: list[np.ndarray]) -> Any:
        """Print an instruction on arrays of expressions; return those of its result."""
        name = instr.name
        if name == "constant":
            return [f"({number_text(x)})" for x in instr.data.ravel()]
        if name in compiler.MOVES:
            places = places_of(ag.TABLE[name], instr.params, [x.shape for x in operands])
            return np.concatenate([x.ravel() for x in operands])[places]
        if (form := _REDUCTIONS.get(name)) and math.prod(instr.shape) == 1:
            return self.statement(form.format(f"[{', '.join(operands[0].ravel())}]"), *operands[0].ravel())
        if name not in _ELEMENTWISE:
            raise TypeError(f"`{name}` has no form in a page")
        return np.frompyfunc(lambda *xs: self.operation(name, *xs), len(operands), 1)(*operands)

    def operation(self, name: str, *operands: str) -> str:
        """Print an elementwise operation."""
        if name in ("tanh", "_sech2"):
            operands = (*operands, self.operation("_decay", *operands))
        call = f"Math.{name}" if name in FUNCTIONS else name
        form = SHARED.get(name) or INLINE.get(name) or f"{call}({', '.join(['{}'] * len(operands))})"
        return self.statement(form.format(*operands), *operands)

    def statement(self, text: str, *operands: str) -> str:
        if text not in self.known:
            self.known[text] = made = f"${len(self.known)}"
            constant = all(x.startswith("(") or x in self.constant for x in operands)
            (self.before if constant else self.inside).append(f"const {made} = {text};")
            if constant:
                self.constant.add(made)
        return self.known[text]


def printed(
    outputs: Sequence[Node], inputs: Mapping[str, Node], constant: Sequence[str] = ()
) -> tuple[list[str], list[str], list[str]]:
    """Print a graph of single numbers and of small arrays as statements of JavaScript.

    Args:
        outputs: nodes.
        inputs: the leaves that are not constant, each with its name; an array `z` has the elements `z0`, `z1`, ...
        constant: names of inputs that do not change in the loop.

    Returns:
        The statements that depend on `constant` alone, the others, and the expressions of all elements of the outputs.
    """
    printer, ir = _Printer(constant), compiler.ir_of(outputs, [*inputs.values()])
    ir = compiler.dead_code(compiler.simplify(ir))
    found: list[np.ndarray] = []
    for name, instr in itertools.zip_longest(inputs, ir.instructions):
        if instr.name == "input":
            made = [f"{name}{i}" for i in range(math.prod(instr.shape))] if instr.shape else name
        else:
            made = printer.instruction(instr, [found[i] for i in instr.inputs])
        found.append(np.array(made, dtype=object).reshape(instr.shape))
    return printer.before, printer.inside, [x for i in ir.outputs for x in found[i].ravel()]


def _loop(
    outputs: Sequence[Node],
    inputs: Mapping[str, Node],
    reads: Sequence[str],
    stores: Sequence[str],
    constant: Sequence[str] = (),
    bounds: str = "let i = 0; i < n; i++",
) -> str:
    """Print a loop that reads the inputs and stores each element of the outputs, which is `{}` in its store."""
    before, lines, results = printed(outputs, inputs, constant)
    kept = (store.format(x) for store, x in zip(stores, results, strict=False))
    return f"{' '.join(before)} for ({bounds}) {{ {' '.join([*reads, *lines, *kept])} }}"


def _function(outputs: Sequence[Node], inputs: Mapping[str, Node]) -> str:
    _, lines, results = printed(outputs, inputs)
    value = results[0] if len(results) == 1 else f"[{', '.join(results)}]"
    return f"({', '.join(inputs)}) => {{ {' '.join(lines)} return {value}; }}"


def _activation(name: str) -> str:
    z = Value(0.3)
    f, stores = function_of(name)(z), ["h[i] = {};", "d[i] = {};"]
    values, slopes = (
        _loop(outputs, {"z": z}, ["const z = x[i];"], stores) for outputs in ([f], [f, *gradients(f, [z])])
    )
    return f"{{ values(n, x, h) {{ {values} }}, slopes(n, x, h, d) {{ {slopes} }} }}"


def _loss(formula: Callable[[Any, Any], Any], k: int) -> str:
    z, y = (Value(0.3), Value(1.0)) if k == 1 else (Tensor([0.1, 0.2, 0.3]), Tensor([1.0, 0.0, 0.0]))
    f, names = formula(z, y), [""] if k == 1 else [str(j) for j in range(k)]
    reads = [f"const z{j} = Z[{k} * i + {j or 0}], y{j} = Y[{k} * i + {j or 0}];" for j in names]
    stores = ["total += {};", *(f"e[{k} * i + {j}] = {{}} * scale;" for j in range(k))]
    values, slopes = (_loop(outputs, {"z": z, "y": y}, reads, stores) for outputs in ([f], [f, *gradients(f, [z])]))
    return (
        f"{{ values(n, Z, Y) {{ let total = 0; {values} return total; }}, "
        f"slopes(n, Z, Y, e, scale) {{ let total = 0; {slopes} return total; }} }}"
    )


def _optimizer(name: str) -> str:
    p, g, lr, t, mu = (Value(x) for x in (0.5, 0.1, 0.01, 3.0, 0.9))
    optimizer = OPTIMIZERS[name]([p])
    if getattr(optimizer, "momentum", 0.0):
        vars(optimizer)["momentum"] = mu  # a number that a page may change
    states = {key: Value(0.2) for key in optimizer.start(0.5)}
    (new,), (kept,) = optimizer.updates([p], [g], [states], [lr], t)
    leaves = {"p": p, "g": g, "lr": lr, "t": t, "mu": mu, **{f"s_{key}": x for key, x in states.items()}}
    reads = ["const p = P[i], g = G[i];", *(f"const s_{key} = S{i}[i];" for i, key in enumerate(states))]
    stores = ["P[i] = {};", *(f"S{i}[i] = {{}};" for i in range(len(states)))]
    body = _loop([new, *kept.values()], leaves, reads, stores, ["lr", "t"])
    given = "".join(f"const S{i} = s[{i}]; " for i in range(len(states)))
    return f"{{ states: {list(states)}, step(n, P, G, s, lr, t, mu = 0.9) {{ {given}{body} }} }}"


def _penalty(kind: Any) -> str:
    p, alpha = Value(0.5), Value(0.1)
    f, stores = alpha * kind(1.0).omega([p]), ["total += {};", "G[i] += {};"]
    outputs, leaves = [f, *gradients(f, [p])], {"p": p, "alpha": alpha}
    body = _loop(outputs, leaves, ["const p = P[i];"], stores, (), "let i = from; i < to; i++")
    return f"{{ slopes(from, to, P, G, alpha) {{ let total = 0; {body} return total; }} }}"


@functools.cache
def formulas() -> str:
    """Write the module `formulas.js`: `FORMULAS`, of functions that loop over arrays, by kind and name."""
    chosen = {name: LOSSES[name] for name in OUTPUT_LOSSES}
    losses = {name: _loss(functools.partial(loss.formula, **loss.settings), 1) for name, loss in chosen.items()}
    losses |= {name: _loss(formula, 3) for name, formula in SCORE_LOSSES.items()}
    x, y = Value(0.3), Value(0.4)
    leaves, surfaces = {"x": x, "y": y}, {name: of(x, y) for name, of in SURFACES.items()}
    parts = {
        "activations": {name: _activation(name) for name in ACTIVATIONS},
        "losses": losses,
        "optimizers": {name: _optimizer(name) for name in OPTIMIZERS},
        "penalties": {"L1": _penalty(L1), "L2": _penalty(L2)},
        "surfaces": {name: _function([f, *gradients(f, [x, y])], leaves) for name, f in surfaces.items()},
        "features": {f"'{name}'": _function([of(x, y)], leaves) for name, of in FEATURES.items()},
    }
    listed = [f"{kind}: {{ {', '.join(f'{k}: {v}' for k, v in of.items())} }}" for kind, of in parts.items()]
    listed.append(f"rectifiers: {[name for name in ACTIVATIONS if function_of(name) in RECTIFIERS]}")
    helpers = "\n".join(text for name, text in HELPERS.items() if name not in ("dot", "_sech2"))
    return f"{helpers}\nexport const FORMULAS = {{\n{chr(10).join(f'{x},' for x in listed)}\n}};\n"
