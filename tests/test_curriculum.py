"""Numbers that courses put on the board."""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

import autograd as ag
import nn
from autograd import TABLE, Value, grad, jvp, topological, trace_table
from autograd.pitfalls import naive_backward
from nn import losses
from nn.inspect import compose, joints, regions, through, zaslavsky

X = sympy.Symbol("x", positive=True)
TEXTBOOK = {
    "constant": (lambda x: 7.0 + 0 * x, sympy.Integer(7)),
    "power": (lambda x: x**5, X**5),
    "negative power": (lambda x: x**-2, X**-2),
    "fractional power": (lambda x: x**1.5, X ** sympy.Rational(3, 2)),
    "square root": (ag.sqrt, sympy.sqrt(X)),
    "exponential": (ag.exp, sympy.exp(X)),
    "exponential of another base": (lambda x: 3.0**x, sympy.Integer(3) ** X),
    "logarithm": (ag.log, sympy.log(X)),
    "logarithm of another base": (lambda x: ag.log(x) / math.log(3), sympy.log(X, 3)),
    "sine": (ag.sin, sympy.sin(X)),
    "cosine": (ag.cos, sympy.cos(X)),
    "tangent": (ag.tan, sympy.tan(X)),
    "inverse sine": (ag.asin, sympy.asin(X)),
    "inverse cosine": (ag.acos, sympy.acos(X)),
    "inverse tangent": (ag.atan, sympy.atan(X)),
    "sum": (lambda x: ag.sin(x) + x**2, sympy.sin(X) + X**2),
    "difference": (lambda x: ag.sin(x) - x**2, sympy.sin(X) - X**2),
    "product": (lambda x: ag.sin(x) * x**2, sympy.sin(X) * X**2),
    "quotient": (lambda x: ag.sin(x) / x**2, sympy.sin(X) / X**2),
    "reciprocal": (lambda x: 1 / ag.sin(x), 1 / sympy.sin(X)),
    "chain": (lambda x: ag.exp(ag.sin(x**2)), sympy.exp(sympy.sin(X**2))),
}


@pytest.mark.parametrize("name", TEXTBOOK)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_table_of_derivatives(name: str, order: int) -> None:
    f, expression = TEXTBOOK[name]
    for _ in range(order):
        f = grad(f)
    for x in (0.25, 0.7):
        want = float(sympy.diff(expression, X, order).subs(X, sympy.Float(x, 40)).evalf(30))
        assert f(x) == pytest.approx(want, rel=1e-12, abs=1e-12)


def test_computational_graph() -> None:
    a, b = Value(2.0, label="a"), Value(1.0, label="b")
    c, d = a + b, b + 1
    e = c * d
    e.backward()
    assert (e.data, a.grad, b.grad, c.grad, d.grad) == (6.0, 2.0, 5.0, 2.0, 3.0)
    assert jvp(lambda a, b: (a + b, b + 1, (a + b) * (b + 1)), (2.0, 1.0), (0.0, 1.0))[1] == (1.0, 1.0, 5.0)


def test_factoring_paths() -> None:
    edges = [Value(w) for w in (2.0, 3.0, 5.0, 7.0, 11.0, 13.0)]
    x = Value(1.0)
    y = edges[0] * x + edges[1] * x + edges[2] * x
    z = edges[3] * y + edges[4] * y + edges[5] * y
    z.backward()
    paths = [p.data * q.data for p in edges[:3] for q in edges[3:]]
    assert len(paths) == 9 and x.grad == sum(paths) == (2 + 3 + 5) * (7 + 11 + 13)
    found = ag.paths(z, x)
    assert sorted(path.product for path in found) == sorted(paths)
    assert (found.count, found.total, found.multiplications, found.factored) == (9, 310.0, 9, 3)


def test_why_a_topological_order() -> None:
    a = Value(1.0)
    b = a + a
    c = b + b
    assert naive_backward(c) == 7 and a.grad == 6.0  # what comes of handing on sums that still grow
    a.zero_grad()
    c.backward()
    assert a.grad == 4.0


