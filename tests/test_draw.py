"""Pictures of graphs: the numbers in them, the text forms, the settings, and what happens without Graphviz."""

import base64
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import graphviz
import numpy as np
import pytest
from PIL import Image

import autograd as ag
from autograd import TABLE, Network, Tensor, Value, draw, draw_dot
from autograd.drawing import Drawing, Settings, Theme, formula
from autograd.drawing.layout import engine
from autograd.drawing.layout.placement import PAGE, arrange
from autograd.drawing.picture.elements import Edge

NASTY = 'a{<b>|c}"d"\\N\\l&\ne'


def expression() -> tuple[Value, Value, Value]:
    a, b = Value(2.0, label="a"), Value(1.0, label="b")
    e = (a + b) * (b + 1)
    e.label = "e"
    return a, b, e


def edges(drawing: Drawing) -> list[Edge]:
    return drawing._views[0].edges


def words(drawing: Drawing) -> list[str]:
    """All lines in all boxes."""
    return [line.text for box in drawing._views[0].boxes for line in box.lines]


def texts(svg: str) -> list[str]:
    return [x.text or "" for x in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


# -- content --


def test_local_derivatives_stand_on_the_edges() -> None:
    _, _, e = expression()
    assert sorted(edge.text for edge in edges(draw(e)) if edge.text) == ["1", "1", "1", "2", "3"]


def test_products_stand_on_the_edges_of_the_backward_view() -> None:
    _, _, e = expression()
    drawing = draw(e, "backward")
    assert sorted(edge.text for edge in edges(drawing) if edge.text) == ["1 × 2", "1 × 3", "2 × 1", "2 × 1", "3 × 1"]
    assert {"grad 5", "= 3 + 2", "grad 2", "∂/∂x = y", "∂/∂a, ∂/∂b = 1"} <= set(words(drawing))
    assert [box.step for box in drawing._views[0].boxes if box.step] == [3, 2, 1]


def test_a_factor_used_twice_has_two_edges() -> None:
    x = Value(3.0, label="x")
    assert [edge.text for edge in edges(draw(x * x))] == ["3", "3"]
    assert "= 3 + 3" in words(draw(x * x, "backward"))


def test_before_backward_a_gradient_is_a_dash() -> None:
    a, _, e = expression()
    assert "grad -" in words(draw(e)) and "grad 0" not in words(draw(e))
    e.backward()
    assert "grad -" not in words(draw(e)) and "grad 5" in words(draw(e))
    a.zero_grad()
    assert "grad 0" in words(draw(e))


def test_drawing_changes_no_gradient() -> None:
    a, b, e = expression()
    draw(e, "both").svg()
    assert (a.grad, b.grad, e.grad) == (None, None, None)


def test_the_backward_view_starts_from_the_gradient_of_the_node() -> None:
    _, _, e = expression()
    (e * 10).backward()
    assert {"grad 10", "grad 50"} <= set(words(draw(e, "backward")))


def test_the_backward_view_shows_what_backward_computes() -> None:
    x = Value(0.3, label="x")
    y = (x.tanh() * x + ag.exp(x) / (x + 2)) ** 2
    shown = draw(y, "backward")._views[0]
    y.backward()
    assert next(box.amount for box in shown.boxes if box.kind == "leaf") == x.grad


def test_what_is_drawn_stays_as_it_was() -> None:
    _, _, e = expression()
    drawing = draw(e)
    e.backward()
    assert "grad -" in words(drawing)


def test_the_branch_that_was_not_taken() -> None:
    x = Value(2.0, label="x")
    y = ag.where(x.data > 0, x * 1.5, ag.log(-x))
    drawing = draw(y, "backward")
    assert sum(edge.flows for edge in edges(drawing)) == 2


def test_a_constant_that_was_detached() -> None:
    three = Value(2.0, requires_grad=False) + 1
    assert draw(three, "backward").text() == "Backward graph of a leaf\n3\n"
    assert texts(draw(three, "both").svg()).count("3") == 2


def test_tensor() -> None:
    x = Tensor([[1.0, 0.0], [np.nan, 2.0]], label="X")
    w = Tensor(np.ones((2, 3)), label="W")
    y = (x @ w).sum()
    lines = words(draw(y))
    assert {"data (2, 2)", "zeros 25 %", "NaN × 1", "norm 2.45 float64", "1 … 1"} <= set(lines)
    assert draw(y)._views[0].boxes[0].has_nan or draw(y)._views[0].boxes[1].has_nan
    back = words(draw(y, "backward"))
    assert "to X: g @ T(W)" in back and "to W: T(X) @ g" in back
    assert ET.fromstring(draw(y, "both").svg()) is not None


def test_an_array_has_a_heat_map() -> None:
    x = Tensor([[1.0, -1.0, 0.0], [0.25, np.nan, 4.0]], label="X")
    box = draw(x * 1.0)._views[0].boxes[0]
    assert box.heat == [[4, -4, 0], [2, 0, 8]]
    large = draw(Tensor(np.ones((100, 50))) * 1.0)._views[0].boxes[0].heat
    assert len(large) == 8 and len(large[0]) == 13
    assert draw(Tensor([1.0, 2.0]) * 1.0)._views[0].boxes[0].heat == []  # two numbers are read
    assert draw(x * 1.0, "backward")._views[0].boxes[0].heat == [[8, 8, 8], [8, 8, 8]]


def test_a_tensor_of_more_than_one_element_is_seeded_with_ones() -> None:
    x = Tensor([1.0, 2.0], label="x")
    assert "grad (2,)" in words(draw(x * x, "backward"))


def test_a_long_rule_is_parted_between_words() -> None:
    x = Tensor(np.ones((2, 3)), label="x")
    lines = [line.text for box in draw(x[:, 0].sum(), "backward")._views[0].boxes for line in box.lines]
    assert lines[lines.index("to x: scatter(g,") + 1].startswith("index=")


def test_values_in_a_tensor() -> None:
    a, b = Value(1.0, label="a"), Value(2.0, label="b")
    assert "a" in draw(Tensor([a, b]).sum(), "both").text()


def test_a_gradient_graph() -> None:
    x = Value(2.0, label="x")
    (x * x * x).backward(create_graph=True)
    assert "data 12" in draw(x.grad).text()
    assert "grad 12" in words(draw(x * x, "forward"))


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.elementwise])
def test_every_elementwise_row_can_be_drawn(name: str) -> None:
    row = TABLE[name]
    points = [low + 0.5 if np.isfinite(low := domain[0]) else 0.5 for domain in row.domain]
    for kind in (Value, lambda x, label: Tensor([x, x], label)):
        y = row(*(kind(x, label=f"x{i}") for i, x in enumerate(points)))
        drawing = draw(y, "both")
        assert row.symbol in drawing.text()
        assert drawing.dot()
        differentiated = any(row.rule(i) is not None for i in range(row.arity))
        assert any(edge.text for edge in edges(draw(row(*map(Value, points))))) is differentiated


