"""What a type checker knows of a user's program: the kinds of nodes, and the signatures that transforms keep."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROGRAM = '''
import numpy as np
from autograd import Tensor, Value, compile, exp, grad, matmul, maximum, mean, softmax, sum, value_and_grad, vmap
v, t, a = Value(2.0, label="a"), Tensor([1.0, 2.0]), np.ones(2)
def f(x: float, power: int = 2) -> Value:
    return v * x**power
'''
KNOWN = {
    "v": "Value", "v * 3": "Value", "3 - v": "Value", "v * v": "Value", "-v": "Value", "abs(v)": "Value",
    "v ** 2 + v.tanh()": "Value", "v.log()": "Value", "v.data": "float", "v.detach()": "Value",
    "t": "Tensor", "t.sum()": "Tensor", "t * 2 + t": "Tensor", "2 / t": "Tensor", "v * t": "Tensor", "t * v": "Tensor",
    "t * a": "Tensor", "t.exp()": "Tensor", "t[0]": "Tensor", "t.T @ t": "Tensor", "t.reshape(2, 1)": "Tensor",
    "a * t": "Any", "v + a": "Any",
    "exp(2.0)": "float", "exp(1)": "float", "exp(v)": "Value", "exp(t)": "Tensor", "exp(a)": "ndarray",
    "maximum(v, 0)": "Value", "maximum(0, v)": "Value", "maximum(v, t)": "Tensor", "maximum(a, t)": "Tensor",
    "sum(t, axis=0)": "Tensor", "mean(t, keepdims=True)": "Tensor", "softmax(t)": "Tensor", "matmul(a, t)": "Tensor",
    "grad(f)": "(x: float, power: int", "value_and_grad(f)": "tuple[Any, Any]", "vmap(f)": "(x: float, power: int",
    "compile(f)": "Compiled[", "compile(f).program(1.0, power=3)": "str", "compile(v * v)": "Program",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("checker", [["mypy", "--strict"], ["pyright"]], ids=["mypy", "pyright"])
def test_what_a_checker_knows(checker: list[str], tmp_path: Path) -> None:
    pytest.importorskip(checker[0])
    program = tmp_path / "program.py"
    first = len(PROGRAM.splitlines()) + 1
    program.write_text(PROGRAM + "".join(f"reveal_type({expression})\n" for expression in KNOWN))
    if checker[0] == "pyright":
        (tmp_path / "pyrightconfig.json").write_text(json.dumps({"extraPaths": [str(HERE.parent)]}))
        checker = [*checker, "--pythonpath", sys.executable]
    where = HERE.parent if checker[0] == "mypy" else tmp_path
    command = [sys.executable, "-m", *checker, str(program)]
    run = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=300)
    found = re.findall(r'program.py:(\d+).*?(error.*|[Tt]ype (?:of .* )?is ".*")', run.stdout)
    have = {int(line) - first: text for line, text in found}
    assert not [text for text in have.values() if text.startswith("error")], run.stdout
    assert len(have) == len(KNOWN), run.stdout + run.stderr
    for i, (expression, kind) in enumerate(KNOWN.items()):
        assert kind.replace(" ", "") in re.split(r"\bis\b", have[i])[-1].replace(" ", ""), (expression, have[i])
