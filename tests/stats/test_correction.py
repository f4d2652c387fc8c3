"""Holm's correction against its definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bceprobe.stats import holm

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
