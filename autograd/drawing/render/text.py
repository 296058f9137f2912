"""A picture as text: a tree from the result down to the leaves."""

from __future__ import annotations

from ..picture.elements import Box, Edge, Picture

_DEEPEST = 16


def tree(picture: Picture) -> str:
    """Write the tree; what was written before, or lies too deep for the page, is a reference to a line of its own."""
    below: dict[int, list[Edge]] = {}
    uses: dict[int, int] = {}
    for edge in picture.edges:
        below.setdefault(edge.result, []).append(edge)
        uses[edge.operand] = uses.get(edge.operand, 0) + 1
    lines = [picture.title]
    written: set[int] = set()
    later = [i for i, box in enumerate(picture.boxes) if box.is_result] or [len(picture.boxes) - 1]
    for start in later:  # grows while it is walked
        if start in written:
            continue
        stack: list[tuple[int, str, str, str]] = [(start, "", "", "")]
        while stack:
            place, lead, further, on_edge = stack.pop()
            box, operands = picture.boxes[place], below.get(place, [])
            is_marked = box.kind == "op" and (uses.get(place, 0) > 1 or (start == place and len(lines) > 1))
            mark = f"#{place} " if is_marked else ""
            if place in written:
                lines.append(lead + on_edge + (f"{mark}{_first(box)} (above)" if operands else _said(box)))
                continue
            if operands and len(further) > 3 * _DEEPEST:
                later.append(place)
                lines.append(f"{lead}{on_edge}#{place} {_first(box)} (below)")
                continue
            written.add(place)
            lines.append(f"{lead}{on_edge}{mark}{_said(box)}")
            for edge in reversed(operands):
                branch, beside = ("└─ ", "   ") if edge is operands[-1] else ("├─ ", "│  ")
                text = f"[{edge.text}] " if edge.text else ""
                stack.append((edge.operand, further + branch, further + beside, text))
    return "\n".join(lines) + "\n"


def _first(box: Box) -> str:
    return box.lines[0].text if box.lines else "value"


def _said(box: Box) -> str:
    step = f"{box.step}. " if box.step is not None else ""
    return step + "  ".join(line.text for line in box.lines)
