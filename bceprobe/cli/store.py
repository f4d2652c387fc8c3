"""`bceprobe store`: look at the store of a run, check it, and bring features in and out."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bceprobe.cli.console import number, print_table, result, result_json

app = typer.Typer(no_args_is_help=True, help="Look at stores, check them, import and export features.")

RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="A run folder or URL.")]


@app.command()
def info(
    run: RunArgument,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show what a run holds: splits, sizes, written epochs, and where it comes from.

    Example: bceprobe store info runs/quickstart/bce
    """
    from bceprobe.store import open_run
    from bceprobe.store.description import describe

    described = describe(open_run(run))
    if as_json:
        result_json(described)
    else:
        print_description(described)


@app.command()
def validate(run: RunArgument) -> None:
    """Check a run against the specification of the format, checksums of all data included.

    Prints one line per problem and exits 3, or says that the run is valid.

    Example: bceprobe store validate runs/quickstart/bce
    """
    from bceprobe.store import open_run
    from bceprobe.store.description import describe_split
    from bceprobe.store.validate import validate as find_problems

    problems = find_problems(run)
    for problem in problems:
        result(problem)
    if problems:
        raise typer.Exit(3)
    opened = open_run(run)
    counts = [_count(split, describe_split(opened, split)) for split in opened.splits]
    result(f"valid: {'; '.join(counts) or 'nothing captured yet'}")


@app.command("import")
def import_features(
    file: Annotated[str, typer.Argument(metavar="FILE", help="An .npz file of named arrays.")],
    out: Annotated[str, typer.Option(metavar="RUN", help="The run folder to make.")],
) -> None:
    """Make a run from features made elsewhere; nothing is written unless everything in the file fits.

    Arrays, E epochs, N samples of length d, K classes: features ([E,] N, d), target (N), weight ([E,] K, d);
    optionally bias ([E,] K; PyTorch's sign), epoch (E), index (N), test_features, test_target, test_index.

    Example: bceprobe store import features.npz --out runs/mine
    """
    from bceprobe.provenance import collect
    from bceprobe.store.importing import import_npz

    result(str(import_npz(file, out, provenance=collect())))


@app.command("export")
def export_features(
    run: RunArgument,
    out: Annotated[str, typer.Option(metavar="FILE", help="The .npz file to write.")],
    epoch: Annotated[str, typer.Option(metavar="last|selected|N", help="Which epoch.")] = "last",
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write one epoch of a run as an .npz file that `bceprobe store import` takes.

    Example: bceprobe store export runs/quickstart/bce --epoch last --out bce.npz
    """
    from bceprobe.errors import UsageError
    from bceprobe.store import open_run
    from bceprobe.store.importing import export_npz

    if epoch not in {"last", "selected"} and not epoch.isdecimal():
        raise UsageError(f"--epoch {epoch!r} is no epoch", "Give a number, last, or selected")
    opened = open_run(run)
    number = int(epoch) if epoch.isdecimal() else None
    if epoch == "selected" and (found := opened.selection):
        number = found.epoch
    result(str(export_npz(opened, out, number, force=force)))


def _count(name: str, split: dict[str, Any]) -> str:
    return f"{name}, {len(split['epochs'])} of {split['planned']} epochs, {split['samples']} samples"


def print_description(described: dict[str, Any]) -> None:
    """Print what `bceprobe.store.description.describe` says of a run."""
    from bceprobe.report import printable

    facts = {
        "run": described["run"],
        "format": f"version {described['store_version']}",
        "status": described["status"],
        "loss": described["loss"],
        "model": described["model"],
        "data set": described["dataset"],
        "seed": described["seed"],
        "started": described["started"],
        "imported": described["imported"],
        "selected": selected_words(described["selected"]),
        "stopped": stopped_words(described["stopped"]),
        "size": f"{number(described['bytes'] / 1e6)} MB",
    }
    rows = [[name, printable(str(fact))] for name, fact in facts.items() if fact is not None]
    print_table(["store", ""], rows, text=2)
    columns = ["split", "N", "d", "K", "type", "samples/chunk", "written epochs"]
    print_table(columns, [_split_row(name, split) for name, split in described["splits"].items()], text=1)


def selected_words(found: dict[str, Any] | None) -> str | None:
    """Tell the epoch that counts, by what it was chosen, and that it is not stored if it is not."""
    if found is None or (found["captured"] and found["value"] is None):
        return None
    value = "" if found["value"] is None else f" {number(found['value'])}"
    lacking = "" if found["captured"] else "; not captured"
    remark = f"; {found['remark']}" if found["remark"] else ""
    return f"epoch {found['epoch']}, {found['criterion']}{value}{lacking}{remark}"


def stopped_words(found: dict[str, Any] | None) -> str | None:
    """Tell when training ended before its last epoch, and why."""
    if found is None:
        return None
    nc = ", ".join(f"{name.upper()} {number(found[name])}" for name in ("nc1", "nc2", "nc3"))
    return f"after epoch {found['epoch']}, collapsed: {nc}, below {found['nc_threshold']:g} (own choice)"


def _split_row(name: str, split: dict[str, Any]) -> list[str]:
    sizes = [str(split[key]) for key in ("samples", "features", "classes")]
    layout = f"{split['chunk']}, sharded" if split["sharded"] else str(split["chunk"])
    written = f"{_ranges(split['epochs'])} ({len(split['epochs'])} of {split['planned']})"
    return [name, *sizes, split["dtype"], layout, written]


def _ranges(epochs: list[int]) -> str:
    """Write epochs as ranges of equal steps, the middle left out where there are many.

    Examples
    --------
    >>> _ranges([1, 2, 3, 5, 10, 15, 20]), _ranges([7]), _ranges([])
    ('1-3,5-20 by 5', '7', 'none')
    """
    parts: list[str] = []
    rest = list(epochs)
    while rest:
        step = rest[1] - rest[0] if len(rest) > 1 else 1
        length = next((at for at in range(1, len(rest)) if rest[at] - rest[at - 1] != step), len(rest))
        length = length if length > 2 else 1  # noqa: PLR2004 - two epochs are no range
        by = f" by {step}" if step > 1 else ""
        parts.append(f"{rest[0]}-{rest[length - 1]}{by}" if length > 1 else str(rest[0]))
        rest = rest[length:]
    return ",".join(parts if len(parts) <= 4 else [*parts[:2], "...", parts[-1]]) or "none"  # noqa: PLR2004
