"""`bceprobe train`: one run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bceprobe.cli import options
from bceprobe.cli.console import note, print_table, result
from bceprobe.settings import PRESETS, Settings

if TYPE_CHECKING:
    from bceprobe.train import Plan

DEFAULT = Settings()
WHAT, HOW, NC, RUN = "What is trained", "How it is trained", "Neural-collapse settings", "The run"


def _option(panel: str, *names: str, **more: Any) -> Any:
    """Make an option of a help panel; that each has an environment variable is said once, above all."""
    return typer.Option(*names, rich_help_panel=panel, show_envvar=False, **more)


def train(
    context: typer.Context,
    loss: Annotated[str, _option(WHAT, help="ce, bce, focal, mse.")] = DEFAULT.loss.name,
    label_smoothing: Annotated[float, _option(WHAT, help="Of the targets, such as 0.1.")] = DEFAULT.loss.smoothing,
    class_balanced: Annotated[
        float, _option(WHAT, help="Weigh classes by their effective number of samples; beta such as 0.9999; 0: no.")
    ] = DEFAULT.loss.class_balanced,
    model: Annotated[
        str, _option(WHAT, help="See bceprobe list models; any of torchvision's or timm's, or package.module:factory.")
    ] = DEFAULT.model.name,
    stem: Annotated[str, _option(WHAT, help="auto, cifar, imagenet; of ResNets, DenseNets.")] = "auto",
    weights: Annotated[
        str, _option(WHAT, help="Pretrained: a run, a file, or torchvision's name.")
    ] = DEFAULT.model.weights,
    start: Annotated[
        Path | None, _option(WHAT, "--from", help="Start from a run: its weights, model, data, loss, seed.")
    ] = None,
    fresh_classifier: Annotated[
        bool, _option(WHAT, "--fresh-classifier", help="Leave out the weights of the classifier.")
    ] = DEFAULT.model.fresh_classifier,
    dataset: Annotated[str, _option(WHAT, help="See bceprobe list datasets.")] = DEFAULT.data.name,
    limit_per_class: Annotated[
        int, _option(WHAT, help="First samples per class; 0: all.")
    ] = DEFAULT.data.limit_per_class,
    data_dir: Annotated[Path | None, _option(WHAT, envvar="BCEPROBE_DATA_DIR", help="Where data sets lie.")] = None,
    download: Annotated[bool, _option(WHAT, "--download", help="Download a missing data set.")] = False,
    parameters: Annotated[str, _option(HOW, help="all; classifier: the rest stays frozen.")] = DEFAULT.optim.parameters,
    epochs: Annotated[int, _option(HOW, help="Number of epochs.")] = DEFAULT.optim.epochs,
    select: Annotated[
        str, _option(HOW, help="The epoch that counts: last; best: of best test accuracy.")
    ] = DEFAULT.select,
    batch_size: Annotated[int, _option(HOW, help="Samples per step.")] = DEFAULT.optim.batch_size,
    optimizer: Annotated[str, _option(HOW, help="sgd, adamw.")] = DEFAULT.optim.name,
    lr: Annotated[float, _option(HOW, help="Initial learning rate.")] = DEFAULT.optim.lr,
    momentum: Annotated[float, _option(HOW, help="Of SGD.")] = DEFAULT.optim.momentum,
    weight_decay: Annotated[float, _option(HOW, help="Of the optimizer, on all.")] = DEFAULT.optim.weight_decay,
    schedule: Annotated[str, _option(HOW, help="step, cosine, constant.")] = DEFAULT.optim.schedule,
    lambda_w: Annotated[float, _option(NC, help="Penalty on W in the loss.")] = DEFAULT.penalty.lambda_w,
    lambda_h: Annotated[float, _option(NC, help="Penalty on the features.")] = DEFAULT.penalty.lambda_h,
    lambda_b: Annotated[float, _option(NC, help="Penalty on the bias.")] = DEFAULT.penalty.lambda_b,
    bias_mean: Annotated[
        float, _option(NC, help="Mean initial threshold: the paper's bias, minus PyTorch's.")
    ] = DEFAULT.model.bias_mean,
    bias_init: Annotated[
        str, _option(NC, help="mean: around --bias-mean; prior: around log(K - 1); keep: those of --weights.")
    ] = DEFAULT.model.bias_init,
    capture_epochs: Annotated[str, _option(NC, help="all, every:5, 1-20,last, selected.")] = DEFAULT.capture.epochs,
    capture_precision: Annotated[str, _option(NC, help="fp32, or as --precision.")] = DEFAULT.capture.precision,
    stop_when: Annotated[str, _option(NC, help="never; collapsed: NC1 to NC3 below a threshold.")] = DEFAULT.stop.when,
    nc_threshold: Annotated[float, _option(NC, help="That threshold (own choice).")] = DEFAULT.stop.nc_threshold,
    seed: Annotated[int, _option(RUN, help="Seed of everything random.")] = DEFAULT.seed,
    device: Annotated[str, _option(RUN, help="auto, cpu, cuda, cuda:1.")] = DEFAULT.device,
    deterministic: Annotated[bool, _option(RUN, help="Only deterministic kernels.")] = DEFAULT.deterministic,
    precision: Annotated[str, _option(RUN, help="fp32, bf16; tf32, fp16 on CUDA.")] = DEFAULT.precision,
    compiled: Annotated[bool, _option(RUN, "--compile", help="Let torch.compile make the kernels.")] = DEFAULT.compile,
    preset: Annotated[str | None, _option(RUN, help=f"{', '.join(PRESETS)}.")] = None,
    config: Annotated[Path | None, _option(RUN, help="Settings as TOML.")] = None,
    assign: Annotated[list[str] | None, _option(RUN, "--set", help="KEY=VALUE, any setting.")] = None,
    name: Annotated[str | None, _option(RUN, help="Folder below runs/.")] = None,
    out: Annotated[Path | None, _option(RUN, help="Run folder, instead of --name.")] = None,
    resume: Annotated[bool, _option(RUN, "--resume", help="Go on with a run.")] = False,
    force: Annotated[bool, _option(RUN, "--force", help="Replace an existing run.")] = False,
    dry_run: Annotated[bool, _option(RUN, "--dry-run", help="Only tell what would be stored.")] = False,
) -> None:
    """Train a classifier and store the features of its epochs.

    Every option is also an environment variable (--lr is BCEPROBE_TRAIN_LR) and a key of a TOML file (--config).

    Example: bceprobe train --loss bce --model densenet121 --set model.growth=16 --epochs 20
    """
    from bceprobe.cli.live import watching
    from bceprobe.train import make_plan
    from bceprobe.train import train as run_training
    from bceprobe.train.distributed import is_first, told_by_first

    with told_by_first():
        settings, sources, folder = _resolve(context, name, out, start, resume=resume)
    if dry_run:
        if is_first():
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
    if is_first():
        _note_end(str(done))
        note(f"Next: bceprobe analyze nc {done}")
        result(str(done))


def _resolve(
    context: typer.Context, name: str | None, out: Path | None, start: Path | None, *, resume: bool
) -> tuple[Settings, dict[str, str], Path]:
    """Resolve the settings and the run folder; a resumed run brings its own settings, one to start from some."""
    from bceprobe.errors import UsageError
    from bceprobe.settings import inherited, resolve
    from bceprobe.train.folder import read_config

    if name is not None and out is not None:
        raise UsageError("--name and --out exclude each other", "Give one of them")
    base = inherited(start, read_config(start, "start from")) if start and not resume else None
    settings, sources = resolve(options.layers(context, base, f"from {start}"))
    folder = out or Path("runs") / options.plain_name(name if name is not None else _default_name(settings))
    if resume:
        settings, sources = resolve(options.layers(context, read_config(folder)))
    return settings, sources, folder


def _default_name(settings: Settings) -> str:
    part = "-classifier" if settings.optim.parameters == "classifier" else ""
    return f"{settings.data.name}-{settings.model.name}-{settings.loss.name}{part}-{settings.seed}"


def _note_end(run: str) -> None:
    """Say whether training ended early, and which epoch counts where that is not the last one."""
    from bceprobe.cli.store import selected_words, stopped_words
    from bceprobe.store import open_run
    from bceprobe.store.description import describe_selection

    opened = open_run(run)
    if stopped := stopped_words(opened.manifest.get("stopped")):
        note(f"Stopped {stopped}.")
    if selected := selected_words(describe_selection(opened)):
        note(f"Selected: {selected}.")


def _captured(plan: Plan) -> str:
    """Tell how many epochs are captured, and which."""
    which = f"{plan.epochs[0]} to {plan.epochs[-1]}" if plan.epochs else ""
    selected = "the selected one" if plan.selected else ""
    return f"{len(plan.epochs) + plan.selected} ({', '.join(filter(None, (which, selected)))})"


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
        ("captured epochs", _captured(plan)),
        ("store", f"{megabytes:,.1f} MB of {plan.dtype} features, {1e-6 * plan.bytes_per_epoch:,.2f} MB per epoch"),
    ]
    print_table(["dry run", "nothing is written"], rows, text=2)
