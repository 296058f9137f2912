"""A laid-out picture as SVG: literal colours first, which a dark notebook theme may override."""

from __future__ import annotations

import hashlib
import math
from xml.sax.saxutils import escape, quoteattr

from .formula import one_line
from .layout import Layout, Place, Point, Route
from .look import INK, LEVELS, NAN, PAPER, QUIET, edge_colour, fill, level, line_height
from .picture import Box, Edge, Picture, width_of

__all__ = ["svg_text", "token_of"]

_MARGIN = 10.0
_CAPTION = 22.0
_FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"


def token_of(views: list[Picture]) -> str:
    """Give a name for a picture that depends on its content alone, so that two on one page do not mix."""
    return "cg" + hashlib.sha256(repr(views).encode()).hexdigest()[:10]


def svg_text(views: list[Picture], layout: Layout) -> str:
    """Write one or two views of a graph, one below the other, in the same places."""
    token = token_of(views)
    width = max(layout.width, 260.0) + 2 * _MARGIN
    body: list[str] = []
    y = _MARGIN
    for view in views:
        if len(views) > 1:
            body.append(_text(_MARGIN, y + 12, "backward" if view.is_backward else "forward", 12, "cap", bold=True))
            y += _CAPTION
        body.append(f'<g transform="translate({_n((width - layout.width) / 2)} {_n(y)})">')
        body += [_edge(edge, route, view.is_backward) for edge, route in zip(view.edges, layout.routes, strict=True)]
        body += [_box(box, place, view) for box, place in zip(view.boxes, layout.places, strict=True)]
        body += [_edge_text(edge, route) for edge, route in zip(view.edges, layout.routes, strict=True) if edge.text]
        body.append("</g>")
        y += layout.height + 10
        for remark in _wrapped(view.legend, width - 2 * _MARGIN):
            y += 14
            body.append(_text(_MARGIN, y - 3, remark, 10, "quiet", colour=QUIET))
        y += 8
    height = y + _MARGIN - 8
    title, sentence = views[0].title, " ".join(view.sentence for view in views)
    if len(views) > 1:
        title = title.replace("Forward graph", "Forward and backward graph")
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{token}" class="{token}" role="img" '
        f'aria-labelledby="{token}-t {token}-d" width="{_n(width)}" height="{_n(height)}" '
        f'viewBox="0 0 {_n(width)} {_n(height)}" font-family={quoteattr(_FONT)} font-size="12">'
    )
    return "\n".join(
        [
            head,
            f'<title id="{token}-t">{escape(title)}</title>',
            f'<desc id="{token}-d">{escape(sentence)}</desc>',
            f"<style>{_style(token)}</style>",
            f'<rect class="paper" width="{_n(width)}" height="{_n(height)}" fill="{PAPER}"/>',
            *body,
            "</svg>\n",
        ]
    )


# Parts -------------------------------------------------------------------------------------------------------


def _box(box: Box, place: Place, view: Picture) -> str:
    steps = level(box.amount, view.largest)
    left, top = place.x - place.width / 2, place.y - place.height / 2
    parts = [f"<g><title>{escape(box.hint)}</title>"]
    outline = NAN if box.has_nan else INK
    marks = f'class="{"nan" if box.has_nan else "line"} f{steps + LEVELS}" fill="{fill(steps)}"'
    radius = place.height / 2 if box.kind == "leaf" else 5.0
    thick = 3.0 if box.has_nan else 2.0 if box.kind == "leaf" else 1.2
    if box.kind == "leaf":
        radius = min(radius, 22.0)
    if box.kind != "constant" or box.has_nan:
        parts.append(
            _rect(left, top, place.width, place.height, radius, f'{marks} stroke="{outline}" stroke-width="{thick}"')
        )
        if box.is_result:
            inner = f'class="{"nan" if box.has_nan else "line"}" fill="none" stroke="{outline}" stroke-width="1"'
            parts.append(_rect(left + 3, top + 3, place.width - 6, place.height - 6, max(radius - 3, 2), inner))
    else:
        parts.append(_rect(left, top, place.width, place.height, 5, f'class="f{steps + LEVELS}" fill="{fill(steps)}"'))
    y = place.y - sum(map(line_height, box.lines)) / 2
    for line in box.lines:
        y += line_height(line)
        size = 10 if line.small else 12
        parts.append(_text(place.x, y - 4, line.text, size, "ink", bold=line.bold, anchor="middle"))
    if box.step is not None:
        radius = 8.0 if box.step < 100 else 11.0
        parts.append(
            f'<circle class="step" cx="{_n(left + 2)}" cy="{_n(top + 1)}" r="{_n(radius)}" fill="{INK}"/>'
            + _text(left + 2, top + 4.5, str(box.step), 10, "onstep", colour=PAPER, anchor="middle", bold=True)
        )
    return "".join([*parts, "</g>"])


def _rect(x: float, y: float, width: float, height: float, radius: float, rest: str) -> str:
    return f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{_n(radius)}" {rest}/>'


