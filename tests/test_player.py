"""Step by step: the steps as data, and films, animations and players in a browser."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

import autograd as ag
import nn
from autograd import Tensor, Value, backward_steps, draw
from autograd.drawing.analysis.snapshot import Snapshot
from autograd.drawing.picture.frames import frames_of


def expression() -> tuple[Value, Value, Value]:
    a, b = Value(2.0, label="a"), Value(1.0, label="b")
    e = (a + b) * (b + 1)
    e.label = "e"
    return a, b, e


def neuron() -> Value:
    x = [Value(2.0, "x1"), Value(0.5, "x2")]
    w = [Value(-3.0, "w1"), Value(1.0, "w2")]
    out = (x[0] * w[0] + x[1] * w[1] + Value(6.8813735870195432, "b")).tanh()
    out.label = "o"
    return out


# -- steps as data --


def test_each_step_says_what_arrives_and_what_is_added() -> None:
    a, b, e = expression()
    first, second, third = backward_steps(e)
    assert (first.node, first.gradient, [part.added for part in first.terms]) == (e, 1.0, [2.0, 3.0])
    assert [(part.operand, part.before, part.after) for part in second.terms] == [(b, 0.0, 3.0)]
    last = third.terms[1]
    assert (last.operand, last.partial, last.added, last.before, last.after) == (b, 1.0, 2.0, 3.0, 5.0)
    assert third.terms[0].operand is a
    assert [step.number for step in (first, second, third)] == [1, 2, 3]


@pytest.mark.parametrize("make", [
    lambda x: x * x * ag.exp(x) - ag.sin(x) / x,
    lambda x: ag.maximum(x, x) + ag.where(x.data > 0, x, -x) ** 3,
])  # fmt: skip
@pytest.mark.parametrize("kind", [Value, lambda x: Tensor([x, 2.0])])
def test_the_steps_add_up_to_what_backward_gives(make: Any, kind: Any) -> None:
    x = kind(0.7)
    root = make(x)
    total = {}
    for step in backward_steps(root):
        for part in step.terms:
            assert np.array_equal(part.before + part.added, part.after)
            assert part.partial is None or part.added == step.gradient * part.partial
            total[part.operand] = part.after
    assert x.grad is None
    root.backward(np.ones_like(root.data) if root.shape else None)
    assert np.allclose(total[x], x.grad, rtol=1e-15)


def test_a_square_adds_twice_in_one_step() -> None:
    a = Value(3.0, "a")
    (step,) = backward_steps(a * a)
    assert [(part.before, part.after) for part in step.terms] == [(0.0, 3.0), (3.0, 6.0)]
    assert str(step) == "the product a*a receives 1, adds 1 × 3 to a and 1 × 3 to a (3 + 3 = 6)"


def test_steps_start_from_the_gradient_of_the_root() -> None:
    _, b, e = expression()
    (e * 10).backward()
    *_, last = backward_steps(e)
    assert last.terms[-1].operand is b and last.terms[-1].after == 50.0


def test_what_is_no_node_is_refused() -> None:
    with pytest.raises(TypeError, match="`root` is a Value or a Tensor, not float"):
        list(backward_steps(3.0))  # type: ignore[arg-type]


def test_a_constant_has_no_steps() -> None:
    three = Value(3.0, requires_grad=False)
    assert list(backward_steps(three)) == []
    assert len(frames_of(Snapshot(three)).frames) == 1


# -- frames --


def test_the_story_goes_forward_and_then_backward() -> None:
    sequence = frames_of(Snapshot(expression()[2]))
    assert [frame.is_backward for frame in sequence.frames] == [False] * 4 + [True] * 4 and sequence.turn == 4
    told = sequence.sentences
    assert told[0] == "start: given are a = 2 and b = 1"
    assert told[3] == "step 3 of 7: the product e takes 3 and 2, gives 6"
    assert told[4] == "step 4 of 7: backward begins: the product e receives 1"
    assert told[7].endswith("adds 2 × 1 to a and 2 × 1 to b (3 + 2 = 5)")


def test_a_box_shows_the_sum_while_it_grows_and_the_number_afterwards() -> None:
    x = Value(2.0, "x")
    sequence = frames_of(Snapshot((x * x) * (x + 1)))
    lines = [[line.text for box in frame.boxes for line in box.lines] for frame in sequence.frames]
    sums = [[text for text in frame if " = " in text and "grad" in text] for frame in lines]
    assert [text for frame in sums for text in frame] == ["grad 4 + 6 + 6 = 16"]
    assert "data 12" not in lines[0] and "data 12" in lines[3] and "grad 4" in lines[-2]


def test_a_note_stays_beside_the_sum() -> None:
    x = Value(2.0, "x")
    frames = frames_of(Snapshot(x * x, notes={"x": "twice"})).frames
    assert [line.text for line in frames[-1].boxes[0].lines] == ["x", "data 2", "grad 2 + 2 = 4", "twice"]


def test_a_story_of_arrays() -> None:
    model = nn.TensorMLP(2, [3, 1], "tanh", rng=0)
    text = draw((model(np.ones((4, 2))) ** 2).mean()).player().text()
    assert "receives an array (4, 1) of norm" in text and "the matrix product" in text


def test_what_happens_after_drawing_is_not_told() -> None:
    a, _, e = expression()
    drawing = draw(e)
    a.data = 7.0
    (e * 10).backward()
    assert "a = 2 and" in drawing.player().text() and "receives 10" not in drawing.player().text()


# -- as pictures --


def shown(svg: str) -> list[str]:
    return ["".join(x.itertext()) for x in ET.fromstring(svg).iter() if x.tag.endswith("}text")]


def test_the_film_has_a_panel_for_each_step() -> None:
    drawing = draw(expression()[2])
    for phase, first, count in (("forward", "start:", 4), ("backward", "step 4", 4), ("both", "start:", 8)):
        texts = shown(drawing.film(phase).svg())
        panels = [text for text in texts if re.match(r"start:|step \d+ of 7:", text)]
        assert len(panels) == count and panels[0].startswith(first)


def test_no_film_is_wider_than_a_notebook_unless_it_could_not_be_read() -> None:
    for node in (expression()[2], neuron()):
        for columns in (None, 1, 2, 3):
            root = ET.fromstring(draw(node).film(columns=columns).svg())
            assert float(root.get("width", "0")) <= 760.01


def test_the_animation_ends_with_all_gradients_where_nothing_moves() -> None:
    root = ET.fromstring(draw(expression()[2]).animate().svg())

    def visible(node: ET.Element) -> list[str]:
        if node.get("visibility") == "hidden":
            return []
        own = ["".join(node.itertext())] if node.tag.endswith("}text") else []
        return own + [text for child in node for text in visible(child)]

    texts = visible(root)
    assert {"grad 2", "grad 3 + 2 = 5", "data 6"} <= set(texts) and "data -" not in texts and "grad -" not in texts
    assert "@keyframes" in draw(expression()[2]).animate().svg()
    assert "<script" not in draw(expression()[2]).animate().svg()


def test_the_same_bytes_in_every_process(two_runs: Callable[[str], list[bytes]]) -> None:
    program = (
        "from autograd import Value, draw\n"
        "a, b = Value(2.0, label='a'), Value(1.0, label='b')\n"
        "d = draw((a + b) * (b + 1) + a.tanh())\n"
        "print(d.film('both').svg(), d.animate().svg(), d.player().html())"
    )
    runs = two_runs(program)
    assert runs[0] == runs[1] and len(runs[0]) > 1000


@pytest.mark.parametrize("suffix", ["svg", "html", "txt"])
def test_save(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"e.{suffix}"
    draw(expression()[2]).player().save(path)
    assert "step 4 of 7" in path.read_text(encoding="utf-8")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_a_film_that_plays_in_any_program(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"e.{suffix}"
    draw(expression()[2]).player().save(path, scale=1)
    with Image.open(path) as film:
        assert film.n_frames == 8 and film.info["loop"] == 0
        frames = []
        for i in range(8):
            film.seek(i)
            frames.append(film.convert("RGB").tobytes())
    assert len(set(frames)) == 8


@pytest.mark.parametrize("format", ["png", "pdf", "svg"])
def test_a_folder_of_steps(format: str, tmp_path: Path) -> None:
    paths = draw(expression()[2]).player().save_steps(tmp_path, format)
    assert [path.name for path in paths] == [f"step-{i}.{format}" for i in range(8)]
    assert sorted(tmp_path.iterdir()) == paths and len({path.read_bytes() for path in paths}) == 8


def test_the_focus_stays_on_the_player(window: Any) -> None:
    page = window.show(draw(expression()[2]).player().html())
    page.get_by_label("next step").focus()
    for _ in range(9):
        page.keyboard.press("Enter")
    assert page.locator("output").inner_text() == "7 / 7"
    page.keyboard.press("ArrowLeft")
    assert page.locator("output").inner_text() == "6 / 7"


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    drawing = draw(expression()[2])
    with pytest.raises(ValueError, match=r"`path` ends in '.gif'.*\.svg, \.png, \.pdf, \.html, \.txt$"):
        drawing.film().save(tmp_path / "e.gif")
    with pytest.raises(ValueError, match="this picture has no steps"):
        drawing.film().save_steps(tmp_path)
    with pytest.raises(ValueError, match="`format` is one of 'png', 'pdf', 'svg', not 'gif'"):
        drawing.player().save_steps(tmp_path, "gif")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        drawing.film().save(tmp_path / "nowhere" / "e.svg")
    with pytest.raises(ValueError, match="`phase` is one of 'forward', 'backward', 'both', not 'sideways'"):
        drawing.film("sideways")
    with pytest.raises(ValueError, match="`columns` is a whole number from 1, not 0"):
        drawing.film(columns=0)
    with pytest.raises(ValueError, match="`seconds` is a positive number"):
        drawing.animate(0)
    x = Value(1.0)
    for _ in range(500):
        x = x + 1
    with pytest.raises(ValueError, match="this graph has 1001 nodes, and at most 400 are gone through step by step"):
        draw(x).player()


def test_nasty_labels() -> None:
    x = Value(2.0, label="</script><b>&'\"\\\n{")
    page = draw(x * x).player().html()
    assert "</script><b>" not in page and "&lt;/script&gt;&lt;b&gt;&amp;" in page


def test_a_leaf_with_many_uses_is_laid_out_in_time() -> None:
    x = y = Value(1.0, "x")
    for _ in range(60):
        y = y * 1.01 + x
    assert "step 240 of 241" in draw(y).player().text()


# -- in a browser --


def test_the_player_by_click(window: Any) -> None:
    page = window.show(draw(neuron()).player().html())
    said = page.locator("[aria-live=polite]")
    assert said.inner_text().startswith("start: given are")
    page.get_by_label("next step").click()
    assert said.inner_text().startswith("step 1 of 11: the product")
    page.get_by_label("last step").click()
    assert said.inner_text().startswith("step 11 of 11") and page.get_by_label("next step").is_disabled()
    assert page.locator("text.ink:visible", has_text="grad -0.67").count() == 1
    page.get_by_label("previous step").click()
    assert said.inner_text().startswith("step 10 of 11")
    page.get_by_role("button", name="backward").click()
    assert said.inner_text().startswith("step 6 of 11: backward begins")
    assert page.get_by_role("button", name="backward").get_attribute("aria-pressed") == "true"
    page.get_by_label("first step").click()
    assert said.inner_text().startswith("start") and page.get_by_label("previous step").is_disabled()
    assert page.locator("text.ink:visible", has_text=re.compile("data -$")).count() == 5
    assert window.is_quiet()


def test_the_player_by_key_and_slider(window: Any) -> None:
    page = window.show(draw(expression()[2]).player().html())
    said, slider = page.locator("[aria-live=polite]"), page.get_by_role("slider")
    slider.focus()
    for key, start in (("ArrowRight", "step 1"), ("ArrowRight", "step 2"), ("ArrowLeft", "step 1"), ("End", "step 7"),
                       ("ArrowRight", "step 7"), ("Home", "start"), ("ArrowLeft", "start")):  # fmt: skip
        page.keyboard.press(key)
        assert said.inner_text().startswith(start)
    slider.fill("5")
    assert said.inner_text().startswith("step 5 of 7")
    assert slider.get_attribute("aria-valuetext") == said.inner_text()
    assert window.is_quiet()


def test_two_players_on_one_page_do_not_mix(window: Any) -> None:
    one, two = (draw(node).player()._repr_mimebundle_()["text/html"] for node in (expression()[2], neuron()))
    page = window.show(one + two + one)  # the same cell, run twice
    said = page.locator("[aria-live=polite]")
    page.get_by_label("last step").nth(1).click()
    assert [text[:7] for text in said.all_inner_texts()] == ["start: ", "step 11", "start: "]
    assert window.is_quiet()


def test_without_scripts_the_picture_plays_by_itself(chromium: Any, tmp_path: Path) -> None:
    page = chromium.new_page(java_script_enabled=False)
    path = tmp_path / "player.html"
    path.write_text(draw(expression()[2]).player().html(), encoding="utf-8")
    page.goto(path.as_uri())
    first = page.locator("img").screenshot()
    page.wait_for_timeout(2700)
    assert page.locator("img").screenshot() != first
    page.close()


def test_no_motion_where_none_is_wanted(dark_window: Any) -> None:
    page = dark_window.show(f"<html>{draw(expression()[2]).animate(0.05).svg()}</html>")
    frames = {page.screenshot() for _ in range(3) if page.wait_for_timeout(120) is None}
    assert len(frames) == 1
    assert page.locator("text:visible", has_text="step 7 of 7").count() == 1


def test_the_player_follows_a_dark_theme(dark_window: Any) -> None:
    page = dark_window.show(draw(expression()[2]).player().html())
    paper, ink = (page.locator(name).first.evaluate("x => getComputedStyle(x).fill") for name in (".paper", ".ink"))
    assert paper == "rgb(17, 20, 24)" and ink == "rgb(230, 237, 243)"
    assert dark_window.is_quiet()


def test_on_paper_all_is_light(dark_window: Any) -> None:
    page = dark_window.show(draw(expression()[2]).player().html())
    page.emulate_media(media="print")
    assert page.locator(".paper").first.evaluate("x => getComputedStyle(x).fill") == "rgb(255, 255, 255)"
    for name in ("body", ".cgp-said"):
        assert page.locator(name).evaluate("x => getComputedStyle(x).color") == "rgb(31, 35, 40)"


def test_a_large_picture_is_scrolled_to_where_something_happens(dark_window: Any) -> None:
    model = nn.MLP(2, [4, 4, 1], "tanh", rng=1)
    page = dark_window.show(draw(model([0.5, -1.0])[0]).player().html())
    inside = """() => {
      const lit = [...document.querySelectorAll(".lit")].find((x) => getComputedStyle(x).visibility === "visible");
      const box = lit.getBoundingClientRect(), frame = document.querySelector(".cgp-view").getBoundingClientRect();
      return box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom;
    }"""
    for _ in range(40):
        page.get_by_label("next step").click()
        assert page.evaluate(inside)
    assert page.evaluate("document.querySelector('.cgp-view').scrollLeft") > 0
    assert page.get_by_label("next step").evaluate("x => x.getBoundingClientRect().top") >= 0


OUTSIDE = """() => [...document.querySelectorAll("svg g > rect + text")].filter((text) => {
  const box = text.parentNode.querySelector("rect").getBBox();
  return [...text.parentNode.querySelectorAll("text.ink")].some((line) => {
    const b = line.getBBox();
    return b.x < box.x - .5 || b.x + b.width > box.x + box.width + .5 || b.y + b.height > box.y + box.height + 4;
  });
}).map((text) => text.textContent)"""


@pytest.mark.parametrize("make", [lambda: expression()[2], neuron])
def test_no_text_stands_outside_its_box(window: Any, make: Any) -> None:
    drawing = draw(make(), "both")
    page = window.show(f"<html>{drawing.svg()}{drawing.film('both').svg()}</html>")
    assert page.evaluate(OUTSIDE) == []
    assert window.is_quiet()


def test_tooltips_hold_the_full_numbers(window: Any) -> None:
    out = neuron()
    page = window.show(f"<html>{draw(out).film().svg()}</html>")
    hints = page.locator("g > title").all_text_contents()
    assert any(f"data {out.data!r}" in hint for hint in hints) and any("adds 1.0 × 0.22" in hint for hint in hints)


def test_an_animation_of_too_many_pixels_is_refused(tmp_path: Path) -> None:
    x = Value(2.0, label="x")
    player = draw((x * x.exp() + x.tanh()).sin()).player()
    with pytest.raises(ValueError, match=r"`scale` 20.*take a smaller scale"):
        player.save(tmp_path / "x.gif", scale=20)
    assert not list(tmp_path.iterdir())
