"""The tables of `bceprobe theory`: optima, solutions and sweeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bceprobe.cli.console import number, print_lines, print_table, result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.theory import Problem

Row = dict[str, Any]
# Below this, alpha is the rounding of its terms, which are of the size of one.
ROUNDING = 1e-14
LAMBDAS = ("lambda_w", "lambda_h", "lambda_b")
SYMBOLS = {"classes": "K", "dim": "d", "per_class": "n"}
SHORT = {
    "lambda_b": (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0),
    "classes": (2, 3, 5, 10, 20, 50, 100, 200, 500, 1000),
    "per_class": (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000),
}
SIGN = "b: minus PyTorch's bias, the same for every class; scores are without bias."
LEGEND = (
    SIGN,
    "n: samples of each class that share the penalty of W; B/K in batches (derived).",
    "alpha: by how much the paper's (12) does not hold (57).",
    "lambda_b*: the largest lambda_b at which BCE's optimum is the paper's (derived).",
)
NOISE = "classes do not differ at the optimum; nc1 to nc3 are those of what rounding leaves."
EXPECTED = {
    "etf": "at the optimum nc1, nc2, nc3 and nc2_uncentred are 0.",
    "shifted": "at the optimum nc1, nc2 and nc3 are 0, nc2_uncentred is not (derived).",
    "rank-one": NOISE,
    "zero": NOISE,
    "unknown": "starts may end in different local minima; the smallest objective bounds the optimum from above.",
}


def print_optima(problem: Problem, records: Sequence[Row]) -> None:
    """Print a column per loss, and what is known of each in a sentence."""
    cells = [_cells(record) for record in records]
    rows = [[name, *(cell[name] for cell in cells)] for name in cells[0]]
    print_table(["optimum", *map(_loss, records)], rows, title=_settings(problem))
    for record in records:
        print_lines(f"{_loss(record)}: {record['statement']}")
    for line in LEGEND:
        print_lines(line)


def print_solutions(records: Sequence[Row]) -> None:
    """Print what L-BFGS ended with for each loss, and what to expect in its regime."""
    result("")
    for record in records:
        _print_starts(f"{_loss(record)}: minima that L-BFGS finds from random starts", record["solutions"])
    for record in records:
        print_lines(f"{_loss(record)}: {EXPECTED[record['regime']]}")


def _print_starts(title: str, records: Sequence[Row]) -> None:
    """Print a line per start: how near it is to the closed form, or its objective where there is none, and collapse."""
    known = records[0]["difference"] is not None
    shown = ["difference" if known else "objective", "gradient", "nc1", "nc2", "nc3", "nc2_uncentred"]
    heads = ["seed", "objective -\nclosed form" if known else "objective", *shown[1:]]
    rows = [[str(record["seed"]), *(number(record[name]) for name in shown)] for record in records]
    print_table(heads, rows, title=title)


def short_values(problem: Problem, over: str) -> list[float]:
    """Choose few round values of a setting to show, and the one that the problem has."""
    return sorted({*SHORT[over], getattr(problem, over)})


def print_sweep(problem: Problem, over: str, sweeps: Sequence[Sequence[Row]]) -> None:
    """Print for each loss a line per value of the setting."""
    heads = [SYMBOLS.get(over, over), "threshold b", "positive score", "negative score", "regime"]
    for records in sweeps:
        rows = [[f"{record[over]:g}", *_scores(record), record["regime"]] for record in records]
        print_table(heads, rows, title=f"{_loss(records[0])}, {_settings(problem, over)}")
    print_lines(SIGN)


def _scores(record: Row) -> list[str]:
    """Show threshold and scores; where scores are known and the threshold is not, any threshold will do."""
    threshold, positive, negative = (record[name] for name in ("threshold", "positive_score", "negative_score"))
    free = threshold is None and positive is not None
    return ["any" if free else number(threshold), number(positive), number(negative)]


def _cells(record: Row) -> dict[str, str]:
    """Show an optimum; where the objective is not known, its bounds."""
    bounds = f"{number(record['objective_low'])} to {number(record['objective_high'])}"
    alpha = record["alpha"]
    return {
        "regime": record["regime"],
        "objective": bounds if record["objective"] is None else number(record["objective"]),
        "rho = ||W||^2": number(record["rho"]),
        **dict(zip(("threshold b", "positive score", "negative score"), _scores(record), strict=True)),
        "separated": {False: "no", True: "yes", None: "-"}[record["separated"]],
        "alpha": number(0.0 if alpha and abs(alpha) < ROUNDING else alpha),
        "lambda_b*": _switch(record),
    }


def _switch(record: Row) -> str:
    """Show lambda_b* in four digits however small it is; CE has none."""
    value = record["lambda_b_star"]
    return f"{value:.4g}" if value is not None else "never" if record["loss"] == "bce" else "-"


def _settings(problem: Problem, without: str = "") -> str:
    """Name the settings, equal penalties together, such as ``K = 10, d = 512, n = 12.8, lambda_w = lambda_h = 0.1``."""
    sizes = [f"{symbol} = {getattr(problem, name):g}" for name, symbol in SYMBOLS.items() if name != without]
    named: dict[float, list[str]] = {}
    for name in LAMBDAS:
        if name != without:
            named.setdefault(getattr(problem, name), []).append(name)
    return ", ".join([*sizes, *(f"{' = '.join(names)} = {value:g}" for value, names in named.items())])


def _loss(record: Row) -> str:
    return str(record["loss"]).upper()
