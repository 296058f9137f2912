"""Passes: which instructions each leaves, and which it must leave alone, on small programs written down here."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autograd import TABLE
from autograd.compiler.ir.instructions import IR, Instruction
from autograd.compiler.ir.passes import dead_code, expand, fuse, optimize, simplify
from autograd.primitive import Primitive

F4, F8 = np.dtype(np.float32), np.dtype(np.float64)


class Draft:
    """A program that is written instruction by instruction; each method gives the number of its instruction."""

    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        self.inputs: list[int] = []

    def _add(self, instr: Instruction) -> int:
        self.instructions.append(instr)
        return len(self.instructions) - 1

    def input(self, *shape: int, dtype: np.dtype = F8, single: bool = False) -> int:
        self.inputs.append(len(self.instructions))
        return self._add(Instruction("input", None, (), {}, shape, dtype, single))

    def constant(self, data: Any, dtype: np.dtype = F8, single: bool = False) -> int:
        data = np.array(data, dtype)
        return self._add(Instruction("constant", None, (), {}, data.shape, dtype, single, data=data))

    def row(self, name: str, *inputs: int, like: int | None = None, **params: Any) -> int:
        """Add a row whose result is like that of another instruction, if nothing is said like its first operand's."""
        x = self.instructions[inputs[0] if like is None else like]
        return self._add(Instruction(name, TABLE[name], inputs, params, x.shape, x.dtype, x.single))

    def reduction(self, name: str, x: int, axis: Any, keepdims: bool) -> int:
        kept = np.sum(np.zeros(self.instructions[x].shape), axis=axis, keepdims=keepdims).shape
        out = self.row(name, x, axis=axis, keepdims=keepdims)
        return self.change(out, shape=kept)

    def change(self, number: int, **changes: Any) -> int:
        self.instructions[number] = replace(self.instructions[number], **changes)
        return number

    def matmul(self, a: int, b: int) -> int:
        out = self.row("matmul", a, b)
        return self.change(out, shape=(*self.instructions[a].shape[:-1], *self.instructions[b].shape[1:]))

    def ir(self, *outputs: int) -> IR:
        return IR(self.instructions, self.inputs, list(outputs), ["before"])


def shown(ir: IR) -> str:
    return "; ".join(" ".join([instr.name, *map(str, instr.inputs)]) for instr in ir.instructions)


def is_left_alone(rewrite: Callable[[IR], IR], ir: IR) -> bool:
    before = [(x.name, x.op, x.inputs, x.params, x.shape, x.dtype, x.single) for x in ir.instructions]
    after = rewrite(ir)
    same = [(x.name, x.op, x.inputs, x.params, x.shape, x.dtype, x.single) for x in after.instructions] == before
    return same and (after.inputs, after.outputs) == (ir.inputs, ir.outputs)


def strange(name: str) -> dict[str, Any]:
    """Somebody else's row of that name."""
    twin = object.__new__(Primitive)
    twin.__dict__.update(vars(TABLE[name]))
    return {"op": twin}


# -- dead code --


def test_dead_code_leaves_results_what_they_need_and_inputs() -> None:
    d = Draft()
    x, _, two = d.input(), d.input(), d.constant(2.0)
    dead = d.row("mul", x, two)
    y = d.row("exp", x)
    d.row("sin", dead)
    out = dead_code(d.ir(d.row("log", y), y))
    assert shown(out) == "input; input; exp 0; log 2"
    assert (out.inputs, out.outputs, out.notes) == ([0, 1], [3, 2], ["before", "dead code: left out 3 instructions"])


def test_dead_code_counts() -> None:
    d = Draft()
    x = d.input()
    d.row("sin", x)
    assert dead_code(d.ir(x)).notes[-1] == "dead code: left out 1 instruction"
    late = Draft()
    late.constant(1.0)
    x = late.input()
    out = dead_code(late.ir(x))
    assert (shown(out), out.inputs, out.outputs) == ("input", [0], [0])
    assert dead_code(out).notes[-1] == "dead code: left out 0 instructions"


