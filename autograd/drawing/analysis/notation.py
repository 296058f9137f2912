"""Notations for formulas: Python, LaTeX, and typst, which typesets the formulas in pictures."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Notation:
    """The functions and patterns that write the parts of a formula.

    Attributes:
        name: writes the label of a variable.
        number: writes a number that is given as a text.
        call: writes a function of arguments.
        text: writes words.
        infix: an infix symbol with the room around it.
        fraction, power, square: patterns, where they are not infix.
        brackets: a pattern.
        partial: a pattern for a partial derivative.
    """

    name: Callable[[str], str]
    number: Callable[[str], str]
    call: Callable[[str, list[str]], str]
    text: Callable[[str], str]
    infix: dict[str, str] = field(default_factory=dict)
    fraction: str = ""
    power: str = ""
    square: str = "{0}²"
    brackets: str = "({0})"
    partial: str = "∂{0}/∂{1}"


def _python_call(name: str, arguments: list[str]) -> str:
    return f"{name}({', '.join(arguments)})"


PYTHON = Notation(str, str, _python_call, str, {"+": " + ", "-": " - ", "@": " @ ", ">": " > ", "==": " == "})


# Names -------------------------------------------------------------------------------------------------------

_GREEK = {
    unicodedata.name(chr(c)).rpartition(" ")[2].lower().replace("lamda", "lambda"): chr(c)
    for c in range(0x3B1, 0x3CA) if c != 0x3C2
}  # fmt: skip


def _parted(label: str) -> tuple[str, str]:
    r"""Part a label into its base, with Greek letters by name, and its subscript: `\theta_1`, `w1[3,0]`, `x1`.

    >>> _parted(r"\theta_1"), _parted("w1[3,0]"), _parted("w_{12}"), _parted("bias"), _parted("layers.0.weight")
    (('θ', '1'), ('w', '1,3,0'), ('w', '12'), ('bias', ''), ('layers.0.weight', ''))
    """
    found = re.fullmatch(r"\\?([^\W\d_]+)_?\{?([\w,]*?)\}?(?:\[([\d,]+)\])?", label)
    if not found:
        return label, ""
    base, below, place = found.groups()
    if below and label.find("_") < 0 and not below.isdigit():
        return label, ""
    return _GREEK.get(base, base), ",".join(x for x in (below, place) if x)


def _latex_name(label: str) -> str:
    base, below = _parted(label)
    written = rf"\{'mathrm' if base.isalnum() and base.isascii() else 'text'}{{{latex_text(base)}}}"
    if len(base) == 1 and base.isalpha():
        written = latex_text(base).strip("$")
    below = rf"\text{{{latex_text(below)}}}" if "_" in below or not below.isascii() else below
    return written + (f"_{{{below}}}" if below else "")


def _typst_name(label: str) -> str:
    base, below = _parted(label)
    written = base if len(base) == 1 and base.isalpha() else _typst_text(base)
    return written + (f"_({_typst_text(below)})" if below else "")


def _typst_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'upright("{escaped}")'


_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "∂": r"$\partial$", "×": r"$\times$", "·": r"$\cdot$", "…": r"\dots{}", "Σ": r"$\Sigma$", "√": r"$\surd$",
    "→": r"$\to$", "²": r"$^2$", "′": r"$'$", "∞": r"$\infty$", "‖": r"$\|$", "φ": r"$\varphi$", "Φ": r"$\Phi$",
    **{c: rf"\{c}" for c in "#$%&_"}, **{letter: rf"$\{name}$" for name, letter in _GREEK.items() if name != "omicron"},
}  # fmt: skip


def latex_text(text: str) -> str:
    r"""Return a text with the special characters of LaTeX escaped.

    >>> print(latex_text("50 % of w_1, θ"))
    50 \% of w\_1, $\theta$
    """
    plain = (unicodedata.normalize("NFKD", c).encode("ascii", "ignore").decode() or "?" for c in text)
    return "".join(_LATEX.get(c, p if c > "\x7f" else c) for c, p in zip(text, plain, strict=True))


# Functions ---------------------------------------------------------------------------------------------------

_OPERATORS = {"sin", "cos", "tan", "sinh", "cosh", "tanh", "log", "max", "min"}  # of LaTeX and of typst


def _caller(
    patterns: dict[str, str], heads: dict[str, str], operator: Callable[[str], str], brackets: str
) -> Callable[[str, list[str]], str]:
    """Make what writes a function of arguments: by a pattern of its own, or as a head before brackets."""

    def call(name: str, arguments: list[str]) -> str:
        if name in patterns:
            return patterns[name].format(arguments[0])
        power, name = ("^2", name[:-1]) if name.endswith("²") else ("", name)
        return (heads.get(name) or operator(name)) + power + brackets.format(", ".join(arguments))

    return call


_latex_call = _caller(
    {"√": r"\sqrt{{{0}}}", "abs": r"\left|{0}\right|", "exp": "e^{{{0}}}", "norm": r"\left\|{0}\right\|"},
    {"sigmoid": r"\sigma", "Σ": r"\sum", **{name: rf"\{name}" for name in _OPERATORS}},
    lambda name: rf"\operatorname{{{latex_text(name)}}}", r"\left({0}\right)",
)  # fmt: skip
_typst_call = _caller(
    {"√": "sqrt({0})", "abs": "abs({0})", "exp": "e^({0})", "norm": "norm({0})"},
    {"sigmoid": "σ", "Σ": "∑", **{name: name for name in _OPERATORS}},
    lambda name: f"op({_typst_text(name)})", " lr(( {0} ))",
)  # fmt: skip


def _scientific(number: str, pattern: str, infinite: str, nan: str) -> str:
    if number in ("nan", "inf", "-inf"):
        return nan if number == "nan" else number.replace("inf", infinite)
    mantissa, _, exponent = number.partition("e")
    return pattern.format(mantissa, int(exponent)) if exponent.lstrip("+-").isdigit() else number


LATEX = Notation(
    _latex_name, lambda x: _scientific(x, r"{0}\cdot 10^{{{1}}}", r"\infty", r"\text{NaN}"), _latex_call,
    lambda x: rf"\text{{{latex_text(x)}}}",
    {"+": " + ", "-": " - ", "*": r" \cdot ", "@": r"\,", ">": " > ", "==": " = ", "%": r" \bmod "},
    r"\frac{{{0}}}{{{1}}}", "{0}^{{{1}}}", "{0}^2", r"\left({0}\right)", r"\frac{{\partial {0}}}{{\partial {1}}}",
)  # fmt: skip
TYPST = Notation(
    _typst_name, lambda x: _scientific(x, "{0} dot 10^({1})", "infinity", _typst_text("NaN")), _typst_call, _typst_text,
    {"+": " + ", "-": " - ", "*": " dot ", "@": " thin ", ">": " > ", "==": " = ", "%": " mod "},
    "frac({0}, {1})", "{0}^({1})", "{0}^2", "lr(( {0} ))", "frac(partial {0}, partial {1})",
)  # fmt: skip
