"""Pictures as DOT text, which any Graphviz draws."""

from __future__ import annotations

from collections.abc import Iterator

from ..layout.graphviz_input import blank, escaped, nested, ports_of, settings, sizes_of
from ..layout.sizes import INK, NAN, QUIET, edge_colour, edge_size, fill, level
from ..picture.elements import Box, Picture

__all__ = ["dot_text"]


def dot_text(views: list[Picture]) -> str:
    """Write one or two views; the sizes are those of the layout, so that Graphviz finds the same places."""
    lines = ["digraph {", *settings(views), *_FONTS]
    remarks = list(dict.fromkeys(remark for view in views for remark in view.legend))
    if remarks:
        lines.append(f"labelloc=b; label=<{'<BR/>'.join(map(escaped, ['', *remarks]))}>;")
    if len(views) == 1:
        lines += _statements(views[0], views)
    else:
        for view in views[::-1]:  # Graphviz puts what comes first below
            name = "backward" if view.is_backward else "forward"
            lines += [f"subgraph cluster_{name} {{", f"label={name}; labelloc=t; peripheries=0; margin=8;"]
            lines += [*_statements(view, views), "}"]
    return "\n".join([*lines, "}"]) + "\n"


_FONTS = [
    'graph [fontname="monospace" fontsize=10 pad=0.15];',
    'node [fontname="monospace" fontsize=12];',
    'edge [fontname="monospace" fontsize=10];',
]


def _statements(view: Picture, views: list[Picture]) -> Iterator[str]:
    name = "b" if view.is_backward else "n"
    sizes = sizes_of(views)
    nodes = [f"{name}{i} [{_box(box, sizes[i], view)}];" for i, box in enumerate(view.boxes)]
    yield from nested(view, nodes, name, f'<FONT POINT-SIZE="10" COLOR="{QUIET}">%s</FONT>')
    ports = ports_of(views)
    for i, edge in enumerate(view.edges):
        room = edge_size([v.edges[i] for v in views])
        yield f"{name}{edge.operand} -> {name}{edge.result} [{_edge(view, i, room)}{ports[i]}];"


def _box(box: Box, size: tuple[float, float], view: Picture) -> str:
    rows = []
    for line in box.lines:
        text = escaped(line.text)
        text = f"<B>{text}</B>" if line.bold else text
        rows.append(f'<FONT POINT-SIZE="10">{text}</FONT>' if line.small else text)
    if box.step is not None and rows:
        rows[0] = f'<FONT POINT-SIZE="9">{box.step}.</FONT> {rows[0]}'
    width, height = size
    style = {"constant": "filled", "stub": '"rounded,dashed"'}.get(box.kind, '"rounded,filled"')
    thick = {"constant": 0, "stub": 0.8, "leaf": 2, "op": 1.2}[box.kind]
    ink = QUIET if box.kind == "stub" else INK
    outline = f'color="{NAN}" penwidth=3' if box.has_nan else f'color="{ink}" penwidth={thick}'
    colour = fill(level(box.amount, view.largest))
    return (
        f"label=<{'<BR/>'.join(rows) or ' '}> width={width / 72:.4f} height={height / 72:.4f} style={style} "
        f'fillcolor="{colour}" fontcolor="{INK}" {outline} tooltip={_quoted(box.hint)}'
        + (" peripheries=2" if box.is_result else "")
    )


def _edge(view: Picture, i: int, room: tuple[float, float] | None) -> str:
    edge = view.edges[i]
    colour = edge_colour(edge)
    parts = [f'color="{colour}99" penwidth=0.8' if edge.is_faint else f'color="{colour}" penwidth=1.2']
    if view.is_backward:
        parts.append("dir=back" if edge.flows else "dir=none")
    if edge.sign < 0 or not edge.flows:
        parts.append("style=dashed" if edge.sign < 0 else "style=dotted")
    if room:
        text = f'<FONT COLOR="{colour}">{escaped(edge.text)}</FONT>' if edge.text else ""
        parts.append(f"label={blank(room, text)}")
    if edge.hint:
        parts.append(f"tooltip={_quoted(edge.hint)}")
    return " ".join(parts)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
