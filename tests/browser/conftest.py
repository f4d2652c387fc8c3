"""A browser for the pages that this program writes, and the report that most tests look at."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from browsing import NAMES, OPTIONS
from builders import make_arms
from playwright.sync_api import sync_playwright

from bceprobe.comparison import compare
from bceprobe.report import write_html

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium of this machine."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        reason = f"no browser found ({', '.join(NAMES)})"
        if os.environ.get("BCEPROBE_REQUIRE_BROWSER") == "1":
            pytest.fail(f"{reason}, and BCEPROBE_REQUIRE_BROWSER=1")
        pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of two arms with three seeds each."""
    folder = tmp_path_factory.mktemp("page")
    return write_html(compare(*make_arms(folder, epochs=(1, 2, 4))).report(), folder / "report.html")
