"""The page of a graph: it is enlarged, moved and searched, and folded parts open by a click."""

from typing import Any

import numpy as np
import pytest

import nn
from autograd import Value, draw


def net(samples: int) -> Value:
    model = nn.MLP(2, [16, 16, 1], rng=1)
    loss = sum((model(row)[0] - 1) ** 2 for row in np.random.default_rng(1).normal(size=(samples, 2)))
    loss.label = "loss"
    return loss


def test_ten_thousand_nodes_are_walked_through(window: Any) -> None:
    html = draw(net(16)).html()
    page = window.show(html)
    assert page.locator("svg [data-part]").count() > 30 and html.count("<template") >= 33
    page.get_by_label("open layer 1 neuron 3").click()
    assert page.locator("nav button").all_inner_texts() == ["whole", "layer 1 neuron 3"]
    assert page.locator("svg text", has_text="w1[3,0]").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("nav").inner_text() == "" and page.locator("svg text", has_text="w1[3,0]").count() == 0
    assert window.is_quiet()


def test_a_box_is_found_where_it_stands(window: Any) -> None:
    page = window.show(draw(net(1)).html())
    field, count = page.get_by_label("find a box"), page.locator(".cge-count")
    field.fill("w2[5,3]")
    assert count.inner_text() == "1 of 1" and page.locator("nav").inner_text().startswith("whole")
    hit = page.locator(".cge-hit")
    assert hit.count() == 1 and "w2[5,3]" in hit.text_content()
    field.fill("no such box")
    assert count.inner_text() == "not found" and page.locator(".cge-hit").count() == 0
    field.fill("")
    assert count.inner_text() == ""
    assert window.is_quiet()


def test_zoom_keeps_the_middle_and_drag_moves(window: Any) -> None:
    page = window.show(draw(net(1)).html())
    width = "document.querySelector('.cge-view svg').getBoundingClientRect().width"
    before = page.evaluate(width)
    for _ in range(6):
        page.get_by_label("larger").click()
    assert page.evaluate(width) == pytest.approx(before * 1.25**6, rel=0.01)
    place = "[document.querySelector('.cge-view').scrollLeft, document.querySelector('.cge-view').scrollTop]"
    left, top = page.evaluate(place)
    assert top > 0
    box = page.locator(".cge-view").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 30, y - 20, steps=4)
    page.mouse.up()
    assert page.evaluate(place) == pytest.approx([left + 30, top + 20], abs=2)
    assert page.locator("nav").inner_text() == ""  # a drag opens nothing
    page.get_by_label("all of it").click()
    assert page.evaluate(width) == pytest.approx(before, rel=0.01)


def test_a_layer_opens_to_neurons_and_a_neuron_to_values(window: Any) -> None:
    page = window.show(draw(net(1), depth=0).html())
    page.get_by_label("open layer 1", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_label("open layer 1 neuron 0").click()
    assert page.locator("nav button").all_inner_texts() == ["whole", "layer 1", "layer 1 neuron 0"]
    page.locator("nav button").nth(1).click()
    assert page.locator("nav button").all_inner_texts() == ["whole", "layer 1"]
    assert window.is_quiet()


def test_a_wide_picture_is_printed_whole(window: Any) -> None:
    model = nn.MLP(2, [4, 4, 1], "tanh", rng=1)
    page = window.show(draw(model([0.5, -1.0])[0], expand="all").html())
    page.emulate_media(media="print")
    inside = "[document.querySelector('svg').getBoundingClientRect().width, document.body.clientWidth]"
    width, room = page.evaluate(inside)
    assert width <= room
    page.emulate_media(media="screen")


def test_jupyterlab_shows_a_wide_picture_at_its_size(window: Any) -> None:
    model = nn.MLP(2, [4, 4, 1], "tanh", rng=1)
    bundle = draw(model([0.5, -1.0])[0], expand="all")._repr_mimebundle_()
    style = "<style>.lab svg{max-width:100%;height:auto}</style>"
    page = window.show(f"<html>{style}<div class=lab style='width:760px'>{bundle['text/html']}</div></html>")
    shown = "document.querySelector('.lab svg').getBoundingClientRect().width"
    assert page.evaluate(shown) == float(page.locator(".lab svg").get_attribute("width")) > 760
