"""Find the first NaN or infinity, and the line of code that computed it. Used only inside `detect_anomaly`."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

_ABOVE = __name__.rpartition("autograd")[0]  # nothing, or `chalkgrad.` where it is installed
_OURS = f"{_ABOVE}autograd.", f"{_ABOVE}nn."


def watch_result(name: str, data: Any, operands: list[tuple[str, Any]]) -> str:
    """Check the result of an operation, and return the line of the caller's code that called it."""
    site = _caller()
    if not _finite(data):
        given = ", ".join(
            f"{label or 'operand'} = {x if np.ndim(x) == 0 else f'array of shape {np.shape(x)}'}"
            for label, x in operands
        )
        raise FloatingPointError(f"`{name}` gave {_first_bad(data)} from {given}, at {site}")
    return site


def watch_term(node: Any, operand: Any, term: Any) -> None:
    """Check the vjp term that a node adds to the gradient of an operand."""
    if not _finite(getattr(term, "_data", term)):
        site = node._note("site") or "an unknown place: build the graph under `detect_anomaly` too"
        name = node.op.name
        raise FloatingPointError(
            f"the gradient of `{name}` by {_named(operand)} is {_first_bad(term)} (`{name}` was made at {site})"
        )


def _named(node: Any) -> str:
    return f"`{node.label}`" if node.label else f"an operand of shape {node.shape}"


def _finite(data: Any) -> bool:
    return bool(np.all(np.isfinite(data)))


def _first_bad(data: Any) -> Any:
    data = np.asarray(data)
    return float(data[~np.isfinite(data)].flat[0])


def _caller() -> str:
    frame = sys._getframe(1)
    while frame.f_back is not None and f"{frame.f_globals.get('__name__')}.".startswith(_OURS):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
