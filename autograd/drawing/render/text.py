"""Render a picture as text: a tree from the result down to the leaves."""

from __future__ import annotations

from collections import Counter

from ..picture.elements import Box, Edge, Picture

_DEEPEST = 16


def tree(picture: Picture) -> str:
    """Return the tree. A node that is shown before, or is too deep, becomes a reference to its own line."""
    below: dict[int, list[Edge]] = {}
    uses = Counter(edge.operand for edge in picture.edges)
    for edge in picture.edges:
        below.setdefault(edge.result, []).append(edge)
    lines = [picture.title]
    written: set[int] = set()
    later = [i for i, box in enumerate(picture.boxes) if box.is_result] or [len(picture.boxes) - 1]

    def write(place: int, start: int, lead: str, further: str) -> None:
        box, operands = picture.boxes[place], below.get(place, [])
        is_marked = box.kind == "op" and (uses[place] > 1 or (start == place and len(lines) > 1))
        mark = f"#{place} " if is_marked else ""
        if place in written:
            lines.append(lead + (f"{mark}{_first(box)} (above)" if operands else box.words("  ")))
        elif operands and len(further) > 3 * _DEEPEST:
            later.append(place)
            lines.append(f"{lead}#{place} {_first(box)} (below)")
        else:
            written.add(place)
            lines.append(f"{lead}{mark}{box.words('  ')}")
            for edge in operands:
                branch, beside = ("└─ ", "   ") if edge is operands[-1] else ("├─ ", "│  ")
                text = f"[{edge.text}] " if edge.text else ""
                write(edge.operand, start, further + branch + text, further + beside)

    for start in later:  # the list grows inside the loop
        if start not in written:
            write(start, start, "", "")
    return "\n".join(lines) + "\n"


def _first(box: Box) -> str:
    return box.lines[0].text if box.lines else "value"
