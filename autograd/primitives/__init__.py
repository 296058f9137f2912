"""The table of primitives: one for each differentiable operation, and functions made of them.

Read `arithmetic`, `powers`, `trigonometry`, `activations`, `selection` for the elementwise ones, `layout` and
`reductions` for the others, `composites` and `arrays` for what is made of them. `TABLE` lists them by name;
the tests iterate over it.
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
