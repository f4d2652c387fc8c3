"""The pictures of the report in the README, taken in a headless Chromium.

    python tests/screenshots.py [RUNS]

compares the runs of `bceprobe quickstart` in the folder RUNS (runs/quickstart if left out) and writes the pictures to
`reports/screenshots/`.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from browsing import NAMES, OPTIONS, opened
from PIL import Image
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

COLORS = 256
FOLDER = Path(__file__).parents[1] / "reports" / "screenshots"


class Shot(NamedTuple):
    """A picture: its file, the scheme, the part of the page at its top, and the step of its sliders if not the last."""

    file: str
    scheme: str
    part: str
    step: int | None = None


SHOTS = (
    Shot("verdict.png", "light", "html"),
    Shot("frames.png", "dark", "#frames", step=2),
)


def take(browser: Browser, report: Path, folder: Path) -> list[Path]:
    """Take all pictures of a report."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_take(browser, report, folder, shot) for shot in SHOTS]


def _take(browser: Browser, report: Path, folder: Path, shot: Shot) -> Path:
    with opened(browser, report, scheme=shot.scheme, width=1160) as watched:
        if shot.step is not None:
            for slider in watched.page.get_by_role("slider").all():
                slider.fill(str(shot.step))
        watched.page.locator(shot.part).evaluate("part => part.scrollIntoView()")
        return _saved(watched.page, folder / shot.file)


def _saved(page: Page, file: Path) -> Path:
    """Save what is in sight with a palette, which a page of few colours loses nothing visible by."""
    with Image.open(io.BytesIO(page.screenshot())) as image:
        image.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(file, optimize=True)
    return file


def main() -> None:
    """Take the pictures of the README."""
    from bceprobe.comparison import compare
    from bceprobe.report import write_html

    runs = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/quickstart")
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        report = write_html(compare(runs / "ce", runs / "bce").report(), Path(folder) / "report.html")
        browser = playwright.chromium.launch(executable_path=found, args=OPTIONS)
        for file in take(browser, report, FOLDER):
            sys.stdout.write(f"{file.stat().st_size // 1024} kB {file}\n")


if __name__ == "__main__":
    main()
