"""The two multilayer perceptrons: micrograd's numbers, exact conversion, PyTorch's gradients."""

from __future__ import annotations

import random
import warnings
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Tensor, Value

X = np.random.default_rng(0).normal(size=(7, 2))


def test_micrograds_size_and_order_of_parameters() -> None:
    model = nn.MLP(2, [16, 16, 1])
    assert len(model.parameters()) == model.num_parameters() == 337
    names = [name for name, _ in model.named_parameters()]
    first = "layers.0.neurons.0"
    assert names[:4] == [f"{first}.w.0", f"{first}.w.1", f"{first}.b", "layers.0.neurons.1.w.0"]
    assert model.parameters()[3].label == "w1[1,0]" and model.parameters()[-1].label == "b3[0]"
    assert nn.MLP(6, [4, 3, 1]).num_parameters() == 47


def test_micrograds_weights_come_from_micrograds_seed() -> None:
    rng = random.Random(1337)
    drawn = [rng.uniform(-1, 1) for _ in range(2 * 16)]
    model = nn.MLP(2, [16, 16, 1], rng=random.Random(1337))
    assert [w.data for neuron in model.layers[0].neurons for w in neuron.w] == drawn
    assert all(neuron.b.data == 0 for layer in model.layers for neuron in layer.neurons)


@pytest.mark.parametrize("rng", [7, np.random.default_rng, random.Random])
@pytest.mark.parametrize("kind", [nn.MLP, nn.TensorMLP])
def test_a_net_is_reproducible_bit_for_bit(kind: Any, rng: Any) -> None:
    one, other = (kind(2, [3, 1], rng=rng(7) if callable(rng) else rng) for _ in range(2))
    assert np.array_equal(one.outputs(X), other.outputs(X))


@pytest.mark.parametrize("width", [1, 2])
def test_the_return_type_does_not_depend_on_the_width(width: int) -> None:
    for model in (nn.MLP(2, [3, width]), nn.Layer(2, width)):
        out = model([1.0, 2.0])
        assert type(out) is list and len(out) == width and all(type(v) is Value for v in out)
    assert nn.TensorMLP(2, [3, width])(X).shape == (7, width)


def test_a_neuron_by_hand() -> None:
    neuron = nn.Neuron(2, "relu")
    neuron.w[0].data, neuron.w[1].data, neuron.b.data = 2.0, -3.0, 1.0
    out = neuron([2.0, 1.0])
    out.backward()
    assert out.data == 2.0
    assert [p.grad for p in neuron.parameters()] == [2.0, 1.0, 1.0]
    assert neuron([0.0, 1.0]).data == 0.0
    assert neuron.outputs([[2.0, 1.0], [0.0, 1.0]]).tolist() == [2.0, 0.0]


@pytest.mark.parametrize("x", [[1, 2.0], (1.0, 2.0), np.array([1, 2]), np.array([1.0, 2.0]), Tensor([1.0, 2.0]),
                               [Value(1.0), 2.0], [np.float32(1), np.int64(2)]])  # fmt: skip
def test_a_point_may_be_given_in_many_ways(x: Any) -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    assert model(x)[0].data == model([1.0, 2.0])[0].data


def test_gradients_flow_into_the_inputs() -> None:
    model, x = nn.MLP(2, [3, 1], "tanh", rng=0), Tensor([1.0, 2.0])
    model(x)[0].backward()
    point = [Value(1.0), Value(2.0)]
    model(point)[0].backward()
    assert x.grad.tolist() == [v.grad for v in point] and all(x.grad)


