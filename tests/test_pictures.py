"""Pictures in a browser: what is drawn stays where it belongs, in both themes, and asks for nothing outside."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

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


def test_forward_mode_and_paths_fit_their_boxes(window: Any) -> None:
    x = Value(0.5, label="x")
    y = x.tanh() * x.exp() + x
    for drawing in (draw(y, mode="forward", wrt=x), paths(y, x).draw()):
        assert window.show(drawing.html()).evaluate(TEXT_OUTSIDE) == []
