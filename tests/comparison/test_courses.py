"""What differs on the way: bands over the epochs, areas between curves, epochs to a threshold."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from builders import make_arms

from bceprobe import analyze, compare
from bceprobe.comparison.course_blocks import course_findings
from bceprobe.report import to_html, to_markdown
from bceprobe.stats import correct, difference_band, first_below, log_area, log_rank, paired_t

if TYPE_CHECKING:
    from pathlib import Path

    from bceprobe.comparison import Comparison
    from bceprobe.comparison.courses import Course

EPOCHS = (1, 2, 4, 8, 25)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CE and BCE with three seeds each."""
    made = tmp_path_factory.mktemp("courses")
    make_arms(made, 3, epochs=EPOCHS)
    return made


@pytest.fixture(scope="module")
def comparison(folder: Path) -> Comparison:
    """CE against BCE."""
    return compare(folder / "ce", folder / "bce")


@pytest.fixture(scope="module")
def course(comparison: Comparison) -> Course:
    """That of NC1."""
    return next(one for one in comparison.courses if one.quantity.name == "nc1")


def test_courses_are_of_the_curves_of_all_runs(course: Course, folder: Path) -> None:
    """Band, areas up to epoch 20 and arrivals below 0.1 are those of the NC1 values of the runs, paired by seed."""
    ce, bce = (analyze(folder / arm, "nc", splits="train")["nc1"].values[:, 0] for arm in ("ce", "bce"))
    expected = difference_band(np.log(ce), np.log(bce), paired=True)
    np.testing.assert_allclose(course.band.ci_low, expected.ci_low, rtol=1e-9)
    areas = [log_area(EPOCHS[:-1], values[:, :-1]) for values in (ce, bce)]
    np.testing.assert_allclose(course.areas, areas, rtol=1e-9)
    assert course.area
    assert course.area.p_value == pytest.approx(paired_t(*areas).p_value, rel=1e-6)
    arrivals = [first_below(EPOCHS, values, 0.1) for values in (ce, bce)]
    assert course.arrival == log_rank(*arrivals)
    assert (course.reference_waiting.reached, course.waiting.reached) == tuple(int(a.reached.sum()) for a in arrivals)
    assert course.epochs == EPOCHS


def test_epochs_apart_are_those_outside_the_band(course: Course) -> None:
    """At the epochs that are named the band lies on one side of no difference, and at no others."""
    for at, epoch in enumerate(course.epochs):
        apart = course.band.ci_low[at] > 0 or course.band.ci_high[at] < 0
        assert (epoch in course.apart) == apart
    assert course.apart


def test_courses_are_a_family_of_their_own(comparison: Comparison) -> None:
    """Band, area and arrival of every quantity are corrected together."""
    tests = [(one.band.p_value, one.area.p_value, one.arrival.p_value) for one in comparison.courses if one.area]
    corrected = correct(np.ravel(tests), "")
    found = [(one.p_band, one.p_area, one.p_arrival) for one in comparison.courses]
    np.testing.assert_array_equal(np.ravel(found), corrected.p_values)
    assert comparison.families["courses"] == corrected.tests


def test_early_differences_are_in_the_verdict(comparison: Comparison, course: Course) -> None:
    """A curve that is surely lower is told with its area, and one that is not sure is not."""
    sure = replace(comparison, courses=(replace(course, p_area=0.04), replace(course, p_area=0.06)))
    (finding,) = course_findings(sure)
    assert finding.lead == "NC1 runs lower with BCE over the first 20 epochs:"
    assert "decades times epochs" in finding.evidence
    assert "p = 0.04 after Holm" in finding.evidence


def test_courses_are_in_every_form_of_the_report(comparison: Comparison, course: Course) -> None:
    """Page, Markdown and JSON have the figures, the table and the numbers."""
    report = comparison.report()
    page, text = to_html(report), to_markdown(report)
    assert all(f'<figure id="difference-{name}-train"' in page for name in ("nc1", "nc2", "nc3"))
    assert "against CE: on the way" in text
    assert "a family of their own, corrected by the same method" in text.split("## Methods")[1]
    first = comparison.to_dict()["courses"][0]
    assert first["band"]["ratio"] == pytest.approx(np.exp(course.band.difference).tolist(), rel=1e-12)
    assert first["arrival"]["arm"]["median"] == course.waiting.curve.median
    json.dumps(first, allow_nan=False)


def test_without_early_epochs_there_is_no_area(tmp_path: Path) -> None:
    """Runs that captured one epoch up to 20 have bands and arrivals, and no area."""
    found = compare(*make_arms(tmp_path, 2, epochs=(20, 30)))
    assert {one.area for one in found.courses} == {None}
    assert all(np.isfinite(one.p_arrival) or one.arrival.note for one in found.courses)
    to_html(found.report())