def test_a_wrong_point_is_explained() -> None:
    model = nn.MLP(2, [3, 1])
    with pytest.raises(ValueError, match=r"`x` has 3 elements; MLP.* needs 2"):
        model([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"takes one point.*at a time"):
        model(X)
    for x in (1.0, Value(1.0), "ab", None):
        with pytest.raises(TypeError, match="`x` is one point"):
            model(x)
    with pytest.raises(TypeError, match="one real number"):
        model(["1", "2"])


@pytest.mark.parametrize("sizes", [(2, []), (2, 3), (2, [0]), (0, [1]), (2.0, [1]), (2, [True])])
@pytest.mark.parametrize("kind", [nn.MLP, nn.TensorMLP])
def test_wrong_sizes_are_refused(kind: Any, sizes: Any) -> None:
    with pytest.raises(ValueError, match=r"`nin`|`nouts`"):
        kind(*sizes)


def loss_and_gradients(model: Any) -> tuple[float, dict[str, Any]]:
    """Mean of the squared outputs over X, and its gradients, of a scalar or a tensor MLP, the latter by layer."""
    out = model.forward_rows(X)
    model.zero_grad()
    loss = (out * out).mean()
    loss.backward()
    return loss.item(), {name: p.grad for name, p in model.named_parameters()}


@pytest.mark.parametrize("activation", [*nn.activations.NAMES, ag.sin, nn.LeakyReLU(slope=0.3)], ids=str)
def test_both_nets_agree_in_outputs_and_gradients(activation: Any) -> None:
    scalar = nn.MLP(2, [5, 4, 3], activation, rng=1)
    for layer in scalar.layers:
        for neuron in layer.neurons:
            neuron.b.data = 0.1
    tensor = scalar.to_tensors()
    one, gradients = loss_and_gradients(scalar)
    other, arrays = loss_and_gradients(tensor)
    assert one == pytest.approx(other, rel=1e-13)
    matrices = [grad for grad in arrays.values() if grad.ndim == 2]
    for k, matrix in enumerate(matrices):
        for (i, j), entry in np.ndenumerate(matrix):
            assert gradients[f"layers.{k}.neurons.{j}.w.{i}"] == pytest.approx(entry, rel=1e-11, abs=1e-15)
    assert np.allclose(scalar.outputs(X), [[v.data for v in scalar(x)] for x in X], rtol=1e-13, atol=1e-14)
    back = tensor.to_values()
    assert back.state_dict() == scalar.state_dict()
    assert repr(back) == repr(scalar)
    again = back.to_tensors().state_dict()
    assert all(np.array_equal(again[name], numbers) for name, numbers in tensor.state_dict().items())


def test_conversion_of_other_sequentials() -> None:
    odd = nn.Sequential(nn.Linear(2, 3, bias=False, rng=0), nn.Tanh(), nn.Linear(3, 2, rng=1), nn.Sigmoid())
    scalar = nn.MLP.from_tensors(odd)
    assert np.allclose([[v.data for v in scalar(x)] for x in X], odd.outputs(X), rtol=1e-13)
    assert np.allclose(scalar.outputs(X), odd.outputs(X), rtol=1e-15)
    for wrong in (nn.Sequential(nn.Tanh(), nn.Linear(2, 1)), nn.Sequential(nn.Linear(2, 1), nn.Tanh(), nn.Tanh()),
                  nn.Sequential(nn.Sequential(nn.Linear(2, 1)))):  # fmt: skip
        with pytest.raises(ValueError, match="has no counterpart"):
            nn.MLP.from_tensors(wrong)
    with pytest.raises(ValueError, match="no Linear"):
        nn.MLP.from_tensors(nn.Sequential())
    scalar.layers[0].neurons[0].activation = ag.relu
    with pytest.raises(ValueError, match="the neurons of a layer differ in activation"):
        scalar.to_tensors()


def test_the_law_of_a_tensor_mlp_follows_its_activation() -> None:
    assert abs(nn.TensorMLP(600, [300], "relu", rng=0)[0].weight.data).max() > 0.0995  # type: ignore[attr-defined]
    assert abs(nn.TensorMLP(600, [300], "tanh", rng=0)[0].weight.data).max() < 0.0817  # type: ignore[attr-defined]
    assert nn.TensorMLP(2, [3, 1], dtype=np.float32)(X).dtype == np.float32


@pytest.mark.slow
def test_gradients_equal_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    model = nn.TensorMLP(2, [16, 16, 1], "tanh", rng=3)
    parts = [torch.nn.Linear(2, 16), torch.nn.Tanh(), torch.nn.Linear(16, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1)]
    twin = torch.nn.Sequential(*parts).double()
    linears = [part for part in twin if isinstance(part, torch.nn.Linear)]
    state = model.state_dict()
    with torch.no_grad():
        for k, linear in zip((0, 2, 4), linears, strict=True):
            linear.weight.copy_(torch.tensor(state[f"{k}.weight"].T))
            linear.bias.copy_(torch.tensor(state[f"{k}.bias"]))
    (twin(torch.tensor(X)) ** 2).mean().backward()
    _, gradients = loss_and_gradients(model)
    for k, linear in zip((0, 2, 4), linears, strict=True):
        pairs = (gradients[f"{k}.weight"].T, linear.weight.grad), (gradients[f"{k}.bias"], linear.bias.grad)
        for ours, theirs in pairs:
            assert np.linalg.norm(ours - theirs.numpy()) <= 1e-12 * np.linalg.norm(theirs.numpy())


@pytest.mark.parametrize("activation", [*nn.activations.NAMES, "prelu", nn.PReLU(slope=0.1), nn.LeakyReLU(slope=0.3)])
def test_both_families_take_every_activation(activation: Any) -> None:
    if activation not in ("softmax", "log_softmax"):
        neuron = nn.Neuron(2, activation, rng=0)
        assert neuron(X[0]).data == pytest.approx(neuron.outputs(X)[0])
    scalar = nn.MLP(2, [3, 3, 2], activation, rng=0)
    tensor = scalar.to_tensors()
    assert np.allclose(scalar.outputs(X), [[v.data for v in scalar(x)] for x in X], rtol=1e-13, atol=1e-15)
    back = tensor.to_values()
    assert back.state_dict() == scalar.state_dict() and repr(back) == repr(scalar)
    assert scalar.layers[0].outputs(X).shape == (len(X), 3)
    scalar.zero_grad()
    sum(v * v for x in X for v in scalar(x)).backward()
    (tensor(X) ** 2).sum().backward()
    last = len(tensor) - 1
    assert np.allclose([p.grad for p in scalar.layers[-1].neurons[0].w], tensor[last].weight.grad[:, 0], rtol=1e-12)
    assert len({id(p) for p in scalar.parameters()}) == scalar.num_parameters() == tensor.num_parameters()
    own = nn.TensorMLP(2, [3, 3, 2], activation, rng=0)
    assert own.num_parameters() == scalar.num_parameters() and own(X).shape == (len(X), 2)


def test_learned_slopes() -> None:
    scalar = nn.MLP(2, [3, 3, 1], "prelu", rng=0)
    slopes = [name for name, _ in scalar.named_parameters() if "slope" in name]
    assert slopes == ["layers.0.neurons.0.activation.slope", "layers.1.neurons.0.activation.slope"]
    tensor = scalar.to_tensors()
    sum(scalar(x)[0] for x in X).backward()
    tensor(X).sum().backward()
    for k in (0, 1):
        ours = scalar.layers[k].neurons[2].activation.slope.grad
        assert ours == pytest.approx(tensor[2 * k + 1].slope.grad.item(), rel=1e-12) and ours
    with pytest.raises(ValueError, match="has 2 slopes; neurons of Values share one: use a TensorMLP"):
        nn.Layer(2, 2, nn.PReLU(slope=[0.1, 0.2]))
    with pytest.raises(ValueError, match=r"`x` has shape \(.*, 3\); this PReLU has 2 slopes"):
        nn.PReLU(slope=[0.1, 0.2])(np.ones((4, 3)))
    for wrong in (np.nan, [[0.1]], "a"):
        with pytest.raises((TypeError, ValueError), match=r"`slope` (is|holds)"):
            nn.PReLU(slope=wrong)
    assert nn.TensorMLP(2, [3, 1], "prelu", dtype=np.float32)(X).dtype == np.float32


def test_an_activation_of_a_row_belongs_to_a_layer() -> None:
    layer = nn.Layer(2, 3, "softmax", rng=0)
    assert sum(v.data for v in layer(X[0])) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="`activation` softmax is of a whole row: give it to a Layer"):
        nn.Neuron(2, "softmax")
    assert [stage.name for stage in layer._stages()] == ["", "softmax"]
    classifier = nn.MLP.from_tensors(nn.Sequential(nn.Linear(2, 3, rng=0), nn.Softmax()))
    assert np.allclose(classifier.outputs(X).sum(axis=1), 1.0) and repr(classifier.layers[0]) == "Layer(2, 3, softmax)"


