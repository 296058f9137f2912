"""Diagrams of nets: every weight a line, every unit a circle."""

import re
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import nn
from autograd import Network, Tensor, Value, draw


def hints(picture: Any) -> list[str]:
    return [x.text or "" for x in ET.fromstring(picture.svg()).iter() if x.tag.endswith("}title")]


def weights(picture: Any) -> dict[str, float]:
    found = re.findall(r"(?:weight|gradient) from (.*?) to (.*?): (\S+)", "\n".join(hints(picture)))
    return {f"{a} -> {b}": float(w) for a, b, w in found}


def values(picture: Any) -> dict[str, float]:
    pairs = [re.match(r"(.*? \[\d+\]).*\nvalue (\S+)", hint, re.DOTALL) for hint in hints(picture)]
    return {pair[1]: float(pair[2]) for pair in pairs if pair}


def test_every_weight_is_a_line() -> None:
    model = nn.MLP(2, [3, 1], "tanh", rng=1)
    shown = weights(draw(model))
    assert len(shown) == 9
    assert shown["input [1] -> hidden [2]"] == model.layers[0].neurons[2].w[1].data
    assert shown["hidden [2] -> output [0]"] == model.layers[1].neurons[0].w[2].data


def test_values_and_tensors_give_the_same_picture() -> None:
    model = nn.MLP(2, [3, 4, 1], "tanh", rng=1)
    for at in (None, [0.5, -1.0]):
        one, two = draw(model, at=at), draw(model.to_tensors(), at=at)
        assert weights(one) == weights(two)
        assert values(one) == pytest.approx(values(two))


@pytest.mark.parametrize("model", [
    nn.Neuron(2, "sigmoid", rng=0), nn.MLP(2, [3, 1], "prelu", rng=0), nn.TensorMLP(2, [3, 1], "prelu", rng=0),
    nn.Layer(2, 3, rng=0), nn.MLP(2, [3, 2], "tanh", rng=0), nn.Linear(2, 3, rng=0),
    nn.Sequential(nn.Linear(2, 3, bias=False, rng=0), nn.LeakyReLU(slope=0.1), nn.Tanh(), nn.Linear(3, 1, rng=1)),
])  # fmt: skip
def test_at_a_point_the_units_show_what_the_net_computes(model: Any) -> None:
    point = [0.5, -1.0]
    shown = values(draw(model, at=point))
    out = [x for name, x in shown.items() if name.startswith("output")]
    assert np.allclose(out, np.ravel(model.outputs([point])))
    assert values(draw(model, at=Tensor(point))) == values(draw(model, at=np.array([point]))) == shown


def test_units_show_their_values_over_a_rectangle_as_heat_maps() -> None:
    corners = np.array([[-1.0, -2.0], [3.0, 4.0]])
    for model in (nn.MLP(2, [3, 1], "tanh", rng=1), nn.TensorMLP(2, [3, 1], "tanh", rng=1)):
        drawn = model._picture_(at=corners)
        assert [x.shape for x in drawn.maps] == [(14, 14, 2), (14, 14, 3), (14, 14, 1)]
        outs = [float(np.ravel(model.outputs([point]))[0]) for point in ([-1.0, 4.0], [3.0, 4.0], [-1.0, -2.0])]
        shown = drawn.maps[-1][:, :, 0]
        assert np.allclose([shown[0, 0], shown[0, -1], shown[-1, 0]], outs)  # up is up
        picture = draw(model, at=corners)
        assert "x[0] from -1 to 3 and x[1] from -2 to 4" in picture.text() and "circle" not in picture.svg()
    assert "circle" in draw(nn.TensorMLP(2, [3, 1], rng=1), at=[[0.5, 1.0]]).svg()  # one point


