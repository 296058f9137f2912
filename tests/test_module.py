"""Modules: parameters found and named, state checked whole, what is shown."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Tensor, Value


class Nested(nn.Module):
    """Parameters in every place where they are looked for."""

    def __init__(self) -> None:
        self.own = Value(1.0)
        self.named = Value(2.0, label="mine")
        self.rows = [Value(3.0), (Value(4.0), {"deep": Tensor([5.0, 6.0])})]
        self.part = nn.Linear(2, 1, rng=0)
        self.fixed = Value(7.0, requires_grad=False)
        self.result = self.own * 2
        self.number, self.nothing = 8, None


NAMES = ["own", "named", "rows.0", "rows.1.0", "rows.1.1.deep", "part.weight", "part.bias"]


def test_parameters_are_found_in_order_with_dotted_names() -> None:
    assert [name for name, _ in Nested().named_parameters()] == NAMES
    assert Nested().num_parameters() == 9


def test_parameters_are_labelled_by_their_names_but_keep_a_label_of_their_own() -> None:
    labels = {name: p.label for name, p in Nested().named_parameters()}
    assert labels == {name: name for name in NAMES} | {"named": "mine"}


def test_labels_grow_with_the_path() -> None:
    outer = nn.Sequential(nn.Sequential(nn.Linear(1, 1)), nn.Linear(1, 1))
    assert [p.label for p in outer.parameters()] == ["0.0.weight", "0.0.bias", "1.weight", "1.bias"]


def test_a_shared_parameter_or_module_counts_once() -> None:
    shared = nn.Linear(2, 2)
    model = nn.Sequential(shared, nn.ReLU(), shared)
    assert [name for name, _ in model.named_parameters()] == ["0.weight", "0.bias"]
    model.itself = model
    assert model.num_parameters() == 6


@pytest.mark.parametrize("thing", [1, Tensor([1.0]), nn.Linear(1, 1)])
def test_no_attribute_hides_a_method(thing: Any) -> None:
    for name in ("num_parameters", "parameters", "train"):
        with pytest.raises(AttributeError, match=f"`{name}` is a method of every Module"):
            setattr(nn.Linear(2, 1), name, thing)


def test_masked_numbers_are_not_loaded() -> None:
    state = {"weight": np.ma.masked_array([[1.0], [2.0]], [[False], [True]]), "bias": [0.0]}
    with pytest.raises(ValueError, match="`weight` has entries that are masked"):
        nn.Linear(2, 1).load_state_dict(state)


def test_zero_grad() -> None:
    model = Nested()
    model.part(np.ones((1, 2))).sum().backward()
    assert np.all(model.part.weight.grad == 1.0)
    model.zero_grad()
    assert np.all(model.part.weight.grad == 0.0) and model.own.grad == 0.0


def test_train_and_eval_reach_all_modules() -> None:
    model = nn.Sequential(nn.Sequential(nn.ReLU()))
    assert model.eval() is model
    assert [module.training for _, module in model.named_modules()] == [False] * 3
    model.train()
    assert [module.training for _, module in model.named_modules()] == [True] * 3


@pytest.mark.parametrize("make", [Nested, lambda: nn.MLP(2, [3, 1]), lambda: nn.TensorMLP(2, [3, 1], dtype=np.float32)])
def test_state_goes_round_to_the_bit(make: Any) -> None:
    one, other = make(), make()
    state = one.state_dict()
    for p in other.parameters():
        p.data = p.data + 1
    other.load_state_dict(state)
    for name, p in other.named_parameters():
        assert np.array_equal(p.data, state[name])
        assert np.shape(p.data) == p.shape


def test_state_is_a_copy() -> None:
    layer = nn.Linear(2, 1)
    state = layer.state_dict()
    state["weight"] += 1
    assert not np.array_equal(state["weight"], layer.weight.data)
    layer.load_state_dict(state)
    state["weight"][:] = 0
    assert np.all(layer.weight.data != 0)


def test_loading_says_all_that_is_wrong_and_changes_nothing() -> None:
    model = nn.TensorMLP(2, [3, 1], rng=0)
    before = model.state_dict()
    bad = {"0.weight": np.zeros((3, 2)), "0.bias": ["a", "b", "c"], "2.weight": before["2.weight"] + 1, "3.bias": 0.0}
    with pytest.raises(ValueError, match="nothing was changed") as error:
        model.load_state_dict(bad)
    message = str(error.value)
    for part in (
        "missing: '2.bias', of shape (1,)",
        "unexpected: '3.bias'",
        "shape: '0.weight' is (3, 2), and must be (2, 3)",
        "'0.bias' holds <U1, not real numbers",
    ):
        assert part in message
    assert all(np.array_equal(before[name], now) for name, now in model.state_dict().items())
    with pytest.raises(ValueError, match="rows differ in length"):
        model.load_state_dict(before | {"0.bias": [[1.0], [1.0, 2.0]]})
    with pytest.raises(TypeError, match="not list"):
        model.load_state_dict([1.0])  # type: ignore[arg-type]


def test_state_may_hold_nodes() -> None:
    layer = nn.Linear(2, 1)
    layer.load_state_dict({"weight": Tensor([[1.0], [2.0]]), "bias": [3]})
    assert layer.weight.data.tolist() == [[1.0], [2.0]] and layer.bias is not None
    assert layer.bias.data.tolist() == [3.0]


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
@pytest.mark.parametrize(
    "model", [nn.MLP(2, [3, 1], "tanh", rng=0), nn.TensorMLP(2, [3, 1], nn.LeakyReLU(slope=0.1), rng=0)], ids=repr
)
def test_a_copy_computes_the_same_and_stands_alone(clone: Any, model: Any) -> None:
    twin = clone(model)
    X = np.array([[0.5, -1.0]])
    assert np.array_equal(twin.outputs(X), model.outputs(X))
    for p in twin.parameters():
        p.data = p.data * 0
    assert not np.array_equal(twin.outputs(X), model.outputs(X))


def test_repr_and_summary() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Tanh(), nn.Linear(3, 1, bias=False)))
    assert repr(model) == (
        "Sequential(\n  0: Linear(2, 3)\n  1: Sequential(\n    0: Tanh()\n    1: Linear(3, 1, bias=False)\n  )\n)"
    )
    assert model.summary().splitlines() == [
        "name   layer                     parameters                count",
        "0      Linear(2, 3)              weight (2, 3), bias (3,)      9",
        "1.0    Tanh()                                                  0",
        "1.1    Linear(3, 1, bias=False)  weight (3, 1)                 3",
        "total                                                         12",
    ]
    assert nn.MLP(2, [16, 16, 1]).summary().splitlines()[-1].split() == ["total", "337"]
    assert "own ()" in Nested().summary()


@pytest.mark.parametrize(
    "model",
    [
        nn.Linear(2, 3, bias=False, dtype=np.float32),
        nn.Activation("sin"),
        nn.LeakyReLU(slope=0.5),
        nn.Layer(2, 3, nn.ELU(alpha=2.0)),
        nn.MLP.from_tensors(nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1), nn.Sigmoid())),
        nn.TensorMLP(2, [3, 1], "gelu"),
    ],
    ids=repr,
)
def test_a_module_is_made_again_of_its_config(model: Any) -> None:
    again = type(model).from_config(model.config())
    assert type(again) is type(model) and repr(again) == repr(model)
    assert [(n, p.shape) for n, p in again.named_parameters()] == [
        (n, p.shape) for n, p in model.named_parameters()
    ]


def test_the_repr_is_a_call_without_what_may_be_left_out() -> None:
    assert repr(nn.Linear(2, 3, dtype=np.float32)) == "Linear(2, 3, dtype=float32)"
    assert repr(nn.Layer(2, 3, nn.ELU(alpha=2.0))) == "Layer(2, 3, ELU(alpha=2.0))"


def test_forward_must_be_written() -> None:
    class Empty(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match="Empty has no `forward"):
        Empty()(1.0)


@pytest.mark.parametrize("name", ["fit", "evaluate", "save"])
def test_the_methods_of_keras_are_functions_here(name: str) -> None:
    with pytest.raises(AttributeError, match=rf"`nn\.{name}\(model, "):
        getattr(nn.Linear(2, 1), name)
