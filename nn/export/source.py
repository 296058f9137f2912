"""A trained net as the text of a Python function that needs nothing but Python."""

from __future__ import annotations

import builtins
import keyword
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import autograd as ag

from .tracing import Constant, Step, trace

EVERYWHERE = {
    "add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "neg": "-{}", "square": "{0} * {0}", "identity": "{}",
    "astype": "{}", "silu": "{0} * sigmoid({0})", "log_sigmoid": "-softplus(-{})",
    "clip": "minimum(maximum({}, {}), {})",
}  # fmt: skip
"""How an elementwise operation is written in any language that has the helpers."""

INLINE = {
    **EVERYWHERE, "abs": "abs({})", "step": "({0} > 0.0) * 1.0", "greater": "({} > {}) * 1.0",
    "equal": "({} == {}) * 1.0", "where": "({1} if {0} else {2})", "reciprocal": "div(1.0, {})",
    "gelu": "0.5 * {0} * math.erfc(-{0} * 0.5**0.5)", "sign": "({0} > 0.0) - ({0} < 0.0) * 1.0",
    "floor": "float(math.floor({}))", "ceil": "float(math.ceil({}))", "round": "float(round({}))",
    "anchor": "(0.0 if math.isinf({0}) else {0})",
}  # fmt: skip
"""How an elementwise operation is written in Python; what is not here, but in HELPERS or in `math`, is a call."""

HELPERS = {
    "dot": "def dot(xs, ws):\n    return sum(x * w for x, w in zip(xs, ws))",
    "relu": "def relu(x):\n    return x if x > 0.0 or x != x else 0.0",
    "leaky_relu": "def leaky_relu(x, slope):\n    return x if x > 0.0 else slope * x",
    "elu": "def elu(x, alpha):\n    return x if x > 0.0 else alpha * math.expm1(x)",
    "sigmoid": (
        "def sigmoid(x):\n    t = math.exp(-abs(x))  # never overflows\n"
        "    return 1.0 / (1.0 + t) if x > 0.0 else t / (1.0 + t)"
    ),
    "softplus": "def softplus(x):\n    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))",
    "maximum": "def maximum(x, y):\n    return x if x > y or x != x else y",
    "minimum": "def minimum(x, y):\n    return x if x < y or x != x else y",
    "div": "def div(x, y):\n    return x / y if y else x * math.copysign(math.inf, y)",
    **{
        f: f"def {f}(x):\n    try:\n        return math.{f}(x)\n    except OverflowError:\n        return math.inf"
        for f in ("exp", "exp2", "expm1")
    },
    "log": "def log(x):\n    return math.log(x) if x > 0.0 else -math.inf if x == 0.0 else math.nan",
    "sqrt": "def sqrt(x):\n    return math.sqrt(x) if x >= 0.0 else math.nan",
    "logsumexp": (
        "def logsumexp(xs):\n    top = max(xs)\n"
        "    return top if math.isinf(top) else top + math.log(sum(math.exp(x - top) for x in xs))"
    ),
}

RESERVED = {*keyword.kwlist, *dir(builtins), "math", *HELPERS}
REDUCTIONS = {"sum": "sum({})", "max": "max({})", "min": "min({})", "logsumexp": "logsumexp({})"}


def places_of(op: ag.Primitive, params: Mapping[str, Any], shapes: Sequence[tuple[int, ...]]) -> np.ndarray:
    """Return where an operation of `MOVES` takes each number from, counted through all operands of these shapes."""
    ends = np.cumsum([0, *map(math.prod, shapes)])
    numbered = [np.arange(a, b).reshape(shape) for a, b, shape in zip(ends, ends[1:], shapes, strict=False)]
    return np.asarray(op.evaluate(numbered, dict(params)))


