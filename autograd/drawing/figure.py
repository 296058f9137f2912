"""A picture to show in a notebook, to save, or to read as text."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..checks import one_of
from ..files import place, replace
from .render.convert import animated, pdf, png
from .render.html import inline, page, scrolled
from .render.svg_elements import size_of
from .settings import Settings

_MOST_LINES = 200
_MOST_PIXELS = 500_000  # a notebook gets a PNG of twice the size up to here


class Figure:
    """A picture to show in a notebook or to save. `draw` and the methods of a `Drawing` make it.

    >>> from chalkgrad import Value, draw
    >>> draw(Value(3.0, label="x").tanh()).film()
    Figure('Step by step of tanh': 2 lines, step 2 of 3: backward begins: tanh(x) receives 1 ...)
    """

    def __init__(
        self,
        title: str,
        svg: str,
        lines: Sequence[str],
        alt: str,
        settings: Settings,
        steps: Sequence[str] = (),
        stills: Callable[[], list[str]] | None = None,
        seconds: float = 2.5,
    ) -> None:
        """Store the SVG, the same content as lines of text, and the steps of a player. `stills` draws each step."""
        self.title, self._svg, self._lines, self._alt = title, settings.finish(svg), lines, alt
        self.settings, self._steps, self._stills, self._seconds = settings, steps, stills, seconds

    def text(self) -> str:
        """Return the content of the picture as lines of text. The first line is the title.

        >>> from chalkgrad import Value, draw
        >>> draw(Value(3.0, label="x").tanh()).player().text().splitlines()[:2]
        ['Step by step of tanh', 'start: given are x = 3']
        """
        return "\n".join([self.title, *self._lines]) + "\n"

    def svg(self) -> str:
        """Return the picture as SVG. The SVG of a player plays by itself.

        >>> from chalkgrad import Value, draw
        >>> draw(Value(3.0).tanh()).film().svg()[:4]
        '<svg'
        """
        return self._svg

    def html(self) -> str:
        """Return a self-contained HTML page, to open from a file. It is light or dark as the system of its reader.

        >>> from chalkgrad import Value, draw
        >>> draw(Value(3.0).tanh()).player().html()[:15]
        '<!doctype html>'
        """
        return page(self.title, self._inside() if self._steps else scrolled(self.svg()))

    def png(self, scale: float | None = None) -> bytes:
        """Return the picture as PNG. For a player, it shows the last step.

        Args:
            scale: pixels of the PNG for each pixel of the SVG. By default, the scale of the settings.

        Raises:
            ImportError: the package typst is not installed.

        >>> from chalkgrad import Value, draw
        >>> draw(Value(3.0).tanh()).png()[1:4]
        b'PNG'
        """
        return png(self._pages()[-1], self.settings.scale if scale is None else scale)

    def pdf(self) -> bytes:
        """Return the picture as PDF. For a player, each step has its own page.

        Raises:
            ImportError: the package typst is not installed.

        >>> from chalkgrad import Value, draw
        >>> draw(Value(3.0).tanh()).pdf()[:4]
        b'%PDF'
        """
        return pdf(self._pages())

    def _pages(self) -> list[str]:
        return [self.settings.finish(svg) for svg in self._stills()] if self._stills else [self.svg()]

    # Saving ------------------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], *, scale: float | None = None) -> None:
        """Write the picture to a file. After an error, the old file is unchanged.

        Args:
            path: the file. Its suffix chooses the format: .svg, .png, .pdf, .html or .txt; for pictures with steps also
                .gif or .webp; for graphs also .tex, .dot or .mmd (Mermaid).
            scale: pixels of a PNG, GIF or WebP for each pixel of the SVG. By default, the scale of the settings.

        Raises:
            ValueError: the suffix is another one, or `scale` is not a positive number.
            FileNotFoundError: the folder does not exist.
            ImportError: a package is not installed. The message names it.

        >>> import pathlib, tempfile
        >>> from chalkgrad import Value, draw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw(Value(3.0).tanh()).save(f"{folder}/tanh.svg")
        ...     print([path.name for path in pathlib.Path(folder).iterdir()])
        ['tanh.svg']
        """
        path, settings = Path(path), self.settings
        formats = self._formats(Settings(scale=settings.scale if scale is None else scale).scale)
        if path.suffix.lower() not in formats:
            raise ValueError(f"`path` ends in {path.suffix!r} ({path}): use one of {', '.join(formats)}")
        place(path)  # before the work
        made = formats[path.suffix.lower()]()
        replace(path, made if isinstance(made, bytes) else made.encode())

    def _formats(self, scale: float) -> dict[str, Callable[[], str | bytes]]:
        found: dict[str, Callable[[], str | bytes]] = {
            ".svg": self.svg, ".png": lambda: self.png(scale), ".pdf": self.pdf, ".html": self.html, ".txt": self.text
        }  # fmt: skip
        if self._stills:
            found[".gif"] = lambda: animated(self._pages(), "gif", self._seconds, scale)
            found[".webp"] = lambda: animated(self._pages(), "webp", self._seconds, scale)
        return found

    def save_steps(self, folder: str | os.PathLike[str], format: str = "png") -> list[Path]:
        """Write each step of a player to its own file, `step-00.png` and so on, and return the paths.

        Args:
            folder: an existing folder.
            format: "png", "pdf" or "svg".

        Raises:
            ValueError: `format` is another one, or the picture has no steps.
            FileNotFoundError: the folder does not exist.

        >>> import tempfile
        >>> from chalkgrad import Value, draw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     steps = draw(Value(3.0).tanh()).player().save_steps(folder, "svg")
        >>> [path.name for path in steps]
        ['step-0.svg', 'step-1.svg', 'step-2.svg', 'step-3.svg']
        """
        if self._stills is None:
            raise ValueError("this picture has no steps: take that of `player()` or `animate()`")
        one_of(format, ("png", "pdf", "svg"), "format")
        pages = self._pages()
        paths = [Path(folder, f"step-{i:0{len(str(len(pages)))}}.{format}") for i in range(len(pages))]
        for path, svg in zip(paths, pages, strict=True):
            Figure(self.title, svg, (), "", Settings(scale=self.settings.scale)).save(path)
        return paths

    # Showing -----------------------------------------------------------------------------------------------

    def _inside(self) -> str:
        return inline(self.svg(), self._alt, self._steps)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        lines = self.text().splitlines()
        if len(lines) > _MOST_LINES:
            lines = [*lines[:_MOST_LINES], f"… and {len(lines) - _MOST_LINES} more lines: print(….text())"]
        bundle: dict[str, Any] = {"text/plain": "\n".join(lines)}
        try:
            svg = self.svg()
            bundle = {"text/html": self._inside(), "image/svg+xml": svg, **bundle}
            width, height = size_of(svg)
            bundle["image/png"] = self.png(2.0 if width * height < _MOST_PIXELS else 1.0)
            bundle["application/pdf"] = pdf(self._pages()[-1:])  # otherwise nbconvert to LaTeX needs Inkscape
        except (ImportError, RuntimeError, ValueError) as error:  # the text must not be lost
            bundle["text/plain"] += f"\n(no picture: {error})"
        return bundle

    def __repr__(self) -> str:
        return f"Figure({self.title!r}: {len(self._lines)} lines, {self._lines[0]} ...)"
