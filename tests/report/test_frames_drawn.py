"""How one frame of matrices or histograms is drawn on the page."""

from __future__ import annotations

import math
import re

import pytest
from report_cases import frames

from bceprobe.report import Report, Section, Verdict, to_html, to_markdown
from bceprobe.report.frames import histogram_path, marks_path, matrix_paths, ticks


def test_a_cell_lies_in_the_path_of_its_level() -> None:
    """Each value is drawn in steps of a tenth, both triangles of a matrix, beyond -1 and 1 at the end of the scale."""
    paths = matrix_paths(((0.97,), (-0.12, -3.0)))
    assert {level - 10: path for level, path in enumerate(paths) if path} == {
        10: "M0 0h1v1h-1z",
        -1: "M1 0h1v1h-1zM0 1h1v1h-1z",
        -10: "M1 1h1v1h-1z",
    }


def test_an_undefined_cell_is_not_drawn() -> None:
    """NaN has no colour."""
    assert not any(matrix_paths(((math.nan,),)))


def test_bars_are_as_high_as_their_share_of_the_highest() -> None:
    """The highest bin is 100 high, others in proportion; nothing counted is a line."""
    assert histogram_path((0, 2, 8)) == "M0 100V100h5V75h5V0h5V100z"
    assert histogram_path((0, 0)) == "M0 100V100h5V100h5V100z"


def test_marks_stand_where_their_value_is() -> None:
    """A mark stands at its place on the axis; outside the axis there is none."""
    assert marks_path((0.5, -4.0, 7.0), (-1.0, 0.0, 1.0)) == "M7.5 100v-100"


@pytest.mark.parametrize("edges", [(-7.5, -5.0, -2.5), (0.125, 0.25), (0.0, 64.0, 128.0), (-0.001, 0.0)])
def test_ticks_are_round_and_on_the_axis(edges: tuple[float, ...]) -> None:
    """There are a few ticks, each where its label says, at multiples of 1, 2 or 5 times a power of ten."""
    found = ticks(edges)
    assert 1 <= len(found) <= 8
    for place, label in found:
        value = float(label.replace("\N{MINUS SIGN}", "-"))
        assert place == pytest.approx((value - edges[0]) / (edges[1] - edges[0]) * 5, abs=0.051)


def test_the_page_shows_the_last_frame_and_holds_all() -> None:
    """What is drawn and said is the last frame; the numbers for the script are those of all frames."""
    page = to_html(Report("t", (), Verdict("v"), (Section("s", "S", frames("w")),)))
    assert page.count('d="M0 0h1v1h-1z"') == 1
    assert re.search(r'style="--share: 50%" d="M0 0h1v1h-1z"', page)
    assert '"frames":[[[1.0],[0.25,null]],[[0.5],[-0.75,2.0]]]' in page


def test_markdown_has_the_last_frame_as_tables() -> None:
    """A triangle of the last matrix, and the bins of the last histogram that hold anything."""
    text = to_markdown(Report("t", (), Verdict("v"), (Section("s", "S", frames("w")),)))
    assert "| w | 0.5 |  |\n| w | -0.75 | 2.0 |\n" in text
    assert "| -1 to 0 | 2 | 3 |\n| 0 to 1 | 1 | 0 |\n" in text
