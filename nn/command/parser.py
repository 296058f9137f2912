"""Commands from functions: the signature gives the arguments and options, the docstring the help."""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from ..arguments import count, within


def refuse(message: str) -> NoReturn:
    """Raise the error for an argument that is not understood."""
    raise argparse.ArgumentTypeError(message)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _number(kind: type, name: str, text: str) -> float:
    try:
        number = kind(text)
    except ValueError:
        refuse(f"{text!r} is no {'whole ' if kind is int else ''}number")
    try:
        return count(number, name, 0 if name == "seed" else 1) if kind is int else within(number, name)
    except ValueError as error:
        refuse(str(error))


def _widths(text: str) -> list[int]:
    try:
        widths = [int(width) for width in text.split(",")] if text else []
    except ValueError:
        widths = [0]
    return widths if all(width > 0 for width in widths) else refuse(f"{text!r} is no list of widths, such as 64,64")


def _value(text: str) -> tuple[str, float]:
    name, equals, number = text.partition("=")
    if not equals or not name.strip().isidentifier():
        refuse(f"{text!r} is no value, such as a=2 (a part of the expression? put the whole of it in quotes)")
    try:
        return name.strip(), float(number)
    except ValueError:
        refuse(f"{number!r} is no number: write {name.strip()}=2")


READ: dict[str, Any] = {
    "hidden": _widths,
    "ignore": _names,
    "values": _value,
    "missing": ("fill", "drop"),
    "task": ("classes", "numbers"),
}
"""The parsers of arguments that are neither strings nor of the type of their default."""


def add(commands: Any, run: Callable[..., Any], **names: str) -> None:
    """Add a command that calls `run`: an argument for each parameter, an option for each that is keyword-only.

    Args:
        commands: the result of `add_subparsers`.
        run: the function of the command. Its docstring is the help, with `Args:` and `For example:`.
        **names: the replacements for `{name}` in the docstring.
    """
    about, _, rest = (inspect.getdoc(run) or "").format(**names).partition("\n\nArgs:\n")
    arguments, _, examples = rest.partition("\n\nFor example:\n")
    helps = dict(re.findall(r"^    (\w+): (.+(?:\n     +.+)*)", arguments, re.MULTILINE))
    made = commands.add_parser(
        run.__name__,
        help=about.partition("\n")[0].rstrip(".").lower(),
        description=about,
        epilog=f"for example:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.set_defaults(run=run, parser=made)
    for name, parameter in inspect.signature(run).parameters.items():
        default = parameter.default
        read = READ.get(name, str if default in (None, parameter.empty) else type(default))
        given: dict[str, Any] = {"help": " ".join(helps.get(name, "").split())}
        if read in (int, float):
            read = partial(_number, read, name)
        if read is not bool:
            given["choices" if isinstance(read, tuple) else "type"] = read
        if parameter.kind is not parameter.KEYWORD_ONLY:
            many = None if default is parameter.empty else "*"
            made.add_argument(name, **given, metavar=name.upper(), nargs=many)
            continue
        if read is bool:
            given["action"] = "store_true"
        elif default not in (None, ()):
            given["help"] += f" (default: {','.join(map(str, default if isinstance(default, tuple) else [default]))})"
        short = ["-o"] if name == "output" else []
        made.add_argument(*short, f"--{name.replace('_', '-')}", **given, default=default)