def test_dead_code_looks_at_the_first_lines_too() -> None:
    d = Draft()
    one = d.constant(1.0)
    assert is_left_alone(dead_code, d.ir(d.row("log", d.row("exp", one))))


# -- logsumexp and ReLU --


@pytest.mark.parametrize(
    ("shape", "axis", "keepdims", "instructions", "kept"),
    [
        ((2, 3), 1, True, "max 0; anchor 2; broadcast_to 3; sub 0 4; exp 5; sum 6; log 7; add 3 8", (2, 1)),
        ((2, 3), 1, False, "max 0; anchor 2; broadcast_to 3; sub 0 4; exp 5; sum 6; log 7; add 3 8; reshape 9", (2, 1)),
        ((2, 3), None, False, "max 0; anchor 2; broadcast_to 3; sub 0 4; exp 5; sum 6; log 7; add 3 8; reshape 9",
         (1, 1)),
        ((2, 1), 1, True, "max 0; anchor 2; sub 0 3; exp 4; sum 5; log 6; add 3 7", (2, 1)),
        ((2, 1), -1, False, "max 0; anchor 2; sub 0 3; exp 4; sum 5; log 6; add 3 7; reshape 8", (2, 1)),
    ],
)  # fmt: skip
def test_logsumexp_is_opened(shape: tuple[int, ...], axis: Any, keepdims: bool, instructions: str, kept: Any) -> None:
    d = Draft()
    x = d.input(*shape, dtype=F4)
    top = d.reduction("max", x, axis, True)
    total = d.change(d.reduction("logsumexp", x, axis, keepdims), label="z", single=True)
    want = d.instructions[total].shape
    late = d.input()
    behind = d.row("neg", total)
    out = expand(d.ir(total, behind, top))
    n = instructions.count(";") + 2
    assert shown(out) == f"input; max 0; {instructions}; input; neg {n}"
    assert (out.inputs, out.outputs) == ([x, n + 1], [n, n + 2, top]) and late == 3
    assert out.notes == ["before", "expanded: 1 logsumexp"]
    last, inner = out.instructions[n], out.instructions[top + 1 : n]
    assert (last.shape, last.dtype, last.single, last.label) == (want, F4, True, "z")
    assert not any(instr.single or instr.label for instr in inner) and {instr.dtype for instr in inner} == {F4}
    for instr in inner:
        assert instr.op is TABLE[instr.name]
        assert instr.shape == (shape if instr.name in ("broadcast_to", "sub", "exp") else kept)
        wanted = {"axis": axis, "keepdims": True} if instr.name in ("max", "sum") else {}
        assert instr.params == ({"shape": shape} if instr.name == "broadcast_to" else wanted)
    if last.name == "reshape":
        assert last.params == {"shape": want}


def test_two_logsumexp_are_opened_and_lines_behind_find_their_operands() -> None:
    d = Draft()
    x, y = d.input(4, 1), d.input(4, 1)
    for z in (x, y):
        d.reduction("max", z, 1, True)
    a, b = (d.reduction("logsumexp", z, 1, True) for z in (x, y))
    out = expand(d.ir(d.row("add", a, b)))
    first = "max 0; anchor 4; sub 0 5; exp 6; sum 7; log 8; add 5 9"
    second = "max 1; anchor 11; sub 1 12; exp 13; sum 14; log 15; add 12 16"
    assert shown(out) == f"input; input; max 0; max 1; {first}; {second}; add 10 17"
    assert out.outputs == [18] and out.notes[-1].startswith("expanded: 2 ")


def test_a_logsumexp_of_somebody_else_stays() -> None:
    for changes in (strange("logsumexp"), {"name": "sum", "op": TABLE["sum"]}):
        d = Draft()
        ir = d.ir(d.change(d.reduction("logsumexp", d.input(3, 3), 1, True), **changes))
        assert is_left_alone(expand, ir)
        assert expand(ir).notes[-1] == "expanded: 0 logsumexp"


# -- common subexpressions --

SIMPLIFIED = "constant folding: computed {}; local rules: left out {}; common subexpressions: merged {}"


