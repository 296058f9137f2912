"""Laws that hold of derivatives whatever the function is, on random graphs: none needs to know the right answer.

Tolerances are those of `agreement`: how far rounding moves the numbers of the graph at hand.
"""

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from agreement import TINY, USELESS, Case, Replay, Tally, spread
from random_graphs import grown
from recipes import Place, Recipe, Step

import autograd as ag
from autograd import Tensor, Value, grad, hvp, jacobian, jvp, vjp

QUICK = 25
COMMUTATIVE = {"add", "mul", "maximum", "minimum", "hypot", "logaddexp"}


class Laws:
    """The random functions of a run, and how many numbers its laws compared."""

    def __init__(self, graphs: int) -> None:
        self.graphs, self.numbers, self.skipped = graphs, 0, 0

    def functions(self, kind: str = "", size: int = 12) -> Iterator[tuple[random.Random, Recipe, Case]]:
        for seed in range(self.graphs):
            choose = random.Random(f"{kind} {seed}")
            recipe = grown(choose, kind, "float64", choose.randint(1, size), "tame")
            yield choose, recipe, Case(recipe, Tally())

    def hold(self, have: Any, want: Any, allowed: Any, what: Any) -> None:
        """Compare; `allowed` is the distance that rounding may bring."""
        have, want, allowed = (np.asarray(x, np.float64) for x in (have, want, allowed))
        size = np.max(np.abs(want), initial=0.0)
        if not np.all(allowed <= USELESS * size + 1e-250):
            self.skipped += np.size(want)
            return
        assert have.shape == want.shape
        assert np.all(np.abs(have - want) <= allowed), f"{have} and not {want}; {allowed} is allowed\n{what}"
        self.numbers += np.size(want)


