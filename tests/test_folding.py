"""Large graphs made readable: what is folded, what is said of it, and that every number still holds."""

import random
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Node, Tensor, Value, draw
from autograd.drawing.analysis.grouping import GroupFinder, place_of
from autograd.drawing.analysis.groups import connections
from autograd.drawing.analysis.level_of_detail import choose_groups
from autograd.drawing.analysis.snapshot import Snapshot
from autograd.drawing.layout.placement import arrange


def headings(drawing: Any) -> list[str]:
    return [box.lines[0].text for box in drawing._views[0].boxes]


def small_net() -> tuple[Any, Value]:
    model = nn.MLP(2, [4, 4, 1], "tanh", rng=1)
    (score,) = model([0.5, -1.0])
    loss = (score - 1) ** 2
    loss.backward()
    return model, loss


def batch(points: int = 100) -> Value:
    """The loss of micrograd's demo: 66,000 nodes for 100 points."""
    X = np.random.default_rng(1).normal(size=(points, 2))
    model = nn.MLP(2, [16, 16, 1], "relu", rng=1)
    losses = [(1.0 - s * model(row)[0]).relu() for s, row in zip([1.0, -1.0] * points, X, strict=False)]
    penalty = sum(p * p for p in model.parameters()) * 1e-4
    loss = sum(losses) * (1 / points) + penalty
    loss.backward()
    return loss


def random_graph(rng: random.Random) -> Value:
    labels = ["", "", "a", "w1[0,0]", "w1[1,0]", "0.weight"]
    pool = [Value(rng.gauss(0, 1), rng.choice(labels), requires_grad=rng.random() < 0.8) for _ in range(6)]
    for _ in range(rng.choice([5, 40, 120])):
        a, b = rng.choice(pool[-12:]), rng.choice(pool)
        pool.append(rng.choice([a + b, a + b, a * b, a * b, a.tanh(), a - 2.0, ag.where(a.data > 0, a, b)]))
        if rng.random() < 0.05:
            pool[-1].label = "named"
    return pool[-1]


@pytest.mark.parametrize("seed", range(40))
def test_parts_divide_the_graph_and_no_edge_turns_back(seed: int) -> None:
    snapshot = Snapshot(random_graph(random.Random(seed)))
    for depth in (None, 0, 1, 2, 3):
        made = choose_groups(snapshot, depth)
        members = [i for group in made.groups for i in group.members]
        assert len(members) == len(set(members)) and len(snapshot.nodes) - 1 in members
        assert all(connection.operand < connection.result for connection in connections(snapshot, made.groups))


@pytest.mark.parametrize("seed", range(20))
def test_each_of_several_results_has_a_box(seed: int) -> None:
    rng = random.Random(seed)
    root = random_graph(rng)
    nodes = [node for node in ag.topological(root)[0] if node.inputs]
    snapshot = Snapshot(root, *rng.sample(nodes, min(3, len(nodes))))
    for depth in (None, 0, 1, 2, 3):
        made = choose_groups(snapshot, depth)
        assert set(snapshot.roots) <= {i for group in made.groups for i in group.outputs}


def test_a_small_graph_is_shown_in_full() -> None:
    x = Value(2.0, label="x")
    y = x * 3.0 + 1.0
    assert headings(draw(y)) == ["x", "3", "1", "*", "+"]


def test_sums_of_products_fold_with_their_exact_derivatives() -> None:
    model, loss = small_net()
    drawing = draw(loss, depth=1)
    picture = drawing._views[0]
    assert headings(drawing).count("neuron 3") == 2 and "layer 3 neuron 0" in headings(drawing)
    (out,) = (i for i, box in enumerate(picture.boxes) if box.lines[0].text == "layer 3 neuron 0")
    slopes = [edge.hint.split()[-1] for edge in picture.edges if edge.result == out]
    assert sorted(map(float, slopes)) == sorted(w.data for w in model.layers[2].neurons[0].w)


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_the_gradients_of_a_folded_picture_are_those_of_backward(depth: int) -> None:
    _, loss = small_net()
    snapshot = Snapshot(loss)
    shown = draw(loss, "backward", depth=depth)._views[0]
    for group, box in zip(choose_groups(snapshot, depth).groups, shown.boxes, strict=True):
        if len(group.outputs) == 1 and group.output in snapshot.adjoints:
            assert box.amount == snapshot.nodes[group.output].grad


def test_frames_name_layers() -> None:
    _, loss = small_net()
    titles = [cluster.title for cluster in draw(loss, depth=2)._views[0].clusters]
    assert titles == ["layer 1  4 neurons  tanh(w·x + b)", "layer 2  4 neurons  tanh(w·x + b)"]
    assert headings(draw(loss, depth=0))[2:5] == ["layer 1", "layer 2", "layer 3"]


