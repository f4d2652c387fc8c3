"""Choosing epochs by a short text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bceprobe.errors import UsageError
from bceprobe.settings import select_epochs


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("all", [2, 4, 5, 6, 10]),
        ("last", [10]),
        ("2", [2]),
        ("every:5", [5, 10]),
        ("4-6", [4, 5, 6]),
        ("3-5", [4, 5]),
        ("1-100", [2, 4, 5, 6, 10]),
        ("10,2, 4-5 ,last", [2, 4, 5, 10]),
        ("4-6,5,every:2", [2, 4, 5, 6, 10]),
    ],
)
def test_parts_choose_among_what_is_there(text: str, chosen: list[int]) -> None:
    """Numbers, ranges, steps and names choose available epochs; the result increases and holds each once."""
    assert select_epochs(text, [2, 4, 5, 6, 10]) == chosen


@pytest.mark.parametrize(
    "text",
    ["", "x", "0", "11", "5-2", "-3", "3-", "1-x", "every:0", "every:", "every:x", "every:11", "2.5", "1,,2", "²"],
)
def test_what_selects_nothing_is_refused(text: str) -> None:
    """Malformed text, absent numbers and empty choices are refused with the part, the range, and the possible forms."""
    with pytest.raises(UsageError, match=r"' selects no epoch of 1\.\.10\. Use all, last, every:5, 7, 1-20, or "):
        select_epochs(text, range(1, 11))


def test_one_wrong_part_is_named() -> None:
    """Among several parts the wrong one is named."""
    with pytest.raises(UsageError, match=r"^'77' selects no epoch"):
        select_epochs("1-5,77,last", range(1, 11))


@pytest.mark.parametrize("text", ["all", "last", "7", "x"])
def test_nothing_is_chosen_from_nothing(text: str) -> None:
    """Where no epoch is available none is chosen."""
    assert select_epochs(text, []) == []


@given(st.sets(st.integers(0, 200), min_size=1), st.data())
def test_listed_numbers_are_chosen(available: set[int], data: st.DataObject) -> None:
    """A list of available numbers in any order chooses exactly these."""
    listed = data.draw(st.lists(st.sampled_from(sorted(available)), min_size=1))
    assert select_epochs(",".join(map(str, listed)), sorted(available)) == sorted(set(listed))


def test_the_selected_epoch_is_the_one_that_is_given() -> None:
    """``selected`` stands for the epoch a caller names, alone or among others; without one it selects nothing."""
    assert select_epochs("selected,last", range(1, 11), selected=7) == [7, 10]
    with pytest.raises(UsageError, match="'selected' selects no epoch"):
        select_epochs("selected", range(1, 11))