def to_python(model: Any, name: str = "predict", shape: tuple[int, ...] | None = None) -> str:
    """Write a trained net as a Python function: its text, with all numbers in it, which needs nothing but Python.

    The function takes the numbers of one row in a list and gives a list of its outputs, in double precision.

    Args:
        model: a Module that takes batches, or an MLP of Values.
        name: of the function; a name of Python that is no keyword, and no builtin, which the text may need.
        shape: the shape of a row; `(fan_in,)` of the first Linear layer if left out. A row of more axes is handed
            over flat, row by row.

    Raises:
        TypeError: there is an operation in it that has no form in plain Python.
        ValueError: `name` is no such name; or the model cannot be traced: it branches on numbers.

    >>> from chalkgrad.nn import Linear
    >>> layer = Linear(2, 2)
    >>> layer.load_state_dict({"weight": [[2.0, 0.0], [-1.0, 1.0]], "bias": [0.5, 0.0]})
    >>> print(to_python(layer))
    # Linear(2, 2)
    <BLANKLINE>
    weight = [
        [2.0, -1.0],
        [0.0, 1.0],
    ]
    bias = [0.5, 0.0]
    <BLANKLINE>
    <BLANKLINE>
    def dot(xs, ws):
        return sum(x * w for x, w in zip(xs, ws))
    <BLANKLINE>
    <BLANKLINE>
    def predict(x):
        if len(x) != 2:
            raise ValueError(f"predict takes 2 numbers, not {len(x)}")
        h1 = [dot(x, w) for w in weight]
        h2 = [h1[i] + bias[i] for i in range(2)]
        return h2
    <BLANKLINE>
    """
    return Writer(name).text(model, shape)


