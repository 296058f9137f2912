"""`draw`: a picture of a graph or a net, to show or to save."""

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
_MOST_PARTS = 3000  # boxes in the parts of a page


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
    """Draw the graph that a Value or Tensor was computed by, or a net.

    Every value is a box with its name and operation, its `data` and its `grad`; on each edge stands the local
    derivative. The backward view turns the arrows round: it shows the order of execution, the gradient of the
    node by every other, the rule, and on each edge the product that is added. It runs the rules of the table, from
    the node's own `grad`, or from 1 if `backward` has not run, and changes no gradient.

    A net (`nn.MLP`, `nn.Sequential`, ...) becomes circles and lines, one for each unit and each weight: wider for
    larger, blue for positive, orange and dashed for negative. Its backward view shows the gradients instead. Whatever
    has a method `_picture_(view, at)` that gives a `Network` can be drawn so.

    Args:
        node: the result, all that it depends on is drawn; or several results; or a compiled `Program`; or a net.
        view: "forward", "backward", or, for a graph, "both", one below the other in the same places.
        mode: "reverse", or "forward": every box then shows the derivative of its value with respect to `wrt`.
        wrt: for forward mode, the node to differentiate by, a single number.
        at: for a net, a point: its inputs. The units then show their values there. For a net of two inputs also an
            array of points: each unit shows its values over the rectangle that they span, as a heat map.

        depth: how far modules are opened: 0 layers as boxes, 1 neurons, 2 sums of products, 3 every value. Left out,
            it is the largest that can be read. Of the samples of a batch, one is shown.
        expand: names of boxes to be opened, as the pictures show them, or nodes; "batch" for all samples, "all" for
            everything.
        focus: a node, its label, or the name of a box: only what lies near it is shown,
        radius: within so many steps, 2 if left out.
        settings: how the picture looks.
        look: single settings by name, such as `direction="TB"` or `theme="dark"`: see `Settings`.

    Returns:
        A picture as it is now, a `Drawing` of a graph or a `Figure`; what happens later does not change it.

    Raises:
        TypeError: `node` is not a Value or Tensor, and no net that can be drawn; `wrt` is no node.
        ValueError: `view`, `mode`, `depth`, `expand` or `focus` is none of those named, or `wrt` or `at` does not fit.

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
        return cast(Drawing, _net(network, chosen))  # so that editors complete what both kinds of picture have
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
        raise TypeError(f"forward mode needs `wrt`, the node to differentiate by, not {wrt!r:.40}")
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
    """A picture of a graph, to show in a notebook, to save, or to read as text. Made by `draw`.

    >>> from chalkgrad import Value
    >>> draw(Value(2.0, label="x") * 3)
    Drawing('Forward graph of mul', views=1, boxes=3, edges=2)
    """

    def __init__(
        self, views: list[Picture], shown: list[Picture], snapshot: Snapshot, grouping: Grouping, settings: Settings
    ) -> None:
        """Take the views that share their places, and those of them that are shown."""
        self._grouping = grouping
        self._snapshot, self._both, self._views, self.settings = snapshot, views, shown, settings
        for view in views:
            view.direction = settings.direction or ("LR" if snapshot.is_recurrence and not settings.ratio else "")
            view.legend = view.legend if settings.legend else []
        self.title, self._alt = shown[0].title, " ".join(view.sentence for view in shown)
        self._steps, self._stills = (), None

    def text(self) -> str:
        """Return the graph as a tree of text, from the result down to the leaves.

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
        """Return the graph as a `graphviz.Digraph` in this style, to be changed and rendered.

        `.source` always works; `.render()` and `.pipe()` need the program `dot`.

        >>> from chalkgrad import Value
        >>> picture = draw(Value(2.0, label="x") * 3).digraph()
        >>> picture.node_attr["fontname"] = "Helvetica"
        """
        return digraph(self._views, self.settings.look)

    def html(self) -> str:
        """Return a page that holds all it needs: to enlarge, move and search the picture, and to open parts by a click.

        Raises:
            ValueError, RuntimeError: as `svg`.

        >>> from chalkgrad import Value
        >>> draw(Value(2.0) * 3).html()[:15]
        '<!doctype html>'
        """
        return page(self.title, explorer(self.svg(), self._parts()))

    def _parts(self) -> dict[str, str]:
        """Draw what stands in the folded boxes, and in those inside them."""
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
        """Return the graph in Mermaid's language, for a code block of that name in Markdown.

        >>> from chalkgrad import Value
        >>> draw(Value(2.0) * 3).mermaid().splitlines()[0]
        'flowchart LR'
        """
        return mermaid_text(self._views, self.settings.look)

    def svg(self) -> str:
        """Return the picture as SVG, with tooltips.

        Raises:
            ValueError: there are more than 400 boxes.
            RuntimeError: Graphviz is missing, failed, or took too long; the message says what to do.

        >>> from chalkgrad import Value
        >>> draw(Value(2.0) * 3).svg()[:4]
        '<svg'
        """
        return self._drawn

    def tex(self) -> str:
        """Return the picture as a LaTeX document with TikZ; formulas of the textbook style are mathematics there.

        Raises:
            ValueError, RuntimeError: as `svg`.

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
        """Return a player of both passes, with buttons, a slider and arrow keys: first values, then gradients.

        Each step shows what one node does, as `backward_steps` gives it, with a sentence. Where no script
        may run, the picture plays by itself.

        Raises:
            ValueError, RuntimeError: as `svg`.

        >>> from chalkgrad import Value
        >>> draw(Value(3.0, label="x").tanh()).player()
        Figure('Step by step of tanh': 4 lines, start: given are x = 3 ...)
        """
        return self._played(2.5, is_player=True)

    def animate(self, seconds: float = 2.5) -> Figure:
        """Return both passes as one SVG that plays by itself, without a script: for a README, or a slide.

        It stands still, at the end, in print and for readers whose system is set to less motion.

        Args:
            seconds: how long each step is shown.

        Raises:
            ValueError: `seconds` is not a positive number; or as `svg`.
            RuntimeError: as `svg`.

        >>> from chalkgrad import Value
        >>> draw(Value(3.0, label="x").tanh()).animate(seconds=1.0)
        Figure('Step by step of tanh': 4 lines, start: given are x = 3 ...)
        """
        if not isinstance(seconds, (int, float)) or not 0 < seconds < 3600:
            raise ValueError(f"`seconds` is a positive number, such as 2.5, not {seconds!r:.40}")
        return self._played(seconds)

    def film(self, phase: str = "backward", columns: int | None = None) -> Figure:
        """Return the steps side by side, each with its sentence: to print, or to see all at once.

        Args:
            phase: "forward", "backward", or "both".
            columns: how many stand side by side; as many as can be read in a notebook if left out.

        Raises:
            ValueError: `phase` is another word, or `columns` is less than 1; or as `svg`.
            RuntimeError: as `svg`.

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
        format: what `.render()` writes, which needs the program `dot`.
        rankdir: "LR", from left to right, or "TB", from top to bottom.

    Raises:
        ValueError: `format` or `rankdir` is none of these.

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
