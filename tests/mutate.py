"""Mutation testing: small faults are put into the sources one by one, and the tests must notice each of them.

    python tests/mutate.py autograd/reverse.py nn/optim/update_rules.py  # whole files; results go to mutants.jsonl
    python tests/mutate.py --sample 60 autograd/compiler/*/*.py      # so many of each file, drawn by --seed
    python tests/mutate.py --again                                # the survivors so far, say after a new test
    python tests/mutate.py --report                               # killed of all, by file, and the survivors

A mutant is one change of the syntax tree (see `changes`). pytest runs the tests of `PLAN` once and traces which of them
runs which lines (kept in `--trace`). Each mutant is a fork, in which a function has other code or, with `--thorough`,
or where an import runs the change, all of ours is imported anew; then the tests that reach it run until one fails. A
crash and a loop that does not end are failures. mutmut 3 leaves module level and decorated functions alone, where our
table stands; an interpreter for each mutant would spend seconds on imports.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import functools
import gc
import importlib.machinery
import json
import os
import random
import resource
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from inspect import CO_OPTIMIZED
from itertools import accumulate, pairwise
from pathlib import Path
from types import CodeType, FunctionType
from typing import IO, Any

import coverage
import pytest

ROOT = Path(__file__).resolve().parent.parent

PLAN: dict[str, list[str]] = {
    "autograd/primitives/": ["conventions", "primitives", "activations", "tensor", "transforms", "value", "primitive",
                             "check", "laws", "hostile_arguments", "compiled", "accuracy"],
    "autograd/compiler/tracing/": ["purity", "compiled", "python_numbers"],
    "autograd/compiler/": ["passes", "views", "memory", "products", "columns", "compiled", "compiled_training"],
    "autograd/check.py": ["check"],
    "autograd/comparison.py": ["comparison"],
    "autograd/": ["reverse", "primitive", "graph", "value", "tensor", "transforms", "modes", "laws", "primitives",
                  "conventions", "robustness", "hostile_arguments", "compiled", "agreement"],
    "nn/": ["optim", "schedules"],
}  # fmt: skip
"""The test files that run for the files whose paths begin so, those that find most first; then the file's doctests."""

# What a mutant is ----------------------------------------------------------------------------------------------

ARITHMETIC = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.MatMult: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
ORDERED = (ast.Sub, ast.Div, ast.Pow, ast.MatMult, ast.FloorDiv, ast.Mod)
COMPARISONS = {
    ast.Lt: [ast.LtE, ast.GtE], ast.LtE: [ast.Lt, ast.Gt], ast.Gt: [ast.GtE, ast.LtE], ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.Is: [ast.IsNot], ast.IsNot: [ast.Is], ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
}  # fmt: skip
PAIRS = [("min", "max"), ("minimum", "maximum"), ("any", "all"), ("floor", "ceil"), ("append", "extend"),
         ("isnan", "isinf"), ("zeros_like", "ones_like"), ("zeros", "ones")]  # fmt: skip
TWINS = {a: b for pair in PAIRS for a, b in (pair, pair[::-1])}
BUILTINS = {"min", "max", "any", "all"}
WRAPPERS = {"reversed", "sorted", "abs"}
UNCHANGED = {"strict", "stacklevel"}  # arguments that check or word what the tests cannot reach


@dataclass
class Mutant:
    """One change: the place of a node in a tree, and what comes there."""

    path: str
    tree: ast.Module
    owner: ast.AST
    field: str
    index: int | None
    old: ast.AST
    new: ast.AST

    def __str__(self) -> str:
        old, new = (" ".join(ast.unparse(ast.fix_missing_locations(x)).split()) for x in (self.old, self.new))
        line, column = getattr(self.old, "lineno", 0), getattr(self.old, "col_offset", 0)
        return f"{self.path}:{line}:{column}: {old:.100} -> {new:.100}"

    @property
    def lines(self) -> range:
        """The lines of the node; of a block, the first."""
        first = getattr(self.old, "lineno", 1)
        return range(first, (first if isinstance(self.old, ast.With) else getattr(self.old, "end_lineno", first)) + 1)

    @property
    def block(self) -> range:
        """The lines of the function, class or assignment of the module that it stands in."""
        for node in self.tree.body:
            first = min(x.lineno for x in [node, *getattr(node, "decorator_list", [])])
            if first <= self.lines[0] <= (node.end_lineno or first):
                return range(first, (node.end_lineno or first) + 1)
        return self.lines

    def apply(self) -> ast.Module:
        """Change the tree; once, in a process of its own."""
        if self.index is None:
            setattr(self.owner, self.field, self.new)
        else:
            getattr(self.owner, self.field)[self.index] = self.new
        return ast.fix_missing_locations(self.tree)


