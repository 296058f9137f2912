"""Pictures in a browser: what is drawn stays where it belongs, in both themes, and asks for nothing outside."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageFilter

import nn
from autograd import Value, draw, paths

TEXT_OUTSIDE = """() => {
    const wrong = [];
    for (const group of document.querySelectorAll("svg g")) {
        const rect = group.querySelector(":scope > rect"), title = group.querySelector(":scope > title");
        if (!rect || !title) continue;
        const box = rect.getBoundingClientRect();
        for (const text of group.querySelectorAll(":scope > text.ink")) {
            const found = text.getBoundingClientRect();
            const across = found.left < box.left || found.right > box.right;
            if (across || found.top < box.top - 1 || found.bottom > box.bottom + 1)
                wrong.push(text.textContent);
        }
    }
    return wrong;
}"""

OVERLAPS = """() => {
    const boxes = [...document.querySelectorAll("svg g > title + rect")].map(x => x.getBoundingClientRect());
    let wrong = 0;
    boxes.forEach((a, i) => boxes.slice(i + 1).forEach(b => {
        if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1) wrong++;
    }));
    return wrong;
}"""


def neuron() -> Value:
    x, w, b = Value(2.0, label="x1"), Value(-3.0, label="w1"), Value(6.88, label="bias_with_a_long_name")
    out = (x * w + b).tanh()
    out.backward()
    return out


def net() -> Value:
    (score,) = nn.MLP(2, [4, 4, 1], "tanh", rng=1)([0.5, -1.0])
    loss = (score - 1) ** 2
    loss.backward()
    return loss


def batch() -> Value:
    model = nn.MLP(2, [16, 16, 1], rng=1)
    loss = sum((model(row)[0] - 1) ** 2 for row in np.random.default_rng(1).normal(size=(10, 2)))
    loss.backward()
    return loss


def tensors() -> Any:
    loss = (nn.TensorMLP(2, [16, 16, 1], rng=1)(np.ones((5, 2))) ** 2).sum()
    loss.backward()
    return loss


def second() -> Any:
    x = Value(2.0, label="x")
    (x**3).backward(create_graph=True)
    return x.grad


@pytest.mark.parametrize("make", [neuron, net, batch, tensors, second])
@pytest.mark.parametrize("view", ["forward", "backward", "both"])
def test_no_text_outside_its_box_and_no_box_on_another(make: Callable[[], Any], view: str, window: Any) -> None:
    page = window.show(draw(make(), view).html())
    assert page.evaluate(TEXT_OUTSIDE) == [] and page.evaluate(OVERLAPS) == 0
    assert window.is_quiet()


def test_the_checks_can_fail(window: Any) -> None:
    svg = draw(neuron()).html().replace("tanh", "tanh of something much too long")
    assert window.show(svg).evaluate(TEXT_OUTSIDE)


def test_tooltips_have_the_full_numbers(window: Any) -> None:
    out = neuron()
    page = window.show(draw(out).html())
    titles = page.eval_on_selector_all("svg title", "all => all.map(x => x.textContent)")
    assert any(repr(out.data) in title for title in titles) and any("local derivative" in title for title in titles)


def test_themes(window: Any, dark_window: Any) -> None:
    html = draw(net()).html()
    colours = [
        shown.show(html).eval_on_selector("svg text.ink", "x => getComputedStyle(x).fill")
        for shown in (window, dark_window)
    ]
    assert colours == ["rgb(31, 35, 40)", "rgb(230, 237, 243)"]
    assert window.is_quiet() and dark_window.is_quiet()


SHOWN = [
    lambda look: draw(neuron(), "backward", **look), lambda look: draw(net(), **look),
    lambda look: draw(tensors(), **look),
    lambda look: draw(nn.TensorMLP(2, [3, 1], rng=0), at=np.eye(2), **look), lambda look: draw(neuron(), **look).film(),
]  # fmt: skip


@pytest.mark.parametrize("make", SHOWN)
@pytest.mark.parametrize("look", [{}, {"theme": "dark", "title": "α → ∞"}, {"style": "textbook", "ratio": "16:9"}])
def test_png_and_pdf_show_what_the_svg_shows(make: Any, look: dict, chromium: Any, tmp_path: Path) -> None:
    drawing = make(look)
    drawing.save(tmp_path / "x.png", scale=1)
    drawing.save(tmp_path / "x.svg")
    drawing.save(tmp_path / "x.pdf")
    with Image.open(tmp_path / "x.png") as image:
        made = image.convert("RGB")
    page = chromium.new_page(viewport={"width": made.width, "height": made.height})
    page.goto((tmp_path / "x.svg").as_uri())
    with Image.open(io.BytesIO(page.screenshot())) as image:
        shown = image.convert("RGB")
    page.close()
    blurred = ImageChops.difference(made, shown).filter(ImageFilter.GaussianBlur(1.5)).convert("L")
    far = np.mean(np.asarray(blurred) > 48)
    assert shown.size == made.size and far < 0.002, f"{far:.2%} of the pixels differ"
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")


def test_the_difference_of_pictures_can_be_seen(tmp_path: Path) -> None:
    pictures = []
    for node in (neuron(), neuron() * -1.0):
        draw(node).save(tmp_path / "x.png", scale=1)
        with Image.open(tmp_path / "x.png") as image:
            pictures.append(image.convert("RGB").resize((400, 200)))
    blurred = ImageChops.difference(*pictures).filter(ImageFilter.GaussianBlur(1.5)).convert("L")
    assert np.mean(np.asarray(blurred) > 48) > 0.002


def test_a_notebook_holds_a_picture_for_every_export() -> None:
    for shown in (draw(neuron()), draw(neuron()).player(), draw(neuron()).film(), draw(nn.MLP(2, [2, 1], rng=1))):
        bundle = shown._repr_mimebundle_()
        assert sorted(bundle) == ["application/pdf", "image/png", "image/svg+xml", "text/html", "text/plain"]
        assert bundle["image/png"].startswith(b"\x89PNG") and bundle["image/svg+xml"] == shown.svg()


def test_the_svg_asks_for_nothing_that_a_converter_lacks() -> None:
    for shown in (draw(neuron(), "both"), draw(net()), draw(neuron()).film(), draw(nn.MLP(2, [2, 1], rng=1))):
        svg = shown.svg()
        assert not any(word in svg for word in ("<style", "var(", "paint-order", "ui-monospace", "dominant-baseline"))


def test_forward_mode_and_paths_fit_their_boxes(window: Any) -> None:
    x = Value(0.5, label="x")
    y = x.tanh() * x.exp() + x
    for drawing in (draw(y, mode="forward", wrt=x), paths(y, x).draw()):
        assert window.show(drawing.html()).evaluate(TEXT_OUTSIDE) == []


def test_a_number_of_a_web_moves_along_its_line_until_it_is_free() -> None:
    x1, x2 = Value(0.5, label="x1"), Value(1.0, label="x2")
    drawing = draw(nn.MLP(2, [3, 1], rng=0)([x1, x2]))
    assert drawing._views[0].rows
    placed = [route for route in drawing._layout.routes if route.text]
    assert len(placed) >= len(drawing._layout.routes) - 1