def _edge(edge: Edge, route: Route, is_backward: bool) -> str:
    start, end, points = route.start, route.end, route.points
    if is_backward and edge.flows:
        start, end, points = end, start, points[::-1]
    colour = edge_colour(edge)
    name = _edge_class(edge)
    dash = ' stroke-dasharray="5 3"' if edge.sign < 0 else "" if edge.flows else ' stroke-dasharray="1 3"'
    curve = " ".join(f"{_n(x)},{_n(y)}" for x, y in points[1:])
    line = f"M{_n(start[0])},{_n(start[1])} L{_n(points[0][0])},{_n(points[0][1])} C{curve}"
    head = ""
    if edge.flows or not is_backward:
        head = f'<path class="{name}h" d="{_arrow(points[-1], end)}" fill="{colour}"/>'
    else:
        line += f" L{_n(end[0])},{_n(end[1])}"
    title = f"<title>{escape(edge.hint)}</title>" if edge.hint else ""
    return (
        f'<g>{title}<path class="{name}" d="{line}" fill="none" stroke="{colour}" stroke-width="1.2"{dash}/>{head}</g>'
    )


def _arrow(base: Point, tip: Point) -> str:
    dx, dy = tip[0] - base[0], tip[1] - base[1]
    length = math.hypot(dx, dy) or 1.0
    nx, ny = -dy / length * 2.8, dx / length * 2.8
    corners = [(base[0] + nx, base[1] + ny), tip, (base[0] - nx, base[1] - ny)]
    return "M" + " L".join(f"{_n(x)},{_n(y)}" for x, y in corners) + "Z"


def _edge_text(edge: Edge, route: Route) -> str:
    if route.text is None:
        return ""
    x, y = route.text
    text = _text(x, y + 3.5, edge.text, 10, f"{_edge_class(edge)}h", colour=edge_colour(edge), anchor="middle")
    halo = f'class="halo" stroke="{PAPER}" stroke-width="3" stroke-linejoin="round" paint-order="stroke"'
    return f"<g {halo}>{text}</g>"


def _edge_class(edge: Edge) -> str:
    return "nan" if edge.has_nan else {1: "pos", -1: "neg", 0: "zero"}[edge.sign]


def _text(
    x: float, y: float, text: str, size: int, name: str, *, colour: str = INK, anchor: str = "start", bold: bool = False
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    place = "" if anchor == "start" else f' text-anchor="{anchor}"'
    small = "" if size == 12 else f' font-size="{size}"'
    text = escape(one_line(text))
    return f'<text class="{name}" x="{_n(x)}" y="{_n(y)}"{place}{small}{weight} fill="{colour}">{text}</text>'


def _wrapped(remarks: list[str], width: float) -> list[str]:
    """Put remarks on lines of a width; each stays in one piece if it can."""
    room = int(width / 6.1)
    words: list[str] = []
    for i, remark in enumerate(remarks):
        end = "  ·  " if i < len(remarks) - 1 else ""
        words += [remark + end] if len(remark) <= room else [*(word + " " for word in remark.split()), end]
    lines = [""]
    for word in words:
        if lines[-1] and width_of(lines[-1] + word.rstrip()) > room:
            lines.append("")
        lines[-1] += word
    return [line.rstrip(" ·") for line in lines if line.rstrip(" ·")]


def _n(x: float) -> str:
    return f"{x:.2f}".rstrip("0").rstrip(".")


def _style(token: str) -> str:
    """Let a dark theme of a notebook through; elsewhere the literal colours stand."""
    rules: list[str] = []
    for dark in ('[data-jp-theme-light="false"]', "body.vscode-dark"):
        scope = f"{dark} .{token}"
        rules += [
            f"{scope} .ink,{scope} .cap{{fill:var(--jp-content-font-color0,#e6edf3)}}",
            f"{scope} .paper{{fill:var(--jp-layout-color0,#111418)}}",
            f"{scope} .quiet{{fill:#9da7b3}}{scope} .zero{{stroke:#9da7b3}}{scope} .zeroh{{fill:#9da7b3}}",
            f"{scope} .line{{stroke:#e6edf3}}{scope} .nan{{stroke:#ff5fb0}}{scope} .nanh{{fill:#ff5fb0}}",
            f"{scope} .halo{{stroke:var(--jp-layout-color0,#111418)}}",
            f"{scope} .pos{{stroke:#79b4e3}}{scope} .posh{{fill:#79b4e3}}",
            f"{scope} .neg{{stroke:#f6a04d}}{scope} .negh{{fill:#f6a04d}}",
            f"{scope} .step{{fill:#e6edf3}}{scope} .onstep{{fill:#23272e}}",
        ]
        rules += [f"{scope} .f{i + LEVELS}{{fill:{fill(i, dark=True)}}}" for i in range(-LEVELS, LEVELS + 1)]
    return "".join(rules)
