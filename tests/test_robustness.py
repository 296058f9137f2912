"""What users do by mistake: each is either made to work or refused in words, and nothing of theirs is changed."""

import copy
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Tensor, Value, grad, jacobian, jvp, value_and_grad, vjp

X = np.random.default_rng(0).normal(size=(10, 2))
Y = (X[:, 0] > 0).astype(int)
ONES = np.ones(2)


def test_gradients_do_not_share_memory() -> None:
    a, b = grad(lambda a, b: (a + b).sum(), (0, 1))(ONES, ONES)
    a[:] = 50.0
    assert np.array_equal(b, ONES)
    a, b = grad(lambda a, b: (a.T + b).sum(), (0, 1))(np.ones((2, 2)), np.ones((2, 2)))
    a[:] = 50.0
    assert np.array_equal(b, np.ones((2, 2)))


def test_a_shallow_copy_has_a_gradient_of_its_own() -> None:
    x = Tensor(ONES)
    (x * x).sum().backward()
    copy.copy(x).grad[:] = 50.0
    assert x.grad.tolist() == [2.0, 2.0]


def test_argnums() -> None:
    with pytest.raises(ValueError, match=r"`argnums` \(0, 0\) names an argument of `<lambda>` twice"):
        grad(lambda x, y: x * y, (0, 0))(3.0, 4.0)
    with pytest.raises(ValueError, match="twice"):
        grad(lambda x, y: x * y, (1, -1))(3.0, 4.0)
    for wrong in (None, 0.0, "x"):
        with pytest.raises(TypeError, match="`argnums` is the number of an argument, or a tuple of such, not"):
            grad(lambda x: x, wrong)  # type: ignore[arg-type]
    assert grad(lambda x, y: x * y, np.int64(1))(3.0, 4.0) == 3.0  # type: ignore[arg-type]


def test_what_is_no_function_is_named() -> None:
    for call in (lambda: grad(3)(1.0), lambda: vjp(3), lambda: jvp(3, (1.0,), (1.0,))):  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"`f` is a function to differentiate, not int \(3\)"):
            call()
    with pytest.raises(TypeError, match=r"`primals` is a tuple, one for each argument, not float: write `\(x,\)`"):
        jvp(lambda x: x, 2.0, 1.0)  # type: ignore[arg-type]


def test_precision_is_kept_by_transforms() -> None:
    assert grad(lambda x: x.sum())(np.ones(2, ">f4")).dtype == np.float32
    assert jacobian(lambda x: x * x)(np.zeros(0, "f")).dtype == np.float32
    empty = jacobian(lambda x: x * x)(Tensor([]))
    assert isinstance(empty, Tensor) and empty.shape == (0, 0)


def test_a_tensor_of_values_can_be_constant() -> None:
    x = Tensor([Value(1.0), 2.0], "x", requires_grad=False)
    assert not x.requires_grad and x.is_leaf and x.label == "x" and x.data.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("data", ["ab", [True, False], [1j, 2.0], None])
def test_new_data_is_real(data: Any) -> None:
    x = Tensor(ONES)
    with pytest.raises(TypeError, match=r"`data` holds .*, not real numbers"):
        x.data = data


def test_a_linear_layer_keeps_the_graph_of_values() -> None:
    x = [Value(1.0), Value(2.0)]
    layer = nn.Linear(2, 1, rng=0)
    layer(x).sum().backward()
    assert [v.grad for v in x] == layer.weight.data[:, 0].tolist()
    assert layer([[1, 2]]).shape == (1, 1)


def test_an_optimiser_is_bound_only_by_a_fit_that_starts() -> None:
    sgd = nn.SGD(lr=0.1)
    with pytest.raises(ValueError, match="one output tells two apart"):
        nn.fit(nn.Linear(2, 1), X[[0, 1, 1]], [1, 2, 3], "hinge", optimizer=sgd)
    assert not sgd.parameters
    nn.fit(nn.Linear(2, 1), X, Y, optimizer=sgd, epochs=1)


class Centred(nn.Linear):
    """A forward that works in place."""

    def forward(self, x: Any) -> Any:
        x -= 1.0
        return super().forward(x)


def test_a_forward_in_place_does_not_reach_the_data() -> None:
    before = X.copy()
    nn.fit(Centred(2, 1), X, Y, epochs=1)
    Centred(2, 1).outputs(X)
    assert np.array_equal(X, before)


def test_outputs_take_and_give_what_a_model_does() -> None:
    assert np.array_equal(nn.ReLU().outputs(X), np.maximum(X, 0))
    model = nn.MLP(2, [3, 1], rng=0)
    assert np.array_equal(model.outputs(Tensor(X)), model.outputs(X))
    assert nn.Neuron(2, rng=0).outputs([1.0, 2.0]).shape == ()

    class Pair(nn.Module):
        def forward(self, x: Any) -> Any:
            return x, x

    with pytest.raises(TypeError, match="`forward` of Pair must give a Tensor for a batch, not tuple"):
        Pair().outputs(X)


def test_a_module_that_holds_itself_has_a_repr() -> None:
    model = nn.Sequential(nn.Linear(2, 1))
    model.parent = model  # type: ignore[attr-defined]
    assert "parent: ..." in repr(model) and model.num_parameters() == 3


