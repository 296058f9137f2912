"""`draw`: draw a graph or a net, to show or to save."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from ..checks import count, one_of
from ..graph import Node, without_collector
from .analysis.formula import significant_digits
from .analysis.groups import DEEPEST, Grouping
from .analysis.level_of_detail import choose_groups
from .analysis.snapshot import Snapshot
from .figure import Figure
from .layout.placement import LIMIT, Layout, arrange
from .picture.elements import Picture
from .picture.forward_mode import tangent_picture
from .picture.frames import FrameSequence, frames_of
from .picture.network import Network, network_text
from .picture.reverse_mode import backward_picture, forward_picture
from .picture.textbook import textbook_picture
from .render.convert import set_formulas
from .render.dot import digraph
from .render.film import animation, film, stills
from .render.html import explorer, page
from .render.mermaid import mermaid_text
from .render.network_svg import network_svg
from .render.svg import svg_text
from .render.text import tree
from .render.tikz import tikz_text
from .settings import Settings

if TYPE_CHECKING:
    import graphviz

_VIEWS = ("forward", "backward", "both")
_MOST_PARTS = 3000  # boxes in all parts of a page together


def draw(
    node: Any,
    view: str = "forward",
    *,
    mode: str = "reverse",
    wrt: Any = None,
    at: Any = None,
    depth: int | None = None,
    expand: Any = (),
    focus: Any = None,
    radius: int | None = None,
    settings: Settings | None = None,
    **look: Any,
) -> Drawing:
    """Return a drawing of a net, or of the graph that computed a Value or Tensor.

    The forward view shows every value as a box with its name, operation, `data` and `grad`. Each edge has the local
    derivative. The backward view reverses the arrows. It shows the order of execution, the gradient of the result with
    respect to every node, the derivative rule, and on each edge the product that is added. It starts from the `grad` of
    the result, or from 1 if `backward` has not run. It does not change any gradient.

    A net (`nn.MLP`, `nn.Sequential`, ...) becomes circles for units and lines for weights. A larger weight has a wider
    line. Positive weights are blue, negative weights orange and dashed. The backward view shows gradients in place of
    weights. Every object with a method `_picture_(view, at)` that returns a `Network` can be drawn like this.

    Args:
        node: a result, several results, a compiled `Program`, or a net. All nodes that a result depends on are drawn.
        view: "forward" or "backward". For a graph also "both": the two views below each other, with the same layout.
        mode: "reverse" or "forward". In forward mode every box shows the derivative of its value with respect to `wrt`.
        wrt: for forward mode, the node to differentiate with respect to, a single number.
        at: for a net, the inputs at which the units show their values. For a net of two inputs also an array of
            points. Then each unit shows a heat map of its values over the rectangle that the points span.

        depth: how much detail is shown: 0 layers, 1 neurons, 2 sums of products, 3 every value. By default the largest
            depth that can be read. One sample of a batch is shown.
        expand: boxes to open, by the names in the picture, or nodes. "batch" opens all samples, "all" everything.
        focus: a node, its label, or the name of a box. Only nodes near it are shown.
        radius: the largest number of edges from `focus` to a node that is shown; 2 by default.
        settings: the look of the picture.
        look: single settings by name, such as `direction="TB"` or `theme="dark"`; see `Settings`.

    Returns:
        A `Drawing` of a graph, or a `Figure` of a net. Later changes of the graph or the net do not change it.

    Raises:
        TypeError: `node` is neither a Value, a Tensor, a `Program` nor a net, or `wrt` is not a node.
        ValueError: `view`, `mode`, `depth`, `expand` or `focus` has no such choice, or `wrt` or `at` does not fit.

    >>> from chalkgrad import Value, draw
    >>> a, b = Value(2.0, label="a"), Value(1.0, label="b")
    >>> print(draw((a + b) * (b + 1)).text())
    Forward graph of mul
    *  data 6  grad -
    ├─ [2] +  data 3  grad -
    │  ├─ [1] a  data 2  grad -
    │  └─ [1] b  data 1  grad -
    └─ [3] +  data 2  grad -
       ├─ [1] b  data 1  grad -
       └─ 1
    """
    chosen = _settings(settings, look)
    if callable(picture := getattr(node, "_picture_", None)) and not isinstance(node, type):
        network: Any = picture(one_of(view, _VIEWS[:2], "view"), at)
        return cast(Drawing, _net(network, chosen))  # so that editors complete the methods of both classes
    if at is not None:
        raise ValueError("`at` is the point at which a net is drawn; a graph has its values already: leave it out")
    node = node._graph_() if hasattr(node, "_graph_") else node  # a program
    roots = tuple(node) if isinstance(node, (tuple, list)) else (node,)
    if not roots or not all(isinstance(root, Node) for root in roots):
        raise TypeError(f"`node` is a Value or a Tensor, not {type(node).__name__} ({node!r:.40}): draw the result")
    one_of(mode, ("reverse", "forward"), "mode")
    one_of(view, _VIEWS if mode == "reverse" else _VIEWS[:1], "view")
    if mode == "reverse" and wrt is not None:
        raise ValueError("`wrt` is the node that forward mode starts from: add mode='forward'")
    if mode == "forward" and not isinstance(wrt, Node):
        raise TypeError(f"forward mode needs `wrt`, the node to differentiate with respect to, not {wrt!r:.40}")
    with without_collector(), significant_digits(chosen.digits):
        snapshot = Snapshot(*roots, notes=chosen.notes)
        shown = choose_groups(snapshot, depth, expand, focus, radius, chosen.style)
        if isinstance(wrt, Node):
            both = [tangent_picture(snapshot, wrt, shown)]
        elif chosen.style == "textbook":
            both = [textbook_picture(snapshot, shown, chosen.derivatives, is_backward) for is_backward in (False, True)]
        else:
            both = [forward_picture(snapshot, shown), backward_picture(snapshot, shown)]
        return Drawing(both, {"forward": both[:1], "backward": both[1:], "both": both}[view], snapshot, shown, chosen)


def _settings(settings: Settings | None, look: dict[str, Any]) -> Settings:
    if settings is not None and not isinstance(settings, Settings):
        raise TypeError(f"`settings` is a `Settings`, not {type(settings).__name__} ({settings!r:.40})")
    known = [field.name for field in fields(Settings)]
    for name in look:
        if name not in known:
            raise TypeError(f"`draw` has no setting {name!r}; there are {', '.join(known)}")
    return replace(settings or Settings(), **look)


def _net(network: Network, settings: Settings) -> Figure:
    with significant_digits(settings.digits):
        title, *lines = network_text(network).splitlines()
        drawn = network_svg(network, settings.legend)
    return Figure(title, drawn, lines, f"{title}: {'; '.join(lines)}", settings)


class Drawing(Figure):
    """A picture of a graph, to show in a notebook, to save, or to read as text. `draw` makes it.

    >>> from chalkgrad import Value
    >>> draw(Value(2.0, label="x") * 3)
    Drawing('Forward graph of mul', views=1, boxes=3, edges=2)
    """

    def __init__(
        self, views: list[Picture], shown: list[Picture], snapshot: Snapshot, grouping: Grouping, settings: Settings
    ) -> None:
        """Store the views, which share one layout, and the views that are shown."""
        self._grouping = grouping
        self._snapshot, self._both, self._views, self.settings = snapshot, views, shown, settings
        for view in views:
            view.direction = settings.direction or ("LR" if snapshot.is_recurrence and not settings.ratio else "")
            view.legend = view.legend if settings.legend else []
        self.title, self._alt = shown[0].title, " ".join(view.sentence for view in shown)
        self._steps, self._stills = (), None

    def text(self) -> str:
        """Return the graph as a text tree, from the result down to the leaves.

        >>> from chalkgrad import Value
        >>> print(draw(Value(2.0, label="x") * 3).text())
        Forward graph of mul
        *  data 6  grad -
        ├─ [3] x  data 2  grad -
        └─ 3
        """
        return "\n".join(tree(view) for view in self._views)

    def dot(self) -> str:
        """Return the graph in Graphviz's language.

        >>> from chalkgrad import Value
        >>> draw(Value(2.0) * 3).dot().splitlines()[0]
        'digraph {'
        """
        return self.digraph().source

    def digraph(self) -> graphviz.Digraph:
        """Return the graph as a `graphviz.Digraph`, which you can change and render.

        `.source` always works. `.render()` and `.pipe()` need the program `dot`.

        >>> from chalkgrad import Value
        >>> picture = draw(Value(2.0, label="x") * 3).digraph()
        >>> picture.node_attr["fontname"] = "Helvetica"
        """
        return digraph(self._views, self.settings.look)

    def html(self) -> str:
        """Return a self-contained HTML page. Its reader can zoom, move and search the picture, and click parts open.

        Raises:
            ValueError, RuntimeError: as for `svg`.

        >>> from chalkgrad import Value
        >>> draw(Value(2.0) * 3).html()[:15]
        '<!doctype html>'
        """
        return page(self.title, explorer(self.svg(), self._parts()))

    def _parts(self) -> dict[str, str]:
        """Return the SVG of the content of every closed box, also of the boxes inside."""
        draws = backward_picture if self._views[0].is_backward else forward_picture
        names = [box.part for box in self._views[0].boxes if box.part]
        made: dict[str, str] = {}
        room = _MOST_PARTS
        for name in names:  # the list grows inside the loop
            groups = self._grouping.opened(name)
            if name in made or len(groups) > min(room, LIMIT):
                continue
            with significant_digits(self.settings.digits):
                picture = draws(self._snapshot, Grouping(groups))
            picture.title, picture.direction = f"{name} of {picture.title}", self.settings.direction or ""
            names += [box.part for box in picture.boxes if box.part]
            room -= len(groups)
            made[name] = self.settings.finish(svg_text([picture], arrange([picture])))
        return made

    def mermaid(self) -> str:
        """Return the graph in Mermaid's language, for a `mermaid` code block in Markdown.

        >>> from chalkgrad import Value
        >>> draw(Value(2.0) * 3).mermaid().splitlines()[0]
        'flowchart LR'
        """
        return mermaid_text(self._views, self.settings.look)

    def svg(self) -> str:
        """Return the picture as SVG, with tooltips.

        Raises:
            ValueError: the picture has more than 400 boxes.
            RuntimeError: Graphviz is missing, failed, or took too long. The message says what to do.

        >>> from chalkgrad import Value
        >>> draw(Value(2.0) * 3).svg()[:4]
        '<svg'
        """
        return self._drawn

    def tex(self) -> str:
        """Return the picture as a LaTeX document with TikZ. Formulas of the textbook style become LaTeX formulas.

        Raises:
            ValueError, RuntimeError: as for `svg`.

        >>> from chalkgrad import Value
        >>> print(draw(Value(2.0) * 3).tex().splitlines()[0])
        \\documentclass[tikz,border=4pt]{standalone}
        """
        return tikz_text(self._views, self._layout, self.settings.look)

    @cached_property
    def _drawn(self) -> str:
        return self.settings.finish(svg_text(self._views, self._layout, self.settings.width_to_height))

    @cached_property
    def _layout(self) -> Layout:
        if self.settings.style == "textbook":
            set_formulas(self._both)
        return arrange(self._both, self.settings.width_to_height)

    def _formats(self, scale: float) -> dict[str, Callable[[], str | bytes]]:
        return super()._formats(scale) | {".tex": self.tex, ".dot": self.dot, ".mmd": self.mermaid}

    # Step by step ------------------------------------------------------------------------------------------

    def player(self) -> Figure:
        """Return a player of the forward and the backward pass, with buttons, a slider and arrow keys.

        Each step shows the computation of one node with a sentence (see `backward_steps`). Where scripts are not
        allowed, the picture plays by itself.

        Raises:
            ValueError, RuntimeError: as for `svg`.

        >>> from chalkgrad import Value
        >>> draw(Value(3.0, label="x").tanh()).player()
        Figure('Step by step of tanh': 4 lines, start: given are x = 3 ...)
        """
        return self._played(2.5, is_player=True)

    def animate(self, seconds: float = 2.5) -> Figure:
        """Return both passes as one SVG that plays by itself without a script, for a README or a slide.

        In print, and on systems that are set to reduced motion, it shows the last step.

        Args:
            seconds: the duration of each step in seconds.

        Raises:
            ValueError: `seconds` is not a positive number; or as for `svg`.
            RuntimeError: as for `svg`.

        >>> from chalkgrad import Value
        >>> draw(Value(3.0, label="x").tanh()).animate(seconds=1.0)
        Figure('Step by step of tanh': 4 lines, start: given are x = 3 ...)
        """
        if not isinstance(seconds, (int, float)) or not 0 < seconds < 3600:
            raise ValueError(f"`seconds` is a positive number, such as 2.5, not {seconds!r:.40}")
        return self._played(seconds)

    def film(self, phase: str = "backward", columns: int | None = None) -> Figure:
        """Return all steps side by side, each with its sentence, for print.

        Args:
            phase: "forward", "backward", or "both".
            columns: the number of steps in a row. By default, as many as can be read in a notebook.

        Raises:
            ValueError: `phase` is not one of these, or `columns` is less than 1; or as for `svg`.
            RuntimeError: as for `svg`.

        >>> from chalkgrad import Value
        >>> x = Value(3.0, label="x")
        >>> print(draw(x * x).film().text())
        Step by step of mul
        step 2 of 3: backward begins: the product x*x receives 1
        step 3 of 3: the product x*x receives 1, adds 1 × 3 to x and 1 × 3 to x (3 + 3 = 6)
        <BLANKLINE>
        """
        one_of(phase, _VIEWS, "phase")
        if columns is not None:
            columns = count(columns, "columns")
        frames, layout = self._staged
        whole = range(len(frames.frames))
        shown = list({"forward": whole[: frames.turn], "backward": whole[frames.turn :], "both": whole}[phase])
        drawn, sentences = film(frames, layout, shown, columns), [frames.sentences[i] for i in shown]
        return Figure(frames.title, drawn, sentences, frames.sentence, self.settings)

    def _played(self, seconds: float, is_player: bool = False) -> Figure:
        frames, layout = self._staged
        steps = frames.sentences if is_player else ()
        drawn = animation(frames, layout, seconds)
        return Figure(frames.title, drawn, frames.sentences, frames.sentence, self.settings, steps,
                      lambda: stills(frames, layout), seconds)  # fmt: skip

    @cached_property
    def _staged(self) -> tuple[FrameSequence, Layout]:
        if (nodes := len(self._snapshot.nodes)) > LIMIT:
            raise ValueError(
                f"this graph has {nodes} nodes, and at most {LIMIT} are gone through step by step: take a smaller "
                "part, such as one neuron, or a node on the way; `backward_steps` goes through all of it"
            )
        with significant_digits(self.settings.digits):
            sequence = frames_of(self._snapshot)
        for frame in sequence.frames:
            frame.direction = self.settings.direction or ""
        return sequence, arrange(sequence.frames)

    def __repr__(self) -> str:
        first = self._views[0]
        return f"Drawing({first.title!r}, views={len(self._views)}, boxes={len(first.boxes)}, edges={len(first.edges)})"


def draw_dot(root: Any, format: str = "svg", rankdir: str = "LR") -> graphviz.Digraph:
    """Return the graph of a Value as a `graphviz.Digraph`, as micrograd's notebook does.

    Args:
        root: a Value or a Tensor.
        format: the format that `.render()` writes, such as "svg". It needs the program `dot`.
        rankdir: "LR" from left to right, or "TB" from top to bottom.

    Raises:
        ValueError: `format` is not a format of Graphviz, or `rankdir` is neither "LR" nor "TB".

    >>> from chalkgrad import Value, draw_dot
    >>> print(draw_dot(Value(2.0, label="x") * 3).source.splitlines()[0])
    digraph {
    """
    made = draw(root, direction=rankdir, depth=DEEPEST).digraph()
    try:
        made.format = format
    except (AttributeError, ValueError):
        raise ValueError(f"`format` is one of graphviz's, such as 'svg' or 'pdf', not {format!r:.40}") from None
    return made