def test_what_is_written_twice_is_computed_once() -> None:
    d = Draft()
    x, y = d.input(), d.input()
    a, b = d.row("mul", x, y), d.row("mul", x, y)
    c, e = d.row("exp", a), d.row("exp", b)
    out = simplify(d.ir(d.row("sub", c, e), e))
    assert shown(out) == "input; input; mul 0 1; exp 2; sub 3 3"
    assert (out.inputs, out.outputs) == ([0, 1], [4, 3])
    assert out.notes == ["before", SIMPLIFIED.format("0 instructions", 0, "2 instructions")]


def merges(*changes: dict[str, Any], name: str = "square", **params: Any) -> bool:
    """Say whether an instruction is merged with one that differs so."""
    d = Draft()
    x = d.input(2)
    a, b = d.row(name, x, **params), d.row(name, x, **params)
    for change in changes:
        d.change(b, **change)
    out = simplify(d.ir(a, b))
    merged = "1 instruction" if out.outputs == [a, a] else "0 instructions"
    assert out.notes[-1] == SIMPLIFIED.format("0 instructions", 0, merged)
    return out.outputs == [a, a]


def test_lines_that_differ_are_not_merged() -> None:
    assert merges()
    assert merges({"label": "other"})
    for change in ({"shape": (1,)}, {"dtype": F4}, {"single": True}, {"params": {"k": 1}}, strange("square")):
        assert not merges(change)
    d = Draft()
    x, y = d.input(), d.input()
    assert is_left_alone(simplify, d.ir(d.row("sub", x, y), d.row("sub", y, x)))


def test_settings_are_compared_whatever_they_are() -> None:
    a = np.array([1.0, 2.0])
    for one, other in [
        (slice(1, 5, 2), slice(0, 5, 2)), (slice(1, 5, 2), slice(1, 4, 2)), (slice(1, 5, 2), slice(1, 5, 1)),
        (slice(1, 5, 2), slice(1, 5, None)), (a, a + 1), (a, a[None]), (a, a.view(np.int64)), (1, 2), ("x", "y"),
        ([1, [2]], [1, [3]]), ((a, 1), (a + 1, 1)), ((slice(1), 0), (slice(2), 0)), ((a, slice(1)), (a, slice(2))),
    ]:  # fmt: skip
        assert merges(p=one, q=0)
        assert merges({"params": {"q": 0, "p": one}}, p=one, q=0), "the order of settings means nothing"
        assert not merges({"params": {"p": other, "q": 0}}, p=one, q=0)
    assert merges({"params": {"p": a.copy()}}, p=a)
    assert not merges(p=lambda: 0)


def test_inputs_are_never_merged_and_constants_by_their_bits() -> None:
    def merged(one: Any, other: Any, *kinds: Any) -> bool:
        d = Draft()
        a, b = d.constant(one), d.constant(other, *kinds)
        return simplify(d.ir(a, b)).outputs == [a, a]

    d = Draft()
    assert is_left_alone(simplify, d.ir(d.input(), d.input()))
    assert merged(1.5, 1.5) and merged(np.nan, np.nan) and merged(np.arange(16), np.arange(16))
    assert not merged(np.arange(17), np.arange(17))
    assert not merged(0.0, -0.0) and not merged(1.0, [1.0]) and not merged(1.0, 1.0, F8, True)
    assert not merged(0.0, 0.0, F4) and not merged([0.0], [0.0, 0.0])


# -- constants --


def test_what_depends_on_constants_alone_is_computed() -> None:
    d = Draft()
    x, two, three = d.input(2, dtype=F4), d.constant([2.0, 4.0], F4), d.constant([3.0, 5.0], F4)
    product = d.change(d.row("sub", two, three), label="p")
    behind = d.row("neg", product)
    out = simplify(d.ir(d.row("add", x, behind), product))
    assert shown(out) == "input; constant; constant; constant; constant; add 0 4"
    made = out.instructions[product]
    assert (made.data.tolist(), made.data.dtype, made.dtype, made.shape) == ([-1.0, -1.0], F4, F4, (2,))
    assert (made.label, made.op, made.params, made.single) == ("p", None, {}, False)
    assert out.instructions[behind].data.tolist() == [1.0, 1.0] and out.outputs == [5, 3]
    assert out.notes == ["before", SIMPLIFIED.format("2 instructions", 0, "0 instructions")]


