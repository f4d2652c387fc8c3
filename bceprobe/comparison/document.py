"""A comparison as one JSON document: every number that the report shows, and the provenance of every run."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from bceprobe.comparison.arms import Arm
    from bceprobe.comparison.courses import Course
    from bceprobe.comparison.design import Design
    from bceprobe.comparison.model import Comparison, Curve, Measure, Overall, Quantity, Row
    from bceprobe.comparison.moments import Moment
    from bceprobe.comparison.optima import ArmOptimum
    from bceprobe.comparison.samples import ModelPair
    from bceprobe.stats import TestResult
    from bceprobe.stats.curves import Band

SCHEMA_VERSION = 1


def document(comparison: Comparison) -> dict[str, Any]:
    """Lay a comparison out in plain JSON types; NaN and inf become None.

    `records` holds one entry per row of the final table, with the names of metric, split and arm; in `optima` a
    `distance` is that at the common epoch.
    """
    content = {
        "schema_version": SCHEMA_VERSION,
        "epoch": comparison.epoch,
        "compared_at": comparison.moment.words,
        "correction": {"method": comparison.correction, "families": comparison.families},
        "design": _design(comparison.design),
        "verdict": asdict(comparison.verdict()),
        "records": [_record(row, comparison) for row in comparison.rows],
        "overall": [_overall(one) for one in comparison.overall],
        "quantities": [asdict(quantity) for quantity in comparison.quantities],
        "curves": [_curve(curve) for curve in comparison.curves],
        "measures": [_measure(measure, comparison) for measure in comparison.measures],
        "optima": [_optimum(arm, comparison.epoch) for arm in comparison.optima],
        "courses": [_course(one) for one in comparison.courses],
        "samples": [_models(pair) for pair in comparison.samples],
        "frames": asdict(comparison.frames),
        "allowed_differences": [difference._asdict() for difference in comparison.allowed],
        "varied_settings": {key: list(values) for key, values in comparison.varied.items()},
        "arms": [_arm(arm, comparison.moment) for arm in comparison.arms],
    }
    plain: dict[str, Any] = _plain(content)
    return plain


def _design(design: Design) -> dict[str, Any]:
    cells = [{"label": c.label, "settings": c.settings, "arms": [arm.label for arm in c.arms]} for c in design.cells]
    factors = {key: list(values) for key, values in design.factors.items()}
    known = {"factor": design.factor, "levels": list(design.levels), "factors": factors}
    return {**known, "cells": cells, "notes": list(design.notes)}


def _record(row: Row, comparison: Comparison) -> dict[str, Any]:
    result = row.result
    return {
        **_name(row.quantity),
        "compared_at": comparison.moment.words,
        "cell": row.cell,
        "arm": row.arm,
        "level": row.level,
        "reference": row.reference,
        "mean": row.mean,
        "std": row.std,
        "reference_mean": row.reference_mean,
        "reference_std": row.reference_std,
        "values": list(row.values),
        "reference_values": list(row.reference_values),
        **_estimate(row),
        "p_value": result.p_value,
        "p_corrected": row.p_corrected,
        "hedges_g": result.effect,
        "test": result.test,
        **_evidence(row),
        "n_reference": result.n[0],
        "n": result.n[1],
        "note": result.note,
    }


def _evidence(row: Row) -> dict[str, Any]:
    evidence, equivalence, margin = row.evidence, row.evidence.equivalence, row.evidence.margin
    tested = (
        asdict(equivalence) | {"given": margin.words, "p_corrected": evidence.p_equivalent}
        if margin and equivalence
        else None
    )
    return {
        "permutation": {"test": evidence.permutation.test, "p_value": evidence.permutation.p_value},
        "ranks": {"test": evidence.ranks.test, "p_value": evidence.ranks.p_value},
        "bca_low": evidence.bca.low,
        "bca_high": evidence.bca.high,
        "cliffs_delta": evidence.cliffs_delta,
        "seeds_needed": evidence.seeds_needed,
        "equivalence": tested,
    }


def _overall(one: Overall) -> dict[str, Any]:
    effect = {key: value for key, value in asdict(one.effect).items() if key not in {"difference", "ci_low", "ci_high"}}
    known = {**_name(one.quantity), "level": one.level, "reference": one.reference}
    return {**known, **_estimate(one), **effect, "p_corrected": one.p_corrected}


def _course(one: Course) -> dict[str, Any]:
    """Lay out a course: the band as ratios, the areas of the runs, the epochs to the threshold, and their tests."""
    ratios = {name: np.exp(values).tolist() for name, values in _band(one.band).items()}
    names = {**_name(one.quantity), "cell": one.cell, "arm": one.arm, "level": one.level, "reference": one.reference}
    arrivals = {
        name: {"reached": waiting.reached, "runs": waiting.curve.n, "median": waiting.curve.median}
        for name, waiting in (("reference", one.reference_waiting), ("arm", one.waiting))
    }
    return {
        **names,
        "epoch": list(one.epochs),
        "band": {**ratios, "test": one.band.test, "p_value": one.band.p_value, "p_corrected": one.p_band},
        "area": {
            "reference_values": list(one.areas[0]),
            "values": list(one.areas[1]),
            **(_result(one.area) if one.area else {}),
            "p_corrected": one.p_area,
        },
        "arrival": {**arrivals, "threshold": one.threshold, **_result(one.arrival), "p_corrected": one.p_arrival},
    }


def _band(band: Band) -> dict[str, Any]:
    return {"ratio": band.difference, "low": band.ci_low, "high": band.ci_high}


def _models(pair: ModelPair) -> dict[str, Any]:
    rows = [
        {
            **_name(row.quantity),
            "definition": row.quantity.definition,
            "reference": row.reference,
            "value": row.value,
            **_result(row.result),
            "p_corrected": row.p_corrected,
        }
        for row in pair.rows
    ]
    known = {"arm": pair.arm, "reference": pair.reference, "runs": list(pair.runs)}
    return {**known, "epochs": list(pair.epochs), "samples": pair.samples, "records": rows}


def _result(result: TestResult) -> dict[str, Any]:
    return {key: value for key, value in asdict(result).items() if key != "n"}


def _estimate(row: Row | Overall) -> dict[str, Any]:
    numbers = dict(zip(("estimate", "ci_low", "ci_high"), row.estimate, strict=True))
    return {"compared_by": "ratio" if row.ratio else "difference", **numbers}


def _name(quantity: Quantity) -> dict[str, str]:
    return {"metric": quantity.name, "split": quantity.split}


def _curve(curve: Curve) -> dict[str, Any]:
    numbers = {"epoch": list(curve.epoch), "mean": list(curve.mean), "std": list(curve.std)}
    return {**_name(curve.quantity), "arm": curve.arm, **numbers}


def _measure(measure: Measure, comparison: Comparison) -> dict[str, Any]:
    about = {"long_name": measure.quantity.long_name, "definition": measure.quantity.definition}
    values = zip(comparison.arms, measure.mean, measure.std, strict=True)
    arms = {arm.label: {"mean": mean, "std": std} for arm, mean, std in values}
    return {**_name(measure.quantity), **about, "epoch": comparison.epoch, "arms": arms}


def _optimum(arm: ArmOptimum, epoch: int) -> dict[str, Any]:
    known = {"arm": arm.arm, "problem": arm.problem, "regime": arm.regime, "statement": arm.statement}
    quantities = [
        {**_curve(one.curve), "forecast": list(one.forecast), "optimum": one.optimum, "distance": one.distance(epoch)}
        for one in arm.approaches
    ]
    return {**known, "notes": list(arm.notes), "quantities": quantities}


def _arm(arm: Arm, moment: Moment) -> dict[str, Any]:
    runs = [
        {
            "location": run.location,
            "seed": seed,
            "compared_epoch": moment.of[run],
            "settings": run.settings,
            "manifest": run.manifest,
        }
        for run, seed in zip(arm.runs, arm.seeds, strict=True)
    ]
    return {"label": arm.label, "level": arm.level, "cell": arm.cell, "source": arm.source, "runs": runs}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (str, int)) else str(value)