REFUSED = [
    (lambda: nn.fit(nn.Linear(2, 1), X, Y, shuffle="no"), TypeError, "`shuffle` is True or False, not 'no'"),
    (lambda: nn.fit(nn.Linear(2, 1), X, Y, lambda z, y: Tensor(1.0)), ValueError, "does not depend on the outputs"),
    (lambda: nn.fit(nn.Linear(2, 1), X, Y, lambda z, y: z.detach().sum()), ValueError, "not depend on the outputs"),
    (lambda: nn.losses.mse([1, 2], [[2], [2, 3]]), ValueError, "`targets` is a nested list whose rows differ"),
    (lambda: nn.losses.mse([Value(1.0)], [Value(1.0)]), TypeError, "`targets` are numbers, .*: take their `.data`"),
    (lambda: nn.Adam(betas=0.9), TypeError, r"`betas` are two numbers, such as \(0.9, 0.999\), not 0.9"),
    (lambda: nn.Linear(2, 1, initializer="he"), ValueError, "`initializer` 'he' is unknown: use one of 'zeros', "),
    (lambda: nn.Linear(2, 1, initializer=3), TypeError, "`initializer` is a name, such as 'zeros', or a function"),
    (lambda: nn.Linear(2, 1, initializer=lambda *_: np.ones(3)), ValueError, r"gave shape \(3,\); .* need \(2, 1\)"),
    (lambda: nn.Linear(2, 1)(1j * X), TypeError, "complex128; .* needs real numbers"),
    (lambda: nn.Linear(2, 1)("ab"), TypeError, "`x` is 'ab' of <U2; .* needs real numbers"),
    (lambda: nn.Linear(2, 1)([[1, 2], [3]]), ValueError, "`x` is a nested list whose rows differ in length"),
    (lambda: nn.Sequential([nn.ReLU()]), TypeError, r"not a Module: write Sequential\(\*layers\)"),
    (lambda: nn.Sequential(np.tanh), TypeError, r"not a Module: write Activation\(tanh\)"),
    (lambda: nn.LeakyReLU(0.2), TypeError, r"LeakyReLU.__init__\(\) takes 1 positional argument"),
    (lambda: nn.MLP(2, None), ValueError, "`nouts` is a list of the widths of the layers"),
    (lambda: nn.MLP.from_tensors(3), TypeError, "`model` is a Sequential of Linear layers, or a TensorMLP, not 3"),
    (lambda: nn.datasets.split(X, 3), ValueError, r"`y` \(\); both need rows"),
    (lambda: nn.datasets.split(X, Y, "a"), ValueError, "`held_out` is a share between 0 and 1, .*not 'a'"),
    (lambda: nn.datasets.split(X, Y, np.nan), ValueError, "`held_out` is a share between 0 and 1, .*not nan"),
    (lambda: nn.datasets.moons(0), ValueError, "`n` is a whole number from 1, not 0"),
    (lambda: nn.datasets.moons(noise=-1), ValueError, "`noise` is -1; it must be at least 0"),
    (lambda: nn.datasets.moons(rng=2**40), ValueError, r"less than 2\*\*32"),
    (lambda: nn.plots.decision_boundary(3, X, Y), TypeError, "`model` is a Module"),
    (lambda: nn.plots.decision_boundary(nn.Linear(2, 1), X[:0], Y[:0]), ValueError, "`X` has no rows"),
    (lambda: nn.plots.decision_boundary(nn.Linear(2, 1), X * np.nan, Y), ValueError, r"`X` holds nan at \(0, 0\)"),
    (lambda: nn.plots.decision_boundary(nn.Linear(2, 1), X, Y, resolution=1), ValueError, "a whole number from 2"),
    (lambda: nn.plots.learning_curve([1.0]), TypeError, "`history` maps names to lists of numbers"),
    (lambda: nn.plots.learning_curve({"loss": 3}), TypeError, "`history` maps names to lists of numbers"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "words"), REFUSED)
def test_a_mistake_is_named(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_a_step_that_overflows_is_refused_without_a_warning() -> None:
    x = Tensor([1.0])
    sgd = nn.SGD([x], lr=1e200)
    (x * 1e200).sum().backward()
    with pytest.raises(FloatingPointError, match="nothing was changed"):
        sgd.step()
    assert x.data.tolist() == [1.0] and sgd.steps == 0


def test_value_and_grad_gives_arrays_of_its_own() -> None:
    x = ONES.copy()
    value, slope = value_and_grad(lambda x: x.sum())(x)
    slope[:] = 9.0
    assert value == 2.0 and np.array_equal(x, ONES)


def test_what_the_second_reading_found() -> None:
    assert grad(lambda x: x.cumsum()[0])(np.array(3.0)) == 1.0
    with pytest.raises(TypeError, match="not True or False"):
        Tensor([Value(1.0), True])
    with pytest.raises(TypeError, match="`gradient` is a number"):
        Value(1.0).backward("a")
    with pytest.raises(TypeError, match="`axis` is a whole number"):
        Tensor([1.0]).sum("a")
