"""JupyterLab in a browser: it shows the notebooks as committed, runs the first ones, and nobody complains."""

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

import nn
from notebooks import running

pytestmark = pytest.mark.slow

pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")

FIRST = [path for path in running.chosen([]) if path.name[:2] <= "05"]

IDLE = ("favicon", "/api/me", "service worker")  # what JupyterLab says by itself


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of its own, with the notebooks as committed, and in `bare/` without outputs."""
    folder, own = tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("jupyter")
    for place in ("pictures", "bare/pictures"):
        shutil.copytree(running.FOLDER / "pictures", folder / place)
    for path in FIRST:
        (folder / path.name).write_bytes(path.read_bytes())
        notebook = running.read(path)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, folder / "bare" / path.name)
    cell = nbformat.v4.new_code_cell("import nn\n\nnn.playground()")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel), folder / "playground.ipynb")
    cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": nn.playground()._repr_html_()})]
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel), folder / "untrusted.ipynb")
    for name, setting in [
        ("notebook-extension/tracker", {"windowingMode": "none"}),  # cells out of sight are there too
        ("apputils-extension/notification", {"fetchNews": "false", "checkForUpdates": False}),
    ]:
        file = own / f"lab/user-settings/@jupyterlab/{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(setting))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
         "--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}",
         "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None",
         "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.extension_manager=readonly"],
        env={**running.environment(), "JUPYTER_CONFIG_DIR": str(own), "JUPYTER_DATA_DIR": str(own / "data")},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(600):
            assert process.poll() is None, "JupyterLab has ended"
            try:
                urllib.request.urlopen(f"{url}/api/status", timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(30)


class Lab:
    """A notebook in JupyterLab, with what the browser asked for and said."""

    def __init__(self, page: Any, server: str, name: str) -> None:
        self.page, self.server = page, server
        self.outside: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: request.url.startswith((server, "data:", "blob:", "ws:")) or
                self.outside.append(request.url))  # fmt: skip
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(f"{server}/lab/tree/{name}?reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_function("window.jupyterapp !== undefined")

    def run(self) -> None:
        """Run all cells, and wait until the last has its number."""
        session = "window.jupyterapp.shell.currentWidget.sessionContext"
        self.page.wait_for_function(f"{session}.isReady && {session}.kernelDisplayStatus === 'idle'")
        self.page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_function(
            "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].every(x => /\\d/.test(x.textContent))"
        )
        self.page.wait_for_timeout(500)

    def is_quiet(self) -> bool:
        """Whether nothing was asked for from elsewhere, and nothing went wrong."""
        self.errors = [text for text in self.errors if not any(word in text for word in IDLE)]
        return not self.outside and not self.errors


@pytest.fixture
def tab(chromium: Any) -> Iterator[Any]:
    page = chromium.new_page(viewport={"width": 1200, "height": 900})
    page.set_default_timeout(90_000)
    yield page
    page.close()


@pytest.mark.parametrize("path", FIRST, ids=lambda path: path.stem)
def test_a_notebook_runs(tab: Any, server: str, path: Path) -> None:
    lab = Lab(tab, server, f"bare/{path.name}")
    lab.run()
    committed = running.read(path)
    assert tab.locator(".jp-RenderedText[data-mime-type*=stderr], .jp-RenderedText[data-mime-type*=error]").count() == 0
    exercises = sum(running.CHECKER.search(cell.source) is not None for cell in committed.cells)
    assert tab.locator(".jp-OutputArea-output", has_text="not answered yet").count() == exercises
    pictures = sum("data-chalkgrad" in str(cell.get("outputs", "")) for cell in committed.cells)
    shown = [output.get("data", {}) for cell in committed.cells for output in cell.get("outputs", [])]
    plots = sum(bool({"image/png", "image/svg+xml"} & set(data)) and "text/html" not in data for data in shown)
    assert tab.locator("[data-chalkgrad] svg:visible, [data-chalkgrad-player] svg:visible").count() >= pictures > 0
    assert tab.locator(".jp-RenderedImage img:visible").count() == plots
    assert tab.evaluate("[...document.querySelectorAll('.jp-Notebook img')].every(x => x.naturalWidth > 0)")
    assert lab.is_quiet(), (lab.outside, lab.errors)


def test_a_notebook_that_is_not_trusted_shows_its_pictures(tab: Any, server: str) -> None:
    lab = Lab(tab, server, FIRST[0].name)
    pictures = tab.locator(".jp-OutputArea-output img[src^='data:image/svg']")
    pictures.first.wait_for()
    committed = sum("data-chalkgrad" in str(cell.get("outputs", "")) for cell in running.read(FIRST[0]).cells)
    assert pictures.count() == committed > 0, "no script has run, so each picture is still an image"
    assert tab.evaluate("[...document.querySelectorAll('.jp-Notebook img')].every(x => x.naturalWidth > 0)")
    assert lab.is_quiet(), (lab.outside, lab.errors)


def test_the_playground_trains_in_a_notebook_as_high_as_it_is(tab: Any, server: str) -> None:
    lab = Lab(tab, server, "playground.ipynb")
    lab.run()
    frame = tab.frame_locator("iframe[title=Playground]")
    frame.locator("[aria-label='one epoch']").click()
    assert frame.locator(".epoch").inner_text() == "000,001"
    page = frame.locator("main").evaluate("(main) => main.offsetHeight")
    assert abs(tab.locator("iframe[title=Playground]").evaluate("(frame) => frame.clientHeight") - page) < 8
    assert lab.is_quiet(), (lab.outside, lab.errors)


def test_where_it_is_not_trusted_the_playground_is_a_picture(tab: Any, server: str) -> None:
    lab = Lab(tab, server, "untrusted.ipynb")
    picture = tab.locator(".jp-OutputArea-output img[alt^=Playground]")
    picture.wait_for()
    assert tab.locator("iframe[title=Playground]").count() == 0
    assert picture.evaluate("(image) => image.naturalWidth") > 600 and lab.is_quiet(), (lab.outside, lab.errors)
