"""`Settings`: the look of a picture, for all views and formats."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..checks import count, one_of
from .render.svg_elements import framed
from .render.theme import THEMES, Theme


@dataclass(frozen=True)
class Settings:
    """The look of a picture. `draw` accepts each setting by name, or all of them as `settings=Settings(...)`.

    Args:
        direction: "LR" from left to right, "TB" from top to bottom, or None for the one that fits a page.
        legend: whether remarks are shown below the picture.
        digits: the number of significant digits. Tooltips show all digits.
        title: a line above the picture.
        theme: "light", "dark", "print" (black ink, pale boxes), or your own `Theme`. All formats use its colours. SVG,
            and the formats that are made of it, also use its font and line width.
        ratio: the ratio of width to height, such as "16:9" for a slide, or None for the size of the picture.
        scale: pixels of a PNG, GIF or WebP for each pixel of the SVG.
        style: "boxes" with values and gradients, or "textbook" with a formula in each node, as in a paper.
        derivatives: what the edges of the textbook style show: "numbers", "symbols" or "both".
        notes: a mapping from nodes or labels to texts. The box of a node shows its text below the numbers.

    Raises:
        ValueError: a setting has another value. The message names the setting.

    >>> from chalkgrad import Value, draw
    >>> draw(Value(2.0) * 3, theme="dark", ratio="16:9", legend=False)
    Drawing('Forward graph of mul', views=1, boxes=3, edges=2)
    """

    direction: str | None = None
    legend: bool = True
    digits: int = 3
    title: str | None = None
    theme: Theme | str = "light"
    ratio: str | float | None = None
    scale: float = 2.0
    style: str = "boxes"
    derivatives: str = "numbers"
    notes: Mapping[Any, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.direction is not None:
            one_of(self.direction, ("LR", "TB"), "direction")
        one_of(self.style, ("boxes", "textbook"), "style")
        one_of(self.derivatives, ("numbers", "symbols", "both"), "derivatives")
        if not isinstance(self.theme, Theme):
            one_of(self.theme, tuple(THEMES), "theme")
        count(self.digits, "digits", 1, 17)
        if not isinstance(self.scale, (int, float)) or not 0 < self.scale <= 20:
            raise ValueError(f"`scale` is a number up to 20, such as 2, not {self.scale!r:.40}")
        if not isinstance(self.notes, Mapping):
            raise ValueError(f"`notes` maps nodes or labels to texts, and is not {self.notes!r:.40}")
        _ = self.width_to_height

    @property
    def width_to_height(self) -> float | None:
        """Ratio of width to height as a number, or None.

        Raises:
            ValueError: `ratio` is neither a positive number nor a text such as "16:9".

        >>> Settings(ratio="4:3").width_to_height
        1.3333333333333333
        """
        if self.ratio is None:
            return None
        try:
            width, _, height = str(self.ratio).partition(":")
            found = float(width) / float(height or 1)
        except (ValueError, ZeroDivisionError):
            found = math.nan
        if not 0.01 < found < 100:
            raise ValueError(f"`ratio` is such as '16:9', '4:3' or 1.5, not {self.ratio!r:.40}")
        return found

    @property
    def look(self) -> Theme:
        """Theme of these settings, also if `theme` is a name.

        >>> Settings(theme="dark").look.ink
        '#e6edf3'
        """
        return self.theme if isinstance(self.theme, Theme) else THEMES[self.theme]

    def finish(self, svg: str) -> str:
        """Return an SVG with the title, the ratio and the colours of these settings."""
        if self.title or self.ratio:
            svg = framed(svg, self.title or "", self.width_to_height)
        return self.look.apply(svg)