def mutants(path: str, source: str) -> list[Mutant]:
    """List all mutants of a file."""
    tree = ast.parse(source)
    return [
        Mutant(path, tree, owner, field, index, node, new)
        for owner, field, index, node in _slots(tree)
        for new in changes(node, owner, field)
    ]


def _slots(owner: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Walk the places of all nodes that may be changed, from outside inward."""
    for field, value in ast.iter_fields(owner):
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, ast.AST) or _is_left_alone(node, owner, field):
                continue
            yield owner, field, index, node
            if not isinstance(node, ast.Raise):  # an error may be dropped; its words are not looked at
                yield from _slots(node)


def _is_left_alone(node: ast.AST, owner: ast.AST, field: str) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Assert() | ast.JoinedStr() | ast.Expr(ast.Constant()):
            return True
        case ast.Assign([ast.Name(name)]) if name.startswith("__"):
            return True
        case ast.Assign() | ast.AnnAssign() if isinstance(owner, ast.Module) and "Callable[" in ast.unparse(node):
            return True
        case ast.If(ast.Name("TYPE_CHECKING")):
            return True
    return field in ("annotation", "returns") or (isinstance(owner, ast.keyword) and owner.arg in UNCHANGED)


def changes(node: ast.AST, owner: ast.AST, field: str) -> Iterator[ast.AST]:
    """Give what may stand in a node's place."""
    inside = not isinstance(owner, ast.Module | ast.ClassDef)
    condition = (field == "test" and isinstance(owner, ast.If | ast.While | ast.IfExp)) or field == "ifs"
    if condition and not isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp):
        yield ast.UnaryOp(ast.Not(), node)
    match node:
        case ast.BinOp(left, op, right):
            yield ast.BinOp(left, ARITHMETIC[type(op)](), right)
            if isinstance(op, ORDERED):
                yield ast.BinOp(right, op, left)
        case ast.AugAssign(target, op, value):
            yield ast.AugAssign(target, ARITHMETIC[type(op)](), value)
            yield ast.Pass()
        case ast.Compare(left, [op], rights):
            yield from (ast.Compare(left, [new()], rights) for new in COMPARISONS[type(op)])
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.Constant(bool(x)):
            yield ast.Constant(not x)
        case ast.Constant(int(x) | float(x)):
            yield ast.Constant(x + 1)
            if isinstance(x, float) and x and not isinstance(owner, ast.UnaryOp):
                yield ast.UnaryOp(ast.USub(), node)
        case ast.Name(name, context) if name in BUILTINS and field == "func":
            yield ast.Name(TWINS[name], context)
        case ast.Attribute(value, name, context) if name in TWINS and field == "func":
            yield ast.Attribute(value, TWINS[name], context)
        case ast.Call(func, args, keywords):
            two = args[:2] if not any(isinstance(x, ast.Starred) for x in args[:2]) else []
            if len({ast.dump(x) for x in two}) == 2:
                yield ast.Call(func, [args[1], args[0], *args[2:]], keywords)
            for word in keywords:
                if word.arg is not None and word.arg not in UNCHANGED:
                    yield ast.Call(func, args, [k for k in keywords if k is not word])
            if isinstance(func, ast.Name) and func.id in WRAPPERS and len(args) == 1:
                yield args[0]
        case ast.Slice(lower, upper, step):
            if lower is not None:
                yield ast.Slice(None, upper, step)
            if upper is not None:
                yield ast.Slice(lower, None, step)
            if step is not None:
                yield ast.Slice(lower, upper, None)
        case ast.Lambda(args, body) if not isinstance(body, ast.Constant):
            yield ast.Lambda(args, ast.UnaryOp(ast.USub(), body))
        case ast.Return(value) if value is not None and not isinstance(value, ast.Constant):
            yield ast.Return(ast.Constant(None))
        case ast.Expr(ast.Call()) | ast.Raise() | ast.Continue() | ast.Break() | ast.Delete():
            yield ast.Pass()
        case ast.Assign([target], value) if inside and ast.unparse(target) in ast.unparse(value):
            yield ast.Pass()
        case ast.Assign([ast.Attribute() | ast.Subscript()]) if inside:
            yield ast.Pass()
        case ast.With(items, body) if all(item.optional_vars is None for item in items):
            yield ast.If(ast.Constant(True), body, [])


