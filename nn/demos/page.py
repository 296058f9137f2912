"""A page: one HTML file without requests to anywhere, made of plain ES modules; in a notebook it is a frame."""

from __future__ import annotations

import base64
import html
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..saving.files import replace
from .formulas import formulas

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.js";\n', re.MULTILINE)


def module(name: str) -> str:
    """Return the text of a module, such as "net.js"; `formulas.js` is made of the formulas of the library."""
    return formulas() if name == "formulas.js" else files(str(__package__)).joinpath(name).read_text(encoding="utf-8")


def bundle(entry: str) -> str:
    """Join a module and all that it imports into one script: each is a function that returns what it exports."""
    texts: dict[str, str] = {}

    def visit(name: str) -> None:
        text = module(name)
        found = _IMPORT.findall(text)
        for _, other in found:
            if f"{other}.js" not in texts:
                visit(f"{other}.js")
        exports = re.findall(r"^export (?:async )?(?:const|function|class) (\w+)", text, re.MULTILINE)
        text = re.sub(r"^export ", "", _IMPORT.sub("", text), flags=re.MULTILINE)
        taken = "".join(f"const {{{names}}} = ${other};\n" for names, other in found)
        texts[name] = f"const ${name[:-3]} = (() => {{\n{taken}{text}return {{ {', '.join(exports)} }};\n}})();\n"

    visit(entry)
    return "".join(texts.values())


class Page:
    """A page that runs in a browser, with everything in it: no server, no network, no `eval`.

    In a notebook it shows itself in a frame, or as a still picture where scripts are not allowed.

    Args:
        kind: the module that makes it, without ".js"; it exports a function `render` with the name of the kind.
        title: of the file, and of the frame for screen readers.
        settings: what the page starts with, as JSON can hold it.
        height: of the frame in a notebook, in pixels.

    >>> Page("joints", "Joints", {}, 680)
    Page('Joints')
    """

    def __init__(self, kind: str, title: str, settings: dict[str, Any], height: int) -> None:
        self.kind, self.title, self.settings, self.height = kind, title, settings, height

    def html(self) -> str:
        """Return the page as the text of an HTML file."""
        script = bundle(f"{self.kind}.js").replace("</", "<\\/")
        settings = json.dumps(self.settings, allow_nan=False).replace("<", "\\u003c")
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{html.escape(self.title)}</title>\n<style>\n{module('page.css')}</style>\n</head>\n"
            f'<body>\n<main id="page">{self._still()}</main>\n'
            f'<script type="application/json" id="settings">{settings}</script>\n'
            f'<script type="module">\n{script}$ui.start(${self.kind}.render_{self.kind});\n</script>\n'
            "</body>\n</html>\n"
        )

    def save(self, path: str | Path) -> None:
        """Write the page to a file that ends in .html, whole or not at all; open it in any browser.

        Raises:
            ValueError: `path` ends otherwise.
            OSError: the file cannot be written.
        """
        if Path(path).suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"`path` is {str(path)!r:.80}; a page is a file that ends in .html")
        replace(path, self.html().encode())

    def _repr_html_(self) -> str:
        """Return the frame; behind it stands a picture, for notebooks that are shown without frames."""
        page, title = html.escape(self.html()), html.escape(self.title)
        return (
            f'<div style="position:relative;height:{self.height}px;overflow:hidden">{self._still()}'
            f'<iframe title="{title}" srcdoc="{page}" allow="clipboard-write" style="position:absolute;inset:0;'
            'width:100%;height:100%;border:0"></iframe></div>'
        )

    def _still(self) -> str:
        picture = files(str(__package__)).joinpath("stills", f"{self.kind}.png")
        if not picture.is_file():
            return f"<p>{html.escape(self.title)}: needs a browser that runs scripts.</p>"
        data = base64.b64encode(picture.read_bytes()).decode()
        return (
            f'<img alt="{html.escape(self.title)}, a still picture: the page itself needs a browser that runs scripts" '
            f'style="max-width:100%" src="data:image/png;base64,{data}">'
        )

    def __repr__(self) -> str:
        return f"Page({self.title!r})"
