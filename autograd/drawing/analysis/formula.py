"""Write numbers and graphs as short texts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from ...graph import Node, topological
from .notation import PYTHON, Notation

_BINDING = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "@": 2, "**": 4, ">": 0, "==": 0}
"""How strongly an infix symbol binds, as in Python."""

_ATOM = 9
_SIGN = 3
_LONGEST = 120


_digits: ContextVar[int] = ContextVar("digits", default=3)


@contextmanager
def significant_digits(digits: int) -> Iterator[None]:
    """Set the number of significant digits in a `with` block."""
    token = _digits.set(digits)
    try:
        yield
    finally:
        _digits.reset(token)


def short(x: float | None, digits: int | None = None) -> str:
    """Return a number as text with three significant digits, or as the nearby whole number; "-" for None.

    >>> short(0.88079), short(-3.0), short(-0.0), short(1234.5), short(1234567.0), short(float("nan")), short(None)
    ('0.881', '-3', '-0', '1234', '1.23e+06', 'nan', '-')
    """
    if x is None:
        return "-"
    x, digits = float(x), digits or _digits.get()
    if math.isfinite(x) and abs(x) < 1e5 and (x == int(x) or abs(x) >= 10**digits):
        return f"{x:.0f}"
    return f"{x:.{digits}g}"


def sum_of(terms: Sequence[float | None], most: int = 20) -> str:
    """Return a sum of numbers as text. Of more than `most` terms, the rest is only counted.

    >>> sum_of([1.0, -2.0, 0.5]), sum_of([1.0, 2.0, 3.0, 4.0], most=3)
    ('1 - 2 + 0.5', '1 + 2 + … (4)')
    """
    shown = terms if len(terms) <= most else terms[: most - 1]
    first, *others = map(short, shown)
    signed = [f"- {text[1:]}" if text.startswith("-") else f"+ {text}" for text in others]
    return " ".join([first, *signed, *([] if shown is terms else [f"+ … ({len(terms)})"])])


def cut(text: str, length: int) -> str:
    """Return a text, cut to `length` characters.

    >>> cut("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= length else text[: length - 1] + "…"


def several(count: int, what: str) -> str:
    """Return a count with its noun.

    >>> several(1, "path"), several(1200, "unit")
    ('1 path', '1,200 units')
    """
    return f"{count:,} {what}{'s' * (count != 1)}"


def one_line(text: str) -> str:
    r"""Return a text with line ends, tabs and characters that XML forbids in Python's escapes.

    >>> print(one_line("a\nb"))
    a\nb
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def formula(node: Any, notation: Notation = PYTHON, is_simplified: bool = False) -> str:
    """Return the graph below a node as an expression. A long expression is cut.

    >>> from chalkgrad import Value, tanh
    >>> a, b = Value(2.0, label="a"), Value(1.0, label="b")
    >>> formula((a + b) * -(b + 1)), formula(1 / tanh(a) ** 2), formula(a - (b - a))
    ('(a + b)*-(b + 1)', '1/tanh(a)**2', 'a - (b - a)')
    >>> formula(2 * a**1, is_simplified=True)
    '2*a'
    """
    if not isinstance(node, Node):
        return _constant(node, notation)
    order, _ = topological(node)
    return formula_of(order[::-1], {}, notation, is_simplified) if order else _leaf(node, notation)


def formula_of(
    nodes: Iterable[Node], names: Mapping[Node, str], notation: Notation = PYTHON, is_simplified: bool = False
) -> str:
    """Return the formula of the last of some nodes, which are in topological order, with names for their operands."""
    written = {node: (notation.name(name), _ATOM) for node, name in names.items()}
    text = ""
    for node in nodes:
        operands = [written[x] if x in written else (_leaf(x, notation), _ATOM) for x in node.inputs]
        text, binding = (is_simplified and _simplified(node, operands)) or _applied(node, operands, notation)
        if len(text) > (_LONGEST if notation is PYTHON else 4 * _LONGEST):
            text, binding = "…", _ATOM
        written[node] = (text, binding)
    return text


def _leaf(node: Node, notation: Notation) -> str:
    if node.label:
        return notation.name(one_line(node.label))
    return _constant(node._data, notation)


def _constant(data: Any, notation: Notation) -> str:
    return notation.number(short(np.asarray(data).item())) if np.size(data) == 1 else notation.text("array")


Written = tuple[str, int]
"""A formula, and how strongly it binds."""


def _simplified(node: Node, operands: list[Written]) -> Written | None:
    """Omit factors and exponents of 1, and terms of 0."""
    if len(operands) != 2:
        return None
    (x, _), (y, _) = operands
    neutral = {"*": "1", "+": "0", "/": "1", "-": "0", "**": "1"}.get(node.op.symbol)
    if y == neutral:
        return operands[0]
    if x == neutral and node.op.symbol in "*+":
        return operands[1]
    return ("1", _ATOM) if node.op.symbol == "**" and y == "0" else None


def _applied(node: Node, operands: list[Written], notation: Notation) -> Written:
    symbol, texts = node.op.symbol, [text for text, _ in operands]
    if notation.fraction and (symbol, len(operands)) in (("1/", 1), ("/", 2)):
        return notation.fraction.format(*["1", *texts][-2:]), _BINDING["/"]

    def bracketed(text: str, is_needed: bool) -> str:
        return notation.brackets.format(text) if is_needed else text

    if len(operands) == 2 and symbol in _BINDING:
        (x, left), (y, right) = operands
        binding = _BINDING[symbol]
        power = symbol == "**"  # groups to the right; the others group to the left
        x = bracketed(x, left < binding or (power and left == binding))
        if power and notation.power:
            return notation.power.format(x, y), binding
        y = bracketed(y, right < binding or (not power and right == binding and symbol not in "+*"))
        return f"{x}{notation.infix.get(symbol, symbol)}{y}", binding
    changed = settings_of(node)
    settings = list(changed.values()) if len(changed) == 1 else [f"{name}={value}" for name, value in changed.items()]
    if len(operands) == 1 and not settings:
        (x, binding), *_ = operands
        if symbol == "-":
            return f"-{bracketed(x, binding < _BINDING['*'])}", _SIGN
        if symbol == "1/":
            return f"1/{bracketed(x, binding <= _BINDING['*'])}", _BINDING["/"]
        if symbol == "²":
            return notation.square.format(bracketed(x, binding != _ATOM)), _ATOM
    name = node.op.name if symbol in _BINDING or " " in symbol else symbol
    return notation.call(name, [*texts, *map(notation.text, settings)]), _ATOM


def settings_of(node: Node) -> dict[str, str]:
    """Return the settings that differ from their defaults, as short texts.

    >>> from chalkgrad import Tensor
    >>> settings_of(Tensor([1.0, 2.0]).sum(axis=0)), settings_of(Tensor([1.0, 2.0]).sum())
    ({'axis': '0'}, {})
    """
    changed = {}
    for name, value in node.params.items():
        default = node.op.options.get(name)
        if value is not default and one_line(str(value)) != str(default):
            changed[name] = cut(one_line(str(value)), 24)
    return changed
