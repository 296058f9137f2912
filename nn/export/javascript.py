"""A trained net as the text of a JavaScript function that needs nothing but JavaScript."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

from .source import EVERYWHERE, Writer

INLINE = {
    **EVERYWHERE, "div": "{} / {}", "reciprocal": "1 / {}", "exp2": "pow(2, {})",
    "ratio": "({1} === 0 ? 0 : {0} / {1})", "step": "step({})", "greater": "Number({} > {})",
    "equal": "Number({} === {})", "strict_zero_mul": "({0} !== 0 ? {0} * {1} : 0)", "where": "({0} !== 0 ? {1} : {2})",
    "gelu": "0.5 * {0} * erfc(-{0} * Math.SQRT1_2)",
    "anchor": "(Math.abs({0}) === Infinity ? 0 : {0})", "_normal_cdf": "0.5 * erfc(-{0} * Math.SQRT1_2)",
    "_normal_pdf": "Math.exp(-0.5 * {0} * {0}) / Math.sqrt(2 * Math.PI)", "inside": "inside({}, {}, {})",
}  # fmt: skip
"""How an elementwise operation is written in JavaScript; what is not here, but in HELPERS or FUNCTIONS, is a call."""

FUNCTIONS = {
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "cos", "cosh", "exp", "expm1", "floor",
    "hypot", "log", "log10", "log1p", "log2", "sign", "sin", "sinh", "sqrt", "tan", "tanh",
}  # fmt: skip
"""Those that `Math` has with the same values, also at NaN and infinity."""

_TEXTS = files(str(__package__)).joinpath("helpers.js").read_text(encoding="utf-8").rstrip().split("\n\n")[1:]
HELPERS = {re.split(r"\W", text)[1]: text for text in _TEXTS}
"""The functions of `helpers.js` by name."""

KEYWORDS = """
arguments await break case catch class const continue debugger default delete do else enum eval export extends false
finally for function if implements import in instanceof interface let new null package private protected public return
static super switch this throw true try typeof undefined var void while with yield NaN Infinity Math Number RangeError
"""
RESERVED = {*KEYWORDS.split(), *HELPERS}
REDUCTIONS = {"sum": "sum({})", "max": "Math.max(...{})", "min": "Math.min(...{})", "logsumexp": "logsumexp({})"}


def to_javascript(model: Any, name: str = "predict", shape: tuple[int, ...] | None = None) -> str:
    """Write a trained net as a JavaScript function: its text, with all numbers in it, which needs nothing else.

    The function takes the numbers of one row in an array and gives an array of its outputs, in double precision. The
    text is a script; for a module, write `export` before `function`.

    Args:
        model: a Module that takes batches, or an MLP of Values.
        name: of the function.
        shape: the shape of a row; `(fan_in,)` of the first Linear layer if left out. A row of more axes is handed
            over flat, row by row.

    Raises:
        TypeError: there is an operation in it that has no form in plain JavaScript.
        ValueError: `name` is no free name; or the model cannot be traced: it branches on numbers, for instance.

    >>> from chalkgrad.nn import Linear
    >>> layer = Linear(2, 2)
    >>> layer.load_state_dict({"weight": [[2.0, 0.0], [-1.0, 1.0]], "bias": [0.5, 0.0]})
    >>> print(to_javascript(layer))
    // Linear(2, 2)
    <BLANKLINE>
    const weight = [
        [2.0, -1.0],
        [0.0, 1.0],
    ];
    const bias = [0.5, 0.0];
    <BLANKLINE>
    const dot = (xs, ws) => xs.reduce((sum, x, i) => sum + x * ws[i], 0);
    <BLANKLINE>
    function predict(x) {
        if (x.length !== 2) throw new RangeError(`predict takes 2 numbers, not ${x.length}`);
        const h1 = weight.map((w) => dot(x, w));
        const h2 = h1.map((_, i) => h1[i] + bias[i]);
        return h2;
    }
    <BLANKLINE>
    """
    return _JavaScript(name).text(model, shape)


class _JavaScript(Writer):
    language, comment, library, apart = "JavaScript", "// ", "Math", "\n\n"
    inline, helping, reductions, functions, reserved = INLINE, HELPERS, REDUCTIONS, FUNCTIONS, RESERVED
    statement, each, spread = "const {} = {};", "{2}.map(({1}) => {0})", "..."
    numbered = "_, i", "{1}"
    function = """\
function {name}(x) {{
    if (x.length !== {count}) throw new RangeError(`{name} takes {count} numbers, not ${{x.length}}`);
{lines}    return {result};
}}
"""
