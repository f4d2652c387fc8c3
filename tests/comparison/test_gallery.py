"""The registered figures in a report: all that apply, of the arms that are compared, with their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders import make_arms, make_run

from bceprobe.comparison import compare
from bceprobe.comparison.gallery import ELSEWHERE, gallery
from bceprobe.comparison.plotting import plot
from bceprobe.figures import FIGURES
from bceprobe.report import FigureGroup, Text, to_html

if TYPE_CHECKING:
    from pathlib import Path

    from bceprobe.report import Figure

EPOCHS = (1, 2, 4)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two arms with three seeds each."""
    folder = tmp_path_factory.mktemp("runs")
    make_arms(folder, 3, epochs=EPOCHS, optim__batch_size=16)
    return folder


@pytest.fixture(scope="module")
def figures(runs: Path) -> dict[str, Figure]:
    """The figures of their report, by name."""
    (group,) = gallery(compare(runs / "ce", runs / "bce"))
    assert isinstance(group, FigureGroup)
    return {figure.name: figure for figure in group.figures}


def test_every_registered_figure_is_shown_once(figures: dict[str, Figure]) -> None:
    """What the report does not show elsewhere is in the gallery, plug-ins would be, too."""
    assert sorted(figures) == sorted(f"plot-{name}" for name in FIGURES if name not in ELSEWHERE)


def test_numbers_are_those_of_plot(runs: Path, figures: dict[str, Figure]) -> None:
    """The table behind a figure is what `plot` writes for the same runs."""
    numbers = figures["plot-epochs-to-collapse"].numbers
    assert numbers is not None
    rows = [dict(zip(numbers.columns, row, strict=True)) for row in numbers.rows]
    assert str(rows) == str(list(plot("epochs-to-collapse", runs).rows))


def test_figures_are_vectors_that_say_what_they_show(figures: dict[str, Figure]) -> None:
    """Each is inline SVG without pictures, with its description as accessible name and a title above."""
    for name, figure in figures.items():
        (svg,) = figure.svg.values()
        assert svg.startswith("<svg")
        assert "<image" not in svg
        assert figure.title.startswith(name.removeprefix("plot-"))
        assert 'role="img"' in svg


def test_what_runs_do_not_have_is_said(tmp_path: Path) -> None:
    """Amplitudes of a loss without known gradients are not drawn, and the section says why."""
    for loss in ("focal", "mse"):
        make_run(tmp_path / loss, loss=loss, epochs=[1, 2])
    blocks = list(gallery(compare(tmp_path / "focal", tmp_path / "mse")))
    (text,) = [block.text for block in blocks if isinstance(block, Text)]
    assert "amplitudes (" in text
    assert "known of ce and bce alone" in text


def test_arms_of_one_loss_keep_the_looks_of_the_report(tmp_path: Path) -> None:
    """Two learning rates of CE differ in colour here as they do in the curves."""
    for name, rate in (("slow", 0.01), ("fast", 0.1)):
        make_run(tmp_path / name, epochs=[1, 2], optim__lr=rate)
    comparison = compare(tmp_path / "slow", tmp_path / "fast")
    (group,) = (block for block in gallery(comparison) if isinstance(block, FigureGroup))
    (svg,) = next(figure for figure in group.figures if figure.name == "plot-uniform").svg.values()
    assert svg.count("#16896b") > 0
    assert svg.count("#a3622e") > 0


def test_a_sweep_is_drawn_over_its_factor_and_stays_small(tmp_path: Path) -> None:
    """A design of eight cells is one page below 5 MB whose violins stand over the setting."""
    for loss in ("ce", "bce"):
        for mean in range(8):
            where = tmp_path / f"{loss}-{mean}"
            make_run(where, loss=loss, epochs=[1, 2], per_class={"train": 8}, model__bias_mean=float(mean))
    comparison = compare(tmp_path, factor="loss.name")
    (group,) = (block for block in gallery(comparison) if isinstance(block, FigureGroup))
    (svg,) = next(figure for figure in group.figures if figure.name == "plot-violins").svg.values()
    assert "model.bias_mean" in svg
    assert len(to_html(comparison.report()).encode()) < 5_000_000
