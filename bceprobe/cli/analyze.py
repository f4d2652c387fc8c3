"""`bceprobe analyze`: metrics of stored epochs, correlations and trajectories, as tables, JSON or CSV."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bceprobe.cli.console import note, progress, result_json
from bceprobe.cli.sizes import parse_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import xarray as xr

TRAJECTORIES = "trajectories"
TOPIC = "nc, accuracy, geometry, scores, bias, updates; all of them; or trajectories: when each run fits and collapses."
Records = list[dict[str, Any]]
Findings = dict[str, Records]


class GlobalMean(StrEnum):
    """Which mean of all features the class means are centred with."""

    SAMPLE = "sample"
    CLASS = "class"


def analyze(
    topic: Annotated[str, typer.Argument(help=TOPIC)],
    runs: Annotated[list[str], typer.Argument(help="Runs, or folders that hold runs.")],
    split: Annotated[str | None, typer.Option(help="train or test; both if left out.", show_envvar=False)] = None,
    epochs: Annotated[
        str, typer.Option(help="Such as all, last, selected, every:5, 1-20,50.", show_envvar=False)
    ] = "all",
    global_mean: Annotated[
        GlobalMean, typer.Option(help="Mean over samples (paper) or classes.", show_envvar=False)
    ] = GlobalMean.SAMPLE,
    nc_threshold: Annotated[
        float, typer.Option(help="trajectories: collapsed is NC1 to NC3 below this (own choice).", show_envvar=False)
    ] = 0.1,
    memory: Annotated[
        str | None,
        typer.Option(help="What it may take, such as 500MB; half of the machine's if left out."),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of a Dask cluster, such as tcp://..., to measure on.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0: one per core, as memory allows.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.", show_envvar=False)] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.", show_envvar=False)] = False,
) -> None:
    """Compute metrics of every stored epoch, offline; computed values are kept beside the run.

    By default a process per core measures, as far as memory allows and the work is worth it. On a cluster, whose
    workers see the same folders, each measures some of the runs: --scheduler tcp://127.0.0.1:8786.

    Example: bceprobe analyze nc runs/quickstart/bce --split train --epochs 1,10,last
    """
    _check(topic, split, nc_threshold, formats=as_json + as_csv)
    options = {
        "splits": [split] if split else None,
        "epochs": epochs,
        "global_mean": global_mean.value,
        "memory": parse_bytes(memory) if memory is not None else None,
        "scheduler": scheduler,
        "jobs": jobs,
    }
    show: Callable[..., None] = _json if as_json else _csv if as_csv else _tables
    if topic == TRAJECTORIES:
        _trajectories(runs, options, nc_threshold, show)
    else:
        _topic(topic, runs, options, show)


def _check(topic: str, split: str | None, nc_threshold: float, *, formats: int) -> None:
    """Refuse what cannot be meant, before anything is read."""
    from bceprobe.errors import UnknownNameError, UsageError
    from bceprobe.metrics import ALL, topics
    from bceprobe.registry import nearest

    known = [*topics(), ALL, TRAJECTORIES]
    if topic not in known:
        raise UnknownNameError(f"unknown topic {topic!r}", nearest(topic, known))
    if formats > 1:
        raise UsageError("--json and --csv exclude each other", "Give one of them")
    if not 0 < nc_threshold < math.inf:
        raise UsageError(f"--nc-threshold {nc_threshold:g} is no positive number", "Give one such as 0.1")
    if topic == TRAJECTORIES and split not in {None, "train"}:
        raise UsageError("trajectories are those of the train split", "Leave --split out")


def _topic(topic: str, runs: list[str], options: dict[str, Any], show: Callable[..., None]) -> None:
    """Analyse one topic or all; with the bias come its correlations with the scores, and the optima of both."""
    from bceprobe.analysis import records

    dataset = _computed(["bias", "scores"] if topic == "bias" else topic, runs, options, topic)
    findings = _findings(dataset, runs) if topic in {"bias", "all"} else {}
    shown = dataset[[name for name in dataset.data_vars if _belongs(str(name), topic)]]
    show(topic, records(shown), dataset=shown, findings=findings)


def _trajectories(runs: list[str], options: dict[str, Any], threshold: float, show: Callable[..., None]) -> None:
    from bceprobe.analysis.trajectories import trajectories

    dataset = _computed(["nc", "accuracy"], runs, options | {"splits": ["train"]}, TRAJECTORIES)
    show(TRAJECTORIES, trajectories(dataset, dataset, threshold))


def _computed(topic: str | Sequence[str], runs: list[str], options: dict[str, Any], title: str) -> xr.Dataset:
    """Compute with a progress bar, and print the notes on the result."""
    from bceprobe.analysis import analyze as compute

    with progress(f"analyze {title}") as report:
        dataset = compute(runs, topic, progress=report, **options)
    for line in dataset.attrs["notes"]:
        note(line)
    return dataset


def _grouped(dataset: xr.Dataset) -> dict[str, list[str]]:
    """Group the metrics of a result by topic."""
    from bceprobe.metrics import topic_metrics, topics

    found = {topic: [entry.name for entry in topic_metrics(topic) if entry.name in dataset] for topic in topics()}
    return {topic: names for topic, names in found.items() if names}


def _belongs(name: str, topic: str) -> bool:
    """Tell whether a variable is one of the topic that was asked for."""
    from bceprobe.metrics import topic_metrics

    return name == "captured" or name in {value for entry in topic_metrics(topic) for value in entry.values}


def _findings(dataset: xr.Dataset, runs: list[str]) -> Findings:
    """Relate thresholds and scores, and set them beside their optima."""
    from bceprobe.analysis.optima import optima
    from bceprobe.analysis.relations import corrected, relations

    return {"correlations": corrected(relations(dataset)), "optima": optima(dataset, runs)}


def _json(topic: str, rows: Records, dataset: xr.Dataset | None = None, findings: Findings | None = None) -> None:
    from bceprobe.analysis import SCHEMA_VERSION

    document: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "topic": topic}
    if dataset is not None:
        document |= {"global_mean": dataset.attrs["global_mean"], "notes": dataset.attrs["notes"]}
        document["metrics"] = {
            name: {key: dataset[name].attrs[key] for key in ("long_name", "definition", "units", "references")}
            for name in rows[0]
            if name in dataset.data_vars
        }
    result_json(document | {"records": rows} | (findings or {}))


def _csv(topic: str, rows: Records, dataset: xr.Dataset | None = None, findings: Findings | None = None) -> None:
    import csv
    import sys

    _ = topic, dataset
    writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: "" if value is None else value for name, value in row.items()} for row in rows)
    if findings:
        note("The correlations of thresholds and scores, and their optima, are left out; --json shows them.")


def _tables(topic: str, rows: Records, dataset: xr.Dataset | None = None, findings: Findings | None = None) -> None:
    from bceprobe.cli.analysis_tables import print_metrics
    from bceprobe.cli.finding_tables import print_correlations, print_trajectories
    from bceprobe.cli.optimum_tables import print_optima

    if topic == TRAJECTORIES:
        print_trajectories(rows)
    elif dataset is not None:
        print_metrics(dataset, rows, _grouped(dataset))
    if findings:
        print_correlations(findings["correlations"])
        print_optima(findings["optima"])
