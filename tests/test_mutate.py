"""The mutants are what they are said to be; that tests notice them is `python tests/mutate.py`, which takes long."""

import ast
import importlib

import pytest

from tests import mutate


def changed(source: str) -> set[str]:
    """All mutants of a source, as sources."""
    count = len(mutate.mutants("x.py", source))
    return {ast.unparse(mutate.mutants("x.py", source)[n].apply()) for n in range(count)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("y = a - b", {"y = a + b", "y = b - a"}),
        ("y = a @ b", {"y = a * b", "y = b @ a"}),
        ("y = -a", {"y = a"}),
        ("y = 2.0", {"y = 3.0", "y = -2.0"}),
        ("y = 0", {"y = 1"}),
        ("y = True", {"y = False"}),
        ("y = a < b", {"y = a <= b", "y = a >= b"}),
        ("y = a is not b", {"y = a is b"}),
        ("y = a and b", {"y = a or b"}),
        ("y = f(a, b)", {"y = f(b, a)"}),
        ("y = f(a, a, axis=b)", {"y = f(a, a)"}),
        ("y = zip(a, b, strict=True)", {"y = zip(b, a, strict=True)"}),
        ("y = x[a:b]", {"y = x[:b]", "y = x[a:]"}),
        ("y = reversed(x)", {"y = x"}),
        ("y = np.minimum(x, x)", {"y = np.maximum(x, x)"}),
        ("y = lambda x: x", {"y = lambda x: -x"}),
        ("y = a if b else c", {"y = a if not b else c"}),
        ("def f():\n    return x", {"def f():\n    return None"}),
        ("def f():\n    x.y = a", {"def f():\n    pass"}),
        ("def f():\n    x += a", {"def f():\n    x -= a", "def f():\n    pass"}),
        ("def f():\n    raise E(1 + 1)", {"def f():\n    pass"}),
        ("with a:\n    b", {"if True:\n    b"}),
        ("for x in y:\n    continue", {"for x in y:\n    pass"}),
    ],
)
def test_every_change(source: str, expected: set[str]) -> None:
    assert changed(source) == expected


@pytest.mark.parametrize(
    "source", ["import a", '"""1 + 1"""', "__all__ = [1]", "def f(x: a - b) -> 1:\n    x", "f'{a - b}'", "assert a < b"]
)
def test_what_is_left_alone(source: str) -> None:
    assert changed(source) == set()


def test_a_mutant_tells_its_place_and_the_lines_that_it_depends_on() -> None:
    mutant = mutate.mutants("x.py", "@d(\n    a\n)\ndef f():\n    return a\n")[-1]
    assert str(mutant) == "x.py:5:4: return a -> return None"
    assert (mutant.lines, mutant.block) == (range(5, 6), range(1, 6))


def test_what_differs_is_found_in_the_functions() -> None:
    def compiled(source: str) -> mutate.CodeType:
        return compile(source, "x.py", "exec")

    old = "y = 1\ndef f():\n    def g():\n        return 2\n    return g\ndef h():\n    return 3\n"
    inner = mutate._changed(compiled(old), compiled(old.replace("2", "4")))
    assert [before.co_name for before, _ in inner or []] == ["f", "g"]
    assert mutate._changed(compiled(old), compiled(old)) == []
    assert mutate._changed(compiled(old), compiled(old.replace("y = 1", "y = 5"))) is None


def test_all_of_ours_is_imported_anew_but_the_kernels_and_the_oracle() -> None:
    names = ["autograd.graph", "nn", "agreement", __name__, "oracle", "autograd.kernels", "numpy"]
    for name in names:
        importlib.import_module(name)
    assert [name for name in names if mutate._is_ours(name)] == names[:4]
