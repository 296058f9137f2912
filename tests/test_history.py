"""History: lists by name, its text, its last numbers, its plot."""

from __future__ import annotations

import numpy as np
import pytest

from nn import History


def test_the_text() -> None:
    assert repr(History()) == "History(0 epochs)"
    assert repr(History(loss=[2.0, 1.0])) == "History(2 epochs; loss 2 -> 1)"
    history = History(loss=[2.0, 1.0])
    history.interrupted, history.stopped = True, "enough"
    assert repr(history) == "History(2 epochs; loss 2 -> 1; interrupted; enough)"


def test_it_is_a_dict_of_lists() -> None:
    history = History(loss=[2.0, 1.0], val_loss=[3.0, 2.5])
    assert history["loss"] == [2.0, 1.0] and history.last() == {"loss": 1.0, "val_loss": 2.5}
    assert History(loss=[]).last() == {}


def test_lists_of_unequal_length_are_cut() -> None:
    history = History(loss=[2.0, 1.0], val_loss=[3.0])
    history.trim()
    assert history == {"loss": [2.0], "val_loss": [3.0]}
    empty = History()
    empty.trim()
    assert empty == {}


def test_a_table_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(History(loss=[2.0, 1.0], val_loss=[3.0, 2.5]))
    assert table["val_loss"].tolist() == [3.0, 2.5] and len(table) == 2


def test_the_plot() -> None:
    pytest.importorskip("matplotlib").use("agg")
    axes = History(loss=[2.0, np.nan, 1.0], val_loss=[3.0, 2.5, 2.0]).plot()
    assert [line.get_label() for line in axes.lines] == ["loss", "val_loss"]
    axes.figure.clear()
