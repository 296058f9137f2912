"""Drawings of graphs, made in four stages: analysis, picture, layout, renderer. Each folder imports only earlier ones.

`analysis/`
    reads a graph. `snapshot` takes its nodes, its local derivatives and one run of the backward pass. `grouping` finds
    the nodes that share a box (sums of products, neurons, layers). `batch` selects one sample of a batch.
    `level_of_detail` chooses how much is shown.
`picture/`
    describes the content of a picture as plain data. `elements` has boxes, edges, frames and captions. `reverse_mode`
    and `forward_mode` make pictures with `builder`. `steps` and `frames` describe both passes step by step. `network`
    describes nets as circles and lines.
`layout/`
    places boxes and edges, once for all views of a graph.
`render/`
    writes the formats: SVG, HTML, DOT, TikZ, Mermaid, text. Renderers do not use graphs, only pictures.
`drawing`, `figure`
    have `draw` and the methods of its result. `paths` shows a derivative as a sum, and `trace_table` as a table.
"""

from .analysis.formula import formula
from .drawing import Drawing, draw, draw_dot
from .equations import latex
from .figure import Figure
from .paths import Path, Paths, paths
from .picture.network import Network
from .picture.steps import Step, backward_steps
from .render.theme import Theme
from .settings import Settings
from .trace_table import TraceRow, TraceTable, trace_table

__all__ = ["Drawing", "Figure", "Network", "Path", "Paths", "Settings", "Step", "Theme", "TraceRow", "TraceTable",
           "backward_steps", "draw", "draw_dot", "formula", "latex", "paths", "trace_table"]  # fmt: skip