def test_a_row_without_a_derivative() -> None:
    @ag.primitive
    def opaque(x):
        return x + 1

    y = opaque(Value(1.0, label="x")) * 2
    assert "opaque" in draw(y, "both").text()


def test_a_rule_that_works_on_numbers_only_leaves_out_its_words() -> None:
    import math

    @ag.primitive(partials=[lambda out, x: math.cos(x) if isinstance(x, float) else math.nope])
    def wave(x):
        return np.sin(x)

    drawing = draw(wave(Value(0.0, label="x")), "backward")
    assert "1 × 1" in drawing.text() and "∂" not in drawing.text()


# -- formulas --


def test_formula_binds_as_python_does() -> None:
    names = dict(zip("abc", (2.0, 3.0, 4.0), strict=True))
    values = {name: Value(x, label=name) for name, x in names.items()}
    for source in (
        "a - (b - c)", "a - b - c", "a/(b/c)", "a/b/c", "a*(b + c)", "(a + b)*c", "a**(b**c)", "(a**b)**c", "-a**2",
        "(-a)**2", "-(a + b)", "a - -b", "-(a*b)", "a*(-b)", "(a - b)*-c", "1/(a*b)", "a % (b*c)", "(a % b)*c",
    ):  # fmt: skip
        written = formula(eval(source, {}, values))
        assert eval(written, {}, names) == eval(source, {}, names), f"{source} became {written}"