def test_the_backward_view_shows_gradients() -> None:
    for model in (nn.MLP(2, [3, 1], "tanh", rng=1), nn.TensorMLP(2, [3, 1], "tanh", rng=1)):
        with pytest.raises(ValueError, match="no gradients to draw yet"):
            draw(model, "backward")
        out = model([0.5, -1.0])
        (out[0] * out[0]).sum().backward() if isinstance(out, Tensor) else (out[0] * out[0]).backward()
        shown = weights(draw(model, "backward"))
        first = model.parameters()[0]
        assert shown["input [0] -> hidden [0]"] == (first.grad if isinstance(first, Value) else first.grad[0, 0])


def test_wide_layers_are_condensed_and_say_so() -> None:
    picture = draw(nn.Sequential(nn.Linear(64, 100, rng=0), nn.ReLU(), nn.Linear(100, 10, rng=0)))
    assert len(weights(picture)) == 8 * 8 + 8 * 10
    assert "100 units, ReLU" in picture.svg() and "dots: units left out" in picture.svg()
    assert "hidden: 100 units, ReLU; weights (64, 100)" in picture.text()
    assert len(weights(draw(nn.TensorMLP(2, [16, 16, 1], rng=0)))) == 304
    assert len(draw(nn.TensorMLP(784, [512, 512, 10], rng=0)).svg()) < 200_000


def test_nan_and_zero_can_be_drawn() -> None:
    model = nn.Linear(2, 2, rng=0)
    model.load_state_dict({"weight": [[0.0, np.nan], [np.inf, -1.0]], "bias": [np.nan, 0.0]})
    assert draw(model).svg() and draw(model, at=[1.0, 2.0]).svg()
    model.load_state_dict({"weight": np.zeros((2, 2)), "bias": np.zeros(2)})
    assert draw(model).svg()


def test_anything_that_offers_a_network_can_be_drawn() -> None:
    class Mine:
        def _picture_(self, view: str, at: Any) -> Network:
            return Network("mine", [np.eye(2)], [None], [""])

    assert draw(Mine()).text() == "mine\ninput: 2 units\noutput: 2 units; weights (2, 2) from 0 to 1\n"


def test_what_is_wrong_is_said() -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    with pytest.raises(ValueError, match="`at` has 3 numbers; this net has 2 inputs"):
        draw(model, at=[1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="`view` is one of 'forward', 'backward', not 'both'"):
        draw(model, "both")
    with pytest.raises(ValueError, match="a graph has its values already"):
        draw(Value(1.0), at=[1.0])
    with pytest.raises(ValueError, match=r"ReLU\(\) has no weights to draw"):
        draw(nn.ReLU())
    with pytest.raises(TypeError, match="`node` is a Value or a Tensor, not type"):
        draw(nn.MLP)
    with pytest.raises(ValueError, match=r"`weights` 1 has shape \(3, 1\); column 1 has 2 units"):
        Network("bad", [np.eye(2), np.ones((3, 1))], [None, None], ["", ""])

    class Twice(nn.Module):
        def __init__(self) -> None:
            self.inner = nn.Linear(2, 2, rng=0)

    with pytest.raises(TypeError, match="a Twice is no chain of layers"):
        draw(Twice())


def test_a_net_in_a_browser(window: Any, dark_window: Any) -> None:
    model = nn.MLP(2, [4, 4, 1], "tanh", rng=1)
    bundle = draw(model, at=[0.5, -1.0])._repr_mimebundle_()
    assert bundle["text/plain"].startswith("MLP(2, [4, 4, 1], tanh")
    page = window.show(bundle["text/html"])
    assert page.locator("svg line").count() == 28 and window.is_quiet()
    inside = page.evaluate("""() => [...document.querySelectorAll("svg g")].every((unit) => {
      const circle = unit.querySelector(":scope > circle");
      const text = unit.querySelector(":scope > text[text-anchor=middle]");
      return !circle || !text || text.getBBox().width <= circle.getBBox().width;
    })""")
    assert inside
    dark = dark_window.show(draw(model).html())
    ink = dark.locator(".ink").first.evaluate("x => getComputedStyle(x).fill")
    assert ink == "rgb(230, 237, 243)" and dark_window.is_quiet()