# How it is judged ----------------------------------------------------------------------------------------------

OPTIONS = ["-q", "-s", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:unraisableexception",
           "-m", "not slow and not network", "-k", "not million and not long and not returned"]  # fmt: skip
"""Assertions are plain, since pytest would load what it rewrites, and so a file that is named to it, in its own way."""
MEMORY = 4 * 2**30  # bytes that a mutant may take
FAULT = 2  # how a fork ends that could not judge


class Judge:
    """A plugin of pytest that lets the tests run once, with the lines traced, and then once more for each mutant."""

    def __init__(self, group: list[Mutant], asked: argparse.Namespace, out: IO[str]) -> None:
        self.group, self.out, trace = group, out, asked.trace
        self.thorough, self.cases, self.budget = asked.thorough, asked.cases, asked.seconds
        self.seconds: dict[str, float] = {}  # of each test
        self.failed: set[str] = set()
        self.items: dict[str, pytest.Item] = {}
        self.by_line: dict[str, dict[int, list[str]]] = {}
        self.times = trace.with_suffix(".json")
        self.coverage = coverage.Coverage(data_file=str(trace), config_file=False, source=["autograd", "nn"])
        if self.times.exists():
            self.coverage.load()
            self.seconds, failed = json.loads(self.times.read_text())
            self.failed = set(failed)
        self.coverage.start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        if not self.items:
            _forget()  # else what is remembered is traced for the first test alone
            self.coverage.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)
            crash = getattr(report.longrepr, "reprcrash", None)
            self.words = f"{report.nodeid}: {str(crash.message).splitlines()[0] if crash else ''}"
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        if not self.items:
            self.coverage.switch_context("")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Iterator[None]:
        every = list(session.items)
        session.items[:] = [item for item in every if item.nodeid not in self.seconds]
        result = yield
        self.coverage.stop()
        if session.items:
            self.coverage.save()
            self.times.write_text(json.dumps([self.seconds, sorted(self.failed)]))
        session.items[:] = every
        print("not used, since they fail when lines are traced:", *self.failed, sep="\n", flush=True)
        self.items = {item.nodeid: item for item in session.items if item.nodeid not in self.failed}
        self.failed.clear()
        self.live: dict[Any, list[FunctionType]] = {}
        for x in gc.get_objects():
            if type(x) is FunctionType:  # isinstance asks proxies of what is gone
                self.live.setdefault(_place(x.__code__), []).append(x)
        _forget()
        gc.collect()
        gc.freeze()
        unsound = self.unsound() if self.group else set()
        print("not used, since they fail when all is imported anew:", *sorted(unsound), sep="\n", flush=True)
        self.items = {name: item for name, item in self.items.items() if name not in unsound}
        for n, mutant in enumerate(self.group):
            killed = self.verdict(mutant)
            print(json.dumps({"mutant": str(mutant), "killed": killed}), file=self.out, flush=True)
            print(f"{n + 1} of {len(self.group)}: {mutant}: {killed or 'SURVIVED'}", flush=True)
        return result

    def reaching(self, mutant: Mutant) -> list[str]:
        """List the tests that run the lines of a mutant, the quickest first."""
        if mutant.path not in self.by_line:
            self.by_line[mutant.path] = self.coverage.get_data().contexts_by_lineno(str(ROOT / mutant.path))
        by_line = self.by_line[mutant.path]

        def within(lines: range) -> set[str]:
            return {test for line in lines for test in by_line.get(line, ())}

        found = within(mutant.lines) or within(mutant.block)  # Python names but the first line of a list of constants
        everyone = found == {""}
        if "" in found and self.thorough:  # it runs when the module is imported, for whoever uses what it makes
            found = set(self.items)
        elif "" in found:
            found = within(mutant.block) - {""} or within(range(max(by_line) + 1))
        tests = sorted(found & self.items.keys())
        if not self.thorough and not everyone:
            random.Random(str(mutant)).shuffle(tests)
            cases = Counter[str]()
            few = []
            for test in tests:
                cases[test.partition("[")[0]] += 1
                if cases[test.partition("[")[0]] <= self.cases:
                    few.append(test)
            tests = few
        tests.sort(key=lambda test: self.seconds[test])
        spent = list(accumulate(self.seconds[test] for test in tests))
        return [t for t, upto in zip(tests, spent, strict=True) if t == tests[0] or upto <= self.budget]

    def verdict(self, mutant: Mutant) -> str:
        """Judge a mutant in a fork: what killed it, or an empty text."""
        tests = self.reaching(mutant)
        how, said = self.forked(lambda: self.survives(mutant, tests), tests)
        if os.WIFSIGNALED(how):
            return signal.Signals(os.WTERMSIG(how)).name
        if os.WEXITSTATUS(how) == FAULT and said and "MemoryError" not in said:  # pytest may wrap that one
            raise RuntimeError(f"{mutant}: {said}")
        return (said or "the import fails, or the process ends")[:200] if how else ""

    def unsound(self) -> set[str]:
        """List the tests that fail when all is imported anew, though nothing was changed."""

        def control() -> int:
            self.survives_import("", None, list(self.items))
            self.words = "\n".join(self.failed)
            return 0

        _, said = self.forked(control, list(self.items))
        return set(said.split("\n")) - {""}

    def forked(self, run: Callable[[], int], tests: list[str]) -> tuple[int, str]:
        """Run tests in a fork: how it ended, and the last words."""
        usual = sum(self.seconds[test] for test in tests)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            status = FAULT
            try:
                os.setsid()
                quiet = os.open(os.devnull, os.O_RDWR)
                for stream in (0, 1, 2):
                    os.dup2(quiet, stream)
                taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
                resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, taken + MEMORY))
                signal.setitimer(signal.ITIMER_PROF, 3 * usual + 5)  # of the processor: what others do does not count
                signal.setitimer(signal.ITIMER_REAL, 20 * usual + 120)
                status = run()
                os.write(write, self.words.encode())
            except BaseException as error:
                os.write(write, f"{type(error).__name__}: {error}".encode())
            finally:
                os._exit(status)
        os.close(write)
        _, how = os.waitpid(child, 0)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # what the tests left running
        with os.fdopen(read, "rb") as stream:
            return how, stream.read().decode(errors="replace")

    words = ""

    def survives(self, mutant: Mutant, tests: list[str]) -> int:
        """Run tests on a mutant, in this process, until one fails; gives 0 if none does."""
        path = str(ROOT / mutant.path)
        was = compile(mutant.tree, path, "exec", dont_inherit=True)
        tree = mutant.apply()
        becomes = compile(tree, path, "exec", dont_inherit=True)
        changed = _changed(was, becomes)
        if changed and not self.thorough and any(_place(old) in self.live for old, _ in changed):
            for old, new in changed:
                for function in self.live.get(_place(old), []):
                    function.__code__ = new
            for test, after in pairwise([*tests, None]):
                item = self.items[test]
                item.ihook.pytest_runtest_protocol(item=item, nextitem=self.items.get(after))
                if self.failed:
                    return 1
            return 0
        return self.survives_import(path, becomes, tests)

    def survives_import(self, path: str, code: CodeType | None, tests: list[str]) -> int:
        """Import everything of ours again, with other code for one file, and run the tests; without, run them all."""
        original = importlib.machinery.SourceFileLoader.get_code

        def get_code(loader: Any, name: str) -> Any:
            return code if code and loader.path == path else original(loader, name)

        importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
        for name in list(sys.modules):
            if _is_ours(name):
                del sys.modules[name]
        judge = self

        class Chosen:
            def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
                items[:] = [item for item in items if item.nodeid in tests]

            def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
                judge.pytest_runtest_logreport(report)

        files = dict.fromkeys(test.partition("::")[0] for test in tests)
        options = [*OPTIONS, "-x"] if code else OPTIONS
        ends = (pytest.main([*options, file], plugins=[Chosen()]) for file in files)
        return int(any(ends) if code else bool(sum(ends)))