@pytest.mark.parametrize("law", [*nn.init.INITIALIZERS, nn.init.constant(0.5), nn.init.he_normal])
def test_both_families_take_every_law(law: Any) -> None:
    for model in (nn.MLP(2, [3, 1], initializer=law, rng=0), nn.TensorMLP(2, [3, 1], initializer=law, rng=0)):
        again = type(model)(2, [3, 1], initializer=law, rng=0)
        assert model.num_parameters() == 13 and all(
            np.array_equal(x, y) for x, y in zip(model.state_dict().values(), again.state_dict().values(), strict=True)
        )
    assert len(nn.Neuron(3, initializer=law, rng=0).w) == 3
    with pytest.raises(ValueError, match="`initializer` 'he' is unknown"):
        nn.MLP(2, [3, 1], initializer="he")


def test_dropout_of_both_families() -> None:
    scalar = nn.MLP(2, [50, 1], dropout=0.5, rng=0)
    assert repr(scalar.layers[0]) == "Layer(2, 50, relu, dropout=Dropout(0.5))" and scalar.layers[1].dropout is None
    tensor = scalar.to_tensors()
    assert [type(part).__name__ for part in tensor] == ["Linear", "ReLU", "Dropout", "Linear"]
    assert scalar(X[0])[0].data != scalar(X[0])[0].data
    scalar.eval()
    assert scalar(X[0])[0].data == pytest.approx(tensor.outputs(X)[0, 0], rel=1e-12)
    assert not scalar.to_tensors()[2].training and tensor[2].training
    assert [type(part).__name__ for part in nn.TensorMLP(2, [3, 3, 1], dropout=0.2)] == [
        "Linear", "ReLU", "Dropout", "Linear", "ReLU", "Dropout", "Linear"
    ]  # fmt: skip
    with pytest.raises(ValueError, match="has no counterpart"):
        nn.MLP.from_tensors(nn.Sequential(nn.Dropout(), nn.Linear(2, 1)))


