"""The table of primitives: one row per operation, and the operations made of them.

Read `arithmetic`, `powers`, `trigonometry`, `activations`, `selection` for the elementwise rows, `layout` and
`reductions` for the others, `composites` and `arrays` for what is made of them. `TABLE` lists the rows by name;
the tests walk through it.
"""

from ..primitive import Primitive
from . import activations, arithmetic, arrays, composites, layout, powers, reductions, selection, trigonometry

__all__ = ["TABLE", "activations", "arithmetic", "arrays", "composites", "layout", "powers", "reductions", "selection",
           "trigonometry"]  # fmt: skip

TABLE: dict[str, Primitive] = {
    row.name: row
    for page in (arithmetic, powers, trigonometry, activations, selection, layout, reductions)
    for row in vars(page).values()
    if isinstance(row, Primitive) and row.__module__ == page.__name__
}
