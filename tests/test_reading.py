"""Reading: labels of any type to targets and back, for each kind of output."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nn import Reading

ANY: list[Any] = [
    ["b", "a", "c", "a"],
    [3, -7, 100, -7],
    [1.0, 5.0, 9.0, 5.0],
    np.array(["b", "a", "c", "a"], dtype=object),
    np.array([2, 0, 1, 0], dtype=np.uint8),
]


@pytest.mark.parametrize("y", ANY)
@pytest.mark.parametrize("kind", ["logits", "log_probabilities", "scores"])
def test_an_output_for_each_class(y: Any, kind: str) -> None:
    reading = Reading.of(kind, y, (4, 3))
    targets = reading.targets(y)
    assert targets.dtype.kind == "i" and reading.classes is not None
    assert reading.classes[targets].tolist() == list(y) == reading.labels(targets).tolist()
    assert reading.predict(np.eye(3)[targets]).tolist() == list(y)


@pytest.mark.parametrize("y", [["no", "yes"], [False, True], [3, 9], [-1, 1], [0, 1], [1.0, 2.0], ["yes", "no"]])
@pytest.mark.parametrize(("kind", "low", "high"), [("logit", 0, 1), ("probability", 0, 1), ("margin", -1, 1)])
def test_one_output_for_two_classes(y: Any, kind: str, low: int, high: int) -> None:
    reading = Reading.of(kind, y, (2, 1))
    expected = [low if label == sorted(y)[0] else high for label in y]
    targets = reading.targets(y)
    assert targets.tolist() == expected
    outputs = {"probability": np.array([[0.4], [0.6]])}.get(kind, np.array([[-0.1], [0.1]]))
    assert reading.predict(outputs).tolist() == sorted(y)
    assert reading.labels(targets[:, None]).tolist() == list(y)
    assert type(reading.predict(outputs).tolist()[0]) is type(y[0])


def test_codes_that_the_loss_knows_stay() -> None:
    ones = Reading.of("logit", [1, 1, 1], (3, 1))
    assert ones.targets([1, 1, 0]).tolist() == [1, 1, 0]
    soft = Reading.of("logit", [0.25, 1.0, 0.5], (3, 1))
    assert soft.targets([0.25, 1.0, 0.0]).tolist() == [0.25, 1.0, 0.0]
    assert soft.predict(np.array([[-1.0], [1.0]])).tolist() == [0, 1]
    numbers = Reading.of("logits", [0, 2, 0], (3, 4))  # a class may be missing
    assert numbers.targets([3, 1]).tolist() == [3, 1]
    spread = np.array([[0.2, 0.8], [1.0, 0.0]])
    distributions = Reading.of("logits", spread, (2, 2))
    assert np.array_equal(distributions.targets(spread), spread)
    assert distributions.labels(spread).tolist() == [1, 0]


def test_several_yes_or_no() -> None:
    y = [[0, 1, 1], [1, 0, 0]]
    reading = Reading.of("logit", y, (2, 3))
    assert reading.classes is None and reading.targets(y).tolist() == y
    outputs = np.array([[-1.0, 2.0, 0.5], [1.0, -1.0, -2.0]])
    assert reading.predict(outputs).tolist() == y
    assert reading.predict_proba(outputs).shape == (2, 3)


def test_values_keep_their_shape() -> None:
    outputs = np.array([[1.5], [2.5]])
    assert Reading.of("values", [1.0, 2.0], (2, 1)).predict(outputs).shape == (2,)
    assert Reading.of("values", [[1.0], [2.0]], (2, 1)).predict(outputs).shape == (2, 1)
    assert Reading.of("values", [[1.0, 2.0]], (1, 2)).predict(outputs.T).shape == (1, 2)


def test_probabilities() -> None:
    logits = np.array([[1.0, 2.0, 0.5], [0.0, 0.0, 1000.0]])
    chances = Reading("logits", list("abc"))
    expected = np.exp(logits[0]) / np.exp(logits[0]).sum()
    assert np.allclose(chances.predict_proba(logits)[0], expected)
    assert chances.predict_proba(logits)[1].tolist() == [0, 0, 1]
    two = Reading("logit", ["no", "yes"]).predict_proba(np.array([[0.0], [1000.0]]))
    assert two.tolist() == [[0.5, 0.5], [0.0, 1.0]]
    assert Reading("logit", ["no", "yes"]).predict_proba(np.array([0.0])).tolist() == [[0.5, 0.5]]
    assert np.allclose(Reading("log_probabilities", [0, 1]).predict_proba(np.log([[0.25, 0.75]])), [[0.25, 0.75]])
    for kind in ("margin", "scores", "values"):
        with pytest.raises(ValueError, match="not probabilities"):
            Reading(kind).predict_proba(logits)


def test_it_survives_its_config() -> None:
    for reading in (Reading("logits", ["a", "b"], False), Reading("values"), Reading("margin", [False, True])):
        again = Reading(**reading.config())
        assert again.config() == reading.config() and repr(again) == repr(reading)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Reading("logitz"), "`kind` 'logitz' is unknown: use a loss or one of 'values'"),
        (lambda: Reading("logits", [1, 1]), "`classes` is a list of different labels"),
        (lambda: Reading("logits", [[1, 2]]), "`classes` is a list of different labels"),
        (lambda: Reading("logit", [1, 2, 3]), "`classes` has 3 labels; 'logit' is read as a number for two classes"),
        (lambda: Reading("values", [1, 2]), "'values' is read as values"),
        (lambda: Reading("logits", ["a", None]), "each row needs a label"),
        (lambda: Reading("logits", ["a", "b"]).targets(["a", "z"]), "`y` holds .*'z'.*; the classes are 'a', 'b'"),
        (lambda: Reading("logits", ["a", "b"]).targets([0, 1]), "`y` holds .*0.*; the classes are 'a', 'b'"),
        (lambda: Reading("logits", [0, 1]).targets(["a", "b"]), "`y` holds .*'a'.*; the classes are 0, 1"),
        (lambda: Reading("logits", [0, 1]).targets([-1]), "`y` holds .*-1.*; the classes are 0, 1"),
        (lambda: Reading("logits", [0, 1]).targets([0.5]), "`y` holds .*0.5.*; the classes are 0, 1"),
        (lambda: Reading.of("logits", ["a", "b"], (2, 3)), "`y` has 2 classes, 'a', 'b'; the model gives 3 outputs"),
        (lambda: Reading.of("logits", [1, 2, 30], (3, 4)), "whole numbers from 0 to 3 or any 4 labels"),
        (lambda: Reading.of("logits", [0, 1], (2, 1)), "takes an output for each class.*'bce_with_logits'"),
        (lambda: Reading.of("logits", [0.5, 1.5], (2, 2)), "`y` holds 0.5, which is no class"),
        (lambda: Reading.of("logits", [[1, 2, 3]], (1, 2)), r"`y` has shape \(1, 3\); give a label for each row"),
        (lambda: Reading.of("logit", ["a"], (1, 1)), "`y` has 1 classes, 'a'; one output tells two apart"),
        (lambda: Reading.of("logit", [1, 2, 3], (3, 1)), "`y` has 3 classes, 1, 2, 3"),
        (lambda: Reading.of("logit", [1.5, 2.5], (2, 1)), "one output tells two apart"),
    ],
)
def test_what_is_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