def test_a_trace_table() -> None:
    a, b = Value(2.0, label="a"), Value(1.0, label="b")
    found = trace_table((a + b) * (b + 1))
    assert [(row.name, row.formula, row.value, row.derivative) for row in found] == [
        ("a", "", 2, 2), ("b", "", 1, 5), ("v1", "a + b", 3, 2), ("v2", "b + 1", 2, 3), ("v3", "v1*v2", 6, 1),
    ]  # fmt: skip
    assert all(row.numeric == pytest.approx(row.derivative) for row in found)


def test_backpropagation_is_local() -> None:
    a, b = Value(2.0), Value(1.0)
    e = (a + b) * (b + 1)
    e.backward()
    want = a.grad, b.grad
    order, leaves = topological(e)
    for node in order + leaves:
        node.grad = None
    e.grad = 1.0
    for node in order:
        node._backward()
    assert (a.grad, b.grad) == want


def test_the_backward_pass_is_a_graph_too() -> None:
    x = Value(3.0)
    (x**3 + x).backward(create_graph=True)
    slope = x.grad
    assert slope.data == 28.0 and any(node.op is TABLE["mul"] for node in topological(slope)[0])
    x.grad = None
    slope.backward()
    assert x.grad == 18.0


def test_micrograd_s_readme() -> None:
    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    assert f"{g.data:.4f}" == "24.7041"
    g.backward()
    assert f"{a.grad:.4f}" == "138.8338" and f"{b.grad:.4f}" == "645.5773"


def test_understanding_deep_learning_notebook_7_1() -> None:
    b = [Value(x, label=f"β{i}") for i, x in enumerate((1.0, 2.0, -3.0, 0.4))]
    w = [Value(x, label=f"ω{i}") for i, x in enumerate((0.1, -0.4, 2.0, 3.0))]
    x, y = 2.3, 2.0
    f0 = b[0] + w[0] * x
    h1 = ag.sin(f0)
    f1 = b[1] + w[1] * h1
    h2 = ag.exp(f1)
    f2 = b[2] + w[2] * h2
    h3 = ag.cos(f2)
    f3 = b[3] + w[3] * h3
    loss = (f3 - y) ** 2
    forward = [f0, h1, f1, h2, f2, h3, f3]
    assert np.allclose([n.data for n in forward], [1.230, 0.942, 1.623, 5.068, 7.137, 0.657, 2.372], atol=6e-4)
    loss.backward()
    between = [n.grad for n in (f3, h3, f2, h2, f1, h1)]
    assert np.allclose(between, [0.745, 2.234, -1.683, -3.366, -17.060, 6.824], atol=6e-4)
    assert np.allclose([n.grad for n in (b[3], w[3], w[2], w[1])], [0.745, 0.489, -8.530, -16.079], atol=6e-4)


def test_conventions_to_say_loudly() -> None:
    assert grad(ag.relu)(0.0) == 0.0 and grad(ag.abs)(0.0) == 0.0
    assert grad(ag.maximum, (0, 1))(1.0, 1.0) == (0.5, 0.5)


def test_identities() -> None:
    for z in np.linspace(-4, 4, 9).tolist():
        assert ag.tanh(z) == pytest.approx(2 * ag.sigmoid(2 * z) - 1, abs=1e-15)
        assert ag.sigmoid(z) == pytest.approx(1 - ag.sigmoid(-z), abs=1e-15)
    assert abs(ag.tanh(1.0) - (2 * ag.sigmoid(1.0) - 1)) > 0.2  # a misprint that goes round


def test_forward_and_reverse_mode_on_the_same_graph() -> None:
    a, b = Value(2.0, label="a"), Value(1.0, label="b")
    e = (a + b) * (b + 1)
    for leaf, wanted in ((a, "2"), (b, "5")):
        assert re.search(rf"∂/∂{leaf.label} {wanted}", ag.draw(e, mode="forward", wrt=leaf).text())
    assert {"grad 2", "grad 5"} <= set(re.findall(r"grad \d", ag.draw(e, "backward").text()))