def _is_ours(module: str) -> bool:
    """Say whether a module is of the sources or the tests; kernels and the oracle are not loaded again."""
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    ours = file.startswith(tuple(f"{ROOT / folder}{os.sep}" for folder in ("autograd", "nn", "tests")))
    return ours and module not in ("__main__", "oracle") and not module.startswith("autograd.kernels")


def _forget() -> None:
    """Empty the caches of functions."""
    for module in [x for name, x in sys.modules.items() if _is_ours(name)]:
        for x in vars(module).values():
            if type(x) is functools._lru_cache_wrapper and _is_ours(str(x.__module__)):
                x.cache_clear()


def _place(code: CodeType) -> Any:
    return code.co_filename, code.co_qualname, code.co_firstlineno, code.co_linetable


def _changed(old: CodeType, new: CodeType) -> list[tuple[CodeType, CodeType]] | None:
    """List the functions that differ, also by one inside; None if something differs that an import runs."""
    if old == new:
        return []
    inner = [[c for c in code.co_consts if isinstance(c, CodeType)] for code in (old, new)]
    within = [_changed(*pair) for pair in zip(*inner, strict=False)]
    if old.co_flags & CO_OPTIMIZED:
        return [(old, new), *(pair for found in within for pair in found or [])]
    rest = [[c for c in code.co_consts if not isinstance(c, CodeType)] for code in (old, new)]
    alike = old.co_code == new.co_code and old.co_names == new.co_names and rest[0] == rest[1]
    if not alike or len(inner[0]) != len(inner[1]) or None in within:
        return None
    return [pair for found in within for pair in found or []]


