"""The primitives, one for each differentiable operation, and functions that are composed of them.

The elementwise primitives are in `arithmetic`, `powers`, `trigonometry`, `activations` and `selection`. The others are
in `layout` and `reductions`. `composites` and `arrays` have functions that are composed of primitives. `TABLE` maps
names to primitives; the tests iterate over it.
"""

from ..primitive import Primitive
from . import activations, arithmetic, arrays, composites, layout, powers, reductions, selection, trigonometry

__all__ = ["TABLE", "activations", "arithmetic", "arrays", "composites", "layout", "powers", "reductions", "selection",
           "trigonometry"]  # fmt: skip

TABLE: dict[str, Primitive] = {
    op.name: op
    for page in (arithmetic, powers, trigonometry, activations, selection, layout, reductions)
    for op in vars(page).values()
    if isinstance(op, Primitive) and op.__module__ == page.__name__
}
