"""Schedules: PyTorch's rates, and what they refuse."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
import pytest

from autograd import Tensor
from nn import SGD, Groups
from nn.schedules import (
    Cosine,
    CosineRestarts,
    ExponentialDecay,
    MultiStep,
    OneCycle,
    OnPlateau,
    Polynomial,
    Schedule,
    StepDecay,
    WarmUp,
)

CASES: list[tuple[Schedule, Any]] = [
    (StepDecay(0.1, every=7, factor=0.3), lambda s, o: s.StepLR(o, 7, 0.3)),
    (ExponentialDecay(0.1, 0.97), lambda s, o: s.ExponentialLR(o, 0.97)),
    (Cosine(0.1, 100, low=0.01), lambda s, o: s.CosineAnnealingLR(o, 100, 0.01)),
    (MultiStep(0.1, [5, 40, 41], factor=0.3), lambda s, o: s.MultiStepLR(o, [5, 40, 41], 0.3)),
    (Polynomial(0.1, 60, power=2.5), lambda s, o: s.PolynomialLR(o, 60, 2.5)),
    (CosineRestarts(0.1, 7, low=0.01), lambda s, o: s.CosineAnnealingWarmRestarts(o, 7, 1, 0.01)),
    (CosineRestarts(0.1, 7, multiply=3), lambda s, o: s.CosineAnnealingWarmRestarts(o, 7, 3)),
    (WarmUp(0.1, steps=9, start=0.25), lambda s, o: s.LinearLR(o, 0.25, 1.0, 9)),
    (
        WarmUp(ExponentialDecay(0.1, 0.9), steps=9, start=0.25),
        lambda s, o: s.SequentialLR(o, [s.LinearLR(o, 0.25, 1.0, 9), s.ExponentialLR(o, 0.9)], [9]),
    ),
    (OneCycle(0.1, 100), lambda s, o: s.OneCycleLR(o, 0.1, 100, cycle_momentum=False)),
    (
        OneCycle(0.1, 101, rise=0.45, first=10, last=50),
        lambda s, o: s.OneCycleLR(
            o, 0.1, 101, pct_start=0.45, div_factor=10, final_div_factor=50, cycle_momentum=False
        ),
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("ours", "theirs"), CASES, ids=lambda x: repr(x) if isinstance(x, Schedule) else "")
@pytest.mark.filterwarnings("ignore:The epoch parameter")
def test_rates_equal_pytorchs_over_100_steps(ours: Schedule, theirs: Any) -> None:
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    schedule = theirs(torch.optim.lr_scheduler, optimizer)
    for k in range(100):
        assert ours(k) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-10, abs=1e-16)
        optimizer.step()
        schedule.step()


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("settings", [{}, {"factor": 0.5, "patience": 2, "threshold": 0.01, "low": 1e-3}])
def test_on_plateau_equals_pytorchs(mode: str, settings: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    theirs = {"min_lr" if name == "low" else name: x for name, x in settings.items()}
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode=mode, eps=0.0, **theirs)
    ours = OnPlateau(0.1, mode=mode, **settings)
    seen = set()
    rng = np.random.default_rng(1)
    for k in range(100):
        metric = 1.0 + math.exp(-k / 10 if mode == "min" else k / 1000) * rng.random()
        assert ours(k) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-10)
        seen.add(ours(k))
        ours.observe(metric)
        schedule.step(metric)
    assert len(seen) > 3


def test_a_negative_metric_that_gets_worse_is_no_best_one() -> None:
    lr = OnPlateau(0.1, patience=0, threshold=0.01)
    for metric in (-1.0, -0.995):
        lr.observe(metric)
    assert lr(0) == pytest.approx(0.01)
    lr.observe(math.nan)
    assert lr(0) == pytest.approx(0.001)
    lr.observe(-math.inf)
    lr.observe(-5.0)
    assert lr(0) == pytest.approx(1e-4)


def test_after_the_end_the_rate_stays() -> None:
    assert Cosine(0.1, 10, low=0.01)(10) == Cosine(0.1, 10, low=0.01)(10**9) == 0.01
    cycle = OneCycle(0.1, 10)
    assert cycle(9) == cycle(10**9) == pytest.approx(0.1 / 25 / 1e4)
    assert [OneCycle(0.1, 2, rise=1.0)(k) for k in (0, 1)] == [pytest.approx(0.004), pytest.approx(0.1 / 25e4)]
    assert StepDecay(0.1, 1)(10**9) == 0.0


def test_the_state_goes_through_the_optimizer() -> None:
    def make() -> tuple[Groups, OnPlateau]:
        plateau = OnPlateau(0.1, patience=0)
        return Groups(SGD([Tensor([1.0])], lr=plateau), SGD([Tensor([1.0])], lr=Cosine(0.5, 10))), plateau

    (one, lr), (two, other) = make(), make()
    lr.observe(1.0)
    lr.observe(1.0)
    state = one.state_dict()
    assert state == {"kind": "Groups", "steps": 0, "lr.0.lr": pytest.approx(0.01), "lr.0.best": 1.0, "lr.0.bad": 0}
    two.load_state_dict(state)
    assert two.rates() == one.rates() and other.state_dict() == lr.state_dict()
    assert two.rates(10) == [lr.lr, 0.0]
    with pytest.raises(ValueError, match=r"of kind 'Groups'; this is 'SGD'"):
        SGD([Tensor([1.0])], lr=0.1).load_state_dict(state)
    before = str(two.state_dict())
    for bad in ({"lr.0.lr": -1.0}, {"lr.0.bad": -1}, {"steps": -1}):
        with pytest.raises(ValueError, match=r"`(lr|bad|steps)` is"):
            two.load_state_dict({**state, "lr.0.best": 7.0, **bad})
    assert str(two.state_dict()) == before
    with pytest.raises(ValueError, match="missing: 'best'"):
        other.load_state_dict({"lr": 0.1, "bad": 1})


def test_what_a_schedule_shows() -> None:
    assert repr(WarmUp(Cosine(0.1, 10), 5)) == "WarmUp(then=Cosine(lr=0.1, steps=10, low=0.0), steps=5, start=0.1)"
    assert "lr=ExponentialDecay(lr=0.1, factor=0.5)" in repr(SGD([Tensor([1.0])], lr=ExponentialDecay(0.1, 0.5)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: StepDecay(0.1, every=0), "`every` is a whole number from 1, not 0"),
        (lambda: StepDecay(0.1, every=1.5), "`every` is a whole"),  # type: ignore[arg-type]
        (lambda: StepDecay(-0.1, every=1), "`lr` is -0.1"),
        (lambda: StepDecay(0.1, every=1, factor=1.5), "`factor` is 1.5; it must be at least 0 and at most 1"),
        (lambda: ExponentialDecay("fast", 0.5), "`lr` is a number, not 'fast'"),  # type: ignore[arg-type]
        (lambda: ExponentialDecay(0.1, math.nan), "`factor` is nan"),
        (lambda: Cosine(0.1, 10, low=0.2), "`low` is 0.2; it must be at least 0 and at most 0.1"),
        (lambda: WarmUp(OnPlateau(0.1), 5), "`then` is a rate or a schedule without state"),
        (lambda: WarmUp(Cosine, 5), "`then` is a rate or a schedule"),
        (lambda: WarmUp(0.1, -1), "`steps` is a whole"),
        (lambda: OneCycle(0.1, 1), "`steps` is a whole number from 2"),
        (lambda: OneCycle(0.1, 10, first=0.5), "`first` is 0.5"),
        (lambda: OnPlateau(0.1, mode="up"), "`mode` is one of 'min', 'max', not 'up'"),
        (lambda: OnPlateau(0.1, factor=1.0), "`factor` is 1;"),
        (lambda: OnPlateau(0.1, patience=-1), "`patience` is a whole number from 0"),
        (lambda: OnPlateau(0.1).observe("low"), "`metric` is a number"),  # type: ignore[arg-type]
        (lambda: Cosine(0.1, 10)(-1), "`steps` is a whole number from 0, not -1"),
        (lambda: Cosine(0.1, 10)(0.5), "`steps` is a whole number"),  # type: ignore[arg-type]
    ],
)
def test_wrong_settings_are_refused(make: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        make()


def test_what_is_left_out() -> None:
    def defaults(kind: Any) -> dict[str, Any]:
        parameters = inspect.signature(kind).parameters.values()
        return {p.name: p.default for p in parameters if p.default is not p.empty}

    assert defaults(StepDecay) == {"factor": 0.1} and defaults(Cosine) == {"low": 0.0}
    assert defaults(WarmUp) == {"start": 0.1}
    assert defaults(OneCycle) == {"rise": 0.3, "first": 25.0, "last": 1e4}
    assert defaults(OnPlateau) == {"factor": 0.1, "patience": 10, "threshold": 1e-4, "mode": "min", "low": 0.0}


def test_a_schedule_without_a_rate_says_what_to_write() -> None:
    class Empty(Schedule):
        pass

    with pytest.raises(NotImplementedError, match=r"Empty has no `rate\(self, steps\)`: write one"):
        Empty()(0)


def test_a_plateau_comes_back_before_it_has_seen_a_loss() -> None:
    for mode in ("min", "max"):
        fresh, other = OnPlateau(0.1, mode=mode), OnPlateau(0.1, mode=mode)
        other.load_state_dict(fresh.state_dict())
        assert other.state_dict() == fresh.state_dict()