def test_a_perceptron_decides_where_logistic_regression_is_at_one_half() -> None:
    X, y = nn.datasets.blobs(60, centers=[[-1.0, 0.0], [1.0, 1.0]], std=0.8, rng=0)
    model = nn.Linear(2, 1, rng=0)
    nn.fit(model, X, y, "bce_with_logits", optimizer=nn.SGD(lr=0.5), epochs=300, batch_size=None)
    perceptron = nn.Neuron(2, "sign")
    for parameter, number in zip(perceptron.parameters(), [*model.weight.data[:, 0], *model.bias.data], strict=True):
        parameter.data = float(number)
    assert np.array_equal(perceptron.outputs(X) > 0, ag.sigmoid(model.outputs(X)[:, 0]) > 0.5)
    assert set(perceptron.outputs(X)) == {-1.0, 1.0}


def test_xor_by_threshold_units_set_by_hand() -> None:
    net = nn.MLP.from_config({"layers": [nn.Layer(2, 2, "step"), nn.Layer(2, 1, "step")]})
    for parameter, weight in zip(net.parameters(), (1, 1, -0.5, 1, 1, -1.5, 1, -1, -0.5), strict=True):
        parameter.data = float(weight)
    assert net.outputs(nn.datasets.xor()[0]).ravel().tolist() == [0, 1, 1, 0]


def test_xor_three_ways_gives_the_same_weights() -> None:
    X, y = nn.datasets.xor()
    steps, rate = 50, 0.1
    one, three = (nn.MLP(2, [3, 1], "tanh", rng=3) for _ in range(2))
    W, b, V, c = (parameter.data.copy() for parameter in one.to_tensors().parameters())
    nn.fit(one, X, y, "mse", optimizer=nn.SGD(lr=rate), epochs=steps, batch_size=None)
    for _ in range(steps):
        H = np.tanh(X @ W + b)
        dO = 2 * (H @ V + c - y[:, None]) / 4
        dZ = dO @ V.T * (1 - H**2)
        W, b, V, c = W - rate * X.T @ dZ, b - rate * dZ.sum(0), V - rate * H.T @ dO, c - rate * dO.sum(0)
        loss = sum((three(point)[0] - wanted) ** 2 for point, wanted in zip(X, y.tolist(), strict=True)) / 4
        three.zero_grad()
        loss.backward()
        for parameter in three.parameters():
            parameter.data -= rate * parameter.grad
    for model in (one, three):
        for got, want in zip(model.to_tensors().parameters(), (W, b, V, c), strict=True):
            assert np.allclose(got.data, want, rtol=0, atol=1e-12)


def test_a_deep_linear_net_is_one_matrix() -> None:
    deep = nn.TensorMLP(4, [50, 50, 2], "linear", rng=0)
    one = nn.inspect.merged(deep)
    X = np.random.default_rng(0).normal(size=(5, 4))
    assert one.num_parameters() == 10 and np.allclose(deep.outputs(X), one.outputs(X))


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "softplus", "step", "sign", "leaky_relu", "linear"])
def test_without_a_hidden_layer_a_rising_activation_never_turns_round(name: str) -> None:
    t = np.linspace(-3, 3, 200)[:, None]
    for seed in range(5):
        rises = np.diff(nn.Neuron(1, name, rng=seed).outputs(t))
        assert np.all(rises >= 0) or np.all(rises <= 0)


def test_a_6_4_3_1_network_has_47_parameters() -> None:
    assert nn.MLP(6, [4, 3, 1]).num_parameters() == nn.TensorMLP(6, [4, 3, 1]).num_parameters() == 47


# -- losses and output units --


def test_softmax_of_three_scores() -> None:
    assert np.allclose(ag.softmax([1.2, 5.1, 2.7]), [0.018, 0.90, 0.08], atol=3e-3)


