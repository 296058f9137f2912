"""Pictures as Mermaid text, which GitHub and many editors draw inside Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...display import fill
from ..analysis.formula import one_line
from ..layout.sizes import edge_colour
from ..picture.elements import Box, Edge, Picture
from .theme import Theme


def mermaid_text(views: list[Picture], theme: Theme) -> str:
    """Return one or two views as a flowchart in Mermaid's language."""
    lines = [f"flowchart {views[0].direction or 'LR'}"]
    colours: list[str] = []
    for view in views:
        letter = "b" if view.is_backward else "n"
        if len(views) > 1:
            lines.append(f"subgraph {letter}[{_quoted('backward' if view.is_backward else 'forward')}]")
        lines += _boxes(view, letter, theme)
        for edge in view.edges:
            lines.append(_edge(edge, letter))
            colours.append(theme.colours[edge_colour(edge)])
        if len(views) > 1:
            lines.append("end")
    lines += [f"linkStyle {i} stroke:{colour}" for i, colour in enumerate(colours)]
    return "\n".join(lines) + "\n"


def _boxes(view: Picture, letter: str, theme: Theme) -> Iterator[str]:
    for what, k in view.nested():
        if what == "open":
            yield f"subgraph {letter}c{k}[{_quoted(view.clusters[k].title)}]"
        elif what == "close":
            yield "end"
        else:
            box = view.boxes[k]
            pen = f"{theme.nan},stroke-width:3px" if box.has_nan else theme.ink
            yield f"{letter}{k}{_box(box)}"
            yield f"style {letter}{k} fill:{theme.colours[fill(view.level_of(box))]},color:{theme.ink},stroke:{pen}"


def _box(box: Box) -> str:
    lines = [line.text for line in box.lines]
    if box.step is not None and lines:
        lines[0] = f"({box.step}) {lines[0]}"
    left, right = ("([", "])") if box.kind == "leaf" else ("[[", "]]") if box.is_result else ("[", "]")
    return f"{left}{_quoted(*lines)}{right}"


def _edge(edge: Edge, letter: str) -> str:
    start, end = f"{letter}{edge.operand}", f"{letter}{edge.result}"
    if edge.arrow == "back":
        start, end = end, start
    arrow = "-->" if edge.style == "solid" else "-.-" if edge.arrow == "none" else "-.->"
    text = f"|{_quoted(edge.text)}|" if edge.text else ""
    return f"{start} {arrow}{text} {end}"


def _quoted(*lines: str) -> str:
    r"""Return a text in quotes, escaped for Mermaid and Markdown.

    >>> _quoted('1 "a" < b', "- c")
    '"1 #34;a#34; #60; b<br/>#45; c"'
    """
    return '"' + "<br/>".join(_plain(one_line(line)) for line in lines) + '"'


def _plain(text: str) -> str:
    text = re.sub(r"[\"#&<>`*_~\\|{}\[\]$@%]", lambda found: f"#{ord(found[0])};", text)
    text = text.replace("#92;", "#92;#8288;")  # a joiner: a backslash and an n would become a line end
    return re.sub(r"^\d*[-+.)](?= |$)", lambda found: f"{found[0][:-1]}#{ord(found[0][-1])};", text) or " "
