"""Pictures of graphs. Read in this order:

`reading`
    a graph as lists, and one run of its backward pass; what is said of single nodes is found when it is asked for.
`picture`
    what a picture shows, as plain data: boxes of short lines, edges, remarks. The other files meet here: what makes
    pictures (`words`, `views`) knows no engine and no markup, and what shows them (`text`, `dot`, `svg`,
    `notebook`) knows no graph. Fields are added to its classes, with defaults, and not changed.
`parts`, `samples`, `folding`, `planning`
    which nodes share a box: sums of products, neurons and layers, one sample of a batch; and how much is shown.
    `places` reads the names of modules off the labels of parameters, `folded` says what stands in such a box.
`tangents`, `paths`, `trace_table`
    forward mode, the derivative as a sum over paths, and the computation as a table.
`layout`
    where boxes and edges go, once for all views of a graph; `skeleton` puts it to Graphviz, `engine` is the door there.
`steps`, `story`
    both passes step by step: as data and in words, then as frames; `film` and `player` show these.
`network`
    the other kind of picture: units and weights of a net, which it gives as plain arrays.
`show`
    `draw`, and what one can do with a drawing.
"""

from .exhibit import Exhibit as Exhibit
from .formula import formula as formula
from .network import Network as Network
from .paths import Path as Path
from .paths import Paths as Paths
from .paths import paths as paths
from .show import Drawing as Drawing
from .show import draw as draw
from .steps import Step as Step
from .steps import backward_steps as backward_steps
from .trace_table import TraceRow as TraceRow
from .trace_table import TraceTable as TraceTable
from .trace_table import trace_table as trace_table

__all__ = ["Drawing", "Exhibit", "Network", "Path", "Paths", "Step", "TraceRow", "TraceTable", "backward_steps", "draw",
           "formula", "paths", "trace_table"]  # fmt: skip