def test_neurons_keep_their_order() -> None:
    _, loss = small_net()
    rows = draw(loss, depth=1)._views[0].rows
    assert [len(row) for row in rows] == [4, 4] and all(row == sorted(row) for row in rows)


def test_what_is_folded_can_be_opened() -> None:
    model, loss = small_net()
    folded = headings(draw(loss, depth=1))
    for expand in ("layer 1 neuron 2", model.layers[0].neurons[2].b):
        opened = headings(draw(loss, depth=1, expand=expand))
        assert "neuron 2" in folded and opened.count("neuron 2") == folded.count("neuron 2") - 1
        assert {"w1[2,0]", "w1[2,1]", "b1[2]"} <= set(opened)
    assert "neuron 0" in headings(draw(loss, depth=0, expand="layer 1"))
    assert len(headings(draw(loss, expand="all"))) == len(Snapshot(loss).nodes)


def test_a_batch_shows_one_sample() -> None:
    drawing = draw(batch())
    text = drawing.text()
    remarks = " ".join(drawing._views[0].legend)
    assert len(headings(drawing)) <= 80
    assert "1 of 100 samples is shown" in remarks and "expand=" in remarks and "values in" in remarks
    assert "and 99 more like this" in text and "sum of 100 terms" in text and "of 337 parameters" in text
    assert len(drawing.svg()) < 1e6


def test_the_samples_of_a_net_without_labels() -> None:
    rng = random.Random(0)
    w = [Value(rng.random()) for _ in range(12)]
    outs = [sum(a * x for a, x in zip(w, [Value(rng.random()) for _ in w], strict=True)).tanh() for _ in range(9)]
    drawing = draw(sum((out - 1.0) ** 2 for out in outs))
    assert "1 of 9 samples is shown" in drawing._views[0].legend
    assert len(draw(sum(outs), expand="batch", depth=2)._views[0].boxes) > len(drawing._views[0].boxes)


def test_hidden_units_are_no_samples() -> None:
    _, loss = small_net()
    assert not any("samples" in remark for remark in draw(loss)._views[0].legend)


def test_focus_keeps_what_lies_near() -> None:
    loss = batch(20)
    near = headings(draw(loss, focus="layer 2 neuron 3", radius=1))
    assert len(near) < 80 and any("…" in text for text in near)
    x = Value(0.5, label="x")
    y = x
    for _ in range(10):
        y = (y * 0.9).tanh()
    y.label = "y"
    shown = headings(draw(y.tanh().tanh().tanh(), focus=y, radius=1, depth=3))
    assert "y = tanh" in shown and shown.count("tanh") == 1 and "… 1 use" in shown


def test_tensor_modules_are_named() -> None:
    model = nn.TensorMLP(2, [8, 8, 1], rng=1)
    loss = (model(np.ones((5, 2))) - 1.0).sum()
    loss.backward()
    titles = [cluster.title for cluster in draw(loss, depth=3)._views[0].clusters]
    assert titles == ["0  ReLU(x @ weight + bias)", "2  ReLU(x @ weight + bias)", "4  x @ weight + bias"]
    assert {"0", "2", "4"} <= set(headings(draw(loss, depth=1)))


def test_a_residual_sum_is_no_part_of_the_layer_before() -> None:
    layer = nn.Sequential(nn.Linear(3, 3, rng=1))
    x = Tensor(np.ones((2, 3)), label="x")
    assert headings(draw((x + layer(x)).sum(), depth=2)).count("+") == 1


@pytest.mark.parametrize("grow", [lambda y: y + 1.0, lambda y: y.tanh(), lambda y: y * y + y])
def test_a_long_graph_is_short(grow: Any) -> None:
    y: Node = Value(0.0, label="x")
    for _ in range(20_000):
        y = grow(y)
    drawing = draw(y, "both")
    assert len(drawing.text()) < 50_000 and len(headings(drawing)) <= 120
    assert drawing.svg()


