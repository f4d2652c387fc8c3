"""Corrections for many tests against their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bceprobe.stats import correct, holm

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=8)


def _slow_holm(p_values: list[float]) -> list[float]:
    """Adjust each p by the largest (m - rank + 1) p among the hypotheses that rank no later, at most 1."""
    m, order = len(p_values), sorted(range(len(p_values)), key=p_values.__getitem__)
    steps = {index: (m - rank) * p_values[index] for rank, index in enumerate(order)}
    return [min(1.0, max(steps[other] for other in order[: order.index(index) + 1])) for index in range(m)]


@given(P_VALUES)
def test_holm_equals_its_definition(p_values: list[float]) -> None:
    """The adjusted p-values equal those of the step-down rule written as loops."""
    assert holm(p_values).tolist() == pytest.approx(_slow_holm(p_values), rel=1e-12)


def test_holm_leaves_out_tests_that_were_not_made() -> None:
    """NaN stays NaN and does not count as a member of the family."""
    adjusted = holm([0.01, math.nan, 0.03, math.nan])
    assert adjusted[[0, 2]].tolist() == holm([0.01, 0.03]).tolist()
    assert np.isnan(adjusted[[1, 3]]).all()


def test_holm_of_nothing_is_nothing() -> None:
    """A family without a test gives no numbers and no warning."""
    assert np.isnan(holm([math.nan, math.nan])).all()
    assert holm([]).size == 0


@given(P_VALUES)
def test_benjamini_hochberg_equals_its_definition(p_values: list[float]) -> None:
    """Each p is adjusted to the smallest m p / rank among the hypotheses that rank no earlier, at most 1."""
    m, order = len(p_values), sorted(range(len(p_values)), key=p_values.__getitem__)
    steps = [m * p_values[index] / (rank + 1) for rank, index in enumerate(order)]
    expected = [min(1.0, *steps[order.index(index) :], 1.0) for index in range(m)]
    assert correct(p_values, "", "benjamini-hochberg").p_values.tolist() == pytest.approx(expected, rel=1e-12)


def test_benjamini_and_hochbergs_own_example() -> None:
    """Of the 15 p-values of their paper (1995, section 4) Holm keeps three at 5 %, their method four."""
    published = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719]
    published += [0.6528, 0.7590, 1.0000]
    kept = [(correct(published, "", method).p_values < 0.05).sum() for method in ("holm", "benjamini-hochberg")]
    assert kept == [3, 4]


def test_the_family_is_stated() -> None:
    """The result names the method, counts the tests that were made, and keeps the caller's words."""
    found = correct([0.01, math.nan, 0.2], "3 quantities at epoch 9")
    assert (found.method, found.tests) == ("holm", 2)
    assert found.words == "Holm's correction for 2 tests (3 quantities at epoch 9)"
    one = correct([0.01], "one quantity", "benjamini-hochberg")
    assert one.words == "Benjamini and Hochberg's correction for 1 test (one quantity)"
