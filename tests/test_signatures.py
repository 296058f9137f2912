"""Kernels take operands by name: those of their signature, each an array or an integer."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd import Tensor, compile, cumsum, primitive
from autograd.kernels import generate
from autograd.kernels.formulas import FORMULAS
from autograd.kernels.signatures import SIGNATURES, Signature, signature

ROOT = Path(__file__).resolve().parent.parent
KERNELS = [(name, "", "") for name in SIGNATURES] + [
    (name, "float64", extra) for name in FORMULAS for extra in ("", "at", "one")
]


@pytest.mark.parametrize("kernel", KERNELS, ids=" ".join)
def test_the_parameters_of_a_kernel_are_the_names_of_its_signature(
    kernel: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    generate.entry(*kernel)
    names = signature(kernel[0], kernel[2]).names
    other = Signature(" ".join(reversed(names)), "and_more")
    monkeypatch.setattr(generate, "signature", lambda *_: other)
    if kernel[2] != "one":  # which has operands of its own
        with pytest.raises(TypeError, match=f"the kernel `{kernel[0]}.* has the parameters"):
            generate.entry(*kernel)


def test_operands_are_checked() -> None:
    matmul, x = SIGNATURES["matmul"], np.ones(3)
    sizes = dict.fromkeys(("m", "k", "n", "out_row", "a_row", "a_column", "b_row", "b_column"), 1)
    bound = matmul.bind("matmul", {"b": x, "a": x, **sizes, "out": x, "relu": np.int64(1)})
    assert tuple(bound) == matmul.names and (bound["bias"], bound["relu"], bound["batches"]) == (0, 1, 1)
    for wrong, message in (
        ({"out": x, "a": x}, "the kernel `matmul` takes the operands out, a, b, bias, .*; got m, .*, out, a$"),
        ({"out": x, "a": x, "b": x, "c": x}, "takes the operands .*; got m, .*, out, a, b, c"),
        ({"out": x, "a": x, "b": 3}, "the operand `b` of the kernel `matmul` is an array, not 3"),
        ({"out": x, "a": x, "b": x, "bias": 0}, "the operand `bias` of the kernel `matmul` is an array, not 0"),
        ({"out": x, "a": x, "b": x, "relu": x}, "the operand `relu` of the kernel `matmul` is an integer, not array"),
        ({"out": x, "a": x, "b": x, "relu": 1.0}, "the operand `relu` of the kernel `matmul` is an integer, not 1.0"),
    ):
        with pytest.raises(TypeError, match=message):
            matmul.bind("matmul", {**sizes, **wrong})


def test_a_program_says_what_python_runs() -> None:
    @primitive(vjps=[lambda g, out, x: g * 2.0])
    def double_it(x: object) -> object:
        return np.multiply(x, 2.0)

    x = Tensor([1.0, 2.0])
    program = compile(double_it(x).sum() + (cumsum(x) * cumsum(x)).sum() + cumsum(x * 3.0).sum())
    assert program() == 28.0 and program.stats.in_python == 4 and program.stats.calls > 3
    text = str(program).splitlines()
    assert sum(line.endswith("  # in Python") for line in text) == 4
    assert all((" double_it(" in line or " cumsum(" in line) == line.endswith("# in Python") for line in text[:-1])
    assert text[-1] == "# no kernel, so Python runs them: cumsum, double_it"
    native = compile((x * x).sum())
    assert native.stats.in_python == 0 and "Python" not in str(native)


def test_a_process_loads_products_and_error_functions_from_disk() -> None:
    code = (
        "import numpy as np, autograd as ag\n"
        "print(ag.compile(lambda x: ag.tanh(ag.erf(x @ x)).sum())(np.ones((9, 9))))"
    )
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        assert float(done.stdout) == pytest.approx(81 * np.tanh(1.0))
