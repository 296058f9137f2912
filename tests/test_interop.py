"""Functions of PyTorch and JAX as functions of ours: their numbers, gradients, pictures and refusals."""

import os

import numpy as np
import pytest

import autograd as ag
from autograd import Tensor, Value
from autograd.interop import from_jax, from_torch

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of the other libraries, about themselves


def _data(x):
    return np.asarray(x.data if isinstance(x, (Tensor, Value)) else x)


def _flat(tree):
    return [x for part in tree for x in _flat(part)] if isinstance(tree, (list, tuple)) else [tree]


def _grads(leaf):
    """Return the gradient of a Tensor, or of nested lists of Values."""
    found = [np.zeros_like(_data(x)) if x.grad is None else x.grad for x in _flat(leaf)]
    return np.ravel(found)


def _weighted(outs):
    """Return the sum of all outputs, each with a weight of its own, as a node."""
    total = 0.0
    for out in outs:
        for i, x in enumerate(_flat(out)):
            weights = np.cos(np.arange(i + 1.0, i + np.size(x.data) + 1)).reshape(np.shape(x.data))
            total = total + (ag.sum(x * weights) if isinstance(x, Tensor) else x * float(weights))
    return total


def _close(ours, theirs, what):
    theirs = np.zeros(()) if theirs is None else np.asarray(theirs)
    theirs = np.ravel(np.broadcast_to(theirs, np.shape(ours)) if not theirs.ndim else theirs)
    scale = max(1.0, np.abs(theirs).max(initial=0.0))
    np.testing.assert_allclose(np.ravel(ours), theirs, rtol=1e-12, atol=1e-12 * scale, err_msg=what)


# PyTorch -------------------------------------------------------------------------------------------------------

TORCH = '''
lambda x: torch.tanh(x @ x.T)
lambda x: torch.softmax(x, -1)
lambda x: torch.logsumexp(x, 1)
lambda x: torch.cumsum(x, 0) * torch.cumprod(x, 1)
lambda x: x[torch.tensor([0, 2, 2])] + x[:, 1].sum() + x[..., ::2].mean()
lambda x: x[x > 0]
lambda x: torch.where(x > 0, x.exp(), x * 2)
lambda x: x.masked_fill(x > 1, -9.0)
lambda x: x.gather(1, torch.tensor([[0, 1], [1, 1], [2, 0]]))
lambda x: torch.cat([x, x * 2], 1).chunk(2, 0)[0]
lambda x: torch.stack([x, x + 1]).permute(2, 0, 1).reshape(4, -1)
lambda x: torch.einsum("bi,ci->bc", x, x) + torch.outer(x[:, 0], x[:, 1])
lambda x: F.gelu(x) + F.gelu(x, approximate="tanh") + F.silu(x) + F.mish(x)
lambda x: F.elu(x) + F.selu(x) + F.leaky_relu(x, 0.2) + F.softplus(x) + F.hardswish(x) + F.softsign(x)
lambda x: F.layer_norm(x, (4,)) + F.rms_norm(x, (4,)) + F.normalize(x, dim=1)
lambda x: x.std(0) + x.var(1, unbiased=False, keepdim=True) + x.norm() + x.norm(dim=1, p=1).sum()
lambda x: x.max(1).values + x.amin(1) + x.prod(1) + x.sort(1).values[:, 0] + x.topk(2, 1).values[:, 1]
lambda x: F.mse_loss(x, x * x) + F.l1_loss(x, 2 * x) + F.smooth_l1_loss(x, 3 * x) + F.huber_loss(x, 4 * x)
lambda x: F.cross_entropy(x, torch.tensor([0, 3, 1]), label_smoothing=0.1)
lambda x: F.nll_loss(F.log_softmax(x, 1), torch.tensor([0, -100, 1]), ignore_index=-100)
lambda x: F.cross_entropy(x, torch.tensor([0, 3, 1]), weight=torch.tensor([1.0, 2.0, 3.0, 4.0]))
lambda x: F.binary_cross_entropy_with_logits(x, (x > 0).double(), pos_weight=torch.tensor(2.0))
lambda x: F.kl_div(F.log_softmax(x, 1), F.softmax(2 * x, 1), reduction="batchmean")
lambda x: F.scaled_dot_product_attention(x[None], x[None], x[None], is_causal=True)
lambda x: F.scaled_dot_product_attention(x, x, x, attn_mask=torch.ones(3, 3).tril().bool())
lambda x: F.conv1d(x[None], torch.ones(2, 3, 2), padding=1) + F.pad(x, (0, 1, 0, 0)).sum()
lambda x: F.max_pool1d(x[None], 2) + F.avg_pool1d(x[None], 2)
lambda x: x.clone().add_(1).mul_(x).index_fill(0, torch.tensor([0]), 2.0)
lambda x: torch.zeros(3, 4).index_add(0, torch.tensor([0, 0, 1]), x).pow(2)
lambda x: torch.clamp(x, -0.5, 0.5) + x.pow(3) + x.abs().sqrt() + torch.atan2(x, x + 3) + x % 0.7
lambda x: {"double": 2 * x, "parts": (x.sum(), x.T)}
lambda x: torch.arange(3)[:, None] * x + F.one_hot(torch.tensor([0, 1, 2]), 4)
lambda x: F.pad(x[None], (1, 1), mode="reflect") ** 2 + F.pad(x, (2, 0), value=1.5)
lambda x: F.pixel_shuffle(x.reshape(1, 4, 1, 3), 2) ** 2
lambda x: torch.roll(x, 1, 0) * x.tril() + x.unfold(1, 2, 1).sum(-1).mean() + x.flip(1) * x.repeat(2, 1)[1:4]
lambda x: F.bilinear(x, x[:, :2], torch.ones(2, 4, 2))
'''.strip().splitlines()


