"""`bceprobe theory`: the optimum of the layer-peeled problem, in closed form, solved for, and swept."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bceprobe.cli.console import result, result_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.theory import Problem

SCHEMA_VERSION = 1
PER_CLASS, SEEDS = 12.8, 3
SWEEPS = {"lambda-b": "lambda_b", "classes": "classes", "per-class": "per_class"}
PROBLEM, SOLVE, SWEEP = "The problem", "Solving it numerically", "Sweeping it"
Records = list[dict[str, Any]]


def _option(panel: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, rich_help_panel=panel, show_envvar=False, **more)


def theory(
    loss: Annotated[str | None, _option(PROBLEM, help="ce or bce; both if left out.")] = None,
    classes: Annotated[int, _option(PROBLEM, help="K.")] = 10,
    dim: Annotated[int, _option(PROBLEM, help="d, the length of the features.")] = 512,
    per_class: Annotated[
        float | None, _option(PROBLEM, show_default=str(PER_CLASS), help="n, samples of each class.")
    ] = None,
    batch_size: Annotated[int | None, _option(PROBLEM, help="B, instead: n = B/K (derived).")] = None,
    train_size: Annotated[
        int | None, _option(PROBLEM, help="N, instead: n = N/K; with --batch-size the smaller one counts.")
    ] = None,
    lambda_w: Annotated[float, _option(PROBLEM, help="Penalty on W.")] = 5e-4,
    lambda_h: Annotated[float, _option(PROBLEM, help="Penalty on the features.")] = 5e-4,
    lambda_b: Annotated[float, _option(PROBLEM, help="Penalty on the thresholds.")] = 5e-4,
    solve: Annotated[bool, _option(SOLVE, "--solve", help="Minimise by L-BFGS from random starts, too.")] = False,
    seeds: Annotated[int | None, _option(SOLVE, show_default=str(SEEDS), help="Starts of each loss.")] = None,
    out: Annotated[
        str | None, _option(SOLVE, metavar="DIR", help="Store each solution as a run: DIR/LOSS/seed-SEED.")
    ] = None,
    sweep: Annotated[str | None, _option(SWEEP, help="lambda-b, classes or per-class, all else being equal.")] = None,
    figure: Annotated[
        str | None,
        _option(SWEEP, metavar="FILE", help="Draw both losses: .svg, .pdf or .png; the numbers as .csv beside."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.", show_envvar=False)] = False,
) -> None:
    """Tell what features, scores and thresholds become at the global minimum, if features were free (paper eq. 3).

    Without options: the paper's ResNet18 on MNIST, in batches of 128, with CE and with BCE.

    --solve --out DIR stores what it finds as runs, which every topic of bceprobe analyze reads.

    Example: bceprobe theory --classes 100 --batch-size 128 --lambda-b 5e-3
    """
    _check_together(solve=solve, seeds=seeds, out=out, sweep=sweep, figure=figure)
    n = _per_class(classes, per_class, batch_size, train_size)
    problems = _problems(
        loss, classes=classes, dim=dim, per_class=n, lambda_w=lambda_w, lambda_h=lambda_h, lambda_b=lambda_b
    )
    if sweep is not None:
        _sweep(problems, sweep, figure, as_json=as_json)
    else:
        _optima(problems, _seeds(seeds) if solve else 0, out, as_json=as_json)


def _check_together(*, solve: bool, seeds: int | None, out: str | None, sweep: str | None, figure: str | None) -> None:
    """Refuse options that would have no effect."""
    from bceprobe.errors import UsageError

    for name, needed, found in (
        ("--seeds", "--solve", seeds is not None and not solve),
        ("--out", "--solve", out is not None and not solve),
        ("--figure", "--sweep", figure is not None and sweep is None),
    ):
        if found:
            raise UsageError(f"{name} is for {needed}", f"Add {needed}, or leave {name} out")
    if solve and sweep is not None:
        raise UsageError("--solve and --sweep exclude each other", "Give one of them")


def _per_class(classes: int, per_class: float | None, batch_size: int | None, train_size: int | None) -> float:
    """Return n as given, or from the samples that share the regulariser of W: no batch is larger than all of them."""
    from bceprobe.errors import UsageError

    sizes = {
        name: size for name, size in (("--batch-size", batch_size), ("--train-size", train_size)) if size is not None
    }
    for name, size in sizes.items():
        if per_class is not None:
            raise UsageError(f"{name} and --per-class exclude each other", "Give one of them")
        if size < 1:
            raise UsageError(f"{name} is {size}; it must be 1 or more")
    if sizes and classes > 0:
        return min(sizes.values()) / classes
    return PER_CLASS if per_class is None else per_class


def _seeds(seeds: int | None) -> int:
    from bceprobe.errors import UsageError

    if seeds is not None and seeds < 1:
        raise UsageError(f"--seeds is {seeds}; it must be 1 or more")
    return SEEDS if seeds is None else seeds


def _problems(loss: str | None, **settings: Any) -> list[Problem]:
    from bceprobe.theory import LOSSES, Problem

    return [Problem(name, **settings) for name in (LOSSES if loss is None else [loss])]


def _optima(problems: Sequence[Problem], seeds: int, out: str | None, *, as_json: bool) -> None:
    """Show the closed forms and, from some seeds on each, what was solved for."""
    from bceprobe.cli.theory_records import optimum_record, with_solutions
    from bceprobe.cli.theory_tables import print_optima, print_solutions

    records = [optimum_record(problem) for problem in problems]
    records = with_solutions(problems, records, seeds, out) if seeds else records
    if as_json:
        _print_json(problems[0], records)
        return
    print_optima(problems[0], records)
    if seeds:
        print_solutions(records)


def _sweep(problems: Sequence[Problem], name: str, file: str | None, *, as_json: bool) -> None:
    """Show the optima over one setting, and draw them if a file is given."""
    from bceprobe.cli.theory_records import drawn, swept
    from bceprobe.cli.theory_tables import print_sweep, short_values
    from bceprobe.theory import default_values

    over = _over(name)
    files = drawn(problems[0], over, file) if file is not None else []
    if as_json:
        records = [record for problem in problems for record in swept(problem, over, default_values(over))]
        _print_json(problems[0], records, sweep=over, files=files)
        return
    values = short_values(problems[0], over)
    print_sweep(problems[0], over, [swept(problem, over, values) for problem in problems])
    for written in files:
        result(f"Written: {written}")


def _over(name: str) -> str:
    from bceprobe.errors import UnknownNameError

    if name not in SWEEPS:
        raise UnknownNameError(f"no sweep over {name!r}", f"Choose {', '.join(SWEEPS)}")
    return SWEEPS[name]


def _print_json(problem: Problem, records: Records, **more: Any) -> None:
    settings = {name: value for name, value in asdict(problem).items() if name not in {"loss", more.get("sweep")}}
    result_json({"schema_version": SCHEMA_VERSION, "problem": settings, **more, "records": records})
