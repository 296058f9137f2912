"""Random graphs over the whole table: all ways to a derivative agree. `--graphs 100000` makes it a long run.

What `hypothesis` finds it makes small; the same generator, seeded, grows many graphs fast.
"""

import random
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import peers
import pytest
from agreement import Tally, check
from hypothesis import given, settings
from hypothesis import strategies as st
from random_graphs import grown

import autograd as ag
from autograd import TABLE, Tensor, Value

pytestmark = pytest.mark.no_cover  # much work on the same lines

QUICK = 300


def test_random_graphs_agree(pytestconfig: pytest.Config, promise: Callable[[str], None]) -> None:
    """Compiled program, backward graph, forward mode and differences against the eager engine."""
    tally = Tally()
    graphs = pytestconfig.getoption("--graphs") or QUICK
    for seed in range(graphs):
        choose = random.Random(seed)
        check(grown(choose), tally, choose, differences=seed % (graphs // QUICK or 1) == 0)
    missing = set(TABLE) - set(tally.rows)
    assert not missing, f"no graph has these rows: {missing}"
    assert tally.useful() > 0.97
    promise(str(tally))


@settings(max_examples=40, deadline=None)
@given(choose=st.randoms(use_true_random=False), kind=st.sampled_from(["values", "tensors", "mixed"]))
def test_random_graphs_that_shrink_agree(choose: Any, kind: str) -> None:
    check(
        grown(choose, kind, size=choose.randint(1, 12)), Tally(), choose, differences=False
    )  # it likes to sit at kinks


@pytest.mark.parametrize("kind", ["values", pytest.param("tensors", marks=pytest.mark.slow), "mixed"])
def test_deep_graphs_agree(kind: str, promise: Callable[[str], None]) -> None:
    tally, choose = Tally(), random.Random(2)
    check(grown(choose, kind, "float64", size=600, manner="tame"), tally, choose, differences=False)
    assert tally.largest > 1_800
    assert tally.useful() > 0.9
    promise(str(tally))


@pytest.mark.slow
@pytest.mark.parametrize("engine", [peers.Torch, peers.Jax])
def test_other_engines_agree(engine: Any, pytestconfig: pytest.Config, promise: Callable[[str], None]) -> None:
    pytest.importorskip(engine.__name__.lower(), reason=f"{engine.name} is not installed")
    tally, peer = Tally(), engine()
    graphs = (pytestconfig.getoption("--graphs") or QUICK) // (10 if engine is peers.Torch else 1000) or 2
    for seed in range(graphs):
        choose = random.Random(10**9 + seed)
        check(
            grown(choose, precision="float64", manner="tame", size=choose.randint(1, 15)), tally, choose, [peer], False
        )
    promise(str(tally))


# What random graphs have found, each as small as it was


@pytest.mark.parametrize("row", [ag.elu, ag.leaky_relu])
def test_a_number_chosen_beside_an_array_is_repeated(row: Any) -> None:
    alpha = Tensor([0.1, 0.2, 0.3])
    y = row(1.5, alpha)
    assert y.data.tolist() == [1.5, 1.5, 1.5]
    (y * y).sum().backward()
    assert alpha.grad.tolist() == [0.0, 0.0, 0.0]


def test_where_on_one_number_gives_the_shape_and_dtype_of_both_branches() -> None:
    for c in (1.0, 0.0, True, False):
        assert ag.where(c, 2.0, np.ones((2, 1))).shape == (2, 1)
        assert ag.where(c, np.ones(3, np.float32), np.ones((2, 1))).shape == (2, 3)
        assert ag.where(c, np.ones(3, np.float32), np.ones(3)).dtype == np.float64


def test_the_three_derivatives_of_clip_add_up_to_one() -> None:
    for x, low, high in product([0.0, 1.0, 2.0], repeat=3):
        slopes = ag.grad(ag.clip, (0, 1, 2))(x, low, high)
        assert sum(slopes) == 1.0
    assert ag.grad(lambda x: ag.clip(x, x, 9.0))(0.5) == 1.0
    assert ag.grad(lambda x: ag.clip(x, -9.0, x))(0.5) == 1.0


def test_zeros_keep_their_sign_where_arrays_values_and_programs_do_the_same() -> None:
    for row in (ag.sign, ag.expm1):
        x = Value(-0.0)
        value = ag.atan2(row(x), -1.0)
        arrays = ag.atan2(row(Tensor([-0.0])), -1.0).sum()
        assert value.data == arrays.data == ag.compile(value)() == ag.compile(arrays)()


def test_a_number_too_large_for_float32_compiles_in_silence() -> None:
    x = Tensor(np.ones(2, np.float32))
    y = ag.sum(ag.maximum(x, np.float64(1e300)).astype("float32") + x * 1e300)
    assert ag.compile(y)() == y.data == np.inf


def one_branch_and_its_sign(x: Any, y: Any) -> Any:
    return ag.where(ag.greater(x, 5.0), y, 1.0) + ag.sign(y)


def a_use_behind_a_branch_and_one_beside_it(x: Any) -> Any:
    root = ag.sqrt(x)
    return ag.where(0.0, root * 1.5 * 2.0, 1.0) + root * 0.0


@pytest.mark.parametrize("make", [Value, lambda x: Tensor([x])])
def test_nothing_comes_through_a_gate_that_is_shut_however_steep_it_is_behind(make: Any) -> None:
    def ways(f: Any, *at: float) -> list[list[float]]:
        leaves = [make(x) for x in at]
        root = f(*leaves)
        root.backward() if root.shape == () else root.sum().backward()
        eager = [x.grad for x in leaves]
        program = ag.compile(root if root.shape == () else root.sum())
        for x in leaves:
            x.grad = None
        program()
        forward = [
            ag.jvp(f, [x.data for x in leaves], [np.float64(i == k) * x.data**0 for i, x in enumerate(leaves)])[1]
            for k in range(len(leaves))
        ]
        return [[float(np.sum(g)) for g in found] for found in (eager, [x.grad for x in leaves], forward)]

    assert ways(lambda x: ag.sqrt(ag.round(x)), 0.3) == [[0.0]] * 3
    assert ways(lambda x: ag.asin(ag.round(x)), 1.2) == [[0.0]] * 3
    assert ways(lambda x: ag.ceil(ag.step(ag.exp(x) - 1.0)), 800.0) == [[0.0]] * 3
    assert ways(lambda x: one_branch_and_its_sign(x, ag.acosh(x)), -0.5) == [[0.0]] * 3
    assert ways(a_use_behind_a_branch_and_one_beside_it, 0.0) == [[0.0]] * 3
    for at in ((0.0, 2.0), (2.0, 0.0)):
        for found in ways(lambda g, p: ag.sqrt(TABLE["strict_zero_mul"](g, p)), *at):
            assert found == [0.0 if at[1] == 0.0 else np.inf, 0.0 if at[0] == 0.0 else np.inf]