def _torch_models(torch):
    nn, F = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.attention = nn.LayerNorm(4), nn.MultiheadAttention(4, 2, batch_first=True)
            self.norm2, self.mlp = nn.LayerNorm(4), nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 4))

        def forward(self, x):
            y = self.norm1(x)
            x = x + self.attention(y, y, y, need_weights=False)[0]
            return x + self.mlp(self.norm2(x))

    class Cell(nn.Module):
        def __init__(self):
            super().__init__()
            self.gates = nn.Linear(4 + 3, 12)

        def forward(self, x):
            h, c = x.new_zeros(1, 3), x.new_zeros(1, 3)
            for row in x:
                i, f, o, g = (*self.gates(torch.cat([row[None], h], 1)).chunk(4, 1),)
                c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
                h = torch.sigmoid(o) * torch.tanh(c)
            return h

    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.out = nn.Embedding(5, 4, padding_idx=0), nn.Linear(4, 5, bias=False)
            self.out.weight = self.embed.weight

        def forward(self, tokens, scale=1.0):
            return scale * self.out(self.embed(tokens).mean(1))

    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.norm, self.b = nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 4)
            self.drop = nn.Dropout(0.5)

        def forward(self, x):
            return x + self.b(self.drop(F.relu(self.norm(self.a(x)))))

    x, tokens = torch.randn(3, 4), torch.tensor([[1, 2, 0], [4, 4, 3]])
    norm = Residual().eval()
    norm.norm.running_mean += 0.3
    return [
        (Block(), (x[None],), {}), (Cell(), (x,), {}), (Tied(), (tokens,), {"scale": 2.0}), (norm, (x,), {}),
        (nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Tanh()), (x,), {}),
        (nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.GroupNorm(2, 2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                       nn.Linear(8, 2)), (torch.randn(2, 1, 4, 4),), {}),
        (nn.TransformerEncoderLayer(4, 2, 8, batch_first=True).eval(), (x[None],), {}),
        (nn.LSTMCell(4, 3), (x,), {}), (nn.LSTM(4, 3), (x[:, None],), {}), (nn.GRU(4, 3), (x[:, None],), {}),
        (nn.Sequential(nn.InstanceNorm1d(3, affine=True), nn.PReLU(), nn.RMSNorm(4)), (x[None],), {}),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def torch():
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield torch
    torch.set_default_dtype(before)


def _agree_with_torch(torch, f, example, keywords, scalars):
    made = from_torch(f, *example, scalars=scalars, **keywords)
    theirs = [x.clone().requires_grad_(x.is_floating_point()) for x in example]
    outs = torch.utils._pytree.tree_leaves(f(*theirs, **keywords))
    ours = _leaves(made(*made.example, **keywords))
    for x, y in zip(ours, outs, strict=True):
        _close([_data(v) for v in _flat(x)] if isinstance(x, list) else _data(x), y.detach(), "value")
    _weighted(ours).backward()
    sum((y * torch.cos(torch.arange(1.0, y.numel() + 1)).reshape(y.shape)).sum() for y in outs).backward()
    for x, y in zip(made.inputs.values(), theirs, strict=True):
        if y.is_floating_point():
            _close(_grads(x), y.grad, "input")
    if isinstance(f, torch.nn.Module):
        assert made.parameters.keys() == dict(f.named_parameters()).keys()
        for name, p in f.named_parameters():
            _close(_grads(made.parameters[name]), p.grad, name)


