"""Embed pages that run in the browser, such as the playground: a directive `page` that names what makes one."""

from __future__ import annotations

from operator import attrgetter

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import nn


class EmbeddedPage(SphinxDirective):
    """Show what a function of `nn` returns, in a frame; readers without scripts see a still picture."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        page = attrgetter(self.arguments[0])(nn)()
        return [nodes.raw("", f'<div class="page">{page._repr_html_()}</div>', format="html")]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("page", EmbeddedPage)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
