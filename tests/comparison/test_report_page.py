"""The page of a comparison as a file: the same bytes every time, and small."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from builders import make_arms, make_run

from bceprobe.comparison import Comparison, compare
from bceprobe.comparison.frames import EPOCHS
from bceprobe.report import to_html

if TYPE_CHECKING:
    from pathlib import Path

    from bceprobe.comparison import Curve

LONG = 100


def test_other_processes_write_the_same_bytes(tmp_path: Path) -> None:
    """Processes in which sets hash otherwise write the same file of the same runs."""
    arms = [str(arm) for arm in make_arms(tmp_path, 2, epochs=(1, 2))]
    written = []
    for seed in ("1", "2"):
        file = tmp_path / seed
        command = [sys.executable, "-m", "bceprobe", "compare", *arms, "--out", str(file)]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed})
        written.append(file.read_bytes())
    assert written[0] == written[1]


def test_all_links_lead_somewhere(tmp_path: Path) -> None:
    """In the page of a design with cells every name is given once, and every link leads to one of them."""
    for loss in ("ce", "bce"):
        for rate, seed in product((0.1, 0.2), range(2)):
            folder = tmp_path / f"{loss}-{rate}-{seed}"
            make_run(folder, loss=loss, seed=seed, epochs=(1, 2), per_class={"train": 4}, optim__lr=rate)
    page = to_html(compare(tmp_path).report())
    names, targets = re.findall(r' id="([^"]+)"', page), re.findall(r'<a href="#([^"]+)"', page)
    assert len(set(names)) == len(names)
    assert set(targets) <= set(names)
    assert {target.split("-")[0] for target in targets} >= {"overall", "finding", "row", "curve"}


def test_a_comparison_of_ten_long_runs_is_small(tmp_path: Path) -> None:
    """Five seeds per arm, 100 epochs and ten classes make a page of less than 5 MB, most of it figures."""
    sizes = {"classes": 10, "length": 12, "per_class": {"train": 4, "test": 2}}
    comparison = _longer(compare(*make_arms(tmp_path, 5, epochs=(1, 2), **sizes)))
    page = to_html(comparison.report())
    assert "epoch 100" in page
    assert len(page.encode()) < 5e6


def _longer(comparison: Comparison) -> Comparison:
    """The same comparison with curves of 100 epochs, and as many frames as there are at most."""
    frames = comparison.frames
    epochs = (*range(1, EPOCHS), LONG)
    arms = tuple(replace(one, frames=(*one.frames, *one.frames[-1:] * (EPOCHS - 2))) for one in frames.arms)
    return replace(
        comparison,
        moment=replace(comparison.moment, epoch=LONG, words=f"epoch {LONG}"),
        curves=tuple(map(_long, comparison.curves)),
        frames=replace(frames, epochs=epochs, arms=arms),
        optima=(),
    )


def _long(curve: Curve) -> Curve:
    """A curve of as many points that no drawing can leave out."""
    mean = np.random.default_rng(0).uniform(0.1, 1, LONG)
    return replace(curve, epoch=tuple(range(1, LONG + 1)), mean=tuple(mean.tolist()), std=tuple((mean / 9).tolist()))