def _leaves(tree):
    """List outputs, each a node, an array, or nested lists of Values."""
    if isinstance(tree, dict):
        return [x for part in tree.values() for x in _leaves(part)]
    if isinstance(tree, tuple):
        return [x for part in tree for x in _leaves(part)]
    return [tree]


@pytest.mark.parametrize("scalars", [False, True])
@pytest.mark.parametrize("text", TORCH)
def test_functions_of_torch(torch, text, scalars):
    f = eval(text, {"torch": torch, "F": torch.nn.functional})
    _agree_with_torch(torch, f, (torch.randn(3, 4),), {}, scalars)


@pytest.mark.parametrize("scalars", [False, True])
@pytest.mark.parametrize("i", range(11))
def test_modules_of_torch(torch, i, scalars):
    _agree_with_torch(torch, *_torch_models(torch)[i], scalars)


def test_captured_modules_and_float32(torch):
    model = torch.nn.Linear(2, 1).float()
    x = torch.randn(4, 2).float()
    f = from_torch(lambda x: model(x).pow(2).mean(), x)
    f(x).backward()
    model(x).pow(2).mean().backward()
    np.testing.assert_allclose(f.parameters["model.weight"].grad, model.weight.grad, rtol=1e-5)
    assert f.parameters["model.weight"].label == "model.weight"


def test_what_works_on_an_imported_function(torch):
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.LayerNorm(3), torch.nn.Linear(3, 2))
    y = np.array([0, 1, 1])
    f = from_torch(lambda x, y: torch.nn.functional.cross_entropy(model(x), y), torch.randn(3, 2), torch.tensor(y))
    x = np.ones((3, 2))
    ag.gradcheck(lambda x: f(x, y), x)
    assert np.isclose(ag.compile(f)(x, y), f(x, y).item(), rtol=1e-12)
    loss = f(x, y)
    text = ag.draw(loss).text()
    assert "cross_entropy_loss" in text and "model.1: layer_norm" in text and len(text.splitlines()) < 12
    assert "test_interop.py" in ag.draw(loss).svg()  # the line of code
    s = from_torch(lambda x, y: torch.nn.functional.cross_entropy(model(x), y), torch.randn(3, 2), torch.tensor(y),
                   scalars=True)  # fmt: skip
    loss = s(x, y)
    loss.backward()
    w = s.parameters["model.2.weight"][0][0]
    assert w.label == "model.2.weight[0,0]"
    assert np.isclose(ag.paths(loss, w).total, w.grad)
    assert "2 neurons" in ag.draw(loss, depth=0).text()


def test_an_imported_layer_is_one_box_with_its_parameters_and_without_its_input(torch):
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).double()
    x = torch.ones(4, 2).double()
    whole = from_torch(model, x)(Tensor(x.numpy(), label="x"))
    for depth in (None, 0, 1, 2):
        lines = [line.strip(" └─").split("  ")[0] for line in ag.draw(whole, depth=depth).text().splitlines()]
        assert lines[1:] == ["2: linear(…)", "tanh", "0: linear(x)", "x"]
    ((score,),) = from_torch(model, x[:1], scalars=True)(np.ones((1, 2)))
    lines = ag.draw(score, depth=0).text().splitlines()
    assert "2  w·x + b" in lines[1] and "0  3 neurons, 9 parameters" in lines[2]


def test_what_is_refused_of_torch(torch):
    class Straight(torch.autograd.Function):
        forward = staticmethod(lambda ctx, x: x.round())
        backward = staticmethod(lambda ctx, g: g)

    x, w = torch.randn(3), torch.ones(3, requires_grad=True)
    with pytest.raises(ValueError, match=r"other gradients by `x`.*check=False"):
        from_torch(lambda x: Straight.apply(x).sum(), x)
    assert from_torch(lambda x: Straight.apply(x).sum(), x, check=False)(x).item() == x.round().sum()
    with pytest.raises(NotImplementedError, match=r"fft.*no counterpart"):
        from_torch(lambda x: torch.fft.fft(x).real, x)
    with pytest.raises(NotImplementedError, match=r"random.*eval"):
        from_torch(torch.nn.Dropout(0.5), x)
    with pytest.raises(ValueError, match=r"captures a tensor.*an argument of `f`"):
        from_torch(lambda x: x * w, x)
    with pytest.warns(UserWarning, match="kink"):
        from_torch(lambda x: torch.nn.functional.hardtanh(x, 0.0, 1.0), torch.zeros(2))
    f = from_torch(torch.tanh, x)
    with pytest.raises(ValueError, match=r"shape \(4,\), and the example had \(3,\)"):
        f(np.ones(4))
    with pytest.raises(TypeError, match="like those of the example"):
        f(x, x)


