"""Larger letters in the drawings of nets and graphs, for slides.

On a page a drawing has letters of 9 to 12 pixels. On a slide they must have 24, which are 18 points: the drawing is
scaled to the screen, and letters that are still too small grow in place, as far as their box or circle has room.
"""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

SVG = "{http://www.w3.org/2000/svg}"
SMALLEST = 24.0  # pixels on a slide of 1280 x 720: 18 points
CHARACTER = 0.6  # of the size of a letter: its width in a monospace font
LINE = 1.16  # of the size of a letter: from one line to the next
SQUEEZED = 1.2  # by so much a line can be narrower than its letters are
MOST_OF_A_BIAS = 15.5  # pixels: the number below a unit has no room for larger letters


def enlarged(svg: str, width: float, height: float) -> tuple[str, float, list[str]]:
    """Return a drawing for a screen, how wide it is there, and the remarks that stood below it.

    A graph that is too tall for the screen is as wide as its letters need: it has a scroll bar.
    """
    ElementTree.register_namespace("", SVG[1:-1])
    root = ElementTree.fromstring(svg)
    remarks = _without_remarks(root)
    _, _, wide, high = map(float, root.attrib["viewBox"].split())
    scale = min(width / wide, height / high)
    is_net = root.find(f"{SVG}g/{SVG}line") is not None
    above = _with_larger_titles(root, SMALLEST / scale) if is_net else 0.0
    scale = min(width / wide, height / (high + above)) if is_net else max(scale, min(width / wide, SMALLEST / 12))
    for group in root.iter(SVG + "g"):
        if group.find(SVG + "text") is not None:
            _grow(group, SMALLEST / scale)
        for part in group.findall(SVG + "g"):
            if is_net and SMALLEST / scale > MOST_OF_A_BIAS:
                group.remove(part)
    root.attrib.update(viewBox=f"0 {-above:g} {wide:g} {high + above:g}", width=f"{wide:g}", height=f"{high + above:g}")
    return ElementTree.tostring(root, encoding="unicode"), scale * wide, remarks


def _without_remarks(root: Element) -> list[str]:
    """Take the remarks below a drawing away, and the room that they have."""
    remarks = []
    for parent in [root, *root.iter(SVG + "g")]:
        for text in parent.findall(f"{SVG}text[@class='quiet']"):
            if "text-anchor" not in text.attrib:
                parent.remove(text)
                remarks.append("".join(text.itertext()))
    x, y, width, height = map(float, root.attrib["viewBox"].split())
    root.set("viewBox", f"{x:g} {y:g} {width:g} {height - 14 * len(remarks):g}")
    return remarks


def _size(text: Element) -> float:
    return float(text.get("font-size", 12))


def _with_larger_titles(root: Element, size: float) -> float:
    """Set the two lines above each column of a net in larger letters; return how much room they need on top."""
    for text in root.findall(SVG + "text"):
        y = 35 - LINE * size if text.get("font-weight") == "bold" else 35
        text.attrib.update({"font-size": f"{size:.1f}", "y": f"{y:.1f}"})
    return max(0.0, 2 * LINE * size - 35)


def _grow(group: Element, size: float) -> None:
    """Enlarge the letters of a box, a unit or an edge to a size, as far as there is room."""
    papers = group.findall(f"{SVG}rect[@class='paper']")
    box = None if papers else group.find(SVG + "rect")
    circle = group.find(SVG + "circle")
    if box is None:
        for text in group.findall(SVG + "text"):
            is_inside = circle is not None and text.get("text-anchor") == "middle"
            room = 2.2 * float(circle.get("r", 0)) if circle is not None and is_inside else 1e9
            _resize(text, min(size, room / _width(text, 1.0)))
        for paper in papers:
            _widen(paper, group.findall(SVG + "text")[0], size)
        return
    for text in group.findall(f"{SVG}text[@class='number']"):  # of a step, at the corner
        if circle is not None:
            circle.set("r", f"{max(1.0, size / _size(text)) * float(circle.get('r', 0)):.2f}")
        _resize(text, size)
    _restack(box, group.findall(f"{SVG}text[@class='ink']"), size, group.find(SVG + "path") is None)


def _width(text: Element, size: float) -> float:
    return CHARACTER * size * max(1, len("".join(text.itertext())))


def _resize(text: Element, size: float) -> None:
    """Enlarge letters round the middle of their line."""
    now = _size(text)
    if size > now:
        text.attrib.update({"font-size": f"{size:.2f}", "y": f"{float(text.get('y', 0)) + 0.35 * (size - now):.2f}"})


def _widen(paper: Element, text: Element, size: float) -> None:
    """Enlarge the piece of paper below a text that has grown."""
    wide, high, x, y = (float(paper.get(name, 0)) for name in ("width", "height", "x", "y"))
    more = max(wide, _width(text, size) + 2), max(high, LINE * size)
    x -= (more[0] - wide) / 2 if text.get("text-anchor") == "middle" else 0.0
    place = {"width": more[0], "height": more[1], "x": x, "y": y - (more[1] - high) / 2}
    paper.attrib.update({name: f"{value:.2f}" for name, value in place.items()})


def _restack(box: Element, texts: list[Element], size: float, has_room: bool) -> None:
    """Set the lines of a box in larger letters, from top to bottom."""
    room = float(box.get("width", 0)) - 3, float(box.get("height", 0)) - 2
    sizes = [max(_size(text), min(size, SQUEEZED * room[0] / _width(text, 1.0))) for text in texts]
    shrink = min(1.0, room[1] / (LINE * sum(sizes))) if sizes else 1.0
    y = float(box.get("y", 0)) + 1 + (room[1] - LINE * shrink * sum(sizes)) / 2
    for text, large in zip(texts, sizes, strict=True):
        y += LINE * shrink * large
        _resize(text, max(_size(text), shrink * large))
        if _width(text, _size(text)) > room[0]:
            text.attrib.update(textLength=f"{room[0]:.1f}", lengthAdjust="spacingAndGlyphs")
        if has_room:
            text.set("y", f"{y - 0.25 * shrink * large:.2f}")