@pytest.mark.parametrize("way", ["net", "instance", "layer", "neuron", "class", "while it trains"])
def test_a_forward_of_your_own_is_what_runs(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def doubled(kind: Any) -> Any:
        written = kind.forward

        def forward(self: Any, x: Any) -> Any:
            y = written(self, x)
            return [2.0 * part for part in y] if isinstance(y, list) else 2.0 * y

        return forward

    def rewrite(model: Any) -> None:
        part = {"layer": model.layers[0], "neuron": model.layers[0].neurons[1]}.get(way, model)
        if way == "instance":
            model.forward = doubled(nn.MLP).__get__(model)
        elif way == "class":
            monkeypatch.setattr(nn.Neuron, "forward", doubled(nn.Neuron))
        else:
            part.__class__ = type("Own", (type(part),), {"forward": doubled(type(part))})

    X, y = np.random.default_rng(0).normal(size=(6, 2)), np.ones(6)
    plain, found = nn.MLP(2, [3, 1], "tanh", rng=0).outputs(X), []
    for compiled in (False, None):
        model = nn.MLP(2, [3, 1], "tanh", rng=0)
        calls: list[Any] = []
        if way == "while it trains":
            calls.append(lambda epoch, logs, model=model: rewrite(model) if epoch == 1 else None)
        else:
            rewrite(model)
            assert model.outputs(X) == pytest.approx(np.array([[part.data for part in model(x)] for x in X]))
            assert not np.allclose(model.outputs(X), plain)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", nn.EagerFallback)
            found.append(nn.fit(model, X, y, epochs=4, rng=0, callbacks=calls, compiled=compiled)["loss"])
        monkeypatch.undo()
    assert found[0] == pytest.approx(found[1])
    rewrite(model)
    with pytest.raises(ValueError, match="`forward` of its own"):
        model.to_tensors()


def test_a_subclass_may_have_attributes_of_its_own() -> None:
    class Own(nn.MLP):
        def __init__(self, nin: int) -> None:
            self.nin, self.nouts = nin, [3, 1]
            super().__init__(2 * nin, self.nouts, rng=0)

        def forward(self, x: Any) -> list[Value]:
            return super().forward([*x, *x])

    class OwnNeuron(nn.Neuron):
        def __init__(self, nin: int) -> None:
            self.nin = nin
            super().__init__(nin, rng=0)

    assert len(Own(2)(X[0])) == 1 and Own(2).nin == OwnNeuron(2).nin == 2
    assert Own(2).outputs(X).shape == (7, 1) and OwnNeuron(2).outputs(X).shape == (7,)
