"""The table of what theory expects of runs: their optima beside what was measured at the last epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bceprobe.cli.console import number, print_lines, print_table, result

if TYPE_CHECKING:
    from collections.abc import Sequence

TITLE = "Optimum of the layer-peeled problem, at the last epoch of each run (train split)"
NAMES = {"threshold": "threshold b", "positive_score": "positive score", "negative_score": "negative score"}
ABOUT = (
    "Optimum: the global minimum of the paper's (3), in which features are free, with n = batch size / K (derived). "
    "Distance: measured minus optimum."
)
FORECAST = "Forecast: CE's mean b from its decay by SGD alone, without any data (derived)."
Row = dict[str, Any]


def print_optima(rows: Sequence[Row]) -> None:
    """Print threshold and scores of each run beside its optimum, what regime that is, and what is not predicted."""
    last = list({row["run"]: row for row in rows}.values())
    shown = [row for row in last if any(row[f"predicted_{name}"] is not None for name in NAMES) or _forecast(row)]
    if rows:
        result("")
    if shown:
        _print_table(shown)
    for statement in dict.fromkeys((row["regime"], row["statement"]) for row in last if row["regime"]):
        print_lines(": ".join(statement))
    for row in last:
        for line in row["notes"]:
            print_lines(f"{row['run']}: {line}.")


def _print_table(rows: Sequence[Row]) -> None:
    forecast = any(map(_forecast, rows))
    columns = ["run: regime", "quantity", "measured", "optimum", "distance", *(["forecast"] * forecast)]
    lines = [line[: len(columns)] for row in rows for line in _lines(row)]
    print_table(columns, lines, title=TITLE, text=2)
    print_lines(" ".join([ABOUT, *([FORECAST] * forecast)]))


def _lines(row: Row) -> list[list[str]]:
    """Lay a run out in three lines, the first of which names it."""
    heads = [f"{row['run']}: {row['regime'] or '-'}", "", ""]
    forecasts = [number(row["forecast_threshold"]) if _forecast(row) else "", "", ""]
    values = [[number(row[f"{kind}_{name}"]) for kind in ("measured", "predicted", "distance")] for name in NAMES]
    return [
        [head, name, *three, forecast]
        for head, name, three, forecast in zip(heads, NAMES.values(), values, forecasts, strict=True)
    ]


def _forecast(row: Row) -> bool:
    return row["forecast_threshold"] is not None