def test_constants_of_values_are_computed_as_numbers() -> None:
    d = Draft()
    log = d.row("log", d.constant(-1.0, single=True))
    out = simplify(d.ir(log, d.row("exp", d.constant(1.0, single=True))))
    assert np.isnan(out.instructions[1].data) and out.instructions[3].data == np.exp(1.0)
    assert out.instructions[3].single and out.instructions[3].data.shape == ()
    assert out.notes[-1].startswith("constant folding: computed 2 instructions")


def test_what_is_computed_has_the_type_of_its_line() -> None:
    d = Draft()
    yes = d.change(d.constant([1.0, 0.0], F4), data=np.array([True, False]))  # a mask is listed as float32
    assert simplify(d.ir(d.row("mul", yes, yes))).instructions[1].data.dtype == F4


@pytest.mark.parametrize(("n", "computed"), [(4096, True), (4097, False)])
@pytest.mark.parametrize("row", ["neg", "add"])
def test_only_small_constants_are_computed(row: str, n: int, computed: bool) -> None:
    d = Draft()
    operands = [d.constant(np.ones(n - 1)), d.constant(1.0)] if row == "add" else [d.constant(np.ones(n))]
    ir = d.ir(d.change(d.row(row, *operands), label="a"))
    assert (simplify(ir).instructions[-1].name == "constant") == computed
    assert is_left_alone(simplify, ir) != computed


@pytest.mark.parametrize("one", [1.0, [1.0]])
@pytest.mark.parametrize(("row", "order"), [("mul", (0, 1)), ("mul", (1, 0)), ("div", (0, 1))])
def test_factors_of_one_are_left_out(row: str, order: tuple[int, int], one: Any) -> None:
    d = Draft()
    d.input(3), d.constant(one)
    y = d.row(row, *order, like=0)
    again = d.row(row, *((y, 1) if order == (0, 1) else (1, y)), like=0)
    out = simplify(d.ir(d.row("exp", again), again))
    assert out.instructions[2].inputs == (0,) and out.outputs == [2, 0]
    assert out.notes[-1] == SIMPLIFIED.format("0 instructions", 2, "0 instructions")


@pytest.mark.parametrize("row", ["identity", "reshape", "broadcast_to", "sum_to"])
def test_rows_that_give_their_operand_are_left_out(row: str) -> None:
    d = Draft()
    x = d.input(3)
    assert simplify(d.ir(d.row(row, x))).outputs == [x]
    for changes in ({"shape": (1,)}, {"dtype": F4}, {"single": True}, strange(row)):
        d = Draft()
        x = d.input(3)
        assert is_left_alone(simplify, d.ir(d.change(d.row(row, x), **changes))), changes


def test_other_factors_stay() -> None:
    def stays(row: str, order: tuple[int, ...], other: Any, **changes: Any) -> bool:
        d = Draft()
        d.input(2), d.constant(other)
        return is_left_alone(simplify, d.ir(d.change(d.row(row, *order, like=0), **changes)))

    assert stays("mul", (0, 1), 2.0) and stays("mul", (0, 1), -1.0) and stays("mul", (1, 0), 0.0)
    assert stays("div", (1, 0), 1.0), "1 / x is not x"
    assert stays("div", (1, 0), [1.0], shape=(1,)), "1 / x is not 1"
    assert stays("add", (0, 1), 1.0) and stays("pow", (1, 0), 1.0) and stays("sub", (0, 1), 1.0)
    assert stays("mul", (0, 1), [1.0, 2.0]) and not stays("mul", (0, 1), [1.0, 1.0])
    assert stays("neg", (0,), 1.0)
    assert stays("mul", (0, 1), 1.0, shape=(1, 2)) and stays("mul", (0, 1), 1.0, dtype=F4)
    assert stays("mul", (0, 1), 1.0, single=True) and stays("mul", (0, 1), 1.0, **strange("mul"))
    d = Draft()
    x, y = d.input(), d.input()
    assert is_left_alone(simplify, d.ir(d.row("mul", x, y), d.row("div", x, y)))