def test_losses_of_a_small_example_by_hand() -> None:
    numbers, truth = [1.0, 3.0, 2.0], [1.0, 1.0, 3.0]
    logits, yes = np.array([0.3, -1.2]), np.array([1.0, 0.0])
    p = 1 / (1 + np.exp(-logits))
    rows, classes = np.array([[3.2, 5.1, -1.7], [0.0, 1.0, 0.5]]), [0, 2]
    q = np.exp(rows) / np.exp(rows).sum(axis=1, keepdims=True)
    right = float(-np.log([q[0, 0], q[1, 2]]).mean())
    for value, want in [
        (losses.rss(numbers, truth), 5.0),
        (losses.mse(numbers, truth), 5.0 / 3.0),
        (losses.mae(numbers, truth), 1.0),
        (losses.bce(p, yes), float(-np.log([p[0], 1 - p[1]]).mean())),
        (losses.bce_with_logits(logits, yes), float(-np.log([p[0], 1 - p[1]]).mean())),
        (losses.cross_entropy(rows, classes), right),
        (losses.nll(np.log(q), classes), right),
        (losses.kl_divergence(np.log(q), np.eye(3)[classes]), right),
        (losses.kl_divergence(np.log(q), q), 0.0),
        (losses.multiclass_hinge(rows[:1], [0]), 2.9),
    ]:
        assert float(getattr(value, "data", value)) == pytest.approx(want, rel=1e-12, abs=1e-12)


def test_the_gradient_at_the_logits_is_the_unit_minus_the_truth() -> None:
    z = np.array([[1.2, 5.1, 2.7]])
    for name, truth in (("gaussian", [[1.0, 0.0, 2.0]]), ("bernoulli", [[1.0, 0.0, 1.0]]), ("multinoulli", [2])):
        loss = losses.LIKELIHOODS[name]
        target = np.eye(3)[truth] if name == "multinoulli" else np.array(truth)
        slope = grad(lambda z, loss=loss, truth=truth: loss(z, truth, reduction="sum"))(z)
        assert np.allclose(slope, loss.output_activation(z) - target, rtol=1e-12)


def test_what_saturates_and_what_does_not() -> None:
    wrong = -6.0  # the truth is 1
    assert grad(lambda z: (ag.clip(z, 0, 1) - 1) ** 2)(wrong) == 0.0
    assert 0.0 < -grad(lambda z: (ag.sigmoid(z) - 1) ** 2)(wrong) < 0.01
    assert -grad(lambda z: ag.softplus(-z))(wrong) > 0.99


@pytest.mark.parametrize("size", [1000.0, -1000.0])
def test_logits_of_a_thousand(size: float) -> None:
    assert ag.log_softmax(np.array([size, 0.0])).tolist() == [min(size, 0.0), min(-size, 0.0)]
    assert losses.bce_with_logits([size, size], [1, 0], reduction="none").data.tolist() == [max(-size, 0), max(size, 0)]


# -- training --


def test_micrograd_s_demo() -> None:
    X, y = nn.datasets.moons(100, noise=0.1, rng=1337)
    model = nn.MLP(2, [16, 16, 1], "relu", rng=1337)
    falling = nn.SGD(lr=lambda k: 1.0 - 0.9 * k / 100)
    history = nn.fit(model, X, 2 * y - 1, "hinge", optimizer=falling, penalty=nn.L2(2e-4, biases=True), epochs=100,
                     batch_size=None, metrics=["accuracy"])  # fmt: skip
    assert model.num_parameters() == 337 and history["accuracy"][-1] == 1.0


def valley(p: Any) -> Any:
    return 0.5 * (p[0] ** 2 + 20.0 * p[1] ** 2)


@pytest.mark.parametrize("optimizer", [
    nn.SGD(lr=0.09), nn.SGD(lr=0.03, momentum=0.9), nn.SGD(lr=0.03, momentum=0.9, nesterov=True), nn.Adagrad(lr=0.5),
    nn.RMSprop(lr=0.1), nn.Adam(lr=0.2), nn.AdamW(lr=0.2, weight_decay=0.2), nn.SGD(lr=nn.schedules.Cosine(0.09, 100)),
], ids=repr)  # fmt: skip
def test_ways_down_a_valley(optimizer: nn.Optimizer) -> None:
    path = nn.descend(valley, [-4.0, 1.0], optimizer, 100)
    assert path.shape == (101, 2) and np.linalg.norm(path[-1]) < 0.25


def test_the_largest_stable_rate_is_two_over_the_largest_eigenvalue() -> None:
    limit = 2 / np.linalg.eigvalsh(ag.hessian(valley)(np.zeros(2)))[-1]
    ends = [nn.descend(valley, [0.0, 1.0], nn.SGD(lr=share * limit), 50)[-1, 1] for share in (0.99, 1.01)]
    assert limit == 0.1 and abs(ends[0]) < 1.0 < abs(ends[1])