# What one asks for ---------------------------------------------------------------------------------------------


def tests_of(path: str) -> list[str]:
    """List the test files that run for a file."""
    names = next(names for start, names in PLAN.items() if path.startswith(start))
    return [f"tests/test_{name}.py" for name in names]


def read(results: Path) -> dict[str, str]:
    """Give what killed each mutant that was judged; of several verdicts, the last."""
    if not results.exists():
        return {}
    lines = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    return {line["mutant"]: line["killed"] for line in lines}


def report(results: dict[str, str]) -> None:
    files = sorted({name.split(":")[0] for name in results})
    print("| file | mutants | killed | survived |\n|---|---|---|---|")
    for path in [*files, ""]:
        verdicts = [killed for name, killed in results.items() if name.startswith(path)]
        killed = sum(map(bool, verdicts))
        print(f"| {path or 'all'} | {len(verdicts)} | {killed} | {len(verdicts) - killed} |")
    print(*(name for name, killed in sorted(results.items()) if not killed), sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", help="files to mutate, from the top of the checkout")
    parser.add_argument("--sample", type=int, help="so many mutants of each file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=Path, default=Path("mutants.jsonl"), help="verdicts are added here")
    parser.add_argument("--tests", nargs="+", help="test files to run instead of those of PLAN")
    parser.add_argument("--trace", type=Path, default=Path("mutants.coverage"), help="which test runs which lines")
    parser.add_argument("--again", action="store_true", help="judge the survivors again")
    parser.add_argument("--cases", type=int, default=4, help="so many cases of each test that reaches the line")
    parser.add_argument("--seconds", type=float, default=3.0, help="as many tests as take so long, the quickest first")
    parser.add_argument("--thorough", action="store_true", help="all cases, on modules that are imported anew")
    parser.add_argument("--report", action="store_true", help="print what the results say, and do no more")
    asked = parser.parse_args()
    os.chdir(ROOT)
    done = read(asked.results)
    if asked.report:
        return report(done)
    groups: dict[tuple[str, ...], list[Mutant]] = {}
    for path in asked.paths or sorted({name.split(":")[0] for name in done}):
        found = mutants(path, Path(path).read_text(encoding="utf-8"))
        random.Random(f"{asked.seed} {path}").shuffle(found)  # a larger sample holds the smaller one
        found = found[: asked.sample]
        wanted = [m for m in found if (done.get(str(m)) == "" if asked.again else str(m) not in done)]
        groups.setdefault(tuple(asked.tests or tests_of(path)), []).extend(wanted)
    for group in groups.values():
        random.Random(asked.seed).shuffle(group)  # so that a run that is cut short has looked everywhere
    with asked.results.open("a", encoding="utf-8") as out:
        for tests, group in groups.items():
            paths = sorted({mutant.path for mutant in group})
            pytest.main([*OPTIONS, *tests, *paths], plugins=[Judge(group, asked, out)])


if __name__ == "__main__":
    main()
