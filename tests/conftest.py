"""What several test files share: promises that a run prints, a browser that notes every request, and processes."""

from __future__ import annotations

import gc
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

ROOT = Path(__file__).resolve().parent.parent

PROMISES = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--graphs", type=int, default=0, help="how many random graphs to hold all engines to")
    parser.addoption("--nodes", type=int, default=100_000, help="how many nodes a long graph has that is drawn")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[PROMISES] = []
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a script's `make test &` has it ignored, here and below
    signal.signal(signal.SIGTERM, _end)  # fixtures end the processes that they have started


def _end(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


@pytest.fixture(scope="session")
def promise(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Note what a test has shown, in numbers that it measured: `promise("gradcheck: 40 wrong rules, all caught")`.

    The run prints the lines at its end, under the heading Promises. Call it after the last assertion; where many tests
    add up to one line, call it in the teardown of a fixture that they share.
    """
    return pytestconfig.stash[PROMISES].append


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.DoctestItem):
            code = "".join(example.source for example in item.dtest.examples)
            missing = [name for name in re.findall(r"^import (\w+)", code, re.MULTILINE) if find_spec(name) is None]
            if missing:
                item.add_marker(pytest.mark.skip(f"{missing[0]} is not installed"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):  # a process of pytest-xdist hands them to the one that prints
        session.config.workeroutput["promises"] = session.config.stash[PROMISES]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    node.config.stash[PROMISES] += getattr(node, "workeroutput", {}).get("promises", [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if lines := config.stash[PROMISES]:
        terminalreporter.section("Promises")
        for line in dict.fromkeys(lines):
            terminalreporter.write_line(line)


@pytest.fixture
def two_runs() -> Callable[[str], list[bytes]]:
    """Run a program in two processes, in which Python hashes differently, and give what each prints."""

    def run(program: str) -> list[bytes]:
        return [
            subprocess.run(
                [sys.executable, "-c", program], cwd=ROOT, env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin"},
                capture_output=True, check=True,
            ).stdout
            for seed in ("1", "2")
        ]  # fmt: skip

    return run


@pytest.fixture
def popen() -> Iterator[Callable[..., Any]]:
    """`subprocess.Popen`, whose processes are killed when the test is over, however it ends."""
    started: list[Any] = []

    def start(*arguments: Any, **settings: Any) -> Any:
        started.append(subprocess.Popen(*arguments, **settings))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


class Window:
    """A page of a browser, with all that it asked for and said."""

    def __init__(self, page: Any, folder: Path) -> None:
        self.page, self.folder = page, folder
        self.requests: list[str] = []
        self.messages: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.messages.append(message.text))
        page.on("pageerror", lambda error: self.messages.append(str(error)))

    def show(self, html: str, name: str = "page.html") -> Any:
        """Open a page from a file, as a reader does."""
        path = self.folder / name
        path.write_text(html, encoding="utf-8")
        self.page.goto(path.as_uri())
        return self.page

    def is_quiet(self) -> bool:
        """Whether nothing was asked for but the file and what stands in it, and nothing was said."""
        outside = [url for url in self.requests if not url.startswith(("file:", "data:"))]
        return not outside and not self.messages


@pytest.fixture(scope="module")  # not for the session: it keeps an event loop running
def chromium() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium here")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Any, tmp_path: Path) -> Iterator[Window]:
    page = chromium.new_page(viewport={"width": 860, "height": 700})
    yield Window(page, tmp_path)
    page.close()


@pytest.fixture
def dark_window(chromium: Any, tmp_path: Path) -> Iterator[Window]:
    page = chromium.new_page(viewport={"width": 860, "height": 700}, color_scheme="dark", reduced_motion="reduce")
    yield Window(page, tmp_path)
    page.close()


@pytest.fixture
def collector_off() -> Callable[[], AbstractContextManager[None]]:
    """Hold Python's collector of cycles for a while, after it has collected once: `with collector_off(): ...`."""

    @contextmanager
    def off() -> Iterator[None]:
        gc.collect()
        gc.disable()
        try:
            yield
        finally:
            gc.enable()

    return off
