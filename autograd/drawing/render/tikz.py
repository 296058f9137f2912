"""Render a picture as a LaTeX document with TikZ. With the package standalone, it can also be an `\\input`."""

from __future__ import annotations

from ...display import INK, NAN, fill
from ..analysis.notation import latex_text
from ..layout.placement import Layout, Place, Point, Route
from ..layout.sizes import PAPER, QUIET, edge_colour
from ..picture.elements import Box, Edge, Line, Picture
from .theme import Theme

_HEAD = r"""\documentclass[tikz,border=4pt]{standalone}
\usepackage{amsmath,amssymb}
\usetikzlibrary{arrows.meta}
\begin{document}
"""


def tikz_text(views: list[Picture], layout: Layout, theme: Theme) -> str:
    """Return one or two views as a LaTeX document, each on its own page."""
    colours = {PAPER: "paper", INK: "ink"}
    pictures = [_picture(view, layout, colours) for view in views]
    defined = [rf"\definecolor{{{name}}}{{HTML}}{{{theme.colours[c][1:].upper()}}}" for c, name in colours.items()]
    return _HEAD + "\n".join([*defined, r"\pagecolor{paper}", *pictures, r"\end{document}", ""])


def _picture(view: Picture, layout: Layout, colours: dict[str, str]) -> str:
    def colour(literal: str) -> str:
        return colours.setdefault(literal, f"c{len(colours)}")

    unit = 0.48 if any(line.latex for box in view.boxes for line in box.lines) else 0.75  # letters of 10 or 8 pt fit
    lines = [rf"\begin{{tikzpicture}}[x={unit}pt, y=-{unit}pt, >={{Stealth[length=4pt]}}, line width=0.6pt]"]
    for cluster, frame in zip(view.clusters, layout.frames, strict=True):
        if frame:
            left, top = frame.left, frame.top
            corners = f"({left:.1f},{top:.1f}) rectangle ({left + frame.width:.1f},{top + frame.height:.1f})"
            lines.append(rf"\draw[{colour(QUIET)}, rounded corners=4pt] {corners};")
            words = rf"\scriptsize\ttfamily {latex_text(cluster.title)}"
            lines.append(rf"\node[anchor=north west, text={colour(QUIET)}] at ({left:.1f},{top:.1f}) {{{words}}};")
    for edge, route in zip(view.edges, layout.routes, strict=True):
        lines.append(_edge(edge, route, colour(edge_colour(edge))))
    for i, (box, place) in enumerate(zip(view.boxes, layout.places, strict=True)):
        filled = colour(fill(view.level_of(box)))
        outline = colour(NAN if box.has_nan else QUIET if box.kind == "stub" else INK)
        lines.append(_box(i, box, place, filled, outline, unit))
    for edge, route in zip(view.edges, layout.routes, strict=True):
        if edge.text and route.text:
            words = _words(edge.formula or Line(edge.text, small=True))
            side = "anchor=west" if route.anchor == "start" else "fill=paper, inner sep=1pt"
            lines.append(rf"\node[{side}, text={colour(edge_colour(edge))}] at {_at(route.text)} {{{words}}};")
    return "\n".join([*lines, r"\end{tikzpicture}"])


def _box(i: int, box: Box, place: Place, filled: str, outline: str, unit: float) -> str:
    size = f"minimum width={unit * place.width:.1f}pt, minimum height={unit * place.height:.1f}pt"
    corners = min(place.height / 2, 16.0) if box.kind == "leaf" else 4.0
    looks = [f"fill={filled}", f"rounded corners={unit * corners:.1f}pt", size, "align=center", "text=ink",
             "inner sep=0pt"]  # fmt: skip
    if box.kind != "constant":
        looks.append(f"draw={outline}, line width={1.5 if box.kind == 'leaf' or box.has_nan else 0.9}pt")
    looks += ["double"] if box.is_result else ["dashed"] if box.kind == "stub" else []
    words = r" \\ ".join(map(_words, box.lines))
    step = rf", label={{[font=\scriptsize, text=ink]above left:{box.step}}}" if box.step is not None else ""
    return rf"\node[{', '.join(looks)}{step}] (n{i}) at ({place.x:.1f},{place.y:.1f}) {{{words}}};"


def _words(line: Line) -> str:
    if line.latex:
        return (r"\small" if line.small else "") + rf"$\displaystyle {line.latex}$"
    font = (r"\scriptsize" if line.small else r"\footnotesize") + (r"\ttfamily\bfseries" if line.bold else r"\ttfamily")
    return f"{font} {latex_text(line.text)}"


def _edge(edge: Edge, route: Route, colour: str) -> str:
    start, end, points = route.along(edge)
    curve = f"{_at(start)} -- {_at(points[0])}"
    for k in range(1, len(points) - 1, 3):
        curve += f" .. controls {_at(points[k])} and {_at(points[k + 1])} .. {_at(points[k + 2])}"
    looks = ["-" if edge.arrow == "none" else "->", colour]
    looks += [edge.style] if edge.style != "solid" else []
    looks += ["line width=0.4pt", "opacity=0.6"] if edge.is_faint else []
    return rf"\draw[{', '.join(looks)}] {curve} -- {_at(end)};"


def _at(point: Point) -> str:
    return f"({point[0]:.1f},{point[1]:.1f})"
