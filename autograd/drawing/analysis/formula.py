"""Numbers and graphs as short texts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ...graph import Node, topological

__all__ = ["cut", "formula", "formula_of", "one_line", "settings_of", "short", "significant_digits"]

_BINDING = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "@": 2, "**": 4, ">": 0, "==": 0}
"""How strongly an infix symbol binds, as in Python."""

_ATOM = 9
_SIGN = 3
_LONGEST = 120


_digits: ContextVar[int] = ContextVar("digits", default=3)


@contextmanager
def significant_digits(digits: int) -> Iterator[None]:
    """Write numbers with so many digits inside the block."""
    token = _digits.set(digits)
    try:
        yield
    finally:
        _digits.reset(token)


def short(x: float, digits: int | None = None) -> str:
    """Write a number with three significant digits, or the whole number that it is close to.

    >>> short(0.88079), short(-3.0), short(0.0), short(1234.5), short(1234567.0), short(float("nan"))
    ('0.881', '-3', '0', '1234', '1.23e+06', 'nan')
    """
    x, digits = float(x), digits or _digits.get()
    if math.isfinite(x) and abs(x) < 1e5 and (x == int(x) or abs(x) >= 10**digits):
        return str(round(x))
    return f"{x:.{digits}g}"


def cut(text: str, length: int) -> str:
    """Shorten a text that is longer than `length`.

    >>> cut("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= length else text[: length - 1] + "…"


def one_line(text: str) -> str:
    r"""Show line ends, tabs and what XML forbids as Python escapes them.

    >>> print(one_line("a\nb"))
    a\nb
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def formula(node: Any) -> str:
    """Write the graph below a node as an expression; what is too long is cut.

    >>> from autograd import Value, tanh
    >>> a, b = Value(2.0, label="a"), Value(1.0, label="b")
    >>> formula((a + b) * -(b + 1)), formula(1 / tanh(a) ** 2), formula(a - (b - a))
    ('(a + b)*-(b + 1)', '1/tanh(a)**2', 'a - (b - a)')
    """
    if not isinstance(node, Node):
        return short(node) if getattr(node, "shape", ()) == () else "array"
    order, leaves = topological(node)
    return formula_of(order[::-1], {leaf: _leaf(leaf) for leaf in leaves}) if order else _leaf(node)


def formula_of(nodes: Iterable[Node], names: Mapping[Node, str]) -> str:
    """Write the last of some nodes, operands first, with names for those that they are computed from."""
    written = {node: (name, _ATOM) for node, name in names.items()}
    text = ""
    for node in nodes:
        text, binding = _applied(node, [written[x] if x in written else (_leaf(x), _ATOM) for x in node.inputs])
        if len(text) > _LONGEST:
            text, binding = "…", _ATOM
        written[node] = (text, binding)
    return text


def _leaf(node: Node) -> str:
    if node.label:
        return one_line(node.label)
    return short(node._data) if node._data.__class__ is float else "array"


def _applied(node: Node, operands: list[tuple[str, int]]) -> tuple[str, int]:
    symbol, texts = node.op.symbol, [text for text, _ in operands]
    if len(operands) == 2 and symbol in _BINDING:
        (x, left), (y, right) = operands
        binding = _BINDING[symbol]
        power = symbol == "**"  # groups to the right; the others group to the left
        x = f"({x})" if left < binding or (power and left == binding) else x
        y = f"({y})" if right < binding or (not power and right == binding and symbol not in "+*") else y
        gap = " " if binding < 2 or symbol == "@" else ""
        return f"{x}{gap}{symbol}{gap}{y}", binding
    told = settings_of(node)
    settings = list(told.values()) if len(told) == 1 else [f"{name}={value}" for name, value in told.items()]
    if len(operands) == 1 and not settings:
        (x, binding), *_ = operands
        if symbol == "-":
            return f"-{x}" if binding >= _BINDING["*"] else f"-({x})", _SIGN
        if symbol == "1/":
            return f"1/{x}" if binding > _BINDING["*"] else f"1/({x})", _BINDING["/"]
        if symbol == "²":
            return f"{x}²" if binding == _ATOM else f"({x})²", _ATOM
    name = node.op.name if symbol in _BINDING or " " in symbol else symbol
    return f"{name}({', '.join([*texts, *settings])})", _ATOM


def settings_of(node: Node) -> dict[str, str]:
    """Give the settings that differ from their defaults, as short texts.

    >>> from autograd import Tensor
    >>> settings_of(Tensor([1.0, 2.0]).sum(axis=0)), settings_of(Tensor([1.0, 2.0]).sum())
    ({'axis': '0'}, {})
    """
    told = {}
    for name, value in node.params.items():
        default = node.op.options.get(name)
        if value is not default and one_line(str(value)) != str(default):
            told[name] = cut(one_line(str(value)), 24)
    return told
