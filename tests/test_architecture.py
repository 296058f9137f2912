"""The floors of the house: a file imports only from floors below its own, and hides no import.

Every rule is a function from sources to complaints, so that each is shown to fail on a source that breaks it.
"""

import ast
import builtins
import functools
import subprocess
import sys
from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

FLOORS: dict[str, list[set[str]]] = {
    "autograd": [  # from the ground upward; a room is a module or a folder
        {"modes", "shapes", "checks", "containers", "anomaly", "display", "files", "_clash", "kernels", "locks",
         "threads"},
        {"primitive"},
        {"primitives"},
        {"graph"},
        {"reverse", "copying", "comparison"},
        {"forward", "pitfalls"},
        {"operators"},
        {"value"},
        {"tensor"},
        {"interop", "transforms", "compiler", "mapping"},
        {"check"},
        {"drawing"},
        {"__init__"},
    ],
    "nn": [
        {"arguments", "randomness", "display", "diagram"},
        {"data", "init"},
        {"datasets", "losses", "metrics", "state"},
        {"module", "optim"},
        {"layers"},
        {"mlp", "inspect"},
        {"saving", "plots"},
        {"export", "training"},
        {"estimators", "demos"},
        {"__init__"},
        {"command"},
        {"__main__"},
    ],
}

LAZY = {
    "scipy", "numba", "matplotlib", "sklearn", "jax", "graphviz", "pygraphviz", "typst", "PIL", "tqdm", "IPython",
    "mnist1d", "safetensors", "onnx", "torch", "optuna",
}  # fmt: skip
"""Libraries so heavy, or so optional, that a function may import them when it is called."""

LATE = {"autograd.kernels"}
"""Rooms of ours that load a compiler, and so are imported by the function that compiles the first program."""

NOT_LOADED = {"numba", "llvmlite", "scipy", "matplotlib", "graphviz", "pygraphviz", "typst", "PIL", "sklearn",
              "mnist1d", "safetensors", "onnx", "torch", "optuna", "http.client"}  # fmt: skip
"""Libraries that importing our packages leaves alone."""

ROOT = Path(__file__).resolve().parent.parent

Sources = dict[str, str]
"""From a path such as `autograd/drawing/layout.py` to its source."""

HOUSE: Sources = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for package in FLOORS
    for path in sorted((ROOT / package).rglob("*.py"))
}


# -- reading imports --

parsed = functools.cache(ast.parse)