class Writer:
    """Writes step after step; every intermediate result is a flat list of known length.

    What stands in the class and in the methods up to `text` is Python; another language overrides it. `each` makes a
    list of a form for each item of a list, and `numbered` goes through the numbers of a list.

    Args:
        name: of the function.
    """

    language, comment, library, apart = "Python", "# ", "math", "\n\n\n"
    inline, helping, reductions, functions, reserved = INLINE, HELPERS, REDUCTIONS, set(dir(math)), RESERVED
    statement, each, spread = "{} = {}", "[{} for {} in {}]", "*"
    numbered = "i", "range({})"
    function = """\
def {name}(x):
    if len(x) != {count}:
        raise ValueError(f"{name} takes {count} numbers, not {{len(x)}}")
{lines}    return {result}
"""

    def __init__(self, name: str) -> None:
        if not isinstance(name, str) or not (name.isidentifier() and name.isascii()) or name in self.reserved:
            raise ValueError(f"`name` is a name of {self.language} that is free, such as 'predict', not {name!r:.60}")
        self.name = name
        self.lines: list[str] = []
        self.names = ["x"]
        self.constants: list[str] = []
        self.helpers: set[str] = set()
        self.known: dict[tuple[int, tuple[int, ...]], str] = {}
        self.taken = {name, "x", *self.reserved}

    def text(self, model: Any, shape: tuple[int, ...] | None) -> str:
        """Write all of a model: what it is, its numbers, the helpers, the function."""
        steps = trace(model, 1, shape)
        for step in steps[1:]:
            self.write(step)
        function = self.function.format(
            name=self.name,
            count=math.prod(steps[0].shape),
            lines="".join(f"    {line}\n" for line in self.lines),
            result=self.names[-1] if len(steps) > 1 else f"[{self.spread}x]",
        )
        parts = [*(text for helper, text in self.helping.items() if helper in self.helpers), function]
        title = [self.comment + line.replace("</", "<\\/") for line in repr(model).splitlines()]
        imports = ["import math"] if any("math." in part for part in parts) else []
        top = ["\n".join(lines) for lines in (title, imports, self.constants) if lines]
        return self.apart.join(["\n\n".join(top), *parts])

    def write(self, step: Step) -> None:
        name = step.op.name
        if name == "matmul":
            text = self._product(step)
        elif name in self.reductions:
            text = self._reduction(step)
        elif name in ag.compiler.MOVES:
            text = self._pick(step)
        else:
            text = self._elementwise(step)
        self.names.append(text if text.isidentifier() else f"h{len(self.names)}")
        if self.names[-1] != text:
            self.lines.append(self.statement.format(self.names[-1], text))

    def _product(self, step: Step) -> str:
        left, right = step.inputs
        if not isinstance(left, int) or isinstance(right, int) or math.prod(step.in_shapes[0][:-1]) != 1:
            raise self._foreign(step, "of anything but a row by a matrix of constants")
        self.helpers.add("dot")
        columns = Constant(np.atleast_2d(right.data.T), right.name)
        return self.each.format(f"dot({self.names[left]}, w)", "w", self._constant(columns, right))

    def _reduction(self, step: Step) -> str:
        (operand,) = step.inputs
        assert isinstance(operand, int)
        places = np.arange(math.prod(step.in_shapes[0])).reshape(step.in_shapes[0])
        axis = step.params["axis"]
        axes = range(places.ndim) if axis is None else np.atleast_1d(axis).tolist()
        groups = np.moveaxis(places, axes, range(-len(axes), 0)).reshape(math.prod(step.shape), -1)
        form, name = self.reductions[step.op.name], self.names[operand]
        self._need(form)
        if len(groups) == 1:
            return f"[{form.format(name)}]"
        gathered = self.each.format(f"{name}[i]", "i", "group")
        return self.each.format(form.format(gathered), "group", groups.tolist())

    def _pick(self, step: Step) -> str:
        places = places_of(step.op, step.params, step.in_shapes)
        lists = [self.names[x] if isinstance(x, int) else self._flat(x, x.data.shape) for x in step.inputs]
        whole = lists[0] if len(lists) == 1 else f"[{', '.join(self.spread + x for x in lists)}]"
        is_whole = places.ravel().tolist() == list(range(sum(map(math.prod, step.in_shapes))))
        return whole if is_whole else self._gathered(whole, places)

    def _gathered(self, whole: str, places: np.ndarray) -> str:
        return self.each.format(f"{self._named(whole)}[i]", "i", places.ravel().tolist())

    def _named(self, text: str) -> str:
        """Compute a list once, before it is gone through."""
        if text.isidentifier():
            return text
        name = f"list{len(self.lines)}"
        self.lines.append(self.statement.format(name, text))
        return name

    def _elementwise(self, step: Step) -> str:
        size, arguments, first = math.prod(step.shape), list[str](), ""
        for operand, shape in zip(step.inputs, step.in_shapes, strict=True):
            if isinstance(operand, Constant):
                whole = "" if operand.data.size == 1 else self._flat(operand, step.shape)
                arguments.append(f"{whole}[i]" if whole else number_text(operand.data))
            elif math.prod(shape) == 1:
                whole = ""
                arguments.append(f"{self.names[operand]}[0]")
            else:
                whole = self.names[operand]
                if math.prod(shape) < size:
                    places = np.broadcast_to(np.arange(math.prod(shape)).reshape(shape), step.shape)
                    whole = self._named(self._gathered(whole, places))
                arguments.append(f"{whole}[i]")
            first = first or whole
        form = self._form(step).format(*arguments)
        return self.each.format(form, *(x.format(size, first) for x in self.numbered)) if first else f"[{form}]"

    def _flat(self, constant: Constant, shape: tuple[int, ...]) -> str:
        return self._constant(Constant(np.broadcast_to(constant.data, shape).ravel(), constant.name), constant)

    def _form(self, step: Step) -> str:
        name = step.op.name
        form = self.inline.get(name)
        if form is None:
            known = name in self.helping or name in self.functions
            if not step.op.elementwise or step.params or not known:
                raise self._foreign(step)
            function = name if name in self.helping else f"{self.library}.{name}"
            form = f"{function}({', '.join(['{}'] * len(step.inputs))})"
        self._need(form)
        return form

    def _need(self, form: str) -> None:
        """Note the helpers that a text calls, and those that they call."""
        for helper in self.helping.keys() - self.helpers:
            if re.search(rf"(?<![.\w]){helper}\(", form):
                self.helpers.add(helper)
                self._need(self.helping[helper])

    def _foreign(self, step: Step, what: str = "") -> TypeError:
        return TypeError(f"`{step.op.name}` {what} has no form in plain {self.language}: leave it out of the model")

    def _constant(self, constant: Constant, source: Constant) -> str:
        """Write numbers above the function, once, under the name that they have in the model."""
        key = id(source.data), constant.data.shape
        if key in self.known:
            return self.known[key]
        first, *path = reversed(re.sub(r"[^0-9A-Za-z_.]", "_", constant.name).split("."))
        name = wanted = "_".join([first if first[:1].isalpha() else f"constant_{first}", *path])
        number = 2
        while name in self.taken or re.fullmatch(r"(h|list)\d+|w|i|group", name):
            name, number = f"{wanted}_{number}", number + 1
        self.taken.add(name)
        self.known[key] = name
        if constant.data.ndim == 1:
            text = f"[{_numbers(constant.data)}]"
        else:
            text = "[\n" + "".join(f"    [{_numbers(row)}],\n" for row in constant.data) + "]"
        self.constants.append(self.statement.format(name, text))
        return name


def _numbers(row: np.ndarray) -> str:
    return ", ".join(map(number_text, row))


def number_text(x: Any) -> str:
    """Write a number so that Python and JavaScript read the same one.

    Raises:
        ValueError: it is not finite.
    """
    number = float(np.asarray(x).item())
    if not math.isfinite(number):
        raise ValueError(f"a parameter is {number}: a net that has diverged is not exported")
    return repr(number)
