"""`bceprobe train`: one run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bceprobe.cli import options
from bceprobe.cli.console import note, print_table, result

if TYPE_CHECKING:
    from bceprobe.settings import Settings
    from bceprobe.train import Plan

WHAT, HOW, NC, RUN = "What is trained", "How it is trained", "Neural-collapse settings", "The run"


def train(
    context: typer.Context,
    loss: Annotated[str, typer.Option(help="ce, bce.", rich_help_panel=WHAT)] = "ce",
    model: Annotated[str, typer.Option(help="convnet, resnet18, densenet121.", rich_help_panel=WHAT)] = "convnet",
    dataset: Annotated[str, typer.Option(help="digits, mnist, cifar10.", rich_help_panel=WHAT)] = "digits",
    limit_per_class: Annotated[int, typer.Option(help="First samples per class; 0: all.", rich_help_panel=WHAT)] = 0,
    data_dir: Annotated[
        Path | None, typer.Option(envvar="BCEPROBE_DATA_DIR", help="Where data sets lie.", rich_help_panel=WHAT)
    ] = None,
    download: Annotated[bool, typer.Option(help="Download a missing data set.", rich_help_panel=WHAT)] = False,
    epochs: Annotated[int, typer.Option(help="Number of epochs.", rich_help_panel=HOW)] = 100,
    batch_size: Annotated[int, typer.Option(help="Samples per step.", rich_help_panel=HOW)] = 128,
    optimizer: Annotated[str, typer.Option(help="sgd, adamw.", rich_help_panel=HOW)] = "sgd",
    lr: Annotated[float, typer.Option(help="Initial learning rate.", rich_help_panel=HOW)] = 0.01,
    momentum: Annotated[float, typer.Option(help="Of SGD.", rich_help_panel=HOW)] = 0.9,
    weight_decay: Annotated[float, typer.Option(help="Of the optimizer, on all.", rich_help_panel=HOW)] = 0.0,
    schedule: Annotated[str, typer.Option(help="step, cosine, constant.", rich_help_panel=HOW)] = "step",
    lambda_w: Annotated[float, typer.Option(help="Penalty on W in the loss.", rich_help_panel=NC)] = 5e-4,
    lambda_h: Annotated[float, typer.Option(help="Penalty on the features.", rich_help_panel=NC)] = 5e-4,
    lambda_b: Annotated[float, typer.Option(help="Penalty on the bias.", rich_help_panel=NC)] = 5e-4,
    bias_mean: Annotated[
        float, typer.Option(help="Mean initial threshold: the paper's bias, minus PyTorch's.", rich_help_panel=NC)
    ] = 0.0,
    capture_epochs: Annotated[str, typer.Option(help="all, every:5, 1-20,last.", rich_help_panel=NC)] = "all",
    seed: Annotated[int, typer.Option(help="Seed of everything random.", rich_help_panel=RUN)] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1.", rich_help_panel=RUN)] = "auto",
    deterministic: Annotated[bool, typer.Option(help="Only deterministic kernels.", rich_help_panel=RUN)] = False,
    preset: Annotated[str | None, typer.Option(help="setting-1, setting-2.", rich_help_panel=RUN)] = None,
    config: Annotated[Path | None, typer.Option(help="Settings as TOML.", rich_help_panel=RUN)] = None,
    assign: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE, any setting.", rich_help_panel=RUN)
    ] = None,
    name: Annotated[str | None, typer.Option(help="Folder below runs/.", rich_help_panel=RUN)] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder, instead of --name.", rich_help_panel=RUN)] = None,
    resume: Annotated[bool, typer.Option(help="Go on with a run.", rich_help_panel=RUN)] = False,
    force: Annotated[bool, typer.Option(help="Replace an existing run.", rich_help_panel=RUN)] = False,
    dry_run: Annotated[bool, typer.Option(help="Only tell what would be stored.", rich_help_panel=RUN)] = False,
) -> None:
    """Train a classifier and store the features of its epochs.

    Every option is also an environment variable (--lr is BCEPROBE_TRAIN_LR) and a setting of a TOML file;
    config.toml of each run re-runs it.

    Example: bceprobe train --loss bce --model densenet121 --set model.growth=16 --epochs 20
    """
    from bceprobe.cli.live import watching
    from bceprobe.train import make_plan
    from bceprobe.train import train as run_training

    settings, sources, folder = _resolve(context, name, out, resume=resume)
    if dry_run:
        _print_plan(make_plan(settings, data_dir, download=download), folder)
        return
    with watching(str(folder)) as watch:
        done = run_training(
            settings,
            folder,
            data_dir=data_dir,
            download=download,
            resume=resume,
            force=force,
            sources=sources,
            watch=watch,
        )
    note(f"Next: bceprobe analyze nc {done}")
    result(str(done))


def _resolve(
    context: typer.Context, name: str | None, out: Path | None, *, resume: bool
) -> tuple[Settings, dict[str, str], Path]:
    """Resolve the settings and the run folder; a resumed run brings its own settings."""
    from bceprobe.errors import UsageError
    from bceprobe.settings import resolve
    from bceprobe.train.folder import read_config

    if name is not None and out is not None:
        raise UsageError("--name and --out exclude each other", "Give one of them")
    settings, sources = resolve(options.layers(context))
    folder = out or Path("runs") / options.plain_name(name if name is not None else _default_name(settings))
    if resume:
        settings, sources = resolve(options.layers(context, read_config(folder)))
    return settings, sources, folder


def _default_name(settings: Settings) -> str:
    return f"{settings.data.name}-{settings.model.name}-{settings.loss.name}-{settings.seed}"


def _print_plan(plan: Plan, folder: Path) -> None:
    megabytes = 1e-6 * plan.bytes_total
    rows = [
        ("run folder", str(folder)),
        ("device", plan.device),
        ("trainable parameters", f"{plan.parameters:,}"),
        ("classes, feature length", f"{plan.classes}, {plan.feature_length}"),
        *(
            (f"{split} samples, captured", f"{plan.trained[split]:,}, {plan.captured[split]:,}")
            for split in plan.trained
        ),
        ("captured epochs", f"{len(plan.epochs)} ({plan.epochs[0]} to {plan.epochs[-1]})"),
        ("store", f"{megabytes:,.1f} MB of {plan.dtype} features, {1e-6 * plan.bytes_per_epoch:,.2f} MB per epoch"),
    ]
    print_table(["dry run", "nothing is written"], rows, text=2)