def test_l1_takes_away_the_inputs_that_mean_little_and_l2_does_not() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 6))
    y = X @ [1.0, -2.0, 0.03, 0.03, -0.03, -0.03]
    weights = {}
    for penalty in (nn.L1(0.1), nn.L2(0.1)):
        model = nn.Linear(6, 1, rng=0)
        nn.fit(model, X, y, optimizer=nn.SGD(lr=0.05), penalty=penalty, epochs=500, batch_size=None)
        weights[type(penalty)] = np.abs(model.weight.data.ravel())
    assert weights[nn.L1][2:].max() < 0.01 < weights[nn.L2][2:].min()
    assert min(w[:2].min() for w in weights.values()) > 0.7


def test_an_overfit_net_and_the_same_net_regularised() -> None:
    data, test = (nn.datasets.curve("sin", n, noise=0.3, rng=rng) for n, rng in ((15, 3), (100, 4)))
    errors = []
    for penalty in (None, nn.L2(0.01)):
        model = nn.TensorMLP(1, [30, 30, 1], "tanh", initializer="he_normal", rng=0)
        nn.fit(model, *data, optimizer=nn.Adam(lr=0.01), epochs=1000, batch_size=None, penalty=penalty)
        errors.append([nn.evaluate(model, *rows, metrics=["mse"])["mse"] for rows in (data, test)])
    (free_train, free_test), (calm_train, calm_test) = errors
    assert free_train < 0.01 < calm_train and free_test > 1.4 * calm_test


@pytest.mark.parametrize(("law", "units"), [("zeros", 0), (nn.init.constant(0.5), 1), ("glorot_uniform", 8)])
def test_what_starts_equal_stays_equal(law: Any, units: int) -> None:
    X, y = nn.datasets.moons(100, noise=0.1, rng=1)
    model = nn.TensorMLP(2, [8, 1], "tanh", initializer=law, rng=0)
    nn.fit(model, X, y, "bce_with_logits", optimizer=nn.Adam(lr=0.05), epochs=50, batch_size=None)
    columns = model[0].weight.data.T.round(12) + 0.0
    assert len(np.unique(columns[columns.any(axis=1)], axis=0)) == units


@pytest.mark.parametrize(("law", "activation", "factor"), [
    ("small_normal", "tanh", 0.1), ("glorot_normal", "relu", 0.5**0.5), ("he_normal", "relu", 1.0),
    ("small_normal", "relu", 0.01 * 50**0.5), ("lecun_normal", "linear", 1.0),
])  # fmt: skip
def test_the_factor_of_a_layer(law: str, activation: str, factor: float) -> None:
    X = np.random.default_rng(0).normal(size=(300, 100))
    model = nn.Sequential(*(part for k in range(10) for part in (nn.Linear(100, 100, initializer=law, rng=k),
                                                                   nn.Activation(activation))))  # fmt: skip
    behind = nn.inspect.signals(model, X)[1::2]
    assert (behind[-1].std / behind[0].std) ** (1 / 9) == pytest.approx(factor, rel=0.1)
    assert (behind[0].grad_std / behind[-2].grad_std) ** (1 / 8) == pytest.approx(factor, rel=0.15)


def test_searches_by_grid_and_by_chance() -> None:
    model_selection = pytest.importorskip("sklearn.model_selection")
    X, y = nn.datasets.moons(100, noise=0.2, rng=0)
    net = nn.estimators.MLPClassifier((8,), "tanh", learning_rate_init=0.05, max_iter=20, random_state=0)
    grid = model_selection.GridSearchCV(net, {"learning_rate_init": [1e-5, 0.05]}, cv=2).fit(X, y)
    chance = model_selection.RandomizedSearchCV(net, {"alpha": [0.0, 0.1, 1.0]}, n_iter=2, cv=2, random_state=0)
    assert grid.best_params_ == {"learning_rate_init": 0.05} and chance.fit(X, y).best_score_ > 0.7


# -- second derivatives --


