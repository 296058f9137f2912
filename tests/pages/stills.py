"""Write the still pictures of all pages anew: python tests/pages/stills.py, where Chromium and Pillow are installed."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import sync_playwright

import nn
from nn.demos import Page

STILLS = Path(nn.__file__).parent / "demos" / "stills"
WIDTH = 1240


def main() -> None:
    """Take a picture of each page, of the playground after some training, and keep it small."""
    pages: list[Page] = [nn.playground(optimizer="adam"), nn.linear_classifier_demo()]
    pages += [nn.demos.composition(), nn.demos.joints(), nn.demos.saturation(), nn.demos.momentum()]
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for page in pages:
            page.save(Path(folder, "page.html"))
            tab = browser.new_page(viewport={"width": WIDTH, "height": 660})
            tab.goto(Path(folder, "page.html").as_uri())
            tab.wait_for_selector("html[data-ready=yes]")
            if page.kind == "playground":
                tab.click("[aria-label=train]")
                tab.wait_for_function("Number(document.querySelector('.epoch').textContent.replace(',', '')) > 60")
                tab.click("[aria-label=pause]")
            part = ".columns" if page.kind == "playground" else "main"
            height = tab.evaluate(f"document.querySelector('{part}').getBoundingClientRect().bottom") + 8
            shot = tab.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": height}, full_page=True)
            image = Image.open(io.BytesIO(shot)).convert("RGB")
            image = image.resize((868, round(868 * height / WIDTH)), Image.Resampling.LANCZOS)
            image.quantize(64).save(STILLS / f"{page.kind}.png", optimize=True)


if __name__ == "__main__":
    main()
