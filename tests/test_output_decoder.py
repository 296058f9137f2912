"""OutputDecoder: labels of any type to targets and back, for each kind of output."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nn import OutputDecoder as Decoder

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
    decoder = Decoder.of(kind, y, (4, 3))
    targets = decoder.targets(y)
    assert targets.dtype.kind == "i" and decoder.classes is not None
    assert decoder.classes[targets].tolist() == list(y) == decoder.labels(targets).tolist()
    assert decoder.predict(np.eye(3)[targets]).tolist() == list(y)
    assert decoder.predict(np.eye(3)[targets[0]]) == y[0]  # of one point alone


@pytest.mark.parametrize("y", [["no", "yes"], [False, True], [3, 9], [-1, 1], [0, 1], [1.0, 2.0], ["yes", "no"]])
@pytest.mark.parametrize(("kind", "low", "high"), [("logit", 0, 1), ("probability", 0, 1), ("margin", -1, 1)])
def test_one_output_for_two_classes(y: Any, kind: str, low: int, high: int) -> None:
    decoder = Decoder.of(kind, y, (2, 1))
    expected = [low if label == sorted(y)[0] else high for label in y]
    targets = decoder.targets(y)
    assert targets.tolist() == expected
    outputs = {"probability": np.array([[0.4], [0.6]])}.get(kind, np.array([[-0.1], [0.1]]))
    assert decoder.predict(outputs).tolist() == sorted(y)
    assert decoder.labels(targets[:, None]).tolist() == list(y)
    assert type(decoder.predict(outputs).tolist()[0]) is type(y[0])


def test_codes_that_the_loss_knows_stay() -> None:
    ones = Decoder.of("logit", [1, 1, 1], (3, 1))
    assert ones.targets([1, 1, 0]).tolist() == [1, 1, 0]
    soft = Decoder.of("logit", [0.25, 1.0, 0.5], (3, 1))
    assert soft.targets([0.25, 1.0, 0.0]).tolist() == [0.25, 1.0, 0.0]
    assert soft.predict(np.array([[-1.0], [1.0]])).tolist() == [0, 1]
    numbers = Decoder.of("logits", [0, 2, 0], (3, 4))  # a class may be missing
    assert numbers.targets([3, 1]).tolist() == [3, 1]
    spread = np.array([[0.2, 0.8], [1.0, 0.0]])
    distributions = Decoder.of("logits", spread, (2, 2))
    assert np.array_equal(distributions.targets(spread), spread)
    assert distributions.labels(spread).tolist() == [1, 0]


def test_several_yes_or_no() -> None:
    y = [[0, 1, 1], [1, 0, 0]]
    decoder = Decoder.of("logit", y, (2, 3))
    assert decoder.classes is None and decoder.targets(y).tolist() == y
    outputs = np.array([[-1.0, 2.0, 0.5], [1.0, -1.0, -2.0]])
    assert decoder.predict(outputs).tolist() == y
    assert decoder.predict_proba(outputs).shape == (2, 3)


def test_values_keep_their_shape() -> None:
    outputs = np.array([[1.5], [2.5]])
    assert Decoder.of("values", [1.0, 2.0], (2, 1)).predict(outputs).shape == (2,)
    assert Decoder.of("values", [[1.0], [2.0]], (2, 1)).predict(outputs).shape == (2, 1)
    assert Decoder.of("values", [[1.0, 2.0]], (1, 2)).predict(outputs.T).shape == (1, 2)


def test_probabilities() -> None:
    logits = np.array([[1.0, 2.0, 0.5], [0.0, 0.0, 1000.0]])
    chances = Decoder("logits", list("abc"))
    expected = np.exp(logits[0]) / np.exp(logits[0]).sum()
    assert np.allclose(chances.predict_proba(logits)[0], expected)
    assert chances.predict_proba(logits)[1].tolist() == [0, 0, 1]
    two = Decoder("logit", ["no", "yes"]).predict_proba(np.array([[0.0], [1000.0]]))
    assert two.tolist() == [[0.5, 0.5], [0.0, 1.0]]
    assert Decoder("logit", ["no", "yes"]).predict_proba(np.array([0.0])).tolist() == [[0.5, 0.5]]
    assert np.allclose(Decoder("log_probabilities", [0, 1]).predict_proba(np.log([[0.25, 0.75]])), [[0.25, 0.75]])
    for kind in ("margin", "scores", "values"):
        with pytest.raises(ValueError, match="not probabilities"):
            Decoder(kind).predict_proba(logits)


def test_it_survives_its_config() -> None:
    for decoder in (Decoder("logits", ["a", "b"], False), Decoder("values"), Decoder("margin", [False, True])):
        again = Decoder(**decoder.config())
        assert again.config() == decoder.config() and repr(again) == repr(decoder)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Decoder("logitz"), "`kind` 'logitz' is unknown: use one of 'values', .*Did you mean 'logit'"),
        (lambda: Decoder("logits", [1, 1]), "`classes` is a list of different labels"),
        (lambda: Decoder("logits", [[1, 2]]), "`classes` is a list of different labels"),
        (lambda: Decoder("logit", [1, 2, 3]), "`classes` has 3 labels; 'logit' is read as a number for two classes"),
        (lambda: Decoder("values", [1, 2]), "'values' is read as values"),
        (lambda: Decoder("logits", ["a", None]), "each row needs a label"),
        (lambda: Decoder("logits", ["a", "b"]).targets(["a", "z"]), "`y` holds .*'z'.*; the classes are 'a', 'b'"),
        (lambda: Decoder("logits", ["a", "b"]).targets([0, 1]), "`y` holds .*0.*; the classes are 'a', 'b'"),
        (lambda: Decoder("logits", [0, 1]).targets(["a", "b"]), "`y` holds .*'a'.*; the classes are 0, 1"),
        (lambda: Decoder("logits", [0, 1]).targets([-1]), "`y` holds .*-1.*; the classes are 0, 1"),
        (lambda: Decoder("logits", [0, 1]).targets([0.5]), "`y` holds .*0.5.*; the classes are 0, 1"),
        (lambda: Decoder.of("logits", ["a", "b"], (2, 3)), "`y` has 2 classes, 'a', 'b'; the model gives 3 outputs"),
        (lambda: Decoder.of("logits", [1, 2, 30], (3, 4)), "whole numbers from 0 to 3 or any 4 labels"),
        (lambda: Decoder.of("logits", [0, 1], (2, 1)), "takes an output for each class.*'bce_with_logits'"),
        (lambda: Decoder.of("logits", [0.5, 1.5], (2, 2)), "`y` holds 0.5, which is no class"),
        (lambda: Decoder.of("logits", [[1, 2, 3]], (1, 2)), r"`y` has shape \(1, 3\); give a label for each row"),
        (lambda: Decoder.of("logit", ["a"], (1, 1)), "`y` has 1 classes, 'a'; one output tells two apart"),
        (lambda: Decoder.of("logit", [1, 2, 3], (3, 1)), "`y` has 3 classes, 1, 2, 3"),
        (lambda: Decoder.of("logit", [1.5, 2.5], (2, 1)), "one output tells two apart"),
    ],
)
def test_what_is_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