def test_the_hessian_of_a_small_function_and_newton_s_step() -> None:
    assert ag.hessian(lambda p: p[0] ** 2 * p[1])(np.array([1.0, 3.0])).tolist() == [[6.0, 2.0], [2.0, 0.0]]
    assert grad(grad(lambda x: x**3))(2.0) == 12.0
    assert np.allclose(nn.newton(valley, [-4.0, 1.0], 1)[-1], 0.0, atol=1e-15)


# -- depth --


def zigzag() -> nn.Sequential:
    return through([-1, -1 / 3, 1 / 3, 1], [-1, 1, -1, 1])


def test_composing_two_networks() -> None:
    net = zigzag()
    slopes = [float(region.slope[0, 0]) for region in regions(net, -1.0, 1.0)]
    assert np.allclose(slopes, [3, -3, 3]) and len(regions(compose(net, net), -1.0, 1.0)) == 9


def test_shallow_against_deep() -> None:
    shallow = nn.TensorMLP(1, [6, 1], rng=0)
    assert (2 * zigzag().num_parameters(), shallow.num_parameters(), zaslavsky(1, 6)) == (20, 19, 7)
    assert len(regions(compose(zigzag(), zigzag()))) >= 9
    assert (zaslavsky(2, 3), zaslavsky(10, 50)) == (7, 13432735556)


def test_combining_two_networks_into_one() -> None:
    one, two = nn.TensorMLP(1, [3, 1], rng=1), nn.TensorMLP(1, [3, 1], rng=2)
    together = compose(two, one)
    phi, theta = one[2].weight.data[:, 0], two[0].weight.data[0]
    assert np.allclose(together[2].weight.data, np.outer(phi, theta), atol=1e-15)
    x = np.linspace(-1, 1, 50)[:, None]
    assert np.allclose(together.outputs(x), two.outputs(one.outputs(x)), atol=1e-13)


def test_matrix_form() -> None:
    net = nn.TensorMLP(3, [4, 2, 2], rng=1)
    X = np.random.default_rng(0).normal(size=(5, 3))
    values = net.to_values()
    scalars = np.array([[out.data for out in values(row)] for row in X])
    h = X
    for layer in (net[0], net[2]):
        h = np.maximum(h @ layer.weight.data + layer.bias.data, 0)
    matrices = h @ net[4].weight.data + net[4].bias.data
    assert np.allclose(scalars, matrices, atol=1e-13) and np.allclose(net.outputs(X), matrices, atol=1e-13)


def test_both_outputs_have_their_joints_in_the_same_places() -> None:
    two = nn.TensorMLP(1, [4, 2], rng=1)
    two[0].bias.data = np.array([0.1, -0.4, 0.3, 0.2])
    for k in (0, 1):
        single = nn.Sequential(two[0], nn.ReLU(), nn.Linear(4, 1, rng=0))
        single[2].load_state_dict({"weight": two[2].weight.data[:, k : k + 1], "bias": two[2].bias.data[k : k + 1]})
        assert np.allclose(joints(single), joints(two))


def test_universal_approximation() -> None:
    x = np.linspace(-0.999, 0.999, 1999)  # at -1 itself stands a joint
    y, slope = np.sin(np.pi * x), np.pi * np.cos(np.pi * x)
    errors = []
    for units in (8, 16, 32, 64):
        points = np.linspace(-1, 1, units + 1)
        net = through(points, np.sin(np.pi * points))
        inputs = ag.Tensor(x[:, None])
        out = net(inputs)
        out.sum().backward()
        errors.append([np.abs(out.data[:, 0] - y).max(), np.abs(inputs.grad[:, 0] - slope).max()])
    ratios = np.array(errors[:-1]) / np.array(errors[1:])
    assert np.all(ratios[:, 0] > 3.5) and np.all(ratios[:, 1] > 1.8)  # with twice the units: a quarter, and a half


def test_parameters_of_the_nets_for_random_labels() -> None:
    sizes = [[298], [100] * 2, [75] * 3, [63] * 4]
    counts = [nn.TensorMLP(40, [*hidden, 10], rng=0).num_parameters() for hidden in sizes]
    assert counts == [15208, 15210, 15235, 15319]  # of the last, books print 15139
    assert 40 * 63 + 63 + 3 * (63 * 63 + 63) + 63 * 10 + 10 == 15319


