"""Expressions as text: parsed by Python, but never run by it. Only numbers, names and operations of the table count."""

from __future__ import annotations

import ast
import difflib
import math
import sys
from collections.abc import Mapping
from typing import Any

import autograd as ag
from autograd import Value

OPERATORS: dict[type, Any] = {
    ast.Add: ag.add, ast.Sub: ag.sub, ast.Mult: ag.mul, ast.Div: ag.div, ast.Pow: ag.pow, ast.Mod: ag.mod,
    ast.USub: ag.neg, ast.UAdd: ag.identity,
}  # fmt: skip

CONSTANTS = {"pi": math.pi, "e": math.e}


def functions() -> dict[str, Any]:
    """Return the functions that an expression may call: the public elementwise operations of the table, by name."""
    return {name: op for name, op in ag.TABLE.items() if op.elementwise and getattr(ag, name, None) is op}


def evaluate(text: str, numbers: Mapping[str, float]) -> tuple[Value, dict[str, Value]]:
    """Compute an expression of the variables `numbers` as a graph.

    Args:
        text: such as `tanh(a*b + c)`: with `+ - * / % **`, brackets, numbers, and the functions of the library.
        numbers: the value of each variable.

    Returns:
        The result, and the variables by name.

    Raises:
        ValueError: the text is no such expression, and what is wrong with it; nothing in it is run.

    >>> out, variables = evaluate("tanh(a*b + c)", {"a": 2.0, "b": -3.0, "c": 10.0})
    >>> out.backward()
    >>> round(out.data, 4), round(variables["c"].grad, 6)
    (0.9993, 0.001341)
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = getattr(error, "offset", None)
        arrow = f"\n  {text.strip()}\n  {' ' * (place - 1)}^" if place and "\n" not in text.strip() else ""
        raise ValueError(f"the expression cannot be read: {getattr(error, 'msg', None) or error}{arrow}") from None
    variables = {name: Value(number, name) for name, number in numbers.items()}
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    used = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called]
    known = {**functions(), **CONSTANTS, **variables}
    unknown = [name for name in dict.fromkeys(used) if name not in known]
    try:
        out = _read(tree.body, known | dict.fromkeys(unknown, 1.0))
    except RecursionError:
        raise ValueError("the expression is nested too deeply") from None
    if unknown:
        remedy = " ".join(f"{name}=1" for name in unknown)
        raise ValueError(f"no value is given for {', '.join(unknown)}: add {remedy}")
    if idle := [name for name in variables if name not in used]:
        raise ValueError(f"the expression has no {', '.join(idle)}: leave that out")
    if not isinstance(out, Value):
        raise ValueError("the expression has no variable: there is no graph of it")
    return out, variables


def _read(node: ast.AST, known: Mapping[str, Any]) -> Any:
    """Go through the syntax, and apply what is known."""
    match node:
        case ast.Constant(int() | float() as number) if not isinstance(number, bool):
            return float(number) if number <= sys.float_info.max else math.inf
        case ast.Name(name) if isinstance(known[name], ag.Primitive):
            raise ValueError(f"`{name}` is a function: write {name}(...)")
        case ast.Name(name):
            return known[name]
        case ast.UnaryOp(operator, x) if type(operator) in OPERATORS:
            return OPERATORS[type(operator)](_read(x, known))
        case ast.BinOp(x, operator, y) if type(operator) in OPERATORS:
            return OPERATORS[type(operator)](_read(x, known), _read(y, known))
        case ast.BinOp(op=ast.BitXor()):
            raise ValueError("^ is no power here: write a**2")
        case ast.Call(ast.Name(name), arguments, []):
            return _call(name, [_read(argument, known) for argument in arguments])
    raise ValueError(
        f"`{ast.unparse(node):.60}` has no place in an expression: use + - * / % **, brackets, numbers, names and "
        "functions such as tanh(a)"
    )


def _call(name: str, arguments: list[Any]) -> Any:
    known = functions()
    if name not in known:
        near = difflib.get_close_matches(name.lower(), known, 3, 0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(sorted(known))}"
        raise ValueError(f"there is no function `{name}`: {hint}")
    op = known[name]
    most, least = op.arity, op.arity - len(op.defaults)
    if not least <= len(arguments) <= most:
        wanted = f"{least} to {most}" if least < most else f"{most}"
        raise ValueError(f"`{name}` takes {wanted} numbers, not {len(arguments)}")
    return op(*arguments)