def module_of(path: str) -> str:
    """The dotted name of a file: `autograd/drawing/__init__.py` is `autograd.drawing`."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def room_of(module: str) -> tuple[str, str]:
    """Package and room of a module: `autograd.drawing.layout` is `("autograd", "drawing")`."""
    package, *rest = module.split(".")
    return package, rest[0] if rest else "__init__"


def level_of(module: str) -> int | None:
    """The floor of a module, 0 on the ground; None where the table does not list its room."""
    package, room = room_of(module)
    return next((level for level, rooms in enumerate(FLOORS[package]) if room in rooms), None)


def own(module: str) -> bool:
    """Whether a module is ours."""
    return module.partition(".")[0] in FLOORS


def base_of(node: ast.ImportFrom, path: str) -> str:
    """The absolute name of the module that a `from ... import` reads, with leading dots resolved."""
    if not node.level:
        return node.module or ""
    folder = path.split("/")[: -node.level]
    return ".".join([*folder, *([node.module] if node.module else [])])


def imported(node: ast.AST, path: str, sources: Sources) -> list[str]:
    """The modules that a statement imports: of `from a import b`, the submodule `a.b` where there is one."""
    match node:
        case ast.Import(names):
            return [alias.name for alias in names]
        case ast.ImportFrom(names=names):
            base = base_of(node, path)
            targets = [f"{base}.{alias.name}" for alias in names]
            return [target if is_file(target, sources) or is_room(target) else base for target in targets]
    return []


def is_file(module: str, sources: Sources) -> bool:
    """Whether a dotted name is that of a file."""
    place = module.replace(".", "/")
    return f"{place}.py" in sources or f"{place}/__init__.py" in sources


def is_room(module: str) -> bool:
    """Whether a dotted name such as `autograd.graph` is on the table, be it written yet or not."""
    return own(module) and module.count(".") == 1 and level_of(module) is not None


def statements(sources: Sources) -> Iterator[tuple[str, ast.stmt]]:
    """All import statements of all files, wherever they stand."""
    for path, source in sources.items():
        for node in ast.walk(parsed(source)):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield path, node


# -- the rules --


def rooms_off_the_table(sources: Sources) -> list[str]:
    """Files whose room has no floor."""
    complaints = []
    for path in sources:
        package, room = room_of(module_of(path))
        if level_of(module_of(path)) is None:
            complaints.append(
                f"{path} stands on no floor: add {room!r} to FLOORS[{package!r}] in "
                "tests/test_architecture.py, above all that it imports and below all that imports it"
            )
    return complaints


def imports_from_above(sources: Sources) -> list[str]:
    """Imports of a module that is not on a floor below; the files of one room may import each other."""
    complaints = []
    for path, node in statements(sources):
        importer = module_of(path)
        for target in imported(node, path, sources):
            if not own(target):
                continue
            if room_of(target)[0] != room_of(importer)[0]:
                if room_of(importer)[0] == "autograd":
                    complaints.append(f"{path}:{node.lineno} imports {target}: autograd knows nothing of nn")
            elif room_of(target) != room_of(importer):
                here, there = level_of(importer), level_of(target)
                if there is None:
                    complaints.append(f"{path}:{node.lineno} imports {target}, which stands on no floor")
                elif here is not None and there >= here:
                    complaints.append(
                        f"{path}:{node.lineno} (floor {here}) imports {target} (floor {there}): "
                        "a file imports only from floors below"
                    )
    return complaints


def circles(sources: Sources) -> list[str]:
    """Circles of imports, which the floors leave possible only inside one folder."""
    needs: dict[str, set[str]] = {module_of(path): set() for path in sources}
    for path, node in statements(sources):
        importer = module_of(path)
        needs[importer] |= {
            target for target in imported(node, path, sources) if target in needs and target != importer
        }
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return ["modules import each other in a circle: " + " <- ".join(error.args[1])]
    return []


def star_imports(sources: Sources) -> list[str]:
    """Star imports; only a package may hand on all that a package inside it declares."""
    return [
        f"{path}:{node.lineno} imports *: name what is wanted"
        for path, node in statements(sources)
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
        if not (path.endswith("/__init__.py") and node.level == 1 and declared_in(sources, base_of(node, path)))
    ]


def declared_in(sources: Sources, module: str) -> list[str]:
    """The names that a package declares in an `__all__` that is written out."""
    return declared(sources.get(f"{module.replace('.', '/')}/__init__.py", "")) or []


def hidden_imports(sources: Sources) -> list[str]:
    """Imports inside functions, but for heavy libraries and Python's own."""
    complaints = set()
    for path, source in sources.items():
        for function in ast.walk(parsed(source)):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for node in ast.walk(function):
                for target in imported(node, path, sources):
                    library = target.partition(".")[0]
                    late = library in LAZY or ".".join(room_of(target)) in LATE
                    if not late and library not in sys.stdlib_module_names:
                        complaints.add(
                            f"{path}:{node.lineno} imports {target} inside `{function.name}`: "
                            "move it to the top of the file; only heavy libraries (LAZY) are imported late"
                        )
    return sorted(complaints)


def declared(source: str) -> list[str] | None:
    """The names in `__all__`, where it is written out; not those of `__all__ += room.__all__`."""
    for node in parsed(source).body:
        match node:
            case ast.Assign([ast.Name("__all__")], ast.List() | ast.Tuple() as value):
                return list(ast.literal_eval(value))
    return None


def declared_by_rooms(path: str, sources: Sources) -> list[str]:
    """The names that stand in `__all__` by `__all__ += room.__all__`."""
    names = []
    for node in parsed(sources[path]).body:
        match node:
            case ast.AugAssign(ast.Name("__all__"), ast.Add(), ast.Attribute(ast.Name(room), "__all__")):
                names += declared_in(sources, f"{path.partition('/')[0]}.{room.lstrip('_')}")
    return names


def handed_on(path: str, sources: Sources) -> set[str]:
    """The public names that a file imports from our own public modules, or defines."""
    names = set()
    for node in parsed(sources[path]).body:
        match node:
            case ast.ImportFrom(names=aliases):
                module = base_of(node, path)
                if own(module) and "._" not in module:
                    names |= {alias.asname or alias.name for alias in aliases} - {"*"}
                    names |= set(declared_in(sources, module)) if aliases[0].name == "*" else set()
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
                names.add(name)
    return {name for name in names if not name.startswith("_")}


def undeclared_faces(sources: Sources) -> list[str]:
    """Differences between `__all__` and what the two packages hand on."""
    complaints = []
    for package in FLOORS:
        path = f"{package}/__init__.py"
        if path not in sources:
            continue
        names = declared(sources[path])
        if names is None:
            complaints.append(f"{path} has no `__all__` that is written out as a list of strings")
            continue
        names += declared_by_rooms(path, sources)
        given = handed_on(path, sources)
        complaints += [
            f"{path} lists {name!r} in `__all__`, but does not hand it on" for name in names if name not in given
        ]
        complaints += [
            f"{path} hands on {name!r}: add it to `__all__`" for name in sorted(given - set(names) - set(dir(builtins)))
        ]
        complaints += [f"{path} lists {name!r} twice" for name in sorted({n for n in names if names.count(n) > 1})]
    return complaints


