"""Build the wheel: both packages inside one, `chalkgrad`, so that it shares no import name with another distribution.

In the checkout the packages are called `autograd` and `nn`, as two distributions on PyPI are. The wheel holds them
as `chalkgrad/autograd` and `chalkgrad/nn`, and this hook writes their imports in code and in examples anew. Lines stay
where they are. An editable install is the checkout itself, with both names: see `chalkgrad/_checkout.py`.
"""

import ast
import os
import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

PACKAGES = {"chalkgrad": "", "autograd": "autograd", "nn": "nn"}
"""Folders of the checkout, and where their files go inside the package of the wheel."""

RECORDS = ("random_labels", "depth")
"""Results of long experiments that notebooks show; `chalkgrad.course.recorded` reads them."""

SUFFIXES = (".py", ".js", ".css", ".html", ".md", ".json", ".png", ".xz", ".typed")

LEFT_OUT = {"chalkgrad/_checkout.py", "chalkgrad/py.typed", "autograd/_clash.py"}
"""Files that only a checkout needs, and the one that hatchling includes itself."""

START = r"^((?: *(?:>>>|\.\.\.))? *)"
FROM = re.compile(START + r"from (autograd|nn)(?=(?:\.[\w.]+)? import )", re.MULTILINE)
IMPORT = re.compile(START + r"import (autograd|nn)(?= as |$)", re.MULTILINE)
ERROR = re.compile(r"^( +)(?=(autograd|nn)\.[\w.]+Error: )", re.MULTILINE)


class Hook(BuildHookInterface):  # type: ignore[type-arg,misc,unused-ignore]
    """Hatchling calls it before and after it packs a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the files of the wheel to a temporary folder."""
        if version != "editable":
            self.folder = TemporaryDirectory()
            write(Path(self.root), Path(self.folder.name))
            build_data["force_include"][self.folder.name] = "chalkgrad"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove that folder."""
        if version != "editable":
            self.folder.cleanup()


class Description(MetadataHookInterface):  # type: ignore[misc,unused-ignore]
    """Hatchling calls it for the fields that `pyproject.toml` declares as dynamic."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the long description: in a workflow of GitHub its links and pictures lead to the repository."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        home, server = os.environ.get("GITHUB_REPOSITORY"), os.environ.get("GITHUB_SERVER_URL")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": linked(text, f"{server}/{home}" if home else None, os.environ.get("GITHUB_REF_NAME", "main")),
        }
        metadata["urls"] = {"Repository": f"{server}/{home}"} if home else {}


def linked(text: str, home: str | None, ref: str) -> str:
    """Return Markdown with absolute links and pictures; without a `home`, links become text, and pictures are left out.

    >>> print(linked("[a](b.md) ![c](d.svg)", "https://example.org/me/it", "v1"))
    [a](https://example.org/me/it/blob/v1/b.md) ![c](https://example.org/me/it/raw/v1/d.svg)
    >>> print(linked('<a href="b.md"><img src="d.svg">a</a>, ![c](d.svg)[a](b.md)', None, ""))
    a, a
    """
    if home is None:
        text = re.sub(r"!\[[^\]]*\]\((?!https?:)[^)]*\)|<img (?![^>]*https?:)[^>]*>", "", text)
        text = re.sub(r"\[([^\]]*)\]\((?!https?:|#)[^)]*\)", r"\1", text)
        return re.sub(r'<a href="(?!https?:|#)[^"]*">(.*?)</a>', r"\1", text)
    raw, page = f"{home}/raw/{ref}/", f"{home}/blob/{ref}/"
    text = re.sub(r'(!\[[^\]]*\]\(|<img [^>]*?src=")(?!https?:)', rf"\g<1>{raw}", text)
    return re.sub(r'((?<!!)\[[^\]]*\]\(|<a href=")(?!https?:|#)', rf"\g<1>{page}", text)


def write(root: Path, target: Path) -> None:
    """Write the package `chalkgrad` to the folder `target`."""
    for package, place in PACKAGES.items():
        for path in sorted((root / package).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.suffix in SUFFIXES and name not in LEFT_OUT and "/." not in name and "__pycache__" not in name:
                copy = target / place / path.relative_to(root / package)
                copy.parent.mkdir(parents=True, exist_ok=True)
                content = path.read_bytes()
                copy.write_bytes(renamed(content.decode(), name).encode() if path.suffix == ".py" else content)
    (target / "records").mkdir()
    for name in RECORDS:
        shutil.copy(root / "benchmarks" / "results" / f"{name}.json", target / "records")


def renamed(source: str, name: str) -> str:
    r"""Return the source with the imports of a wheel.

    >>> print(renamed("from autograd import Tensor\nimport autograd as ag", "x.py"))
    from chalkgrad.autograd import Tensor
    from chalkgrad import autograd as ag

    Raises:
        ValueError: an import by a short name is left, such as `import autograd.value` or `import numpy, nn`.
    """
    new = IMPORT.sub(r"\1from chalkgrad import \2", FROM.sub(r"\1from chalkgrad.\2", source))
    new = ERROR.sub(r"\1chalkgrad.", new)
    if left := [node.lineno for node in ast.walk(ast.parse(new)) if imports_short(node)]:
        raise ValueError(f"{name}, lines {left}: write `from autograd.x import y` or `import autograd as ag`")
    return new


def imports_short(node: ast.AST) -> bool:
    """Return whether a statement imports `autograd` or `nn`."""
    match node:
        case ast.Import(names):
            return any(alias.name.partition(".")[0] in ("autograd", "nn") for alias in names)
        case ast.ImportFrom(module=str(module), level=0):
            return module.partition(".")[0] in ("autograd", "nn")
    return False
