"""The gallery is what its command writes."""

import re
from pathlib import Path

import pytest

from notebooks import gallery

ROOT = Path(__file__).parents[1]


def test_the_page_is_that_of_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gallery.main(tmp_path) == 0
    page = (tmp_path / "gallery.md").read_text(encoding="utf-8")
    assert page == (ROOT / "notebooks" / "gallery.md").read_text(encoding="utf-8"), "run `make gallery`"
    named = re.findall(r"\]\((pictures/.*?)\)", page)
    assert len(named) == len(gallery.PICTURES)
    for name in named:
        assert (tmp_path / name).read_text(encoding="utf-8").startswith("<svg")
        assert (ROOT / "notebooks" / name).exists(), "run `make gallery`"
    assert "gallery.md" in capsys.readouterr().out


@pytest.mark.parametrize("make", gallery.PICTURES, ids=lambda make: make.__name__)
def test_the_code_that_is_shown_runs(make: object) -> None:
    names = dict(vars(gallery))
    exec(gallery._code(make), names)  # type: ignore[arg-type]


def test_a_picture_has_the_same_bytes_again() -> None:
    for make in gallery.PICTURES:
        assert make().svg() == make().svg(), make.__name__
