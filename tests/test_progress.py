"""What a person sees and does while a net is trained: the bar, the length of calls, Ctrl-C."""

from __future__ import annotations

import importlib
import re
import signal
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest

import nn
from nn.training.progress import bar, interrupt_guard, meter

X = np.random.default_rng(0).normal(size=(10, 2))
Y = X[:, :1] - 2 * X[:, 1:] + 0.5


def test_no_bar_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    nn.fit(nn.Linear(2, 1), X, Y, epochs=2)
    nn.fit(nn.Linear(2, 1), X, Y, epochs=2, progress=False)
    assert capsys.readouterr() == ("", "")


def test_a_bar_where_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    nn.fit(nn.Linear(2, 1), X, Y, epochs=2, batch_size=5, progress=True)
    text = capsys.readouterr().err
    assert "4/4" in text and "loss" in text


def test_a_missing_tqdm_is_named_only_where_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    nn.fit(nn.Linear(2, 1), X, Y, epochs=1)
    with pytest.raises(ImportError, match="pip install tqdm"):
        nn.fit(nn.Linear(2, 1), X, Y, epochs=1, progress=True)


def test_what_was_done_before_counts_for_the_bar_and_not_for_the_rate(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    with bar(meter(True), 10, 8) as shown:
        time.sleep(0.2)
        shown.set_postfix_str("loss 1", refresh=False)
        shown.update(2)
    text = capsys.readouterr().err
    assert "80%" in text and "10/10" in text and "loss 1" in text
    rates = [float(rate) for rate in re.findall(r"([0-9.]+)step/s", text)]
    assert rates and max(rates) < 15  # 2 in 0.2 s, not 10


def test_a_call_takes_the_steps_of_a_tenth_of_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, counts = [0.0], []
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])

    def runner(*parts: Any) -> Any:
        def run(rows: Any) -> list[float]:
            counts.append(len(rows))
            clock[0] += len(rows) * (2**-9 if len(counts) < 8 else 0.5)
            return [1.0] * len(rows)

        return run

    monkeypatch.setattr(importlib.import_module("nn.training.compiled_runner"), "eager_runner", runner)
    nn.fit(nn.Linear(1, 1), [[1.0], [2.0]], [1.0, 2.0], steps=277, compiled=False)
    assert counts == [1, 4, 16, *[51] * 5, 1]  # four times as many at the most, until 51 of 1/512 s


def test_the_first_ctrl_c_is_noted_and_the_second_raises() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interrupt_guard() as noted:
        signal.raise_signal(signal.SIGINT)
        assert len(noted) == 1
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_and_beside_another_handler_nothing_is_touched() -> None:
    found: list[Any] = []

    def train() -> None:
        found.append(nn.fit(nn.Linear(2, 1, rng=0), X, Y, epochs=2, rng=0))

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert found == [nn.fit(nn.Linear(2, 1, rng=0), X, Y, epochs=2, rng=0)]
    own = lambda number, frame: None
    before = signal.signal(signal.SIGINT, own)
    try:
        with interrupt_guard():
            assert signal.getsignal(signal.SIGINT) is own
        assert signal.getsignal(signal.SIGINT) is own
    finally:
        signal.signal(signal.SIGINT, before)
