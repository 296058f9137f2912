"""What a notebook shows: rich where the front end can, text everywhere, never an error."""

import base64
import re
import struct
import sys
import zlib
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import nn
from autograd import Tensor, Value, display


def bundle(thing: Any) -> dict[str, str]:
    made: dict[str, str] = thing._repr_mimebundle_()
    assert made["text/plain"] == repr(thing)
    ET.fromstring(f"<div>{made['text/html']}</div>")
    return made


def html(thing: Any) -> str:
    return bundle(thing)["text/html"]


def pixels(page: str) -> np.ndarray:
    """The palette numbers of the first image."""
    data = base64.b64decode(re.search(r'png;base64,([^"]+)"', page)[1])  # type: ignore[index]
    width, height = struct.unpack(">II", data[16:24])
    at = data.index(b"IDAT")
    lines = zlib.decompress(data[at + 4 : at + 4 + struct.unpack(">I", data[at - 4 : at])[0]])
    return np.frombuffer(lines, np.uint8).reshape(height, width + 1)[:, 1:]


def test_a_value() -> None:
    a, b = Value(2.0, "a"), Value(-3.0)
    page = html(a * b)
    assert ">-6<" in page and ">a * -3<" in page and ">-<" in page
    (a * b).backward()
    assert ">-3<" in html(a) and ">leaf<" in html(a)
    assert ">tanh(a)<" in html(a.tanh()) and ">constant<" in html(Value(1.0, requires_grad=False))
    (a * a).backward(create_graph=True)
    assert "data" in html(a)


@pytest.mark.parametrize("x", [0.0, np.nan, np.inf, -1e300])
def test_every_number(x: float) -> None:
    assert html(Value(x)) and html(Tensor([x, 1.0])) and html(Tensor(np.full((30, 30), x)))


def test_a_label_is_text() -> None:
    for thing in (Value(1.0, "<td><script>"), Tensor([1.0, 2.0], "<td><script>")):
        assert "<script>" not in html(thing) and "&lt;script&gt;" in html(thing)


def test_a_small_tensor_is_a_table_beside_its_gradient() -> None:
    x = Tensor([[1.0, 0.0], [-4.0, 0.25]], "x")
    (x * x).sum().backward()
    page = html(x)
    assert ">-4<" in page and ">-8<" in page and "Tensor x, (2, 2) float64, leaf" in page
    assert "-4 … 1, mean -0.6875" in page and "zeros 25 %" in page
    assert display.fill(-8) in page and display.fill(4) in page


def test_a_large_tensor_is_an_image_of_its_numbers() -> None:
    data = np.zeros((40, 20))
    data[0, 0], data[0, 1], data[39, 19] = 9.0, -9.0, np.nan
    levels = pixels(html(Tensor(data)))
    assert levels[0, 0] == 16 and levels[0, 8] == 0 and levels[-1, -1] == 17 and levels[100, 100] == 8
    assert "NaN or infinite × 1" in html(Tensor(data))


@pytest.mark.parametrize("shape", [(), (1,), (0, 3), (500,), (2, 3, 4), (70, 2, 90), (1000, 3)])
def test_every_shape(shape: tuple[int, ...]) -> None:
    assert html(Tensor(np.random.default_rng(0).normal(size=shape)))


def test_a_huge_tensor_is_shown_small_and_says_so() -> None:
    page = html(Tensor(np.ones((3000, 1000), np.float32)))
    assert "every 19 × 7 shown" in page and "of 1,000,000 elements" in page and len(page) < 10_000


@pytest.mark.parametrize("model", [nn.MLP(2, [3, 1], rng=0), nn.TensorMLP(2, [3, 1], rng=0), nn.Neuron(2), nn.ReLU()])
def test_a_module(model: nn.Module) -> None:
    page = html(model)
    assert f">{model.num_parameters()}<" in page and "norm of grad" not in page
    if model.parameters():
        sum((p * p).sum() if isinstance(p, Tensor) else p * p for p in model.parameters()).backward()
        total = np.sqrt(sum(np.sum(np.square(p.grad)) for p in model.parameters()))
        assert "norm of grad" in html(model) and f">{display.number(float(total))}<" in html(model)


def test_norms_belong_to_their_layers() -> None:
    model = nn.MLP(1, [1] * 11, "linear", rng=0)  # layers.1 and layers.10 begin alike
    for k, layer in enumerate(model.layers):
        layer.neurons[0].w[0].data = float(k + 1)
    page = html(model)
    assert [int(x) for x in re.findall(r">2</td><td[^>]*>(\d+)</td>", page)] == list(range(1, 12))


def test_a_history() -> None:
    page = html(nn.History(loss=[1.0, 0.25, 0.5], accuracy=[0.5, 1.0, 0.75]))
    assert ">0.25</td><td" in page and ">2</td>" in page and "History(3 epochs)" in page
    svg = base64.b64decode(re.search(r'svg\+xml;base64,([^"]+)"', page)[1]).decode()  # type: ignore[index]
    assert "accuracy" in svg and "epoch" in svg and ET.fromstring(svg) is not None


@pytest.mark.parametrize("rows", [{}, {"loss": []}, {"loss": [1.0]}, {"loss": [np.nan, np.inf]}, {"a<b": [0.0, 0.0]}])
def test_every_history(rows: dict[str, list[float]]) -> None:
    assert html(nn.History(rows))


def test_a_history_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    page = html(nn.History(loss=[1.0, 0.25]))
    assert ">0.25</td><td" in page and "<img" not in page


def test_what_cannot_be_shown_is_written() -> None:
    class Broken(nn.Module):
        def _html(self) -> str:
            raise RuntimeError("no")

    assert Broken()._repr_mimebundle_() == {"text/plain": "Broken()"}


def test_the_displays_are_quiet_in_a_browser(window: Any) -> None:
    model = nn.TensorMLP(2, [16, 1], rng=0)
    things = [Value(1.0), Tensor(np.eye(3)), Tensor(np.eye(50)), model, nn.History(loss=[1.0, 0.5])]
    page = window.show("<!doctype html>" + "".join(map(html, things)))
    assert page.locator("table").count() >= 4 and window.is_quiet()
    assert page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
