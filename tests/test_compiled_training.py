"""Native training: the numbers of eager training, for every loss, optimiser and kind of net; and Loop, below it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Loop, Tensor, Value, fresh
from autograd.compiler import loop as loops
from nn import losses, optim
from nn.training import steps

RNG = np.random.default_rng(0)
X = RNG.normal(size=(23, 3))
CLASSES = RNG.integers(0, 4, 23)
REAL = RNG.normal(size=(23, 1))

TARGETS: dict[str, tuple[int, Any]] = {
    "bce": (1, (REAL > 0) * 1.0),
    "bce_with_logits": (1, (REAL > 0) * 1.0),
    "poisson_nll": (1, np.abs(REAL)),
    "hinge": (1, np.sign(REAL)),
    "squared_hinge": (1, np.sign(REAL)),
    "cross_entropy": (4, CLASSES),
    "nll": (4, CLASSES),
    "multiclass_hinge": (4, CLASSES),
    "squared_multiclass_hinge": (4, CLASSES),
    "kl_divergence": (4, RNG.dirichlet(np.ones(4), 23)),
}


def net(width: int = 1, *last: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 5, rng=1), nn.Tanh(), nn.Linear(5, width, rng=2), *last)


def both(make: Callable[[], Any], y: Any, loss: Any, optimizer: Callable[[], Any], **rest: Any) -> None:
    """Train eagerly and natively, and compare losses, parameters, gradients and the state of the optimiser."""
    rest = {"epochs": 4, "batch_size": 7, "rng": 3, **rest}
    models, optimizers, histories = [], [], []
    for compiled in (False, True):
        model, own = make(), optimizer()
        histories.append(nn.fit(model, X, y, loss, optimizer=own, compiled=compiled, **rest))
        models.append(model)
        optimizers.append(own)
    np.testing.assert_allclose(histories[1]["loss"], histories[0]["loss"], rtol=1e-12)
    for p, q in zip(*(model.parameters() for model in models), strict=True):
        np.testing.assert_allclose(q.data, p.data, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(q.grad, p.grad, rtol=1e-9, atol=1e-12)
        assert type(q.data) is type(p.data) and type(q.grad) is type(p.grad)
    states = [own.state_dict() for own in optimizers]
    assert states[0].keys() == states[1].keys() and states[0]["steps"] == states[1]["steps"] > 0
    for name, x in states[0].items():
        if not isinstance(x, str):
            np.testing.assert_allclose(states[1][name], x, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_every_loss(name: str) -> None:
    width, y = TARGETS.get(name, (1, REAL))
    both(lambda: net(width, *([nn.Sigmoid()] if name == "bce" else [])), y, name, lambda: nn.SGD(lr=0.05))


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: nn.SGD(lr=0.05, momentum=0.9),
        lambda: nn.SGD(lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.1),
        lambda: optim.Adagrad(lr=0.05),
        lambda: optim.RMSprop(lr=0.01, momentum=0.5),
        lambda: nn.Adam(lr=0.02),
        lambda: optim.AdamW(lr=0.02, clip=optim.ClipNorm(0.5)),
        lambda: nn.SGD(lr=0.05, clip=optim.ClipValue(0.01)),
        lambda: nn.SGD(lr=lambda step: 0.1 / (1 + step)),
    ],
)
@pytest.mark.parametrize("make", [net, lambda: nn.MLP(3, [4, 1], "tanh", rng=1)])
def test_every_optimiser(make: Any, optimizer: Any) -> None:
    both(make, REAL, "mse", optimizer)


def test_groups() -> None:
    def fitted(compiled: bool) -> Any:
        model = net()
        first, second = [*model[0].parameters()], [*model[2].parameters()]
        groups = optim.Groups(nn.SGD(first, lr=0.1), nn.Adam(second, lr=0.01))
        nn.fit(model, X, REAL, optimizer=groups, epochs=3, batch_size=7, rng=3, compiled=compiled)
        return model.state_dict()

    for a, b in zip(fitted(False).values(), fitted(True).values(), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-10)


@pytest.mark.parametrize("batch_size", [None, 1, 5, 23, 100])
def test_every_size_of_batch(batch_size: Any) -> None:
    both(net, REAL, "mse", lambda: nn.Adam(lr=0.02), batch_size=batch_size)


def test_float32() -> None:
    def make() -> nn.Sequential:
        first, last = (nn.Linear(n, m, rng=n, dtype=np.float32) for n, m in ((3, 5), (5, 1)))
        return nn.Sequential(first, nn.ReLU(), last)

    models = [make(), make()]
    found = [
        nn.fit(m, X, REAL, optimizer=nn.Adam(lr=0.02), epochs=3, rng=1, compiled=c)["loss"]
        for m, c in zip(models, (False, True), strict=True)
    ]
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5)
    assert models[1][0].weight.dtype == np.float32 == models[1][0].weight.grad.dtype


def test_dropout_draws_the_same_stream() -> None:
    def make() -> nn.Sequential:
        return nn.Sequential(nn.Linear(3, 8, rng=1), nn.ReLU(), nn.Dropout(0.4, rng=7), nn.Linear(8, 1, rng=2))

    both(make, REAL, "mse", lambda: nn.SGD(lr=0.05))


def test_a_penalty_is_part_of_the_objective() -> None:
    both(net, REAL, "mse", lambda: nn.SGD(lr=0.05), penalty=lambda model: 0.1 * ag.sum(ag.square(model[0].weight)))


def test_frozen_parameters_stay() -> None:
    for compiled in (False, True):
        model = net()
        before = model[0].weight.data.copy()
        last = nn.SGD(model[2].parameters(), lr=0.1)
        nn.fit(model, X, REAL, optimizer=last, epochs=2, compiled=compiled)
        assert np.array_equal(model[0].weight.data, before)


class Branching(nn.Module):
    """A net that asks in Python."""

    def __init__(self) -> None:
        self.layer = nn.Linear(3, 1, rng=1)

    def forward(self, x: Any) -> Any:
        y = self.layer(x)
        return y if y.sum().item() > 0 else -y


def test_what_cannot_be_compiled_runs_eagerly_or_says_why() -> None:
    eager, free, forced = Branching(), Branching(), Branching()
    a = nn.fit(eager, X, REAL, optimizer=nn.SGD(lr=0.01), epochs=3, rng=1, compiled=False)
    with pytest.warns(nn.EagerFallback, match="asks in Python") as told:
        found = nn.fit(free, X, REAL, optimizer=nn.SGD(lr=0.01), epochs=3, rng=1)
    assert found == a and len(told) == 1 and told[0].filename == __file__
    assert not found.compiled and not a.compiled
    assert nn.fit(net(), X, REAL, epochs=1).compiled
    before = forced.state_dict()
    with pytest.raises(ValueError, match="asks in Python"):
        nn.fit(forced, X, REAL, optimizer=nn.SGD(lr=0.01), epochs=3, rng=1, compiled=True)
    assert all(np.array_equal(x, before[name]) for name, x in forced.state_dict().items())
    with pytest.raises(TypeError, match="`compiled` is True, False or None"):
        nn.fit(net(), X, REAL, compiled="yes")


def test_it_stops_before_a_loss_that_is_not_finite() -> None:
    found = []
    for compiled in (False, True):
        model = net()
        with pytest.raises(FloatingPointError) as error:
            nn.fit(model, X * 1e3, REAL, optimizer=nn.SGD(lr=1e80), epochs=50, rng=1, compiled=compiled)
        found.append((str(error.value), model.state_dict()))
    assert found[0][0] == found[1][0]
    for name, x in found[0][1].items():
        np.testing.assert_allclose(found[1][1][name], x, rtol=1e-9)
        assert np.all(np.isfinite(x))


def test_a_callback_may_change_the_rate_and_the_parameters() -> None:
    def fitted(compiled: bool) -> Any:
        model, own = net(), nn.SGD(lr=0.1, momentum=0.5)

        def change(epoch: int, logs: Any) -> None:
            own.lr = 0.1 / (epoch + 2)
            own.momentum = 0.1 * epoch
            if epoch == 2:
                model[0].bias.data = np.ones(5)

        nn.fit(model, X, REAL, optimizer=own, epochs=5, rng=1, callbacks=[change], compiled=compiled)
        return model.state_dict()

    for a, b in zip(fitted(False).values(), fitted(True).values(), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-10)


def test_training_is_equal_to_the_bit_from_run_to_run() -> None:
    found = []
    for _ in range(3):
        model = net()
        nn.fit(model, X, REAL, epochs=5, batch_size=7, rng=1, compiled=True)
        found.append(model.state_dict())
    for other in found[1:]:
        assert all(np.array_equal(x, other[name]) for name, x in found[0].items())


def test_training_goes_on_where_it_stopped() -> None:
    whole, parts = net(), net()
    nn.fit(whole, X, REAL, optimizer=nn.Adam(lr=0.01), steps=6, batch_size=None, compiled=True)
    own = nn.Adam(lr=0.01)
    for _ in range(2):
        nn.fit(parts, X, REAL, optimizer=own, steps=3, batch_size=None, compiled=True)
    assert all(np.array_equal(x, parts.state_dict()[name]) for name, x in whole.state_dict().items())


# -- Loop --


def test_a_loop_runs_and_keeps_its_state() -> None:
    loop = Loop(lambda s, x, batch: ([s[0] + x[0], s[1] * 2.0], [s[0]]), [0.0, np.ones(2)], [1.0])
    finished, (seen,) = loop.run(4, [np.array([1.0, 2.0, 3.0, 4.0])])
    assert finished == 4 and seen.tolist() == [0.0, 1.0, 3.0, 6.0]
    assert loop.state[0] == 10.0 and loop.state[1].tolist() == [16.0, 16.0]
    loop.state = [5.0, np.zeros(2)]
    assert loop.run(1, [np.array([1.0])])[1][0].tolist() == [5.0]
    assert "new state" in str(loop) and "\n# " in str(loop) and "Loop(" in repr(loop)


def test_parts_of_a_state_may_change_places() -> None:
    loop = Loop(lambda s, x, batch: ([s[1], s[0]], []), [np.array([1.0, 2.0]), np.array([3.0, 4.0])])
    loop.run(3)
    assert [x.tolist() for x in loop.state] == [[3.0, 4.0], [1.0, 2.0]]


def test_a_loop_takes_rows_by_number() -> None:
    data = np.arange(12.0).reshape(6, 2)
    loop = Loop(lambda s, x, batch: (s + batch[0].sum(), [batch[0]]), 0.0, [], [data], 3)
    rows = np.array([[0, 2, 4], [5, 5, 1]])
    _, (seen,) = loop.run(2, rows=rows)
    np.testing.assert_array_equal(seen, data[rows])
    assert loop.state == data[rows].sum()


def test_a_loop_stops_at_what_is_not_finite() -> None:
    loop = Loop(lambda s, x, batch: (s * 1e200, [s]), 1e10, finite=True)
    assert loop.run(5)[0] == 1
    assert loop.state == 1e210


def test_a_loop_may_give_what_is_not_finite_where_no_step_reads_it() -> None:
    loop = Loop(lambda s, x, batch: ([s[0] + 1.0, s[0] * np.inf], []), [1.0, 0.0], finite=True)
    assert loop.run(3)[0] == 3
    assert loop.state == [4.0, np.inf]


def test_random_numbers_of_a_loop_are_those_of_the_stream() -> None:
    rng = np.random.default_rng(3)
    loop = Loop(lambda s, x, batch: (s + fresh(lambda: rng.normal(size=2)), []), np.zeros(2))
    loop.run(3)
    loop.run(2)
    np.testing.assert_allclose(loop.state, np.random.default_rng(3).normal(size=(5, 2)).sum(axis=0), rtol=1e-14)


def test_what_a_loop_computes_of_random_numbers_advances() -> None:
    rng = np.random.default_rng(3)
    loop = Loop(lambda s, x, batch: (s + 0.5 * fresh(rng.normal), []), 0.0)
    loop.run(5)
    assert loop.state == pytest.approx(0.5 * np.random.default_rng(3).normal(size=5).sum())


def test_noise_of_a_generator_that_a_module_holds_is_that_of_eager_training() -> None:
    class Noisy(nn.Module):
        def __init__(self) -> None:
            self.net, self.rng = nn.TensorMLP(2, [4, 1], "tanh", rng=1), np.random.default_rng(5)

        def forward(self, x: Any) -> Any:
            return self.net(x + 0.1 * fresh(lambda: self.rng.normal(size=x.shape)))

    inputs, y = nn.datasets.moons(60, rng=3)
    runs = [nn.fit(Noisy(), inputs, y, "bce_with_logits", epochs=6, rng=1, compiled=c) for c in (True, False)]
    np.testing.assert_allclose(*(run["loss"] for run in runs), rtol=1e-10)


def test_a_loss_that_reads_a_gradient_is_trained_eagerly() -> None:
    def run(compiled: bool | None) -> Any:
        model = net()

        def loss(outputs: Any, targets: Any) -> Any:
            grad = model[0].bias.grad
            return losses.mse(outputs, targets) * (1.0 if grad is None else 1.0 + float(np.sum(grad)))

        return nn.fit(model, X, REAL, loss, optimizer=nn.SGD(lr=0.1), epochs=9, batch_size=None, compiled=compiled)

    with pytest.warns(nn.EagerFallback, match="reads the gradient of a parameter"):
        history = run(None)
    assert history["loss"] == run(False)["loss"]
    with pytest.raises(ValueError, match="reads the gradient of a parameter"):
        run(True)


def test_a_loss_that_closes_over_its_net_of_values_is_traced_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model, traces = nn.MLP(2, [3, 1], "tanh", rng=1), []
    monkeypatch.setattr(Loop, "_make", lambda self, state, make=Loop._make: (traces.append(1), make(self, state)))
    monkeypatch.setattr(steps, "BREATH", 0.0)  # a call for each step

    def loss(scores: Any, labels: Any) -> Any:
        return losses.mse(scores, labels) + 1e-3 * sum((p * p for p in model.parameters()), start=Value(0.0))

    history = nn.fit(model, *nn.datasets.moons(20, rng=3), loss, optimizer=nn.SGD(lr=0.1), epochs=5, batch_size=None)
    assert history.compiled
    assert len(traces) == 1


def test_random_numbers_of_a_loop_are_drawn_in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "DRAWN_AT_ONCE", 2 * 8 * 2 + 8)  # for two steps
    rng = np.random.default_rng(3)
    loop = Loop(lambda s, x, batch: (s + fresh(lambda: rng.normal(size=2)), [s]), np.zeros(2))
    finished, (seen,) = loop.run(5)
    want = np.cumsum(np.random.default_rng(3).normal(size=(5, 2)), axis=0)
    assert finished == 5
    np.testing.assert_allclose(seen, [[0.0, 0.0], *want[:-1]], rtol=1e-14)
    np.testing.assert_allclose(loop.state, want[-1], rtol=1e-14)


def test_a_row_of_your_own_runs_in_a_loop() -> None:
    @ag.primitive(partials=[lambda out, x: 2.0 * x])
    def squared(x: Any) -> Any:
        return x * x

    loop = Loop(lambda s, x, batch: (squared(s) * x[0], [s]), 2.0, [1.0], finite=True)
    finished, (seen,) = loop.run(3, [np.array([1.0, 0.5, 1.0])])
    assert (finished, seen.tolist(), loop.state) == (3, [2.0, 4.0, 8.0], 64.0)
    assert loop.run(3, [np.array([1.0, np.inf, 1.0])])[0] == 1
    assert loop.state == 4096.0


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Loop(lambda s, x, b: (s if s > 0 else -s, []), 1.0), ValueError, "asks in Python"),
        (lambda: Loop(lambda s, x, b: (s, []), "a"), TypeError, "`state` holds str"),
        (lambda: Loop(lambda s, x, b: (s * np.ones(3), []), 1.0), ValueError, r"new state has shape \(3,\)"),
        (lambda: Loop(lambda s, x, b: (s, []), Value(1.0) * 2.0), TypeError, "`state` holds"),
        (lambda: Loop(lambda s, x, b: (s * RNG.normal(), []), 1.0), RuntimeError, "fresh"),
    ],
)
def test_what_a_loop_cannot_be_made_of(make: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        make()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([np.ones(3)], np.zeros((2, 2), int)), r"shape \(3,\) where \(2,\)"),
        (([np.ones(2)], np.zeros((2, 3), int)), r"`rows` has shape \(2, 3\)"),
        (([np.ones(2)], np.full((2, 2), 9)), "numbers from 0 to 3; found 9"),
        (([np.ones(2)], np.full((2, 2), -1)), "found -1"),
    ],
)
def test_a_loop_checks_what_it_is_fed(arguments: Any, words: str) -> None:
    loop = Loop(lambda s, x, b: (s + x[0] * b[0].sum(), []), 0.0, [1.0], [np.ones((4, 1))], 2)
    with pytest.raises(ValueError, match=words):
        loop.run(2, *arguments)
    assert loop.state == 0.0


def test_gradients_of_nodes() -> None:
    x, t = Value(3.0), Tensor([1.0, 2.0])
    found = ag.gradients((t * x).sum(), [x, t, Value(1.0)])
    assert found[0].data == 3.0 and found[1].data.tolist() == [3.0, 3.0] and found[2].data == 0.0
    assert x.grad is None
    with pytest.raises(ValueError, match="single number"):
        ag.gradients(t * x, [x])
    with pytest.raises(TypeError, match="made of Values and Tensors"):
        ag.gradients(x * x, [3.0])


class Counting(nn.SGD):
    """Counts its updates in an attribute that is not there before the first."""

    count = 0

    def update(self, parameter: Any, grad: Any, state: Any, lr: Any, t: Any) -> Any:
        self.count += 1
        return parameter - lr * grad / self.count, state


def test_an_optimiser_that_counts_trains_eagerly() -> None:
    eager, other = Counting(lr=0.05), Counting(lr=0.05)
    losses = nn.fit(nn.Linear(3, 1, rng=0), X, REAL, optimizer=eager, epochs=3, compiled=False)["loss"]
    with pytest.warns(nn.EagerFallback, match="optimizer.count"):
        assert nn.fit(nn.Linear(3, 1, rng=0), X, REAL, optimizer=other, epochs=3)["loss"] == losses
    assert eager.count == other.count == 6


class FreezingBeforeTheLastBatch(nn.Callback):
    """Freezes a layer between two batches of different size."""

    def on_batch_begin(self, batch: int, logs: dict[str, float]) -> None:
        if batch == 1:
            self.model.freeze("0.*")
        elif self.training.epoch == 2:
            self.model.unfreeze()


def test_the_first_batch_of_another_size_sees_what_has_changed() -> None:
    def train(compiled: bool) -> list[Any]:
        model = nn.TensorMLP(3, [4, 1], "tanh", rng=1)
        history = nn.fit(model, X, REAL, optimizer=nn.Adam(lr=0.05), epochs=4, batch_size=len(X) - 3, rng=0,
                         compiled=compiled, callbacks=FreezingBeforeTheLastBatch())  # fmt: skip
        return history["loss"] + model.parameters()[0].data.ravel().tolist()

    assert train(True) == pytest.approx(train(False), rel=1e-12)


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("of_values", [False, True])
def test_what_a_callback_changes_the_next_step_uses(grouped: bool, of_values: bool) -> None:
    if grouped and of_values:
        pytest.skip("groups of Values train eagerly")

    def train(compiled: bool) -> list[float]:
        tensors = nn.TensorMLP(3, [4, 1], "tanh", rng=1, dropout=0.3)
        model = nn.MLP(3, [4, 1], "tanh", rng=1, dropout=0.3) if of_values else tensors
        optimizer: Any = nn.SGD(lr=0.05, momentum=0.5)
        if grouped:
            p = model.parameters()
            optimizer = nn.Groups(nn.SGD(p[:2], lr=0.05, momentum=0.5), nn.Adam(p[2:], lr=0.01))
        first: Any = optimizer.groups[0]
        changes = {
            1: model.eval, 2: model.train, 3: lambda: setattr(first, "momentum", 0.8),
            4: lambda: setattr(first, "clip", nn.ClipNorm(0.01)), 5: lambda: setattr(first, "weight_decay", 0.1),
            6: lambda: model.freeze("layers.0.*" if of_values else "0.*"), 7: model.unfreeze,
        }  # fmt: skip
        history = nn.fit(model, X, REAL, optimizer=optimizer, epochs=10, batch_size=8, rng=0, compiled=compiled,
                         callbacks=lambda epoch, logs: changes.get(epoch, list)())  # fmt: skip
        return history["loss"]

    assert train(True) == pytest.approx(train(False), rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_parameter_without_axes_stays_an_array(dtype: Any) -> None:
    X = np.ones((4, 2), dtype)
    found = []
    for compiled in (False, True):
        model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.PReLU(), nn.Linear(3, 1, rng=1))
        for parameter in model.parameters():
            parameter.data = parameter.data.astype(dtype)
        optimizer = optim.SGD(lr=0.1, momentum=0.5)
        nn.fit(model, X, X[:, :1], optimizer=optimizer, epochs=3, rng=0, compiled=compiled)
        slope = model.parameters()[2]
        found.append([slope.data, slope.grad, *optimizer.states[2].values()])
        assert model.outputs(X).shape == (4, 1)
    kinds = [[(type(x), np.shape(x), np.result_type(x)) for x in row] for row in found]
    assert kinds[0] == kinds[1]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5)


class Fading(nn.Callback):
    """A penalty that is a method of a callback."""

    alpha = 0.1

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        self.alpha *= 0.5

    def penalty(self, model: Any) -> Any:
        return self.alpha * (self.training.epoch + 1) * (model.weight**2).sum()


def test_a_penalty_of_a_callback_is_followed() -> None:
    found = []
    for compiled in (False, True):
        callback = Fading()
        history = nn.fit(
            nn.Linear(2, 1, rng=0), np.ones((6, 2)), np.ones(6), penalty=callback.penalty, callbacks=[callback],
            batch_size=4, epochs=4, rng=0, compiled=compiled,
        )  # fmt: skip
        found.append(history["loss"])
    assert found[0] == pytest.approx(found[1])
