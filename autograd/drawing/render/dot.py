"""Render pictures as a `graphviz.Digraph`, and so as DOT text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...display import fill
from ..layout.sizes import edge_colour
from ..picture.elements import Box, Edge, Picture
from .theme import Theme

if TYPE_CHECKING:
    import graphviz


def digraph(views: list[Picture], theme: Theme) -> graphviz.Digraph:
    """Return one or two views as a `graphviz.Digraph`."""
    import graphviz

    made = graphviz.Digraph(
        graph_attr={"rankdir": views[0].direction or "LR", "fontname": "monospace", "fontsize": "10", "nodesep": "0.16",
                    "ranksep": "0.3", "pad": "0.15", "bgcolor": theme.paper, "fontcolor": theme.ink},
        node_attr={"shape": "box", "style": "rounded,filled", "fontname": "monospace", "fontsize": "12",
                   "margin": "0.12,0.06", "height": "0.3"},
        edge_attr={"fontname": "monospace", "fontsize": "10", "arrowsize": "0.6"},
    )  # fmt: skip
    remarks = list(dict.fromkeys(remark for view in views for remark in view.legend))
    if remarks:
        made.attr(labelloc="b", label=graphviz.escape("\n".join(["", *remarks])))
    for view in views[::-1]:  # Graphviz puts what comes first below
        name = "backward" if view.is_backward else "forward"
        looks = {"label": name, "labelloc": "t", "peripheries": "0"}
        part = graphviz.Digraph(f"cluster_{name}", graph_attr=looks) if len(views) > 1 else made
        _fill(part, view, "b" if view.is_backward else "n", theme)
        if part is not made:
            made.subgraph(part)
    return made


def _fill(made: graphviz.Digraph, view: Picture, letter: str, theme: Theme) -> None:
    import graphviz

    parts = [made]
    for what, k in view.nested():
        if what == "open":
            looks = {"label": graphviz.escape(view.clusters[k].title), "style": "rounded", "color": theme.quiet}
            parts.append(graphviz.Digraph(f"cluster_{letter}_{k}", graph_attr=looks))
        elif what == "close":
            part = parts.pop()
            parts[-1].subgraph(part)
        else:
            box = view.boxes[k]
            parts[-1].node(f"{letter}{k}", graphviz.escape(box.words("\n")), _attributes=_box(box, view, theme))
    for edge in view.edges:
        ends = f"{letter}{edge.operand}", f"{letter}{edge.result}"
        looks = _edge(edge, theme.colours[edge_colour(edge)])
        made.edge(*ends, graphviz.escape(edge.text) if edge.text else None, _attributes=looks)


def _box(box: Box, view: Picture, theme: Theme) -> dict[str, str]:
    import graphviz

    looks = {"fillcolor": theme.colours[fill(view.level_of(box))], "fontcolor": theme.ink,
             "color": theme.ink, "tooltip": graphviz.escape(box.hint)}  # fmt: skip
    looks |= {
        "constant": {"penwidth": "0", "style": "filled"}, "stub": {"style": "rounded,dashed", "color": theme.quiet},
        "leaf": {"penwidth": "2"}, "op": {"penwidth": "1.2"},
    }[box.kind]  # fmt: skip
    if box.has_nan:
        looks |= {"color": theme.nan, "penwidth": "3"}
    return looks | ({"peripheries": "2"} if box.is_result else {})


def _edge(edge: Edge, colour: str) -> dict[str, str]:
    looks = {"color": f"{colour}99" if edge.is_faint else colour, "fontcolor": colour}
    if edge.is_back:
        looks["dir"] = edge.arrow
    if edge.style != "solid":
        looks["style"] = edge.style
    return looks
