"""The Markdown rendering of a report."""

from __future__ import annotations

import re

import pytest
from report_cases import HOSTILE, report

from bceprobe.report import Cell, Column, Report, Section, Table, Verdict, to_markdown


def test_a_table_has_a_row_of_pipes_for_each_row() -> None:
    """A table becomes caption, heading, alignment and rows, all with the same number of cells."""
    table = Table("Numbers", (Column("Name"), Column("Value", numeric=True)), ((Cell("a"), Cell("1", 1.0)),))
    text = to_markdown(Report("Title", (), Verdict("Found"), (Section("s", "Section", (table,)),)))
    assert "| Name | Value |\n|---|---:|\n| a | 1 |\n" in text
    assert text.startswith("# Title\n")


@pytest.mark.parametrize("text", [*HOSTILE, "a | b", "[link](http://x)", "`code`"], ids=lambda text: text[:12])
def test_hostile_text_is_escaped(text: str) -> None:
    """No character that Markdown or HTML acts on is left bare in a text from outside."""
    shown = to_markdown(report(text)).splitlines()[0].removeprefix("# ")
    assert not re.search(r"(?<!\\)[<>|`\[\]&]", shown)
    assert re.sub(r"\\(.)", r"\1", shown) == text


def test_line_breaks_cannot_start_a_block() -> None:
    """A line break in a text is spelled out, so that nothing after it becomes a heading or a list."""
    assert to_markdown(report("a\n# b")).startswith("# a\\\\n\\# b\n")
