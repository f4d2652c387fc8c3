"""`bceprobe quickstart`: the whole path on embedded data, from training to the report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bceprobe.cli.console import note, result

if TYPE_CHECKING:
    from bceprobe.settings import Settings

LOSSES = ("ce", "bce")
RECIPE = {"optim.batch_size": 64, "optim.lr": 0.05, "threads": 1}  # so small a model gains nothing from a second one


def quickstart(
    out: Annotated[Path, typer.Option(help="Folder of the runs.", show_envvar=False)] = Path("runs/quickstart"),
    report: Annotated[Path, typer.Option(help="The HTML report.", show_envvar=False)] = Path("reports/quickstart.html"),
    seeds: Annotated[int, typer.Option(min=1, help="Runs per loss.", show_envvar=False)] = 3,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs per run.", show_envvar=False)] = 40,
) -> None:
    """Train CE and BCE on the embedded digits, three seeds each, and compare what they did to the features.

    Takes about two minutes on two cores and needs no network. Finished runs are kept; broken ones go on.

    Example: bceprobe quickstart --seeds 5
    """
    from bceprobe.cli.comparison_tables import print_comparison
    from bceprobe.cli.console import progress
    from bceprobe.cli.live import training_bar
    from bceprobe.comparison import compare
    from bceprobe.report import write_html
    from bceprobe.store.manifest import CONFIG
    from bceprobe.train import train

    points = [(loss, seed) for seed in range(seeds) for loss in LOSSES]
    with training_bar(len(points), epochs) as watch:
        for loss, seed in points:
            folder = out / loss / f"seed-{seed}"
            train(_settings(loss, seed, epochs), folder, resume=(folder / CONFIG).exists(), watch=watch)
    note(f"Trained {len(points)} runs in {out}. Comparing their features ...")
    with progress("compare") as moved:
        comparison = compare(out / "ce", out / "bce", progress=moved)
    write_html(comparison.report(), report)
    print_comparison(comparison, brief=True)
    result(f"Report: {report}")


def _settings(loss: str, seed: int, epochs: int) -> Settings:
    from bceprobe.settings import resolve

    milestones = [epochs // 2, 3 * epochs // 4]
    values = {**RECIPE, "loss.name": loss, "seed": seed, "optim.epochs": epochs, "optim.milestones": milestones}
    return resolve([("quickstart", values)])[0]
