"""Pictures of graphs. Read `reading` (what a graph and its backward pass hold), `picture` (what is shown of it, as
plain data), then the four ways to show that: `text`, `dot`, `svg`, `notebook`; `engine` is the door to Graphviz.
"""

from .formula import formula as formula
from .show import Drawing as Drawing
from .show import draw as draw

__all__ = ["Drawing", "draw", "formula"]
