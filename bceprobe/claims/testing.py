"""How claims are tested: by a difference over pairs, by the slack that trainings leave, or by a check of each case."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import binomtest

from bceprobe.claims.base import NotTestable
from bceprobe.claims.drawing import forest
from bceprobe.claims.pairs import cells_of
from bceprobe.claims.result import Result
from bceprobe.stats import mixed_effect, paired_t
from bceprobe.stats.hypothesis_tests import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from bceprobe.claims.cases import Case
    from bceprobe.claims.pairs import Pair
    from bceprobe.claims.result import Claimed
    from bceprobe.stats import PartialCorrelation

    Measure = Callable[[Case], float]
    Unit = tuple[str, int | None]

CHECK = "check of every case"
UNDEFINED = "{} of {} pairs left out: {} is undefined there."


def contrast(
    pairs: Sequence[Pair], measure: Measure, quantity: str, claimed: Claimed, *, ratio: bool = False, **more: Any
) -> Result:
    """Test the difference BCE minus CE over pairs: settings and seeds are random where there are several settings.

    Pairs of one seed that differ in the start or decay of the bias alone count once, with their mean.

    Parameters
    ----------
    pairs
        At least one.
    measure
        What is compared, of a case; pairs for which it is NaN are left out, and said to be.
    quantity, claimed, **more
        Fields of the `Result`.
    ratio
        The measure is a logarithm (natural): its difference is told as a ratio.

    Returns
    -------
    Result
        By `mixed_effect` over settings, by `paired_t` within one; without p-value where there is no spread. With a
        figure: a row for each setting.

    Raises
    ------
    NotTestable
        The measure is undefined for all pairs.
    """
    names = cells_of([pair.bce for pair in pairs])
    found = [((n, pair.ce.seed), measure(pair.bce) - measure(pair.ce)) for n, pair in zip(names, pairs, strict=True)]
    defined = [(unit, value) for unit, value in found if math.isfinite(value)]
    if not defined:
        raise NotTestable(f"{quantity} is undefined in all of {len(pairs)} pairs")
    cells, values = _units(defined, np.mean)
    left = [UNDEFINED.format(len(found) - len(defined), len(found), quantity)] * (len(defined) < len(found))
    of, notes = f"{_settings(cells)}, {len(defined)} pairs", (*more.pop("notes", ()), *left)
    made = Result(quantity, claimed, of=of, notes=notes, **_estimated(values, cells), **more)
    made = _as_ratio(made) if ratio else made
    return replace(made, drawing=forest(values, cells, made, ratio=ratio))


def always(cases: Sequence[Case], slack: Measure, quantity: str, **more: Any) -> Result:
    """Test a claim about every training by the slack that it leaves.

    Runs of one seed that differ in the start or decay of the bias alone count once, with the least slack.

    Parameters
    ----------
    cases
        At least one.
    slack
        How far a case is inside what is claimed, as a share of the limit: 1 at best, negative where it does not agree.
    quantity, **more
        Fields of the `Result`.

    Returns
    -------
    Result
        The estimate is the share of runs that agree, with the interval of Clopper and Pearson
        (doi:10.1093/biomet/26.4.404); the p-value is of no mean slack, by `mixed_effect` over settings, or by Student's
        t within one.
    """
    # A slack without number, such as of a metric that is undefined, does not agree.
    slacks = [-1.0 if math.isnan(one) else one for one in map(slack, cases)]
    names = [f"{case.loss} {cell}" for case, cell in zip(cases, cells_of(cases), strict=True)]
    cells, values = _units(
        [((name, case.seed), one) for name, case, one in zip(names, cases, slacks, strict=True)], min
    )
    failing = tuple(case.label for case, one in zip(cases, slacks, strict=True) if one < 0)
    of = f"{_settings(cells)}, {len(cases)} runs"
    known: dict[str, Any] = _share(len(cases), failing) | _slack_tested(values, cells)
    return Result(quantity, "always", of=of, **known, **more)


def exactly(cases: Sequence[Case], agrees: Callable[[Case], bool], quantity: str, **more: Any) -> Result:
    """Check a theorem on solutions, at least one; see `always` for the estimate. There is no p-value."""
    failing = tuple(case.label for case in cases if not agrees(case))
    known: dict[str, Any] = _share(len(cases), failing) | more
    return Result(quantity, "exactly", CHECK, n=len(cases), of="solutions", **known)


def _slack_tested(values: NDArray[np.float64], cells: Sequence[str]) -> dict[str, Any]:
    """Test the mean slack against nought; by signs alone where all slacks are the same."""
    tested = _estimated(values, cells)
    if math.isnan(tested["p_value"]):
        agreeing = int((values >= 0).sum())
        signs = {"p_value": float(binomtest(agreeing, len(values)).pvalue), "effect": 2 * agreeing / len(values) - 1}
        return {"test": "sign test of the slack", "n": len(values), "effect_name": "mean sign of the slack", **signs}
    kept = {name: tested[name] for name in ("n", "p_value", "effect")}
    return kept | {"test": f"{tested['test']} of the slack", "effect_name": "slack over its spread"}


def _units(
    found: Sequence[tuple[Unit, float]], merge: Callable[[list[float]], Any]
) -> tuple[list[str], NDArray[np.float64]]:
    """Merge the values of one setting and seed; return the setting of each unit, and its value."""
    units: dict[Unit, list[float]] = {}
    for unit, value in found:
        units.setdefault(unit, []).append(value)
    return [cell for cell, _ in units], np.array([float(merge(values)) for values in units.values()])


def _share(total: int, failing: tuple[str, ...]) -> dict[str, Any]:
    agreeing = total - len(failing)
    low, high = binomtest(agreeing, total).proportion_ci(CONFIDENCE)
    numbers = {"estimate": agreeing / total, "ci_low": float(low), "ci_high": float(high)}
    return {**numbers, "units": "share", "runs": total, "failing": failing}


def correlation(found: PartialCorrelation, quantity: str, claimed: Claimed, **more: Any) -> Result:
    """Tell a correlation: it is its own effect size."""
    numbers: dict[str, Any] = {
        "estimate": found.r,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "p_value": found.p_value,
    }
    return Result(quantity, claimed, found.test, found.n, **{**numbers, "effect": found.r, "effect_name": "r", **more})


def _as_ratio(result: Result) -> Result:
    """Return a contrast of logarithms as a ratio."""
    ends = (result.estimate, result.ci_low, result.ci_high)
    estimate, low, high = (math.exp(end) for end in ends)
    return replace(result, null=1.0, estimate=estimate, ci_low=low, ci_high=high)


def _estimated(differences: NDArray[np.float64], cells: Sequence[str]) -> dict[str, Any]:
    """Estimate the mean difference: over settings if there are several."""
    if len(set(cells)) > 1:
        found = asdict(mixed_effect(differences, cells))
        effect = {"effect": found["effect"], "effect_name": "effect over the spread of pairs"}
    else:
        found = asdict(paired_t(np.zeros(len(differences)), differences))
        effect = {"effect": _standardised(differences), "effect_name": "Cohen's d of pairs"}
    kept = {key: found[key] for key in ("test", "ci_low", "ci_high", "p_value")}
    return (
        {"estimate": float(differences.mean() if found["note"] else found["difference"]), "n": len(cells)}
        | kept
        | effect
    )


def _standardised(differences: NDArray[np.float64]) -> float:
    """Return the mean of the differences over their standard deviation."""
    spread = float(differences.std(ddof=1)) if differences.size > 1 else 0.0
    return float(differences.mean()) / spread if spread > 0 else math.nan


def _settings(cells: Sequence[str]) -> str:
    many = len(set(cells))
    return f"seeds in {many} settings" if many > 1 else "seeds"
