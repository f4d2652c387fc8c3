"""Testing: every arm against the reference of its cell, and every level against the reference level over all cells."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, product
from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.comparison.arms import pairing
from bceprobe.comparison.model import Estimate, Evidence, Overall, Row
from bceprobe.stats import (
    bca,
    cliffs_delta,
    correct,
    mixed_effect,
    mixed_effect_unpaired,
    paired_t,
    rank_sum,
    relabelling,
    seeds_needed,
    sign_flip,
    signed_rank,
    tost,
    welch_t,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from bceprobe.comparison.arms import Arm
    from bceprobe.comparison.design import Design
    from bceprobe.comparison.margins import Margin
    from bceprobe.comparison.measuring import Measured
    from bceprobe.stats import MixedEffect
    from bceprobe.stats.correction import Method
    from bceprobe.store import Run


def tested_rows(
    design: Design, measured: Sequence[Measured], at: Mapping[Run, int], method: Method, margins: Sequence[Margin]
) -> tuple[Row, ...]:
    """Test every quantity in every arm against the reference of its cell; all rows are one family.

    Quantities that decay over orders of magnitude vary by factors between seeds and are tested on logarithms. Where
    there are margins, equivalence is tested too; these tests are another family.
    """
    cells = [(cell.label, cell.arms[0], arm) for cell in design.cells for arm in cell.arms[1:]]
    rows = [_row(one, cell, reference, arm, at) for (cell, reference, arm), one in product(cells, measured)]
    adjusted = correct([row.result.p_value for row in rows], "", method).p_values
    found = [replace(row, p_corrected=float(p)) for row, p in zip(rows, adjusted, strict=True)]
    return tuple(_equivalence(found, margins, method))


def tested_overall(design: Design, rows: Sequence[Row], method: Method) -> tuple[Overall, ...]:
    """Test every quantity in every level over the cells; all are one family, and there is none for a single cell."""
    if not design.factorial:
        return ()
    places = product(design.levels[1:], dict.fromkeys(row.quantity for row in rows))
    found = [[row for row in rows if (row.level, row.quantity) == place] for place in places]
    overall = [_overall(design.levels[0], mine) for mine in found if len(mine) > 1]
    adjusted = correct([one.effect.p_value for one in overall], "", method).p_values
    return tuple(replace(one, p_corrected=float(p)) for one, p in zip(overall, adjusted, strict=True))


def scaled(row: Row, *, ratio: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the values of the reference and of the arm on the scale they are tested on."""
    scale: Callable[[Any], NDArray[np.float64]] = np.log if ratio else np.asarray
    return scale(np.asarray(row.reference_values)), scale(np.asarray(row.values))


def _row(measured: Measured, cell: str, reference: Arm, arm: Arm, at: Mapping[Run, int]) -> Row:
    pairs = pairing(reference, arm).pairs
    a, b = (measured.once(either.runs, at) for either in (reference, arm))
    if pairs:
        a, b = a[[first for first, _ in pairs]], b[[second for _, second in pairs]]
    ratio = measured.quantity.scale == "log" and bool((a > 0).all() and (b > 0).all())
    test, values = paired_t if pairs else welch_t, (tuple(a.tolist()), tuple(b.tolist()))
    logarithms = np.log if ratio else np.asarray
    result = test(logarithms(a), logarithms(b))
    evidence = _evidence(logarithms(a), logarithms(b), paired=bool(pairs), ratio=ratio)
    return Row(measured.quantity, cell, reference.label, arm.label, arm.level, *values, result, ratio, evidence)


def _evidence(a: NDArray[np.float64], b: NDArray[np.float64], *, paired: bool, ratio: bool) -> Evidence:
    permutation, ranks = (sign_flip, signed_rank) if paired else (relabelling, rank_sum)
    low, high = bca(a, b, paired=paired)
    interval = Estimate.of(float(b.mean() - a.mean()), low, high, ratio=ratio)
    needed = seeds_needed(a, b, paired=paired)
    return Evidence(permutation(a, b), ranks(a, b), interval, cliffs_delta(a, b), needed)


def _equivalence(rows: Sequence[Row], margins: Sequence[Margin], method: Method) -> Iterator[Row]:
    """Test each row against the first margin that fits it."""
    fitting = [next((margin for margin in margins if margin.fits(row)), None) for row in rows]
    found = [
        tost(*scaled(row, ratio=row.ratio), margin.size, paired=row.paired) if margin else None
        for row, margin in zip(rows, fitting, strict=True)
    ]
    adjusted = correct([one.p_value if one else np.nan for one in found], "", method).p_values
    for row, margin, one, p in zip(rows, fitting, found, adjusted, strict=True):
        shown = replace(row.evidence, margin=margin, equivalence=one, p_equivalent=float(p))
        yield replace(row, evidence=shown)


def _overall(reference: str, rows: Sequence[Row]) -> Overall:
    ratio = all(row.ratio for row in rows)
    effect = _effect(rows, ratio=ratio)
    return Overall(rows[0].quantity, reference, rows[0].level, effect, ratio, tuple(rows))


def _effect(rows: Sequence[Row], *, ratio: bool) -> MixedEffect:
    """Fit the mixed model: to the differences within pairs if the runs of every cell are paired, else to the values.

    A cell with one run of either arm is a pair.
    """
    values = [scaled(row, ratio=ratio) for row in rows]
    settings = [[row.cell] * len(a) for row, (a, _) in zip(rows, values, strict=True)]
    if all(row.paired or len(row.values) == len(row.reference_values) == 1 for row in rows):
        return mixed_effect(np.concatenate([b - a for a, b in values]), [*chain(*settings)])
    others = [[row.cell] * len(b) for row, (_, b) in zip(rows, values, strict=True)]
    first, second = (np.concatenate(arms) for arms in zip(*values, strict=True))
    return mixed_effect_unpaired(first, [*chain(*settings)], second, [*chain(*others)])
