r"""Exercises of the course: checkers that look at what an answer does, so that no answer stands in a cell.

An exercise of a notebook is four cells, in this order; `python -m notebooks` and the tests rely on it:

1. Markdown: `### Exercise 1: a few words`, and what is asked.
2. Code: the answer to write, left open with `...`: a number (`slope = ...`), or a function whose body is `...`.
3. Code: the checker, which ends with a call of `check_value`, `check_function` or `check_law`.
4. Markdown: the solution, hidden; its code, run in the place of cell 2, must be accepted by cell 3:

        <details><summary>Solution</summary>

        ```python
        def slope(x):
            return 2 * x
        ```

        Perhaps a sentence why.

        </details>

The metadata of cell 2 hold more answers: `answers: {"right": [...], "wrong": [...]}`. At least two are right, one of
them written in another style or in place, and at least three are wrong. All are tried when the notebooks are checked.

A reference is best computed by the library (`grad(f)`, `paths(e, b).total`), or is a table of what must come out.
What no reference can say, a law says: a function of the answer that asserts. `numbers` gives it the answer as floats.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd import Tensor, Value

__all__ = ["Verdict", "check_function", "check_law", "check_value", "numbers"]

_POINTS = 100


@dataclass(frozen=True)
class Verdict:
    """What a checker found.

    Attributes:
        state: "not answered yet", "right" or "not yet".
        words: how it was found, or a counter-example.

    >>> Verdict("right", "equal at 100 points")
    right: equal at 100 points
    """

    state: str
    words: str = ""

    @property
    def right(self) -> bool:
        """Whether the answer is accepted."""
        return self.state == "right"

    def __repr__(self) -> str:
        return f"{self.state}: {self.words}" if self.words else self.state


_OPEN = Verdict("not answered yet")
_NONE = "yours returns None: is `return` missing?"


def check_value(answer: Any, expected: Any, *, rel: float = 1e-6) -> Verdict:
    """Check a number, a list or an array, without telling the one that is expected.

    Args:
        answer: what the student wrote; `...` while it is open.
        expected: the right one, best computed in the call.
        rel: how far it may be off, relative to the expected one and to 1.

    >>> from chalkgrad import grad
    >>> check_value(..., grad(lambda x: x**3)(2.0))
    not answered yet
    >>> check_value(11, grad(lambda x: x**3)(2.0)), check_value(12, grad(lambda x: x**3)(2.0))
    (not yet: 11 is not it, right)
    """
    if _is_open(answer):
        return _OPEN
    given, wanted = _plain(answer), _plain(expected)
    if isinstance(given, (bool, np.bool_)) and not isinstance(wanted, (bool, np.bool_)):
        return Verdict("not yet", f"a number is expected, not {given}")
    if fault := _fault(given, wanted):
        return Verdict("not yet", fault)
    if np.shape(given) != np.shape(wanted):
        return Verdict("not yet", f"the shape is {np.shape(given)}, and {np.shape(wanted)} is expected")
    if _close(given, wanted, rel):
        return Verdict("right")
    if np.ndim(given):
        wrong = [i for i in np.ndindex(np.shape(given)) if not _close(np.asarray(given)[i], np.asarray(wanted)[i], rel)]
        place = wrong[0][0] if np.ndim(given) == 1 else wrong[0]
        return Verdict("not yet", f"number {place}, counted from 0, is {_short(np.asarray(given)[wrong[0]])}: not it")
    return Verdict("not yet", f"{_short(given)} is not it")


def check_function(
    answer: Any, reference: Callable[..., Any] | Mapping[Any, Any], on: Iterable[Any] | None = None, *,
    rel: float = 1e-6, rng: Any = 0,
) -> Verdict:  # fmt: skip
    """Check a function against another one, at points, and give the first point where they differ.

    Args:
        answer: the function that the student wrote; while it is open, it gives `...`.
        reference: a function of the same arguments, such as `grad(f)`, that gives a number, an array or several of
            them; or a table, a dict from points to results.
        on: the points; where there are several arguments, tuples. If left out: those of the table, or 100 random
            ones, each argument normal with a standard deviation of 2.
        rel: how far a result may be off, relative to the expected one and to 1.
        rng: a seed or a NumPy generator for the random points.

    The answer gets copies of lists and arrays, so it may change them in place.

    >>> from chalkgrad import grad, sin
    >>> check_function(lambda x: ..., grad(sin))
    not answered yet
    >>> check_function(lambda a, b: a or b, {(0, 0): 0, (0, 1): 1, (1, 0): 1, (1, 1): 0})
    not yet: at a = 1, b = 1 yours gives 1, and 0 is expected
    """
    if not callable(reference) and not isinstance(reference, Mapping):
        raise TypeError(f"`reference` is a function, or a dict from points to results, not {reference!r:.60}")
    if _is_open(answer):
        return _OPEN
    if not callable(answer):
        return Verdict("not yet", f"a function is expected, not {answer!r:.40}")
    names = _arguments(answer)
    expected = _from_table(reference) if isinstance(reference, Mapping) else reference
    if on is None and isinstance(reference, Mapping):
        on = reference
    if on is None:
        count = len(names) if isinstance(reference, Mapping) else _count(reference, len(names))
        on = map(tuple, (2.0 * np.random.default_rng(rng).normal(size=(_POINTS, count))).tolist())
    try:
        points = [point if isinstance(point, tuple) else (point,) for point in on]
    except TypeError:
        raise TypeError(f"`on` is a list of points, not {on!r:.60}") from None
    if not points:
        raise ValueError("`on` has no points: give at least one")
    for point in points:
        try:
            given = answer(*copy.deepcopy(point))
        except Exception as error:
            return _raised(error, f"at {_named(names, point)} ")
        if _is_open(given):
            return _OPEN
        given, wanted = _plain(given), _plain(expected(*copy.deepcopy(point)))
        if fault := _fault(given, wanted):
            return Verdict("not yet", fault)
        if np.shape(given) != np.shape(wanted) or not _close(given, wanted, rel):
            told = f"at {_named(names, point)} yours gives {_short(given)}, and {_short(wanted)} is expected"
            return Verdict("not yet", told)
    return Verdict("right", f"the same at {len(points)} points")


def check_law(answer: Any, law: Callable[[Any], Any]) -> Verdict:
    """Check that an answer obeys a law: a function of the answer that asserts, with a message for the student.

    Args:
        answer: what the student wrote; while it is open, it is or holds `...`.
        law: raises an AssertionError, or gives False, where the answer is wrong.

    >>> def even(f):
    ...     assert f(-3.0) == f(3.0), f"f(-3) is {f(-3.0)} and f(3) is {f(3.0)}"
    >>> check_law(lambda x: x**3, even), check_law(abs, even)
    (not yet: f(-3) is -27.0 and f(3) is 27.0, right)
    """
    if _is_open(answer):
        return _OPEN
    try:
        held = law(answer)
    except AssertionError as error:
        words = str(error) or "the law does not hold"
        if "Ellipsis" in words:
            return _OPEN
        return Verdict("not yet", words + ": is `return` missing?" * words.endswith("not None"))
    except Exception as error:
        return _raised(error)
    return Verdict("right") if held is None or held else Verdict("not yet", "the law does not hold")


def numbers(answer: Any) -> np.ndarray:
    """Return an answer as an array of floats, for a law.

    Raises:
        AssertionError: it is no number, or holds something that is none; the message is for the student.

    >>> numbers([1, 0.5])
    array([1. , 0.5])
    >>> check_law(["1", "2"], lambda given: numbers(given).sum() == 3)
    not yet: numbers are expected, not ['1' '2']
    """
    plain = _plain(answer)
    fault = _fault(plain, np.zeros(np.shape(plain)))
    if fault or isinstance(plain, (bool, np.bool_)):
        raise AssertionError(fault or f"a number is expected, not {plain}")
    return np.asarray(plain, dtype=float)


def _from_table(table: Mapping[Any, Any]) -> Callable[..., Any]:
    """Make a function of a table; the key of a single argument may be written without a tuple."""

    def result(*point: Any) -> Any:
        key = point[0] if len(point) == 1 and point not in table else point
        if key not in table:
            raise ValueError(f"`on` has the point {point}, and `reference` has no result for it")
        return table[key]

    return result


def _is_open(answer: Any) -> bool:
    """Whether there is still a `...` in it."""
    if isinstance(answer, Mapping):
        answer = list(answer.values())
    if isinstance(answer, (list, tuple)):
        return any(map(_is_open, answer))
    return answer is ... or (isinstance(answer, np.ndarray) and answer.dtype == object and ... in answer.ravel())


def _raised(error: Exception, where: str = "") -> Verdict:
    if "ellipsis" in str(error):  # `... + 1`: something is left open inside
        return _OPEN
    if "NoneType" in str(error):
        return Verdict("not yet", _NONE)
    return Verdict("not yet", f"{where}yours raises {type(error).__name__}: {error}")


def _arguments(function: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # one that is written in C
        return ["x"]
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in kinds and p.default is p.empty] or ["x"]


def _count(reference: Callable[..., Any], otherwise: int) -> int:
    """Count the arguments of a reference; one that takes any number has as many as the answer."""
    try:
        parameters = inspect.signature(reference).parameters.values()
    except (TypeError, ValueError):  # one that is written in C
        return otherwise
    return otherwise if any(p.kind is p.VAR_POSITIONAL for p in parameters) else len(_arguments(reference))


def _fault(given: Any, wanted: Any) -> str:
    """Say what keeps an answer from being compared: it is None, or no number where one is expected."""
    if given is None:
        return _NONE
    kinds = [np.asarray(x).dtype.kind for x in (given, wanted)]
    if kinds[1] in "biufc" and kinds[0] not in "biufc":
        return f"{'numbers are' if np.ndim(wanted) else 'a number is'} expected, not {_short(given)}"
    imaginary = kinds[0] == "c" and kinds[1] != "c" and np.any(np.imag(given))
    return "a real number is expected" if imaginary else ""


def _named(names: list[str], point: tuple[Any, ...]) -> str:
    if len(names) != len(point):
        return ", ".join(map(_short, point))
    told = ", ".join(f"{name} = {_short(x)}" for name, x in zip(names, point, strict=True))
    shapes = [f"{name} of shape {np.shape(x)}" if np.ndim(x) else f"{name} = {_short(x)}"
              for name, x in zip(names, point, strict=True)]  # fmt: skip
    return told if len(told) < 120 else ", ".join(shapes)


def _plain(x: Any) -> Any:
    if isinstance(x, (Value, Tensor)):
        return x.data
    if isinstance(x, (list, tuple)):
        parts = [_plain(part) for part in x]
        alike = len({np.shape(part) for part in parts}) == 1
        return np.array(parts) if alike or not parts else np.concatenate([np.ravel(part) for part in parts])
    if hasattr(x, "__float__") and np.asarray(x).dtype.kind == "O":  # a Fraction, a Decimal, a number of SymPy
        return float(x)
    return x


def _close(x: Any, y: Any, rel: float) -> bool:
    if not isinstance(rel, (int, float, np.number)) or not 0 <= rel < 1e300:
        raise ValueError(f"`rel` is a finite number from 0, not {rel!r:.60}")
    try:
        counts = np.asarray(y).dtype.kind in "iu"  # a large count is as exact as a small one
        near = np.allclose(np.asarray(x), np.asarray(y), rtol=rel, atol=rel, equal_nan=True)
        return bool(near and (not counts or np.all(np.abs(np.subtract(x, y, dtype=float)) < 0.5)))
    except (TypeError, OverflowError):  # no numbers, or whole ones that are too large for a float
        return bool(np.all(x == y))


def _short(x: Any) -> str:
    x = _plain(x)
    if isinstance(x, (float, np.floating)):
        return f"{x:.4g}"
    text = " ".join((np.array2string(x, precision=4) if isinstance(x, np.ndarray) else repr(x)).split())
    return text if len(text) <= 60 else text[:59] + "…"