@pytest.mark.parametrize(
    ("label", "place"),
    [
        ("w12[3,0]", ("layer 12", "neuron 3")), ("b[7]", ("layer", "neuron 7")),
        ("head.w1[0,0]", ("head", "layer 1", "neuron 0")),
        ("encoder.0.weight", ("encoder.0",)), ("w[0]", ()), ("b", ()), ("", ()),
    ],
)  # fmt: skip
def test_places(label: str, place: tuple[str, ...]) -> None:
    assert place_of(label) == place


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"depth": 4}, "`depth` is 0"), ({"depth": True}, "`depth` is 0"), ({"radius": 1}, "give `focus`"),
        ({"focus": "x", "radius": -1}, "`radius` is a whole number"), ({"expand": "roof"}, "`expand` names 'roof'"),
        ({"expand": Value(1.0)}, "`expand` names Value"), ({"expand": [3]}, "`expand` names 3"),
        ({"focus": Value(1.0)}, "`focus` is Value"),
        ({"focus": "nobody"}, "`focus` is 'nobody'"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_refused(settings: dict, message: str) -> None:
    x = Value(1.0, label="x")
    with pytest.raises(ValueError, match=message):
        draw(x * x, **settings)


def test_each_use_of_a_leaf_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    ask = GroupFinder._without_penalties
    monkeypatch.setattr(GroupFinder, "_without_penalties", lambda *args: looked.append(args[1:]) or ask(*args))
    w = Value(2.0)
    out = Value(0.0)
    for i in range(50):
        out = (out + w * float(i)).tanh()
    draw(out)
    assert len(looked) == len(set(looked)) == 2  # all of w together, and that of the 0 at the start


# -- what has a name --


def test_composites_are_one_box_that_opens() -> None:
    z = Tensor([[1.0, 2.0, 3.0]], label="z")
    y = ag.softmax(z)
    y.label = "p"
    assert headings(draw(y)) == ["z", "p = softmax(z)"]
    for opened in (draw(y, expand="softmax 1"), draw(y, expand="all"), draw(y, depth=3)):
        assert "anchor" in headings(opened) and "p = /" in headings(opened)
    assert "expand='softmax 1'" in " ".join(draw(y)._views[0].legend)
    q, k, v = (Tensor(np.ones((3, 4)), label=label) for label in "QKV")
    assert "attention(Q, K, V)" in draw(ag.softmax(q @ k.T / 2.0) @ v).text()
    assert "log_softmax(z)" in draw((ag.log_softmax(z) * 2.0).sum(), "backward").text()


def test_a_composite_whose_inside_is_used_elsewhere_stays_open() -> None:
    z = Tensor([[1.0, 2.0, 3.0]], label="z")
    e = ag.exp(z - z.max(axis=-1, keepdims=True))
    assert "softmax" not in draw(e / e.sum(axis=-1, keepdims=True)).text()  # max without anchor: another derivative
    y = ag.softmax(z)
    inside = next(x for x in y.inputs if x.op.name == "sum")
    assert "softmax" not in draw((y, inside)).text() and "softmax" not in draw((y * inside).sum()).text()


def test_the_gradient_of_a_composite_is_that_of_its_nodes() -> None:
    z = Tensor([[1.0, 2.0, 3.0]], label="z")
    y = (ag.softmax(z) * Tensor([[1.0, 0.0, 0.0]], requires_grad=False)).sum()
    shown = [box.hint for box in draw(y, "backward")._views[0].boxes if box.kind == "leaf"]
    y.backward()
    assert repr(float(np.linalg.norm(z.grad))) in shown[0]


@pytest.mark.parametrize("with_weights", [False, True])
def test_a_sum_of_very_many_terms_is_one_box(with_weights: bool) -> None:
    xs = [Value(i / 100, label=f"x{i}") for i in range(200)]
    ws = [Value(0.5, label=f"k{i}") if with_weights else 1.0 for i in range(200)]
    total = xs[0] * ws[0] if with_weights else xs[0]
    for x, w in zip(xs[1:], ws[1:], strict=True):
        total = total + (x * w if with_weights else x)
    (heading,) = headings(draw(total))
    assert heading == f"sum of 200 {'products' if with_weights else 'terms'}"
    assert len(headings(draw(total, expand="all"))) >= 399


def test_operations_in_a_row_are_one_box_with_their_formula() -> None:
    t = Tensor([[1.0, 2.0], [3.0, 4.0]], label="t")
    assert headings(draw(((t - 1.0) ** 2).sum() / 4.0, depth=1)) == ["t", "Σ((t - 1)**2)/4"]
    assert headings(draw(ag.softplus(ag.sigmoid(ag.softplus(ag.sigmoid(t)))), depth=1)) == ["t", "4 operations"]


def test_an_unrolled_recurrence_runs_from_left_to_right() -> None:
    w, h = Value(0.5, label="w"), Value(1.0, label="h")
    for i in range(8):
        h = (w * h + Value(float(i), label=f"x{i}")).tanh()
    places = arrange(draw(h)._both).places
    assert max(p.x for p in places) > 2 * max(p.y for p in places)
    assert not Snapshot(nn.MLP(2, [4, 4, 1], rng=1)([1.0, 2.0])[0]).is_recurrence


def test_a_long_sum_holds_no_leaf_that_has_a_name_of_its_own() -> None:
    bias, weight = Value(1.0, label="bias"), Value(2.0, label="w")
    total = bias + sum(weight * Value(float(i), label=f"x{i}") for i in range(40))
    assert draw(total).text().splitlines()[1:] == [
        "sum of 41 terms  data 1561  grad -", "├─ [780] w  data 2  grad -", "└─ [1] bias  data 1  grad -"
    ]  # fmt: skip
