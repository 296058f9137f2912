"""Comparison and logic. The results are plain booleans and arrays of them: there is nothing to differentiate."""

from __future__ import annotations

from typing import Any

import numpy as np

from .graph import Node

__all__ = [
    "equal", "greater", "greater_equal", "isfinite", "isinf", "isnan", "less", "less_equal", "logical_and",
    "logical_not", "logical_or", "logical_xor", "not_equal",
]  # fmt: skip


def _plain(ufunc: np.ufunc) -> Any:
    """Make NumPy's function take nodes, by their data."""

    def compare(*operands: Any) -> Any:
        out = ufunc(*(x._data if isinstance(x, Node) else x for x in operands))
        return out if isinstance(out, np.ndarray) else bool(out)

    compare.__name__ = compare.__qualname__ = ufunc.__name__
    compare.__doc__ = f"`numpy.{ufunc.__name__}` of numbers, arrays and nodes: a plain boolean, or an array of them."
    return compare


equal = _plain(np.equal)
not_equal = _plain(np.not_equal)
less = _plain(np.less)
less_equal = _plain(np.less_equal)
greater = _plain(np.greater)
greater_equal = _plain(np.greater_equal)
isnan = _plain(np.isnan)
isinf = _plain(np.isinf)
isfinite = _plain(np.isfinite)
logical_and = _plain(np.logical_and)
logical_or = _plain(np.logical_or)
logical_xor = _plain(np.logical_xor)
logical_not = _plain(np.logical_not)