def test_formula_of_a_graph_with_many_paths_is_short() -> None:
    x = Value(1.0, label="x")
    for _ in range(100):
        x = x + x
    assert len(formula(x)) < 500


# -- text --


def test_text_is_a_tree() -> None:
    x = Value(2.0, label="x")
    y = x * x
    lines = draw(y + y.tanh()).text().splitlines()
    assert lines[1].startswith("+  data 5")
    assert lines[2].startswith("├─ [1] #1 *  data 4")
    assert lines[-1].endswith("#1 * (above)")


@pytest.mark.slow
def test_a_long_chain_does_not_recurse() -> None:
    x = Value(1.0, label="x")
    for _ in range(100_000):
        x = x + 1.0
    drawing = draw(x, "both")
    assert len(drawing.text()) < 100e6
    assert "boxes=2, edges=1" in repr(drawing)  # the sums are one box, beside the leaf that has a name
    assert "<svg" in drawing.svg()
    assert "text/html" in drawing._repr_mimebundle_()


# -- DOT and SVG --


@pytest.mark.parametrize("view", ["forward", "backward", "both"])
def test_nasty_labels(view: str) -> None:
    x = Value(2.0, label=NASTY)
    y = x * x
    y.label = NASTY
    drawing = draw(y, view)
    shown = r'a{<b>|c}"d"\N\l&\ne'
    assert any(text.startswith(shown) for text in texts(drawing.svg()))
    assert shown in drawing.text()
    program = (
        "import sys, pygraphviz\n"
        "made = pygraphviz.AGraph(string=sys.stdin.read()).draw(format='svg', prog='dot')\n"
        "sys.stdout.buffer.write(made)"
    )
    command = [sys.executable, "-c", program]  # pygraphviz may crash a process whose stderr is a pipe
    done = subprocess.run(command, input=drawing.dot().encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    made = done.stdout.decode()
    assert any(text.endswith(shown) for text in texts(made))


def test_the_svg_says_what_it_is() -> None:
    _, _, e = expression()
    root = ET.fromstring(draw(e).svg())
    name = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "img" and root.get("width") and root.get("height") and root.get("viewBox")
    assert root.find(f"{name}title").text == "Forward graph of e"
    assert root.find(f"{name}desc").text == "e is 6, computed in 3 operations, from a and b."
    hints = [x.text for x in root.iter(f"{name}title")]
    assert any("local derivative 3.0" in x for x in hints)


def test_ids_differ_between_pictures_and_agree_between_runs() -> None:
    _, _, e = expression()
    x = Value(3.0)
    first, again, other = draw(e).svg(), draw(e).svg(), draw(x * x).svg()
    assert first == again
    ids = [set(re.findall(r'id="([^"]+)"', svg)) for svg in (first, other)]
    assert ids[0] and not ids[0] & ids[1]


def test_both_views_put_a_node_in_the_same_place() -> None:
    _, _, e = expression()
    circles = [
        re.findall(r'<rect x="([^"]+)" y="([^"]+)" width', draw(e, view).svg()) for view in ("forward", "backward")
    ]
    assert circles[0] == circles[1]


def test_negative_is_dashed_and_printed() -> None:
    x = Value(-2.0, label="x")
    svg = draw(x * -3.0).svg()
    assert 'stroke-dasharray="5 3"' in svg and "-3" in texts(svg) and "#b35806" in svg


def test_the_same_bytes_in_every_process(two_runs: Callable[[str], list[bytes]]) -> None:
    program = (
        "from autograd import Value, draw, Tensor\n"
        "a, b = Value(2.0, label='a'), Value(1.0, label='b')\n"
        "e = (a + b) * (b + 1) + a.tanh()\n"
        "d = draw(e, 'both')\n"
        "print(d.svg(), d.dot(), d.text(), d._repr_mimebundle_())"
    )
    runs = two_runs(program)
    assert runs[0] == runs[1] and len(runs[0]) > 1000


# -- saving and showing --


@pytest.mark.parametrize(
    ("suffix", "start"),
    [
        ("svg", b"<svg"),
        ("png", b"\x89PNG"),
        ("pdf", b"%PDF"),
        ("dot", b"digraph"),
        ("html", b"<!doctype html>"),
        ("mmd", b"flowchart LR"),
        ("txt", b"Forward"),
        ("SVG", b"<svg"),
    ],
)
def test_save(suffix: str, start: bytes, tmp_path: Path) -> None:
    _, _, e = expression()
    path = tmp_path / f"e.{suffix}"
    draw(e).save(path)
    assert path.read_bytes().startswith(start)
    assert list(tmp_path.iterdir()) == [path]


def test_save_refuses_what_it_cannot_write(tmp_path: Path) -> None:
    _, _, e = expression()
    with pytest.raises(ValueError, match=r"'.jpg'.*\.svg, \.png"):
        draw(e).save(tmp_path / "e.jpg")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        draw(e).save(tmp_path / "nowhere" / "e.svg")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, e = expression()
    path = tmp_path / "e.svg"
    path.write_text("old")
    monkeypatch.setattr("autograd.files.os.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        draw(e).save(path)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_notebook() -> None:
    _, _, e = expression()
    drawing = draw(e)
    bundle = drawing._repr_mimebundle_()
    data = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', bundle["text/html"]).group(1)
    assert base64.b64decode(data).decode() == drawing.svg()
    assert "http://" not in bundle["text/html"] and "https://" not in bundle["text/html"]
    assert bundle["text/plain"] == drawing.text().rstrip("\n")


def without_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.importlib.util, "find_spec", lambda _: None)
    engine.close()


def test_without_graphviz_the_remedies_are_named_and_text_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, e = expression()
    without_library(monkeypatch)
    monkeypatch.setenv("PATH", "")
    drawing = draw(e)
    with pytest.raises(RuntimeError, match=r"pip install pygraphviz.*program `dot`"):
        drawing.svg()
    bundle = drawing._repr_mimebundle_()
    assert set(bundle) == {"text/plain"} and bundle["text/plain"].startswith(drawing.text())
    assert "digraph" in drawing.dot() and "flowchart" in drawing.mermaid()


def test_a_layout_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(engine, "SECONDS", 1e-4)
        patch.setenv("PATH", "")
        with pytest.raises(engine.EngineError, match=r"took more than 0\.0001 seconds"):
            engine.run_graphviz("digraph {" + "a -> b;" * 3000 + "}")
    assert "bb" in engine.run_graphviz("digraph { a -> b }")  # the next picture works


def test_a_child_that_has_ended_is_started_again() -> None:
    _, _, e = expression()
    mine = draw(e).svg()
    engine._library._child.kill()
    assert draw(e).svg() == mine


def a_dot_that(script: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    program = folder / "dot"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


@pytest.mark.parametrize("script", ["exit 1", "echo '{}'", "echo '[]'", "echo not json", "sleep 9"])
def test_a_broken_dot_never_wins(script: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    a_dot_that(script, monkeypatch, tmp_path)
    _, _, e = expression()
    assert "<svg" in draw(e).svg()
    without_library(monkeypatch)
    monkeypatch.setattr(engine, "SECONDS", 0.2)
    with pytest.raises(engine.EngineError, match="pip install pygraphviz"):
        draw(e).svg()


def test_the_program_dot_draws_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The program is played by the library: it is not on every machine."""
    made = "pygraphviz.AGraph(sys.stdin.read()).draw(format='json0', prog='dot').decode()"
    a_dot_that(f'exec "{sys.executable}" -c "import pygraphviz, sys; print({made})"', monkeypatch, tmp_path)
    _, _, e = expression()
    mine = draw(e).svg()
    without_library(monkeypatch)
    assert draw(e).svg() == mine


def test_a_direction_is_chosen_by_the_width_of_the_layout() -> None:
    x = Value(1.1, label="x")
    y = x
    for i in range(9):
        y = (y + Value(0.1, label=f"b{i}")).tanh()
    across, down, chosen = (arrange(draw(y, direction=way)._both) for way in ("LR", "TB", None))
    assert across.width > PAGE > down.width and (chosen.width, chosen.height) == (down.width, down.height)
    small, tall = (arrange(draw(x.tanh(), direction=way)._both) for way in (None, "TB"))
    assert small.width > tall.width


def test_the_engine_of_a_forked_process_is_its_own() -> None:
    program = (
        "import os\nfrom autograd import Value, draw\n"
        "mine = draw(Value(2.0) * 3).svg()\n"
        "child = os.fork()\n"
        "if not child:\n    os._exit(draw(Value(2.0) * 3).svg() != mine)\n"
        "assert os.waitpid(child, 0)[1] == 0 and draw(Value(2.0) * 3).svg() == mine"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0


def test_graphviz_that_fails_is_quoted() -> None:
    with pytest.raises(engine.EngineError, match="Invalid Input"):
        engine.run_graphviz("digraph {")


def test_a_digraph_to_be_changed() -> None:
    _, _, e = expression()
    made = draw(e).digraph()
    made.attr(bgcolor="pink")
    assert isinstance(made, graphviz.Digraph) and "bgcolor=pink" in made.source
    assert draw(e).dot() == draw(e).digraph().source
    dot = draw_dot(e, format="png", rankdir="TB")
    assert dot.format == "png" and "rankdir=TB" in dot.source and "data 6" in dot.source


def test_several_results_in_one_picture() -> None:
    a, b = Value(2.0, label="a"), Value(1.0, label="b")
    c, d = a + b, a * b
    c.label, d.label = "c", "d"
    for drawing in (draw((c, d)), draw([c, d])):
        assert drawing.title == "Forward graph of c and d" and "c = +" in drawing.text() and "d = *" in drawing.text()
        assert sum(box.is_result for box in drawing._views[0].boxes) == 2
    back = draw((c, d), "backward")
    assert [box.amount for box in back._views[0].boxes if box.kind == "leaf"] == [2.0, 3.0]  # of c + d
    assert "receives 1 and" in draw((c, d)).player().text()
    assert [x.amount for x in draw((c, c * d), "backward")._views[0].boxes if x.lines[0].text == "c = +"] == [3.0]
    with pytest.raises(TypeError, match="`node` is a Value or a Tensor, not tuple"):
        draw(())


def test_notes_on_nodes() -> None:
    a, _, e = expression()
    drawing = draw(e, notes={a: "an input", "e": "the result"})
    assert {"an input", "the result"} <= set(words(drawing))
    assert "an input" in drawing.player().svg() and "an input" in drawing.dot()


# -- settings --


def test_settings_are_the_same_by_name_and_as_an_object() -> None:
    _, _, e = expression()
    wanted = draw(e, direction="TB", legend=False, title="one & two", theme="dark").svg()
    assert wanted == draw(e, settings=Settings(direction="TB", legend=False, theme="dark"), title="one & two").svg()
    assert "one & two" in texts(wanted) and "#111418" in wanted and "#ffffff" not in wanted
    assert not any("on an edge" in text for text in texts(wanted))
    tall, wide = (arrange(draw(e, direction=direction)._both) for direction in ("TB", "LR"))
    assert tall.height > tall.width and wide.height < wide.width


def test_digits() -> None:
    x = Value(2 / 3, label="x")
    assert "data 0.66667" in draw(x * 1, digits=5).text() and "data 0.667" in draw(x * 1).text()
    assert "0.66667" in draw(x * 1, digits=5).player().text()


@pytest.mark.parametrize("ratio", ["16:9", "4:3", 1.0, "1/2:1"])
def test_ratio(ratio: Any) -> None:
    _, _, e = expression()
    if ratio == "1/2:1":
        with pytest.raises(ValueError, match="`ratio` is such as '16:9'"):
            draw(e, ratio=ratio)
        return
    for made in (draw(e, ratio=ratio), draw(e, ratio=ratio).film(), draw(Mine(), ratio=ratio)):
        root = ET.fromstring(made.svg())
        width, height = float(root.get("width")), float(root.get("height"))
        assert width / height == pytest.approx({"16:9": 16 / 9, "4:3": 4 / 3}.get(ratio, ratio), rel=0.01)


def test_scale(tmp_path: Path) -> None:
    _, _, e = expression()
    root = ET.fromstring(draw(e).svg())
    for scale in (1, 3):
        draw(e).save(tmp_path / "e.png", scale=scale)
        with Image.open(tmp_path / "e.png") as image:
            assert image.size == (scale * int(root.get("width")), scale * int(root.get("height")))
            assert image.info["dpi"][0] == pytest.approx(96 * scale, rel=0.01)


@pytest.mark.parametrize(
    ("look", "message"),
    [
        ({"direction": "up"}, "`direction` is one of 'LR', 'TB'"),
        ({"theme": "pink"}, "`theme` is one of 'light', 'dark', 'print'"),
        ({"digits": 0}, "`digits` is a whole number from 1 to 17"),
        ({"scale": -1}, "`scale` is a number up to 20"),
        ({"style": "colah"}, "`style` is one of 'boxes', 'textbook'"),
        ({"notes": "here"}, "`notes` maps nodes or labels to texts"),
    ],
)
def test_a_wrong_setting_is_named(look: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw(Value(1.0) * 2, **look)
    with pytest.raises(TypeError, match="`draw` has no setting 'colour'; there are direction"):
        draw(Value(1.0) * 2, colour="red")
    with pytest.raises(ValueError, match="`ink` of a theme is a colour"):
        Theme(ink="black")


class Mine:
    def _picture_(self, view: str, at: Any) -> Network:
        return Network("mine", [np.eye(2)], [None], [""])


def test_a_theme_of_ones_own_reaches_every_view() -> None:
    _, _, e = expression()
    theme = Theme(ink="#123456", paper="#fedcba", font="Comic Sans MS", line_width=2.0)
    for made in (draw(e, "both", theme=theme), draw(e, theme=theme).player(), draw(Mine(), theme=theme)):
        assert "#1f2328" not in made.svg() and "#123456" in made.svg() and "Comic Sans MS" in made.svg()


@pytest.mark.parametrize(("node", "view"), [(3.0, "forward"), ([1], "forward"), ("x", "both")])
def test_what_is_not_a_node_is_refused(node: object, view: str) -> None:
    with pytest.raises(TypeError, match="`node` is a Value or a Tensor"):
        draw(node, view)


def test_an_unknown_view_is_refused() -> None:
    with pytest.raises(ValueError, match="`view` is one of 'forward', 'backward', 'both', not 'sideways'"):
        draw(Value(1.0), "sideways")


def test_mermaid_sees_text_only() -> None:
    x = Value(2.0, label='a"b`c#d|e{f}')
    written = draw(x * x, "both").mermaid()
    assert "a#34;b#96;c#35;d#124;e#123;f#125;" in written and 'n1[["#42;<br/>data 4' in written
    assert written.count("n0 -->") == 2 and written.count("b1 -->") == 2
    assert written == draw(x * x, "both").mermaid()


def test_a_negative_zero_keeps_its_sign() -> None:
    x = Value(-0.0, label="x")
    y = x * 3
    y.backward()
    assert "data -0" in words(draw(y)) and "x = -0" in draw(y, style="textbook").text() and "= -0" in ag.latex(y)
    assert "x = -0" in draw(y).player().text()


@pytest.mark.parametrize("theme", ["dark", Theme(ink="#123456", paper="#fedcba", positive="#00ff00")])
def test_all_formats_take_the_colours_of_a_theme(theme: Any) -> None:
    drawing = draw(Value(2.0, label="x") * 3, theme=theme)
    look = drawing.settings.look
    for made in (drawing.svg(), drawing.dot(), drawing.mermaid(), drawing.tex().lower()):
        assert look.ink.strip("#" if made.startswith("\\") else "") in made and "1f2328" not in made.lower()
        assert look.positive[1:] in made
    assert look.paper in drawing.dot() and look.paper[1:].upper() in drawing.tex()


@pytest.mark.parametrize(("array", "rule"), [([3.0], "3"), ([3.0, 4.0], "array")])
def test_the_rule_by_an_operand_beside_a_plain_array(array: list[float], rule: str) -> None:
    node = Tensor([2.0, 1.0], label="s") * np.array(array)
    assert f"∂/∂s = {rule}\n" in draw(node, "backward").text()
