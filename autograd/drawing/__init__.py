"""Pictures of graphs, in four stages: graph, picture, layout, renderer. Each folder imports from those before it.

`analysis/`
    what is known of a graph. `snapshot`: nodes, local derivatives, one run of the backward pass. `grouping`: which
    nodes share a box (sums of products, neurons, layers), `batch`: one sample of a batch, `level_of_detail`: how much
    is shown.
`picture/`
    what a picture shows, as plain data. `elements`: boxes of short lines, edges, frames, remarks. `reverse_mode` and
    `forward_mode` make pictures by a `builder`; `steps` and `frames` go through both passes; `network`: nets as circles
    and lines.
`layout/`
    where boxes and edges go, once for all views of a graph.
`render/`
    the formats: SVG, HTML, DOT, Mermaid, text. A renderer knows no graph.
`drawing`, `figure`
    `draw`, and what one can do with a picture. `paths` and `trace_table` show a derivative as a sum and as a table.
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
