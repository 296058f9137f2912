"""The operands of every kernel, by name: arrays first, then integers.

A caller passes operands by name, and `Signature.bind` checks them. The function of a kernel has parameters of the same
names, which `catalogue` holds against this page. An operand with a default may be left out; an array of 0 is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .formulas import ARITY


class Signature:
    """Names, kinds and defaults of the operands of a kernel.

    >>> Signature("out a bias=0", "n").bind("scale", {"out": "here", "a": "there", "n": 3})
    {'out': 'here', 'a': 'there', 'bias': 0, 'n': 3}
    >>> Signature("out a", "n").bind("scale", {"out": "here", "n": 3})
    Traceback (most recent call last):
    TypeError: the kernel `scale` takes the operands out, a, n; got out, n
    """

    def __init__(self, arrays: str, integers: str) -> None:
        self.arrays, self.defaults = set(), {}
        for text in (arrays, integers):
            for part in text.split():
                name, given, default = part.partition("=")
                self.defaults[name] = int(default) if given else None
                if text is arrays:
                    self.arrays.add(name)
        self.names = tuple(self.defaults)

    def bind(self, kernel: str, operands: Mapping[str, Any]) -> dict[str, Any]:
        """Return the operands of a call of `kernel` in their order, with the defaults.

        Raises:
            TypeError: an operand is missing, has another name, or is an integer where an array is due, or one for
                the other.
        """
        bound = {name: operands.get(name, default) for name, default in self.defaults.items()}
        if any(x is None for x in bound.values()) or not operands.keys() <= bound.keys():
            names, given = ", ".join(self.names), ", ".join(operands)
            raise TypeError(f"the kernel `{kernel}` takes the operands {names}; got {given}")
        for name, x in operands.items():
            if isinstance(x, (int, np.integer)) == (name in self.arrays):
                kind = "an array" if name in self.arrays else "an integer"
                raise TypeError(f"the operand `{name}` of the kernel `{kernel}` is {kind}, not {x!r:.60}")
        return bound


SIGNATURES = {
    # movement: `steps` are strides by axis, a `turn` how far a step of the program goes, `places` flat indices,
    # `numbers` those of the rows of all steps
    "copy": Signature("out a lengths out_steps a_steps clock=0", "axes out_turn=0 a_turn=0"),
    "pick": Signature("out a places", "n"),
    "put": Signature("out a places", "n"),
    "spread": Signature("out addresses", "n"),
    "batch": Signature("out clock data numbers", "rows width size first=0"),
    "check": Signature("a", "n"),
    # instructions that may run at once
    "fork": Signature("clock parts times", "pool n most_spins"),
    # products: out is m x n, a m x k, b k x n, with strides; a bias of n numbers
    "matmul": Signature(
        "out a b bias=0",
        "m k n out_row a_row a_column b_row b_column relu=0 batches=1 out_batch=0 a_batch=0 b_batch=0",
    ),
    # reductions of an array of shape (outer, n) over n
    **dict.fromkeys(("sum", "max", "min", "norm"), Signature("out a", "outer n")),
    # single numbers among `values`: n sums, each of k products or numbers; and nodes one after the other
    "sums": Signature("out values left right", "n k"),
    "plain_sums": Signature("out values places", "n k"),
    "straight": Signature("out values codes places functions arities", "n"),
    # passes over the nodes of a scalar graph, n of them; each array has a place for each node unless said otherwise
    "reached": Signature("code operands differentiated strict_zeros state", "n"),
    "cse": Signature("code operands same kind table", "n first size"),
    "fuse_multiply_add": Signature("code operands kind kept uses user by root sign", "n"),
    "leveled": Signature("start operands outputs level stack", "n asked"),
}
"""The kernels that are no formula of an elementwise operation."""

DENSE = [
    Signature("out a", "rows columns a_row a_column"),
    Signature("out a b", "rows columns a_row a_column b_row b_column"),
    Signature("out a b c", "rows columns a_row a_column b_row b_column c_row c_column"),
]
"""Of a formula of one, two, three operands over arrays, each broadcast along rows or columns by a stride of 0."""

SCATTERED = [Signature(f"out values {operands}", "n") for operands in ("a", "a b", "a b c")]
"""Of a formula over single numbers among `values`; a, b and c hold the n places of an operand."""


def signature(name: str, extra: str = "") -> Signature:
    """Return the operands of a kernel."""
    return (SCATTERED if extra == "at" else DENSE)[ARITY[name] - 1] if name in ARITY else SIGNATURES[name]