# JAX -----------------------------------------------------------------------------------------------------------

JAX = '''
lambda p, x: jax.nn.relu(x @ p["w"] + p["b"]) @ p["layers"][0]["v"]
lambda p, x: jax.lax.scan(lambda h, t: (jnp.tanh(t @ p["w"] + h), h.sum()), p["b"], x)
lambda p, x: jax.vmap(lambda row: jnp.tanh(row @ p["w"]).sum())(x)
lambda p, x: jax.jit(lambda x: jnp.sin(x))(x)
lambda p, x: jax.nn.silu(x) + jax.nn.gelu(x) + jax.nn.gelu(x, approximate=False) + jax.nn.softplus(x)
lambda p, x: jax.nn.elu(x) + jax.nn.selu(x) + jax.nn.leaky_relu(x) + jax.nn.mish(x) + jax.nn.log_sigmoid(x)
lambda p, x: jax.nn.softmax(x, axis=1) + jax.nn.softmax(x, where=x > 0, axis=0)
lambda p, x: jax.nn.logsumexp(x, axis=1)
lambda p, x: -jax.nn.log_softmax(x)[jnp.arange(3), jnp.array([0, 2, 1])].mean()
lambda p, x: -(jax.nn.one_hot(jnp.array([0, 2, 1]), 4) * jax.nn.log_softmax(x)).sum()
lambda p, x: jnp.einsum("bi,ci->bc", x, x) + jnp.einsum("bi,ij->b", x, p["w"])
lambda p, x: jnp.einsum("bhi,bci->bhc", x[None], x[None])
lambda p, x: jax.lax.fori_loop(0, 3, lambda i, a: a * jnp.cos(a) + i, x)
lambda p, x: jax.nn.standardize(x) + x.std(0) + x.var(1, keepdims=True)
lambda p, x: (x - x.mean(-1, keepdims=True)) * jax.lax.rsqrt(x.var(-1, keepdims=True) + 1e-5)
lambda p, x: jnp.linalg.norm(x) + jnp.linalg.norm(x, axis=1)
lambda p, x: x.max() + x.min(0).sum() + x.prod() + jnp.median(x) + jnp.percentile(x, 30)
lambda p, x: jnp.cumsum(x, 1) + jnp.cumprod(x, 0) + jax.lax.cumsum(x, 1, reverse=True)
lambda p, x: jnp.sort(x, 1)[:, 0] + jax.lax.top_k(x, 2)[0][:, 1] + x[jnp.argsort(x[:, 0])][:, 2]
lambda p, x: x[1] + x[:, ::2].sum() + x[jnp.array([0, 2])].sum() + x[-1]
lambda p, x: x.at[0].set(1.0) + x.at[0].add(x[1]) + x.at[0].multiply(2.0)
lambda p, x: jax.lax.dynamic_slice(x, (1, 1), (1, 2)) + jax.lax.dynamic_update_slice(x, x[:1, :2] * 2, (1, 1)).sum()
lambda p, x: jnp.take_along_axis(x, jnp.argmax(x, 1)[:, None], 1) + jnp.take(x, jnp.array([0, 1]), axis=1)
lambda p, x: jnp.concatenate([x, x * 2], 1) + jnp.tile(x, 2) + jnp.pad(x, ((0, 0), (2, 2)), constant_values=3.0)
lambda p, x: jnp.tril(x) + jnp.roll(x, 1, 0) + jnp.flip(x, 1) + jnp.split(x, 2, axis=1)[1].sum() + x.T.reshape(3, 4)
lambda p, x: jnp.where(x > 0, jnp.log(jnp.where(x > 0, x, 1.0)), 0.0) + jnp.clip(x, -0.5, 0.5)
lambda p, x: x**3 + x % 0.7 + jnp.sinc(x) + jnp.hypot(x, x + 1) + jnp.logaddexp(x, -x) + jnp.cbrt(x)
lambda p, x: jax.scipy.special.erf(x) + jax.scipy.special.digamma(jnp.abs(x)) + jax.scipy.stats.norm.logpdf(x)
lambda p, x: jax.grad(lambda x: jnp.sin(x).sum())(x) * jax.lax.stop_gradient(x)
lambda p, x: jnp.linalg.solve(x[:, :3] + 3 * jnp.eye(3), x) + jnp.linalg.slogdet(x[:, :3] @ x[:, :3].T + jnp.eye(3))[1]
lambda p, x: {"a": x.sum(), "b": (x * 2, p["b"].max())}
lambda p, x: jax.checkpoint(lambda x: jnp.sin(x))(x) + jax.lax.cond(True, lambda x: x, lambda x: 2 * x, x)
lambda p, x: x * jax.random.bernoulli(jax.random.PRNGKey(0), 0.5, x.shape) + jax.lax.map(lambda r: r.sum(), x)[:, None]
lambda p, x: straight(x) * x + shifted(x)
'''.strip().splitlines()


