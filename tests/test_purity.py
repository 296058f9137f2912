"""What Python does around a traced graph is followed, or refused: the programs of `random_programs` and single cases."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from random_programs import Program

import nn
from autograd import Loop, Tensor, Value, compile


def eager(f: Callable[[Any], Any]) -> Callable[[float], float]:
    def run(x: float) -> float:
        y = f(Value(x))
        return float(y.data if isinstance(y, Value) else y)

    return run


def eager_loop(f: Callable[[Any], Any]) -> Callable[[float], float]:
    state = [0.0]

    def run(x: float) -> float:
        y = eager(f)(x + 0.1 * state[0])
        state[0] = 0.5 * state[0] + y
        return y

    return run


def native_loop(f: Callable[[Any], Any]) -> Callable[[float], float]:
    def step(state: Any, inputs: Any, batch: Any) -> Any:
        y = f(inputs[0] + 0.1 * state)
        return 0.5 * state + y, [y]

    loop = Loop(step, 0.0, [1.0])
    return lambda x: float(loop.run(1, [np.array([x])])[1][0][0])


def agree(seed: int, one: Any, other: Any, branches: bool) -> bool:
    """Run a program in two ways; say whether the second refused."""
    with np.errstate(all="ignore"):
        want = Program(seed, branches).run(one)
        rest = random.random(), float(np.random.rand())
        program = Program(seed, branches)
        try:
            found = program.run(other)
        except RuntimeError as error:
            assert "uncompiled" in str(error) or "fresh" in str(error), error
            return True
    np.testing.assert_allclose(found, want, rtol=1e-9, atol=1e-12, err_msg=f"program {seed}")
    assert rest == (random.random(), float(np.random.rand())), f"program {seed}: the streams of random numbers differ"
    return False


@pytest.mark.parametrize("block", range(4))
def test_random_programs_do_the_same_compiled(block: int) -> None:
    assert sum(agree(seed, eager, compile, True) for seed in range(50 * block, 50 * block + 50)) < 25


@pytest.mark.parametrize("block", range(2))
def test_random_programs_do_the_same_in_a_loop(block: int) -> None:
    assert sum(agree(seed, eager_loop, native_loop, False) for seed in range(50 * block, 50 * block + 50)) < 25


class Wrapped(nn.Module):
    """A model whose outputs go through a random program while it is trained."""

    def __init__(self, f: Callable[[Any], Any]) -> None:
        self.f, self.weight = f, Tensor(np.array([[0.3], [-0.2]]))

    def forward(self, x: Any) -> Any:
        return self.f(x @ self.weight) if self.training else x @ self.weight


def trained(seed: int, compiled: bool | None) -> Any:
    program = Program(seed, branches=False)
    X = np.random.default_rng(0).normal(size=(6, 2))
    with np.errstate(all="ignore"), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        history = nn.fit(
            Wrapped(program.f), X, X[:, :1], optimizer=nn.SGD(lr=1e-3), epochs=4, batch_size=4, rng=0,
            callbacks=[program.change], compiled=compiled,
        )  # fmt: skip
    if compiled is None:
        assert history.compiled != any(w.category is nn.EagerFallback for w in told), "it says what it did"
    return history["loss"], random.random(), float(np.random.rand()), history.compiled


@pytest.mark.parametrize("block", range(3))
def test_random_programs_train_the_same(block: int) -> None:
    native = 0
    for seed in range(20 * block, 20 * block + 20):
        want, found = trained(seed, False), trained(seed, None)
        np.testing.assert_allclose(found[0], want[0], rtol=1e-9, err_msg=f"program {seed}")
        assert found[1:3] == want[1:3], f"program {seed}: the streams of random numbers differ"
        native += found[3]
    assert native > 8