# -- steps beside their ReLU --


def test_a_step_is_taken_of_what_relu_gave() -> None:
    d = Draft()
    x, y = d.input(), d.input()
    step = d.row("step", x)
    rectified, other, sine = d.change(d.row("relu", x), label="h"), d.row("step", y), d.row("sin", x)
    out = simplify(expand(d.ir(step, rectified, other, sine)))
    assert shown(out) == "input; input; relu 0; step 2; step 1; sin 0" and out.outputs == [3, 2, 4, 5]
    assert out.instructions[2].label == "h"
    for row, changes in (("step", strange("step")), ("relu", strange("relu")), ("sin", {})):
        d = Draft()
        x = d.input()
        wrong = d.row("step", x), d.row("relu", x)
        d.change(wrong[row == "relu"], **changes) if changes else d.change(wrong[1], name="sin", op=TABLE["sin"])
        assert is_left_alone(expand, d.ir(*wrong))


# -- fusion --

NOTE = "fusion: {} matrix products with their bias, {} with their ReLU; {} pairs of operations"


def layer(bias: tuple[int, ...] = (4,), flipped: bool = False, relu: bool = False) -> Draft:
    """x @ w + b, and the ReLU of it: instructions 0 to 2 are inputs, 3 the product, 4 the sum, 5 the ReLU."""
    d = Draft()
    x, w, b = d.input(2, 3), d.input(3, 4), d.input(*bias)
    product = d.matmul(x, w)
    z = d.row("add", *((b, product) if flipped else (product, b)), like=product)
    if relu:
        d.row("relu", z)
    return d


@pytest.mark.parametrize("bias", [(4,), (1, 4)])
@pytest.mark.parametrize("flipped", [False, True])
def test_products_are_joined_with_their_bias_and_relu(bias: tuple[int, ...], flipped: bool) -> None:
    out = fuse(layer(bias, flipped).ir(4))
    assert shown(out) == "input; input; input; matmul 0 1; linear 0 1 2"
    assert out.instructions[4].op is None and out.instructions[4].params == {}
    assert out.notes == ["before", NOTE.format(1, 0, 0)]
    out = fuse(layer(bias, flipped, relu=True).ir(5))
    assert shown(out) == "input; input; input; matmul 0 1; linear 0 1 2; linear 0 1 2"
    assert out.instructions[5].op is None and out.instructions[5].params == {"relu": True}
    assert out.notes == ["before", NOTE.format(1, 1, 0)]


@pytest.mark.parametrize(
    "changes",
    [
        {4: strange("add")}, {4: {"name": "sub", "op": TABLE["sub"]}}, {3: strange("matmul")},
        {4: {"shape": (5, 2, 4)}}, {3: {"shape": (1, 4)}}, {3: {"dtype": F4}}, {0: {"shape": (5, 2, 3)}},
        {1: {"shape": (5, 3, 4)}}, {2: {"shape": (2, 4)}}, {2: {"shape": (2, 1)}}, {2: {"shape": ()}},
        {2: {"shape": (2,)}}, {3: {"name": "mul", "op": TABLE["mul"]}},
    ],
)  # fmt: skip
def test_other_sums_are_not_joined(changes: dict[int, dict[str, Any]]) -> None:
    d = layer()
    for number, change in changes.items():
        d.change(number, **change)
    ir = d.ir(4)
    assert is_left_alone(fuse, ir) or d.instructions[3].name == "mul"
    assert fuse(ir).notes[-1].startswith("fusion: 0 matrix")


def test_what_is_needed_elsewhere_is_not_swallowed() -> None:
    assert is_left_alone(fuse, layer().ir(4, 3))
    out = fuse(layer(relu=True).ir(5, 4))
    assert [x.name for x in out.instructions[3:]] == ["matmul", "linear", "relu"]
    d = layer(relu=True)
    again = d.row("relu", d.row("relu", 4))
    assert [x.name for x in fuse(d.ir(again)).instructions[3:]] == ["matmul", "linear", "relu", "relu", "relu"]