@pytest.fixture(scope="module")
def jax():
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield jax
    jax.config.update("jax_enable_x64", before)


def _own_rules(jax):
    @jax.custom_vjp
    def straight(x):
        return jax.numpy.round(x)

    straight.defvjp(lambda x: (jax.numpy.round(x), None), lambda _, g: (g,))

    @jax.custom_jvp
    def shifted(x):
        return jax.numpy.sin(x)

    shifted.defjvp(lambda xs, ts: (jax.numpy.sin(xs[0]), 2 * ts[0]))
    return {"straight": straight, "shifted": shifted, "jax": jax, "jnp": jax.numpy}


@pytest.mark.parametrize("scalars", [False, True])
@pytest.mark.parametrize("text", JAX)
def test_functions_of_jax(jax, text, scalars):
    f, jnp, r = eval(text, _own_rules(jax)), jax.numpy, np.random.default_rng(0)
    p = {"w": r.normal(size=(4, 5)), "b": r.normal(size=5), "layers": [{"v": r.normal(size=(5, 2))}]}
    p, x = jax.tree_util.tree_map(jnp.asarray, p), jnp.asarray(r.normal(size=(3, 4)))
    made = from_jax(f, p, x, scalars=scalars)
    assert sorted(made.parameters) == ["b", "layers.0.v", "w"]
    ours, theirs = _leaves(made(*made.example)), jax.tree_util.tree_leaves(f(p, x))
    for a, b in zip(ours, theirs, strict=True):
        _close([_data(v) for v in _flat(a)] if isinstance(a, list) else _data(a), b, "value")
    _weighted(ours).backward()

    def total(p, x):
        outs = jax.tree_util.tree_leaves(f(p, x))
        return sum((y * jnp.cos(jnp.arange(1.0, y.size + 1)).reshape(y.shape)).sum() for y in outs)

    g, gx = jax.grad(total, (0, 1))(p, x)
    for name, theirs in {"w": g["w"], "b": g["b"], "layers.0.v": g["layers"][0]["v"], "x": gx}.items():
        _close(_grads(made.inputs[name]), theirs, name)


def test_higher_order_and_compiled(jax):
    x = np.random.default_rng(0).normal(size=(3, 4))
    f = from_jax(lambda x: (jax.nn.softplus(x) * jax.scipy.special.digamma(x * x + 1)).sum(), x)
    ag.gradcheck(f, x)
    theirs = jax.hessian(lambda x: (jax.nn.softplus(x) * jax.scipy.special.digamma(x * x + 1)).sum())(x)
    np.testing.assert_allclose(ag.hessian(f)(x), theirs, rtol=1e-10, atol=1e-12)
    rows, y = np.arange(3), np.array([0, 1, 1])
    g = from_jax(lambda p, x: jax.nn.log_softmax(x @ p["w"])[rows, y].sum(), {"w": x.T}, x)
    assert np.isclose(ag.compile(g)({"w": x.T}, x), g({"w": x.T}, x).item(), rtol=1e-12)
    assert "log_softmax" in ag.draw(g(*g.example)).text()


def test_what_is_refused_of_jax(jax):
    x = np.ones(3)
    with pytest.raises(NotImplementedError, match=r"`jax.lax.cond` chooses by a number.*test_interop.py"):
        from_jax(lambda x: jax.lax.cond(x.sum() > 0, lambda x: x, lambda x: -x, x), x)
    with pytest.raises(NotImplementedError, match=r"`jax.lax.while_loop` has no fixed count"):
        from_jax(lambda x: jax.lax.while_loop(lambda x: x.sum() < 9, lambda x: 2 * x, x), x)
    with pytest.raises(TypeError, match="like those of the example"):
        from_jax(lambda p: p["a"], {"a": x})({"b": x})