def private_imports(sources: Sources) -> list[str]:
    """Imports, in nn, of anything of autograd but itself and the names that `autograd.__all__` declares."""
    public = [*(declared(sources["autograd/__init__.py"]) or []), *dir(builtins)]
    complaints = []
    for path, node in statements(sources):
        match node:
            case _ if not path.startswith("nn/"):
                continue
            case ast.ImportFrom("autograd", names):
                strange = [f"{alias.name!r}, not in `autograd.__all__`" for alias in names if alias.name not in public]
            case _:
                targets = imported(node, path, sources)
                strange = [f"{name}: nn knows only `autograd`" for name in targets if name.startswith("autograd.")]
        complaints += [f"{path}:{node.lineno} imports {what}" for what in strange]
    return complaints


def private_attributes(sources: Sources) -> list[str]:
    """Attributes, in nn, of the package autograd that `autograd.__all__` does not declare."""
    public = [*(declared(sources["autograd/__init__.py"]) or []), *dir(builtins)]
    complaints = []
    for path in sources:
        if not path.startswith("nn/"):
            continue
        nodes = list(ast.walk(parsed(sources[path])))
        imports = [alias for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        faces = {alias.asname or alias.name for alias in imports if alias.name == "autograd"}
        for node in nodes:
            match node:
                case ast.Attribute(ast.Name(face), name) if face in faces:
                    if name not in public and not name.startswith("__"):
                        complaints.append(f"{path}:{node.lineno} uses `{face}.{name}`, not in `autograd.__all__`")
    return complaints


def loaded_by(code: str, libraries: set[str]) -> set[str]:
    """Which of the libraries are loaded after running code in a fresh interpreter."""
    report = f"import sys; print(*({libraries!r} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(result.stdout.split())


# -- the house keeps the rules --

Rule = Callable[[Sources], list[str]]


def assert_kept(rule: Rule) -> None:
    complaints = rule(HOUSE)
    assert not complaints, "\n".join(complaints)


def test_every_room_stands_on_a_floor() -> None:
    assert_kept(rooms_off_the_table)


def test_imports_run_downward() -> None:
    assert_kept(imports_from_above)


def test_no_circles() -> None:
    assert_kept(circles)


def test_no_star_imports() -> None:
    assert_kept(star_imports)


def test_no_hidden_imports() -> None:
    assert_kept(hidden_imports)


def test_the_face_is_declared() -> None:
    assert_kept(undeclared_faces)


def test_nn_imports_only_the_face_of_autograd() -> None:
    assert_kept(private_imports)


def test_nn_uses_only_the_face_of_autograd() -> None:
    assert_kept(private_attributes)


@pytest.mark.parametrize("package", FLOORS)
def test_importing_loads_nothing_heavy(package: str) -> None:
    assert loaded_by(f"import {package}", NOT_LOADED) == set()


@pytest.mark.parametrize("package", FLOORS)
def test_all_that_is_declared_is_there(package: str) -> None:
    module = __import__(package)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


@pytest.mark.parametrize("package", FLOORS)
def test_dir_lists_what_is_public(package: str) -> None:
    module = __import__(package)
    listed = {name for name in dir(module) if not hasattr(builtins, name)}
    assert set(module.__all__) <= listed <= {*module.__all__, "estimators"}


def test_nn_has_at_most_twelve_floors() -> None:
    assert len(FLOORS["nn"]) <= 12


@pytest.mark.parametrize("package", FLOORS)
def test_no_room_has_two_floors(package: str) -> None:
    rooms = [room for floor in FLOORS[package] for room in floor]
    assert len(rooms) == len(set(rooms))


# -- every rule can fail --

FACE = "from autograd.value import Value\n__all__ = ['Value']\n"

BASE: Sources = {"autograd/__init__.py": FACE, "autograd/drawing/b.py": "from . import a"}
"""Files that stand beside the one on trial."""

BROKEN: dict[Rule, list[tuple[str, str, str]]] = {
    rooms_off_the_table: [
        ("autograd/attic.py", "", "add 'attic' to FLOORS['autograd']"),
        ("nn/attic/roof.py", "", "add 'attic' to FLOORS['nn']"),
    ],
    imports_from_above: [
        ("autograd/graph.py", "from autograd.value import Value", "imports autograd.value (floor 7)"),
        ("autograd/graph.py", "from .value import Value", "imports autograd.value (floor 7)"),
        ("autograd/graph.py", "from . import value", "imports autograd.value (floor 7)"),
        ("autograd/graph.py", "import autograd.value", "imports autograd.value (floor 7)"),
        ("autograd/graph.py", "from autograd import Value", "imports autograd (floor 12)"),
        ("autograd/graph.py", "if TYPE_CHECKING:\n    from .tensor import Tensor", "imports autograd.tensor"),
        ("autograd/graph.py", "def f():\n    from .tensor import Tensor", "imports autograd.tensor"),
        ("autograd/value.py", "from autograd.tensor import Tensor", "imports autograd.tensor"),
        ("autograd/drawing/svg.py", "from .. import Value", "imports autograd (floor 12)"),
        ("autograd/value.py", "from nn.mlp import MLP", "autograd knows nothing of nn"),
        ("nn/layers.py", "import nn", "imports nn (floor"),
        ("nn/mlp.py", "from nn.attic import roof", "which stands on no floor"),
    ],
    circles: [("autograd/drawing/a.py", "from .b import f", "in a circle")],
    star_imports: [("nn/layers.py", "from math import *", "imports *")],
    hidden_imports: [
        ("nn/mlp.py", "def f():\n    from nn.layers import Linear", "nn.layers inside `f`"),
        ("nn/mlp.py", "class A:\n    def f(self):\n        from . import layers", "nn.layers inside `f`"),
        ("nn/mlp.py", "async def f():\n    import autograd", "autograd inside `f`"),
        ("nn/mlp.py", "def f():\n    import pandas", "pandas inside `f`"),
    ],
    undeclared_faces: [
        ("autograd/__init__.py", "from autograd.value import Value", "has no `__all__`"),
        ("autograd/__init__.py", "__all__ = sorted(names)", "has no `__all__`"),
        ("autograd/__init__.py", "__all__ = ['Value']", "lists 'Value' in `__all__`, but"),
        ("autograd/__init__.py", FACE + "from .tensor import Tensor", "hands on 'Tensor'"),
        ("autograd/__init__.py", FACE + "from . import draw", "hands on 'draw'"),
        ("nn/__init__.py", "__all__ = []\ndef fit(): ...", "hands on 'fit'"),
        ("nn/__init__.py", "from .mlp import MLP\n__all__ = ['MLP', 'MLP']", "lists 'MLP' twice"),
    ],
    private_imports: [
        ("nn/mlp.py", "from autograd import Node", "imports 'Node'"),
        ("nn/mlp.py", "from autograd import value", "imports 'value'"),
        ("nn/mlp.py", "from autograd.value import Value", "imports autograd.value"),
        ("nn/mlp.py", "import autograd.value", "imports autograd.value"),
    ],
    private_attributes: [
        ("nn/mlp.py", "import autograd\nautograd.Node", "uses `autograd.Node`"),
        ("nn/mlp.py", "import autograd as ag\nag.graph.Node", "uses `ag.graph`"),
    ],
}

KEPT: dict[Rule, list[tuple[str, str]]] = {
    rooms_off_the_table: [("autograd/value.py", ""), ("autograd/drawing/svg.py", ""), ("nn/__init__.py", "")],
    imports_from_above: [
        ("autograd/value.py", "import numpy\nfrom .graph import Node\nfrom . import shapes"),
        ("autograd/drawing/__init__.py", "from .b import render"),
        ("nn/command/__init__.py", "import nn\nimport autograd as ag\nfrom nn import MLP"),
    ],
    circles: [("autograd/drawing/c.py", "from . import b"), ("autograd/drawing/a.py", "import math")],
    star_imports: [("nn/layers.py", "from math import exp")],
    hidden_imports: [
        ("nn/plots/plane.py", "def f():\n    import matplotlib.pyplot as plt\n    import json"),
        ("autograd/compiler/arrays/body.py", "def f():\n    from ...kernels import catalogue"),
    ],
    undeclared_faces: [("autograd/__init__.py", "import os\nfrom autograd._clash import refuse\n" + FACE)],
    private_imports: [("nn/mlp.py", "import autograd\nfrom autograd import Value")],
    private_attributes: [("nn/mlp.py", "import autograd as ag\nag.Value, ag.__file__")],
}


@pytest.mark.parametrize(("rule", "trial"), [(rule, trial) for rule in BROKEN for trial in BROKEN[rule]])
def test_a_broken_rule_is_noticed(rule: Rule, trial: tuple[str, str, str]) -> None:
    path, source, complaint = trial
    assert any(complaint in line for line in rule({**BASE, path: source})), rule({**BASE, path: source})


@pytest.mark.parametrize(("rule", "trial"), [(rule, trial) for rule in KEPT for trial in KEPT[rule]])
def test_a_kept_rule_is_silent(rule: Rule, trial: tuple[str, str]) -> None:
    path, source = trial
    assert rule({**BASE, path: source}) == []


def test_a_heavy_import_is_noticed() -> None:
    assert loaded_by("import json", {"json", "turtle"}) == {"json"}