def test_of_two_matrix_products_one_takes_the_other_as_its_bias() -> None:
    d = Draft()
    x, y, w = d.input(1, 3), d.input(1, 3), d.input(3, 4)
    out = fuse(d.ir(d.row("add", d.matmul(x, w), d.matmul(y, w))))
    assert shown(out) == "input; input; input; matmul 0 2; matmul 1 2; linear 0 2 4"
    assert out.notes[-1] == NOTE.format(1, 0, 0)


def test_relu_behind_relu_and_of_others_stays() -> None:
    d = layer(relu=True)
    out = fuse(d.ir(d.row("relu", 5)))
    assert [x.name for x in out.instructions[3:]] == ["matmul", "linear", "linear", "relu"]
    d = layer(relu=True)
    d.change(5, **strange("relu"))
    assert fuse(d.ir(5)).instructions[5].name == "relu"
    d = Draft()
    assert is_left_alone(fuse, d.ir(d.row("relu", d.row("sin", d.input(2, 2)))))


PAIRED = [
    ("mul", "step", "times_step", [(0, 1), (1, 0)]),
    ("add", "mul", "add_product", [(0, 1), (1, 0)]), ("sub", "mul", "sub_product", [(0, 1)]),
]  # fmt: skip


def pair(outer: str, inner: str, order: tuple[int, int], shape: tuple[int, ...] = (3,)) -> Draft:
    """Lines 0 to 2 are inputs, 3 is the inner row, 4 the outer one."""
    d = Draft()
    x, y, z = d.input(*shape), d.input(*shape), d.input(*shape)
    between = d.row(inner, *((y, z) if inner == "mul" else (y,)))
    d.row(outer, *((x, between)[i] for i in order))
    return d


@pytest.mark.parametrize(("outer", "inner", "name", "orders"), PAIRED)
def test_pairs_of_rows(outer: str, inner: str, name: str, orders: list[tuple[int, int]]) -> None:
    operands = "1 2" if inner == "mul" else "1"
    for order in [(0, 1), (1, 0)]:
        ir = pair(outer, inner, order).ir(4)
        if order not in orders:
            assert is_left_alone(fuse, ir)
            continue
        out = fuse(ir)
        assert shown(out) == f"input; input; input; {inner} {operands}; {name} 0 {operands}"
        assert out.instructions[4].op is None and out.notes == ["before", NOTE.format(0, 0, 1)]
    for number, change in [
        (3, {"shape": (1,)}), (3, {"dtype": F4}), (4, {"single": True}), (3, strange(inner)), (4, strange(outer)),
        (3, {"name": "exp", "op": TABLE["exp"], "inputs": (1,)}), (4, {"name": "div", "op": TABLE["div"]}),
    ]:  # fmt: skip
        d = pair(outer, inner, (0, 1))
        d.change(number, **change)
        assert is_left_alone(fuse, d.ir(4)), change
    assert is_left_alone(fuse, pair(outer, inner, (0, 1)).ir(4, 3))


def test_of_two_products_one_is_joined() -> None:
    d = Draft()
    x, y = d.input(3), d.input(3)
    a, b = d.row("mul", x, x), d.row("mul", y, y)
    out = fuse(d.ir(d.row("add", a, b)))
    assert shown(out) == "input; input; mul 0 0; mul 1 1; add_product 2 1 1"
    assert out.notes[-1] == NOTE.format(0, 0, 1)


# -- all of them --


def test_the_passes_make_work_for_the_next() -> None:
    d = Draft()
    x, y = d.input(3), d.input(3)
    half = d.row("exp", d.constant(0.0))
    a, b = d.row("mul", x, y), d.row("mul", d.row("mul", x, half), y)
    out = optimize(d.ir(d.row("add", d.row("sin", a), d.row("mul", b, y))))
    assert shown(out) == "input; input; mul 0 1; sin 2; add_product 3 2 1"
    assert out.notes == [
        "before", "expanded: 0 logsumexp",
        SIMPLIFIED.format("1 instruction", 1, "1 instruction"),
        NOTE.format(0, 0, 1), "dead code: left out 3 instructions",
    ]  # fmt: skip
