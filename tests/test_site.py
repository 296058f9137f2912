"""The documentation site: built without a warning, whole, quiet, readable by all, and searched without a network."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote, urldefrag

import pytest

from notebooks import running

pytestmark = pytest.mark.slow

SOURCES = running.FOLDER


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("sphinx", reason="Sphinx is not installed")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-c", "notebooks/site", "-W", "--keep-going", "-q", "-b", "html"]
    done = subprocess.run([*command, "notebooks", folder], cwd=running.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


class Reader(HTMLParser):
    """What a page has: links, anchors, pictures without a text, headings, and how many formulas."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.mute: list[str] = []
        self.tags: Counter[str] = Counter()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags[tag] += 1
        self.anchors |= {given[name] or "" for name in ("id", "name") if name in given}
        self.links += [given[name] or "" for name in ("href", "src") if name in given]
        text = given.get("alt") or given.get("title") if tag in ("img", "iframe") else "none needed"
        if not text or text.startswith(("_images/", "../_images/")):
            self.mute.append(str(given)[:200])


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Reader]:
    return {path.relative_to(site).as_posix(): Reader(path) for path in site.rglob("*.html")}


def test_every_source_has_a_page(pages: dict[str, Reader]) -> None:
    sources = [path for kind in ("*.md", "*.ipynb") for path in SOURCES.rglob(kind)]
    assert len(sources) > 60
    wanted = {path.relative_to(SOURCES).with_suffix(".html").as_posix() for path in sources}
    assert {name for name in wanted - set(pages) if not name.startswith("assignments/")} == set()  # they are handed out


def test_a_link_leads_to_a_page_and_a_place_on_it(site: Path, pages: dict[str, Reader]) -> None:
    broken = []
    for name, page in pages.items():
        for link in page.links:
            target, place = urldefrag(link)
            if re.match(r"\w+:", target) or (not target and not place):
                continue
            path = (site / name).parent / unquote(target).partition("?")[0] if target else site / name
            there = pages.get(path.resolve().relative_to(site.resolve()).as_posix())
            if not path.exists() or (there and place and unquote(place) not in there.anchors):
                broken.append(f"{name}: {link}")
    assert broken == []


def test_nothing_is_fetched_from_elsewhere(pages: dict[str, Reader], site: Path) -> None:
    outside = re.compile(r"""(?:src=|url\(|@import |<link[^>]*href=)["']?https?:""")
    assert [name for name in pages if outside.search((site / name).read_text(encoding="utf-8"))] == []


def test_every_picture_and_frame_has_a_text(pages: dict[str, Reader]) -> None:
    assert {name: page.mute for name, page in pages.items() if page.mute} == {}


def test_formulas_are_mathml(pages: dict[str, Reader]) -> None:
    assert sum(page.tags["math"] for page in pages.values()) > 500
    assert sum(page.tags["merror"] for page in pages.values()) == 0


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *about: Any) -> None:
        pass


# In a browser ------------------------------------------------------------------------------------------------------




@pytest.fixture
def phone(chromium: Any) -> Iterator[Any]:
    page = chromium.new_page(viewport={"width": 390, "height": 800})
    yield page
    page.close()


def test_pages_are_quiet_and_whole(window: Any, site: Path, pages: dict[str, Reader]) -> None:
    broken = "[...document.images].filter(x => x.complete && !x.naturalWidth && x.checkVisibility()).map(x => x.src)"
    for name in sorted(name for name in pages if not name.startswith("_modules/")):
        window.page.goto((site / name).as_uri())
        assert window.page.evaluate(broken) == [], name
        assert window.is_quiet(), (name, window.requests[-3:], window.messages)


def test_no_page_is_wider_than_a_phone(phone: Any, site: Path, pages: dict[str, Reader]) -> None:
    wide = {}
    for name in sorted(name for name in pages if not name.startswith("_modules/")):
        phone.goto((site / name).as_uri())
        if (width := phone.evaluate("document.documentElement.scrollWidth")) > 390:
            wide[name] = width
    assert wide == {}


@pytest.mark.parametrize(("words", "page"), [
    ("freeze a layer", "how_to/freeze_a_layer.html"), ("use my csv", "how_to/use_your_csv_file.html"),
    ("draw only one neuron", "how_to/draw_only_one_neuron.html"), ("save load", "how_to/save_and_load_a_model.html"),
    ("compile function", "how_to/compile_a_function.html"), ("add operation", "how_to/add_an_operation.html"),
    ("cite a figure", "how_to/cite_a_figure.html"), ("custom loss", "how_to/write_a_custom_loss.html"),
    ("own arrays", "how_to/train_on_your_arrays.html"), ("latex", "how_to/draw_for_latex.html"),
    ("colab", "how_to/use_it_in_colab.html"), ("EarlyStopping", "reference/training.html"),
])  # fmt: skip
def test_search_answers_a_beginner_first_and_without_a_server(window: Any, site: Path, words: str, page: str) -> None:
    window.page.goto(f"{(site / 'search.html').as_uri()}?q={words.replace(' ', '+')}")
    window.page.locator(f"#search-results a[href*='{page}']").first.wait_for()
    links = window.page.eval_on_selector_all("#search-results li > a", "xs => xs.map(x => x.getAttribute('href'))")
    assert any(page in link for link in links[:3]), links[:5]
    assert all(url.startswith(("file:", "data:")) for url in window.requests)


def test_search_on_a_server_shows_the_words_around(window: Any, site: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=site)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        window.page.goto(f"{address}/search.html?q=freeze")
        window.page.locator("#search-results .context", has_text="keeps parameters as they are").wait_for()
        assert all(url.startswith(address) for url in window.requests) and not window.messages
        server.shutdown()


def test_drawings_follow_the_theme_of_the_site(window: Any, site: Path) -> None:
    page = window.page
    page.goto((site / "01_calculus_on_a_graph.html").as_uri())
    paper = "getComputedStyle(document.querySelector('[data-chalkgrad] svg .paper')).fill"
    fills = set()
    for theme in ("light", "dark"):
        page.evaluate(f"document.body.dataset.theme = '{theme}'")
        page.wait_for_function(f"document.body.dataset.jpThemeLight === '{str(theme == 'light').lower()}'")
        fills.add(page.evaluate(paper))
    assert len(fills) == 2


def test_a_player_plays(window: Any, site: Path) -> None:
    page = window.page
    page.goto((site / "03_forward_and_reverse_mode.html").as_uri())
    page.get_by_label("last step").first.click()
    assert "step 7 of 7" in page.locator("[aria-live=polite]").first.inner_text()
    assert window.is_quiet()


def test_the_playground_trains(window: Any, site: Path) -> None:
    page = window.page
    page.goto((site / "playground.html").as_uri())
    frame = page.frame_locator("iframe[title=Playground]")
    frame.locator("[aria-label='one epoch']").click()
    assert frame.locator(".epoch").inner_text() == "000,001"
    assert window.is_quiet(), (window.requests, window.messages)
