"""The numbers that the paper and its poster publish, as data: what a reader compares with.

Records name what was trained by the settings of bceprobe. What the paper calls bias is our threshold, with its sign.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

LOSSES = ("ce", "bce")
POSTER = "the authors' poster"
READ_OFF = f"read off {POSTER}, within 0.05"
# Half of a last digit, and how well a plot could be read.
PERCENT_1, PERCENT_2, DECIMAL_2, PLOT = 5e-4, 5e-5, 5e-3, 0.05
IN_LOSS = {"penalty.lambda_w": 5e-4, "penalty.lambda_h": 5e-4}
FIG3 = {"data.name": "mnist", "model.name": "resnet18", "optim.name": "sgd", "optim.epochs": 100, **IN_LOSS}
FIG3 |= {"optim.batch_size": 128}
FIG2 = {"data.name": "cifar10", "model.name": "resnet18", "optim.epochs": 100, **IN_LOSS}
NAMES = {"bias": "threshold_mean", "positive": "positive_mean", "negative": "negative_mean"}
DA1 = {"augment.crop": 4, "augment.flip": 0.5, "augment.mixup": 0.0, "augment.cutmix": 0.0}
DA1_DA2 = {**DA1, "augment.mixup": 0.8, "augment.cutmix": 1.0}
TRAININGS = {
    f"{optimizer}-{name}": {"optim.name": optimizer, "optim.weight_decay": decay, "optim.epochs": 100, **augmented}
    for optimizer, decay in (("sgd", 5e-4), ("adamw", 0.05))
    for name, augmented in (("da1", DA1), ("da1+da2", DA1_DA2))
}


@dataclass(frozen=True)
class Published:
    """A number that was published.

    Parameters
    ----------
    table
        Where, such as ``"Table 1"`` or ``"Figure 3 (top)"``.
    settings
        What tells its training from the others', by dotted key, as in a run's settings.
    metric, split
        Which of our metrics it is.
    value
        In our units: accuracies are shares.
    precision
        By how much the number may be off for having been rounded, or read off a plot.
    source
        Where it was read.
    """

    table: str
    settings: Mapping[str, Any]
    metric: str
    split: str
    value: float
    precision: float
    source: str


@cache
def published() -> dict[str, Any]:
    """Return the tables of published.toml; it says where each was read.

    Examples
    --------
    >>> published()["fig3"]["bias_decay"]["lambda_b"][-1]
    5e-06
    """
    return tomllib.loads((files("bceprobe") / "published.toml").read_text(encoding="utf-8"))


@cache
def published_records(table: str) -> tuple[Published, ...]:
    """Return the numbers of a table, in its order.

    Parameters
    ----------
    table
        One of `TABLES`: ``"table1"``, ``"fig3.bias_mean"`` and the like.

    Raises
    ------
    KeyError
        There is no such table.

    Examples
    --------
    >>> record = published_records("fig3.bias_mean")[0]
    >>> record.table, record.settings["loss.name"], record.metric, record.value
    ('Figure 3 (top)', 'ce', 'threshold_mean', 0.0)
    """
    return tuple(TABLES[table]())


def matching(
    records: Iterable[Published], settings: Mapping[str, Any], ignored: Collection[str] = ()
) -> tuple[Published, ...]:
    """Return the records whose settings, but those ignored, are those of a run, by dotted key.

    Examples
    --------
    >>> run = {"loss.name": "bce", "data.name": "imagenet", "model.name": "resnet50", "optim.epochs": 5}
    >>> [record.value for record in matching(published_records("table3"), run, {"optim.epochs"})]
    [0.7712, 0.6692]
    """
    return tuple(record for record in records if not set(differing(record, settings)) - set(ignored))


def differing(record: Published, settings: Mapping[str, Any]) -> list[str]:
    """List the settings of a record that are not those of a run."""
    return [key for key, value in record.settings.items() if settings.get(key) != value]


def _table1() -> Iterator[Published]:
    columns, *datasets = published()["table1"].items()
    for data, models in datasets:
        for model, losses in models.items():
            for loss, metric, values in _by_metric(losses):
                for name, value in zip(columns[1]["order"], values, strict=True):
                    about = {"data.name": data, "model.name": model, "loss.name": loss, **TRAININGS[name]}
                    yield _share("Table 1", about, metric, value, PERCENT_1)


def _table3() -> Iterator[Published]:
    for model, losses in published()["table3"].items():
        for loss, metric, value in _by_metric(losses):
            about = {"data.name": "imagenet", "model.name": model, "loss.name": loss, "optim.epochs": 30}
            yield _share("Table 3", about, metric, value, PERCENT_2)


def _table4() -> Iterator[Published]:
    table = published()["table4"]
    for loss, metric, values in _by_metric(table):
        for factor, value in zip(table["imbalance_factor"], values, strict=True):
            about = {"data.name": "cifar100-lt", "data.imbalance_factor": factor, "model.name": "resnet32"}
            about |= {"optim.parameters": "classifier"}
            yield _share("Table 4", {**about, "loss.name": loss}, metric, value, PERCENT_2)


def _bias_mean() -> Iterator[Published]:
    table = published()["fig3"]["bias_mean"]
    places = [{"penalty.lambda_b": 0.0, "model.bias_mean": mean} for mean in table["initial_mean"]]
    yield from _figure3("Figure 3 (top)", table, places)


def _bias_decay() -> Iterator[Published]:
    table = published()["fig3"]["bias_decay"]
    places = [{"penalty.lambda_b": decay, "model.bias_mean": 10} for decay in table["lambda_b"]]
    yield from _figure3("Figure 3 (bottom)", table, places)


def _figure3(name: str, table: Mapping[str, Any], places: list[dict[str, float]]) -> Iterator[Published]:
    """Read scores and bias over some settings; a score that is published once holds for all of them."""
    for loss, metric, values in _by_metric(table):
        listed = values if isinstance(values, list) else [values] * len(places)
        for place, value in zip(places, listed, strict=True):
            about = {**FIG3, **place, "loss.name": loss}
            yield Published(name, about, NAMES[metric], "train", float(value), PLOT, READ_OFF)


def _final() -> Iterator[Published]:
    for metric, values in published()["fig2"]["final"].items():
        for name, value in values.items():
            loss, optimizer = name.split("-")
            about = {**FIG2, "loss.name": loss, "optim.name": optimizer}
            yield Published("Figure 2", about, metric, "train", value, DECIMAL_2, POSTER)


def _by_metric(losses: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for loss in LOSSES:
        for metric, values in losses[loss].items():
            yield loss, metric, values


def _share(table: str, about: Mapping[str, Any], metric: str, percent: float, precision: float) -> Published:
    return Published(table, about, metric, "test", round(percent / 100, 6), precision, POSTER)


TABLES: dict[str, Callable[[], Iterator[Published]]] = {
    "table1": _table1,
    "table3": _table3,
    "table4": _table4,
    "fig3.bias_mean": _bias_mean,
    "fig3.bias_decay": _bias_decay,
    "fig2.final": _final,
}
