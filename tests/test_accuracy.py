"""Every row against the exact oracle: value, first and second derivatives, within the bounds that the row states."""

import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from accuracy import PAGE, Worst, line, measured
from claims import COMPOSITES, UNITS, WITHIN, bounds_of
from oracle import FORMULAS, exact, ulps

from autograd import TABLE
from autograd.primitives import layout

pytestmark = pytest.mark.no_cover  # much work on the same lines

MOVES = [name for name, row in TABLE.items() if row is getattr(layout, row.__name__, None)]
"""Rows that only move numbers, or add them as `sum` does."""


class Tally:
    def __init__(self) -> None:
        self.rows: set[str] = set()
        self.points, self.errors = 0, [Worst(0.0, "", (), 0.0, 0.0)]

    def check(self, name: str, n: int, seed: int = 0) -> None:
        """Measure a row, and hold it to its bounds."""
        count, worst = measured(name, n, seed)
        bounds = bounds_of(name)
        bad = [f"{name}{by}: at most {bounds[len(by)]:g} ulp are promised, but {w}" for by, w in worst.items()
               if not w.error <= bounds[len(by)] + 1e-9]  # fmt: skip
        assert not bad, "\n".join(bad)
        self.rows.add(name)
        self.points += count
        self.errors += worst.values()


@pytest.fixture(scope="module")
def tally(promise: Callable[[str], None]) -> Iterator[Tally]:
    found = Tally()
    yield found
    promise(
        f"exact oracle: {len(found.rows)} rows and composites at {found.points:,} points, value, first and second "
        f"derivatives, eager and compiled, float64 and float32: each within its bound, "
        f"all within {max(w.error for w in found.errors):.3g} ulp"
    )


@pytest.mark.parametrize("name", FORMULAS)
def test_a_row_keeps_what_it_states(name: str, tally: Tally) -> None:
    tally.check(name, 40)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMULAS)
def test_a_row_keeps_what_it_states_at_more_points(name: str, tally: Tally) -> None:
    tally.check(name, 200, seed=1)


def test_every_row_states_a_bound() -> None:
    assert set(FORMULAS) == set(TABLE) - set(MOVES) - {"constant", "variable", "stop_gradient"} | set(COMPOSITES)
    assert set(UNITS) | set(WITHIN) <= set(FORMULAS)
    for name in FORMULAS:
        assert len(bounds_of(name)) == 3 and all(bound >= 0 for bound in bounds_of(name)), name


def cells_of(text: str) -> list[str]:
    return re.split(r" \| |^\| | \|$", text)


def test_the_page_is_that_of_the_rows() -> None:
    table = [text for text in PAGE.read_text(encoding="utf-8").splitlines() if text.startswith("| `")]
    rows = {cells[1].strip("`"): cells for cells in map(cells_of, table)}
    assert list(rows) == list(FORMULAS), "write it anew: python tests/accuracy.py > autograd/primitives/README.md"
    for name, cells in rows.items():
        now = cells_of(line(name, {}))
        assert (cells[2:5], cells[8]) == (now[2:5], now[8]), f"`{name}`: write the page anew: python tests/accuracy.py"
        for bound, found in zip(bounds_of(name), cells[5:8], strict=True):
            assert max(float(x) for x in re.findall(r"[\d.]+(?:e[+-]\d+)?", found)) <= bound + 0.01, name


# -- the oracle itself --


def test_an_ulp_is_the_distance_of_numbers() -> None:
    one = np.array([1.0]), np.array([0.0])
    assert ulps(np.array([1 + 2**-52]), one) == 1.0
    assert ulps(np.array([1 - 2**-53]), one) == 0.5
    assert ulps(np.array([1 + 2**-23]), one, np.float32) == 1.0
    assert ulps(np.array([1.0]), (np.array([1.0]), np.array([2**-54]))) == 0.25  # an exact result between two numbers
    assert ulps(np.array([0.0]), (np.array([1.5e-323]), np.array([0.0]))) == 3.0
    assert ulps(np.array([2.0]), one, unit=np.array([2.0**20])) == 2.0**32
    huge = np.array([2.0**127]), np.array([0.0])
    assert ulps(np.array([0.0]), huge, np.float32, unit=np.array([2.0**140])) == 2.0**10  # also beyond the range


def test_ends_of_the_range_are_compared_too() -> None:
    top = float(np.finfo(np.float64).max)
    nothing = np.array([0.0])
    assert ulps(np.array([np.inf]), (np.array([np.inf]), nothing)) == 0.0
    assert ulps(np.array([np.inf]), (np.array([top]), nothing)) == 1.0
    assert ulps(np.array([top]), (np.array([np.inf]), nothing)) == 1.0
    assert ulps(np.array([-np.inf]), (np.array([np.inf]), nothing)) > 1e15
    assert ulps(np.array([np.inf]), (np.array([1e39]), nothing), np.float32) == 0.0
    above = np.array([float(np.finfo(np.float32).max) + 2.0**102])  # a quarter of an ulp
    assert ulps(np.array([float(np.finfo(np.float32).max)]), (above, nothing), np.float32) == 0.25
    assert ulps(np.array([np.nan]), (np.array([1.0]), nothing)) == np.inf
    assert ulps(np.array([0.0]), (np.array([1.0]), nothing)) > 1e15


@pytest.mark.parametrize(
    ("name", "by", "at", "want"),
    [
        ("tanh", (0,), (20.0,), 1.6993417021166355e-17),
        ("log_sigmoid", (), (700.0,), -9.85967654375977e-305),
        ("sigmoid", (0, 0), (1e-200,), -1.25e-201),
        ("mod", (), (1e300, 1e-300), 4.891554850853602e-301),
        ("atan2", (0,), (3.0, 4.0), 0.16),
        ("pow", (0, 1), (2.0, 3.0), 4 + 12 * 0.6931471805599453),
    ],
)  # fmt: skip
def test_the_oracle_knows(name: str, by: tuple[int, ...], at: tuple[float, ...], want: float) -> None:
    high, _ = exact(name, by, np.array([at]))
    assert high[0] == pytest.approx(want, rel=2e-16, abs=0)


def test_a_wrong_rule_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    row = TABLE["tanh"]
    # The textbook's rule, which cancels. It stands in the file of the row, as code of the library does.
    wrong = compile("lambda out, x: 1.0 - out * out", row.forward.__code__.co_filename, "eval")
    monkeypatch.setattr(row, "_partials", (eval(wrong, row.forward.__globals__),))
    with pytest.raises(AssertionError, match=r"tanh\(0,\): at most 4 ulp are promised, but .* ulp"):
        Tally().check("tanh", 40)