@pytest.fixture(scope="module")
def laws(pytestconfig: pytest.Config, promise: Callable[[str], None]) -> Iterator[Laws]:
    found = Laws(max(QUICK, pytestconfig.getoption("--graphs") // 100))
    yield found
    assert found.skipped < 0.1 * found.numbers
    promise(f"laws of derivatives: {found.numbers:,} numbers hold ({found.skipped:,} ill-conditioned)")


def nearby(recipe: Recipe, choose: random.Random) -> Recipe:
    """Give the same graph at other numbers."""
    leaves = [x * choose.uniform(0.9, 1.1) if isinstance(x, float) else np.asarray(x * choose.uniform(0.9, 1.1))
              for x in recipe.leaves]  # fmt: skip
    return Recipe(leaves, recipe.steps)


def function(recipe: Recipe) -> Callable[..., Any]:
    return lambda *xs: recipe.build(xs)


def gradients(root: Any, leaves: list[Any]) -> list[Any]:
    return [g.data for g in ag.gradients(root, leaves)]


# -- linearity, chain, products --


def test_the_gradient_is_linear_and_products_and_chains_follow_their_rules(laws: Laws) -> None:
    for choose, recipe, f in laws.functions():
        other = grown(choose, "mixed", "float64", choose.randint(1, 8), "tame", recipe.leaves)
        g = Case(other, Tally())
        a, b = choose.uniform(-2, 2), choose.uniform(-2, 2)
        leaves = recipe.nodes()
        x, y = recipe.build(leaves), other.build(leaves)
        slope = ag.grad(ag.tanh)(float(f.value))
        rules = [
            (a * x + b * y, a, b, 0.0, 0.0),
            (a * x, a, 0.0, 0.0, 0.0),
            (x * y, g.value, f.value, g.tolerance[0], f.tolerance[0]),
            (ag.tanh(x), slope, 0.0, 2 * np.abs(slope) * f.tolerance[0], 0.0),
        ]
        for root, by_f, by_g, off_f, off_g in rules:
            parts = zip(gradients(root, leaves), f.grads, g.grads, f.tolerance[1:], g.tolerance[1:], strict=True)
            for have, df, dg, tf, tg in parts:
                want = by_f * df + by_g * dg
                allowed = np.abs(by_f) * tf + np.abs(by_g) * tg + off_f * np.abs(df) + off_g * np.abs(dg)
                allowed = allowed + 4e-15 * (np.abs(by_f * df) + np.abs(by_g * dg)) + TINY[8]
                laws.hold(have, want, allowed, recipe)


# -- the same function, made otherwise --


def reordered(recipe: Recipe, choose: random.Random) -> Recipe:
    """Put the steps in another order in which they can be taken, and the operands of sums and products too."""
    n, last = len(recipe.leaves), len(recipe.steps) - 1
    place: dict[int, Place] = {i: Place(i) for i in range(n)}
    waiting, steps = set(range(len(recipe.steps))), []
    while waiting:
        ready = [
            i for i in sorted(waiting) if all(x in place for x in recipe.steps[i].operands if isinstance(x, Place))
        ]
        i = choose.choice([i for i in ready if i != last] or ready)
        row, operands, settings = recipe.steps[i]
        moved = [place[x] if isinstance(x, Place) else x for x in operands]
        if row in COMMUTATIVE and choose.random() < 0.5:
            moved.reverse()
        place[n + i] = Place(n + len(steps))
        steps.append(Step(row, tuple(moved), settings))
        waiting.remove(i)
    return Recipe(recipe.leaves, steps)


def test_the_order_in_which_a_graph_is_built_does_not_matter(laws: Laws) -> None:
    for choose, recipe, case in laws.functions(size=40):
        leaves = recipe.nodes()
        root = reordered(recipe, choose).build(leaves)
        for have, want, allowed in zip(
            [root.data, *gradients(root, leaves)], [case.value, *case.grads], case.tolerance, strict=True
        ):
            laws.hold(have, want, allowed, recipe)


def test_a_program_that_runs_again_and_again_gives_what_eager_runs_give(laws: Laws) -> None:
    for choose, recipe, case in laws.functions():
        program = ag.compile(case.root)
        for _ in range(3):
            now = nearby(recipe, choose)
            eager = Case(now, Tally())
            for leaf, x in zip(case.leaves, now.leaves, strict=True):
                leaf.data = x
            value = program()
            own = {id(leaf) for leaf in program.leaves}
            grads = [x.grad if id(x) in own else np.zeros(x.shape) for x in case.leaves]
            eager.agrees("program", [value, *grads])  # with what a fused product may leave of x*y - y*x
            laws.numbers += eager.tally.compared.total()


def test_a_batch_is_the_sum_of_its_parts(laws: Laws) -> None:
    for choose, recipe, _ in laws.functions("tensors", size=8):
        if () in [x.shape for x in recipe.leaves]:
            continue  # a case of a single number is a Value
        cases = [nearby(recipe, choose) for _ in range(3)]
        eager = [Case(case, Tally()) for case in cases]
        batch = [Tensor(np.stack(column)) for column in zip(*(case.leaves for case in cases), strict=True)]
        rows = ag.vmap(function(recipe))
        for have, case in zip(rows(*batch).data, eager, strict=True):
            laws.hold(have, case.value, case.tolerance[0], case.recipe)
        of_batch = gradients(ag.sum(rows(*batch)), batch)
        program = ag.compile(ag.sum(rows(*batch)))
        program()
        compiled = [x.grad if x.grad is not None else np.zeros(x.shape) for x in batch]
        for i, case in enumerate(eager):
            for grads in (of_batch, compiled):
                for together, alone, allowed in zip(grads, case.grads, case.tolerance[1:], strict=True):
                    laws.hold(together[i], alone, allowed, case.recipe)


# -- transforms of transforms --


def along(f: Callable[..., Any], v: Any) -> Callable[..., Any]:
    """Give the derivative along `v`, by forward mode, as a function."""
    return lambda x: jvp(f, (x,), (v,))[1]


def second(recipe: Recipe, v: np.ndarray) -> tuple[np.ndarray, Any]:
    """Give the product of the Hessian with a direction, backward over backward, and how far that may be off."""
    (x,) = leaves = recipe.nodes()
    (slope,) = ag.gradients(recipe.build(leaves), leaves)
    curved = ag.sum(slope * v)
    if not curved.requires_grad:
        return np.zeros(x.shape), np.full(x.shape, 1e-290)
    (product,) = ag.gradients(curved, leaves)
    return product.data, spread(Replay([product]))[0]


def test_transforms_of_transforms_agree(laws: Laws) -> None:
    for seed in range(laws.graphs):
        choose = random.Random(f"second {seed}")
        start = np.array([choose.uniform(-2, 2) for _ in range(choose.randint(1, 4))])
        recipe = grown(choose, "tensors", "float64", choose.randint(1, 10), "tame", [start])
        f = function(recipe)
        directions = [*np.eye(len(start)), np.array([choose.uniform(-1, 1) for _ in start])]
        found = [second(recipe, v) for v in directions]
        hessian, allowed = (np.stack(x[:-1]) for x in zip(*found, strict=True))
        (product, off), v = found[-1], directions[-1]
        both = allowed + allowed.T
        laws.hold(hessian, hessian.T, both, recipe)
        size = np.max(both) + np.max(off)
        laws.hold(ag.hessian(f)(start), hessian, both, recipe)
        laws.hold(jacobian(grad(f))(start), hessian, both, recipe)
        laws.hold(hvp(f, start, v), hessian @ v, len(start) * size, recipe)
        laws.hold(hvp(f, start, v), product, 2 * size, recipe)
        slope = along(f, v)
        laws.hold(grad(slope)(start), product, 2 * size, recipe)  # backward over forward
        laws.hold(along(slope, v)(start), v @ product, len(start) * size, recipe)
        _, pull = vjp(grad(f), start)
        for i, basis in enumerate(np.eye(len(start))):
            laws.hold(pull(basis)[0], hessian[i], both[i], recipe)
            laws.hold(jvp(grad(f), (start,), (basis,))[1], hessian[:, i], both[:, i], recipe)
        case = Case(recipe, Tally())
        for compiled in (ag.compile(grad(f)), grad(ag.compile(f))):
            laws.hold(compiled(start), case.grads[0], case.tolerance[1], recipe)
        laws.hold(ag.compile(ag.hessian(f))(start), hessian, both, recipe)


def test_derivatives_of_numbers_agree_in_any_nesting(laws: Laws) -> None:
    """For functions of one number: forward and backward mode in all eight orders, three deep."""
    for seed in range(laws.graphs):
        choose = random.Random(f"third {seed}")
        recipe = grown(choose, "values", "float64", choose.randint(1, 5), "tame", [choose.uniform(-2, 2)])
        f = function(recipe)
        x = Value(recipe.leaves[0])
        root = f(x)
        for _ in range(3):
            (root,) = ag.gradients(root, [x]) if root.requires_grad else [Value(0.0, requires_grad=False)]
        allowed = 4 * spread(Replay([root]))[0]
        for number in range(8):
            nested = f
            for bit in range(3):
                nested = grad(nested) if number >> bit & 1 else along(nested, 1.0)
            laws.hold(nested(recipe.leaves[0]), root.data, allowed, recipe)