def test_random_restarts_end_in_local_minima() -> None:
    X, y = nn.datasets.xor()
    ends = []
    for seed in range(12):
        net = nn.TensorMLP(2, [2, 1], "tanh", rng=seed)
        adam = nn.Adam(lr=0.05)
        ends.append(nn.fit(net, X, y, "bce_with_logits", optimizer=adam, epochs=1000, batch_size=None)["loss"][-1])
    known = np.array([0.0, math.log(2) / 2, -(2 * math.log(2 / 3) + math.log(1 / 3)) / 4])
    where = np.abs(np.array(ends)[:, None] - known)
    assert np.all(where.min(axis=1) < 5e-3) and len(set(where.argmin(axis=1))) > 1


@pytest.mark.parametrize("depth", [10, 30])
def test_a_skip_connection_keeps_the_gradient(depth: int) -> None:
    def tower(skip: bool) -> nn.Sequential:
        rng = np.random.default_rng(0)
        blocks = [nn.Sequential(nn.Linear(16, 16, rng=rng), nn.Sigmoid()) for _ in range(depth)]
        return nn.Sequential(*(nn.Residual(block) if skip else block for block in blocks), nn.Linear(16, 1, rng=rng))

    X = np.random.default_rng(1).normal(size=(50, 16))
    plain, residual = (nn.inspect.signals(tower(skip), X)[0].grad_std for skip in (False, True))
    assert plain < 10 ** (-0.55 * depth) and 0.1 < residual < 10


def test_a_residual_net_is_a_sum_over_paths() -> None:
    x = Value(0.8)
    h, plain = x, x
    for weight in (0.5, -1.0, 2.0):
        h, plain = h + (weight * h).tanh(), (weight * plain).tanh()
    found = ag.paths(h, x)
    h.backward()
    assert (found.count, ag.paths(plain, x).count) == (8, 1) and found.total == pytest.approx(x.grad)


# -- linear classifiers --


def test_linear_classifier_of_digits_and_of_colour_pictures(tmp_path: Path) -> None:
    X, y = nn.datasets.digits()
    X, X_test, y, y_test = nn.split(X, y, 0.25, rng=0)
    for loss in ("cross_entropy", "multiclass_hinge"):
        model = nn.Linear(64, 10, initializer="zeros")
        nn.fit(model, X, y, loss, optimizer=nn.Adam(lr=0.01), epochs=30, rng=0)
        assert np.mean(model.predict(X_test) == y_test) > 0.93
    pixels = np.random.default_rng(0).integers(0, 256, (20, 3072), dtype=np.uint8)
    classes = np.arange(20, dtype=np.uint8) % 10
    for name in ("data_batch_1.bin", "test_batch.bin"):
        (tmp_path / name).write_bytes(np.column_stack([classes, pixels]).tobytes())
    pictures, _, labels, _ = nn.datasets.cifar10(tmp_path, batches=[1])
    model = nn.Linear(3072, 10, initializer="zeros")
    nn.fit(model, pictures, labels, "cross_entropy", optimizer=nn.SGD(lr=0.01), epochs=20, batch_size=None)
    assert model.weight.data.T.shape == (10, 3072) and np.array_equal(model.predict(pictures), classes)


def test_what_no_line_can_tell_apart() -> None:
    X, y = nn.datasets.xor()
    line = nn.Linear(2, 1, initializer="zeros")
    nn.fit(line, X, y, "bce_with_logits", optimizer=nn.Adam(lr=0.1), epochs=300, batch_size=None)
    assert np.mean(line.predict(X) == y) < 1.0
    features = nn.Sequential(nn.Features("x0", "x1", "x0*x1"), nn.Linear(3, 1, initializer="zeros"))
    nn.fit(features, X, y, "bce_with_logits", optimizer=nn.Adam(lr=0.1), epochs=300, batch_size=None)
    assert np.array_equal(features.predict(X), y)


def test_the_scores_of_a_cat() -> None:
    scores = [[3.2, 5.1, -1.7]]
    assert nn.losses.multiclass_hinge(scores, [0]).item() == pytest.approx(2.9)
    assert nn.losses.cross_entropy(scores, [0]).item() == pytest.approx(2.04, abs=5e-3)
