"""The recipes of CONTRIBUTING.md, followed to the letter in a copy of the packages: what they add works."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r"^### (.*?)\n(.*?)(?=^##)", TEXT, re.DOTALL | re.MULTILINE))

WORKS = {
    "A primitive": """
x = ag.Value(-3.0)
ag.softsign(x).backward()
assert ag.softsign(-3.0) == -0.75 and x.grad == 0.0625 and nn.Activation("softsign")([1.0]).tolist() == [0.5]
""",
    "A rewrite rule": """
x = ag.Value(2.0, label="x")
assert "maximum" not in str(ag.compile(ag.maximum(x, -float("inf")) * 3))
assert "maximum" not in ag.compile(lambda x: ag.maximum(x, -float("inf")) * 3).program(ag.Tensor([1.0, 2.0]))
""",
    "A layer": """
layer = nn.Scale(2)
nn.save(layer, "layer.npz")
assert nn.load("layer.npz").factor.data.tolist() == [1.0, 1.0] and repr(layer) == "Scale(2)"
""",
    "A loss": """
model = nn.Linear(1, 1, rng=0)
history = nn.fit(model, [[1.0], [2.0]], [1.0, 2.0], "log_cosh", optimizer=nn.Adam(lr=0.1), epochs=30, rng=0)
assert history["loss"][-1] < history["loss"][0] and model.output_decoder.of_values
""",
    "An optimiser": """
p = ag.Value(1.0)
optimizer = nn.SignSGD([p], lr=0.25)
(5 * p).backward()
optimizer.step()
assert p.data == 0.75
""",
    "A data set": """
X, y = nn.datasets.stripes(200, rng=0)
assert X.shape == (200, 2) and sorted(set(y.tolist())) == [0, 1]
""",
    "A picture format": """
ag.draw(ag.Value(2.0) * 3).save("graph.md")
assert open("graph.md").read().startswith("    ") and "data 6" in open("graph.md").read()
""",
}


def lengthened(text: str, name: str, module: str) -> str:
    """Add a name to the import from a module, where there is one, and to `__all__`."""
    found = re.search(rf"^from {re.escape(module)} import (\(?)", text, re.MULTILINE)
    if found:
        text = text[: found.end()] + f"{name}, " + text[found.end() :]
    return re.sub(r"^__all__ = \[", f'__all__ = [\n    "{name}",', text, count=1, flags=re.MULTILINE)


def follow(recipe: str, folder: Path) -> None:
    """Do what a recipe says, in a copy of the packages."""
    start = r"^In `(.*?)`(?:[^`]*`\w+`)?(?:, above `( *\S.*?)`)?.*?```python\n(.*?)```"
    (where,) = re.findall(r"^In `(.*?)`", recipe, re.MULTILINE)
    for _, anchor, block in re.findall(start, recipe, re.DOTALL | re.MULTILINE):
        source = (folder / where).read_text(encoding="utf-8")
        found = re.search(rf"^{re.escape(anchor)}", source, re.MULTILINE) if anchor else None
        at = found.start() if found else len(source)
        between = "\n" if anchor.startswith(" ") else "\n\n"
        text = f"{source[:at].rstrip()}\n{between}{block}{between}{source[at:]}"
        (folder / where).write_text(text, encoding="utf-8")
    for name, files in re.findall(r"^Add `(\w+)` to (.*?)\.\s", recipe, re.DOTALL | re.MULTILINE):
        for file in re.findall(r"`([\w/]+\.py)`", files):
            home, rooms = Path(file).parent.parts, Path(where).with_suffix("").parts
            modules = ["." + ".".join(rooms[len(home) : k]) for k in range(len(rooms), len(home), -1)]
            text = (folder / file).read_text(encoding="utf-8")
            module = next((m for m in modules if f"from {m} import" in text), modules[0])
            (folder / file).write_text(lengthened(text, name, module), encoding="utf-8")
    for entry, place in re.findall(r"^Enter `(.*?)` in `(\w+)`", recipe, re.MULTILINE):
        text = (folder / where).read_text(encoding="utf-8")
        new = re.sub(rf"(?ms)((?:def {place}\(|^{place} =).*?\{{)", rf"\g<1>{entry}, ", text, count=1)
        (folder / where).write_text(new, encoding="utf-8")


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkout")
    for package in ("autograd", "nn"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for recipe in RECIPES.values():
        follow(recipe, folder)
    return folder


def test_each_recipe_is_followed() -> None:
    assert list(RECIPES) == list(WORKS)


@pytest.mark.parametrize("name", WORKS)
def test_what_a_recipe_adds_works(name: str, followed: Path) -> None:
    code = "import autograd as ag\nimport nn\n" + WORKS[name]
    done = subprocess.run([sys.executable, "-c", code], cwd=followed, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_primitive_without_a_kernel_runs_in_a_program(followed: Path) -> None:
    code = "import autograd as ag; assert ag.compile(lambda x: 2.0 * ag.softsign(x))(1.0) == 1.0"
    subprocess.run([sys.executable, "-c", code], cwd=followed, check=True)


@pytest.mark.parametrize("name", WORKS)
def test_the_tests_that_a_recipe_names_are_there(name: str) -> None:
    paths = re.findall(r"`pytest (.*?)`", RECIPES[name])[0].split()
    assert all((ROOT / path).exists() for path in paths)


def test_a_wrong_recipe_is_noticed(followed: Path) -> None:
    done = subprocess.run([sys.executable, "-c", "import nn; nn.Scale; nn.Scala"], cwd=followed, capture_output=True)
    assert done.returncode == 1 and b"Scale" in done.stderr
