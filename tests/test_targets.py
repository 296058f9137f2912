"""The table and its targets: what each engine has of a row in its own words gives the numbers of the row.

Every elementwise row is held, also at infinities, NaN, zeros and subnormal numbers, to its formula for floats, to both
kinds of compiled programs, and to what is exported as Python, as JavaScript and to ONNX. A test is named after the
target; what it says names the file and the row.
"""

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from test_export import run_javascript

import nn
from autograd import TABLE, Value, compile
from autograd.kernels.formulas import FORMULAS

ROWS = [name for name, row in TABLE.items() if (row.elementwise or name == "where") and not row.options]
EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 40.0, -40.0, 5e-324, -5e-324, 1e-310, 1e300, -1e300, np.inf, -np.inf, np.nan]
FAR = 1e-290
"""Numbers below this are as good as 0: a C library may lose digits of subnormal results."""


def points(name: str) -> np.ndarray:
    """All pairs of special numbers, and for three operands some triples."""
    arity = TABLE[name].arity or 0
    at = np.array(list(itertools.product(EDGES, repeat=min(arity, 2))))
    third = np.resize(EDGES[::-1], (len(at), 1))
    return at if arity < 3 else np.concatenate([at, third], axis=1)


@functools.cache
def wanted(name: str) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(TABLE[name].forward(*points(name).T), float)


def hold(
    name: str, have: Any, file: str, which: np.ndarray | None = None, rtol: float = 1e-11, atol: float = FAR
) -> None:
    """Compare numbers with those of the table."""
    at, want, have = points(name), wanted(name), np.asarray(have, float).ravel()
    if which is not None:
        at, want, have = at[which], want[which], have[which]
    with np.errstate(all="ignore"):
        same = (have == want) | (np.isnan(have) & np.isnan(want)) | (np.abs(have - want) <= rtol * np.abs(want) + atol)
    if not same.all():
        k = int(np.argmin(same))
        given = ", ".join(f"{x:g}" for x in at[k])
        pytest.fail(
            f"`{name}({given})`: the table gives {want[k]:g}, {file} gives {have[k]:g} "
            f"({np.count_nonzero(~same)} of {len(same)} points)"
        )


@pytest.mark.parametrize("name", ROWS)
def test_the_formula_for_floats(name: str) -> None:
    row = TABLE[name]
    hold(name, [row(*point) for point in points(name).tolist()], f"its `scalar` in {row.__module__}")


@pytest.mark.parametrize("name", ROWS)
def test_the_kernel_formula(name: str) -> None:
    assert name in FORMULAS, (
        f"the row `{name}` has no formula in autograd/kernels/formulas.py, so Python would run it in every program: "
        "add one of that name"
    )
    with np.errstate(all="ignore"):
        have = compile(lambda *xs: TABLE[name](*xs))(*map(np.ascontiguousarray, points(name).T))
    hold(name, have, "autograd/kernels/formulas.py")


@pytest.mark.parametrize("name", ROWS)
def test_the_program_of_single_numbers(name: str) -> None:
    leaves = [Value(0.5) for _ in range(TABLE[name].arity or 0)]
    program, have = compile(TABLE[name](*leaves)), []
    assert program.stats.in_python == 0
    for point in points(name).tolist():
        for leaf, x in zip(leaves, point, strict=True):
            leaf.data = x
        have.append(program())
    hold(name, have, "autograd/compiler/scalars")


FUSED: dict[str, tuple[int, Callable[..., Any]]] = {
    "times_step": (2, lambda g, x: g * TABLE["step"].forward(x)),
    "add_product": (3, lambda x, y, z: x + y * z),
    "sub_product": (3, lambda x, y, z: x - y * z),
}
"""Formulas of the kernels that are no rows, and the rows that they stand for."""


@pytest.mark.parametrize("name", FUSED)
def test_the_fused_formulas(name: str) -> None:
    arity, meant = FUSED[name]
    for point in itertools.product(EDGES[:: 1 if arity == 2 else 3], repeat=arity):
        with np.errstate(all="ignore"):
            want = float(meant(*map(np.float64, point)))
            have = compiled_formula(name)(*point)
        assert have == pytest.approx(want, rel=1e-15, nan_ok=True), f"{name}{point} in autograd/kernels/formulas.py"


@functools.cache
def compiled_formula(name: str) -> Any:
    from numba import njit

    import autograd.kernels.build  # noqa: F401 -- numba compiles formulas that call others

    formula = njit(error_model="numpy")(FORMULAS[name])
    return lambda *xs: formula(*map(float, xs))


def test_no_formula_is_of_nothing() -> None:
    assert set(FORMULAS) == {*ROWS, *FUSED}


def test_a_step_of_what_relu_gave_is_the_step() -> None:
    step, relu = TABLE["step"].forward, TABLE["relu"].forward
    x = np.array(EDGES)
    np.testing.assert_array_equal(step(relu(x)), step(x), "autograd/compiler/ir/passes.py, `expand`, relies on that")


class Of(nn.Module):
    """A row of columns."""

    def __init__(self, name: str) -> None:
        self.name = name

    def forward(self, x: Any) -> Any:
        row = TABLE[self.name]
        return row(*(x[:, i : i + 1] for i in range(row.arity or 0)))


def run_python(model: Any, X: np.ndarray, **settings: Any) -> tuple[np.ndarray, np.ndarray]:
    """Run the Python text; where `math` raises, so does the text, and there is no number to compare."""
    room: dict[str, Any] = {}
    exec(nn.export.to_python(model, **settings), room)
    have = []
    for row in X.tolist():
        try:
            have += room["predict"](row)
        except (ValueError, OverflowError):
            have.append(None)
    return np.array([[math.inf if x is None else x] for x in have]), np.array([x is not None for x in have])


def run_onnx(model: Any, X: np.ndarray, **settings: Any) -> np.ndarray:
    reference = pytest.importorskip("onnx.reference")
    made = reference.ReferenceEvaluator(nn.export.to_onnx(model, dtype="float64", **settings))
    return made.run(None, {"x": X})[0]


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize(
    ("run", "file"),
    [(run_python, "nn/export/source.py"), (run_javascript, "nn/export/javascript.py"), (run_onnx, "nn/export/onnx.py")],
    ids=["python", "javascript", "onnx"],
)
def test_the_exported_form(run: Any, file: str, name: str) -> None:
    at = points(name)
    error, have = None, at
    try:
        with np.errstate(all="ignore"):
            have = run(Of(name), at, shape=(TABLE[name].arity,))
    except TypeError as refusal:
        error = str(refusal)
    if error is not None:  # refused in words, where there is no form
        assert f"`{name}`" in error and "form in" in error
        return
    have, told = have if isinstance(have, tuple) else (have, True)
    compared = (np.isfinite(at).all(axis=1) | (run is run_javascript)) & told
    assert compared.sum() > len(at) // 8
    exact = run is not run_onnx  # whose runtimes have an erf of 7 digits, and which has no expm1
    hold(name, have, file, compared, *((1e-9, FAR) if exact else (1e-6, 1e-20)))
