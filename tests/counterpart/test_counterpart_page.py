"""The page of a sweep: the counterpart first, then the comparison of its runs; inert, unique, the same bytes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from counterpart_cases import LOSSES, MEANS, plant, planted, recipe
from report_cases import HOSTILE

from bceprobe import compare
from bceprobe.counterpart import Counterpart, compare_runs, make_counterpart, to_report
from bceprobe.report import Figure, FigureGroup, Report, Table, Text, to_html, to_markdown
from bceprobe.sweep import grid, read_recipe
from bceprobe.sweep.recipe import Axis

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = "bceprobe sweep mine"


def page_of(made: Any, points: Any) -> tuple[Counterpart, Report]:
    """A counterpart and its page."""
    counterpart = make_counterpart(made, points, COMMAND)
    return counterpart, to_report(counterpart, compare_runs(counterpart))


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Counterpart, Report]:
    """Twelve runs over an initial mean, with figures of the recipe."""
    made = recipe(MEANS, LOSSES, seeds=(0, 1), figures=("violins", "nc"), about="What to look for.")
    return page_of(made, planted(made, tmp_path_factory.mktemp("page")))


def blocks(report: Report, kind: type) -> list[Any]:
    """The blocks of a kind in the section of the counterpart."""
    return [block for block in report.sections[0].blocks if isinstance(block, kind)]


def figures(report: Report) -> dict[str, Figure]:
    """The figures of the counterpart by name."""
    return {figure.name: figure for group in blocks(report, FigureGroup) for figure in group.figures}


def test_the_counterpart_comes_first_and_the_comparison_after(swept: tuple[Counterpart, Report]) -> None:
    """What was repeated, what to look for and the command are told; the sections after are those of `compare`."""
    counterpart, report = swept
    compared = compare(*counterpart.locations, factor="loss.name").report()
    assert [section.name for section in report.sections] == [
        "counterpart", *(section.name for section in compared.sections)]  # fmt: skip
    assert repr(report.sections[1:]) == repr(compared.sections)
    facts = dict(report.facts)
    assert (facts["Repeats"], facts["Finished"], facts["Made by"]) == ("Figure 0", "12 of 12 runs", COMMAND)
    assert report.verdict.headline.startswith("Counterpart of Figure 0")
    assert report.verdict.headline.endswith(compared.verdict.headline)
    assert blocks(report, Text)[0].text == "What to look for."


def test_tables_have_the_numbers_of_the_entries(swept: tuple[Counterpart, Report]) -> None:
    """Cells are sorted by the very means, in the order of rows and columns; levels of a number by that number."""
    counterpart, report = swept
    nc1, accuracy = blocks(report, Table)
    for table, quantity in ((nc1, counterpart.quantities[0]), (accuracy, counterpart.quantities[1])):
        means = [[entry.mean for entry in row] for row in counterpart.rows_of(quantity)]
        assert [[cell.value for cell in row[1:3]] for row in table.rows] == means
        assert [(row[0].text, row[0].value, row[3].text) for row in table.rows] == [
            (f"mean-{mean}", mean, "4 of 4") for mean in (0, 3, 10)
        ]


def test_figures_show_the_entries_and_the_recipe_has_its_own(swept: tuple[Counterpart, Report]) -> None:
    """A figure per metric over the initial mean with its numbers, then violins over it and the curves of NC."""
    counterpart, report = swept
    found = figures(report)
    assert list(found) == [
        "counterpart-nc1-train",
        "counterpart-accuracy-test",
        "counterpart-violins",
        "counterpart-nc",
    ]
    numbers = found["counterpart-nc1-train"].numbers
    assert numbers is not None
    drawn = {(row[0], row[2]): row[3] for row in numbers.rows}
    own = [entry for entry in counterpart.entries if entry.quantity.name == "nc1"]
    assert drawn == {(entry.column, entry.x): entry.mean for entry in own}
    assert "model.bias_mean" in found["counterpart-violins"].svg["linear"]
    assert not any("Hollow" in group.caption for group in blocks(report, FigureGroup))


def test_every_anchor_is_unique_and_the_page_is_always_the_same(swept: tuple[Counterpart, Report]) -> None:
    """No id is there twice, links lead somewhere, and a second page of the same runs has the same bytes."""
    counterpart, report = swept
    page = to_html(report)
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    again = make_counterpart(counterpart.recipe, [one.point for one in counterpart.measured], COMMAND)
    assert to_html(to_report(again, compare_runs(again))) == page
    assert re.search(r'\s(src|href)="(?!#|data:)', page) is None
    assert "Counterpart" in to_markdown(report)


def test_published_numbers_are_in_tables_figures_and_a_list_of_all(tmp_path: Path) -> None:
    """Figure 3 beside runs of digits: marked in the table with a note, hollow in the figure, and all 54 folded away."""
    made = read_recipe("bias-mean", "small")
    points = grid(made, tmp_path, seeds=[0])
    plant(points[:8])
    report = to_report(make_counterpart(made, points), "there is no need")
    table = blocks(report, Table)[0]
    titles = [column.title for column in table.columns]
    assert titles == ["optimizer", "mean", "CE", "CE, published", "BCE", "BCE, published", "Runs"]
    assert [cell.text for cell in table.rows[3]][3::2] == ["10*", "7.5*"]
    assert table.note.startswith("* published for resnet18 on mnist")
    numbers = figures(report)["counterpart-threshold_mean-train"].numbers
    assert numbers is not None
    assert [row[-1] for row in numbers.rows if row[:2] == ("BCE", "sgd")] == [3.1, 4.45, 5.52, 7.5]
    page = to_html(report)
    assert "All 54 published numbers" in page
    assert "Hollow markers: published." in page
    assert "8 of 16 runs finished" in report.verdict.headline
    assert any("Missing, not begun:" in caveat for caveat in report.verdict.caveats)


def test_runs_that_cannot_be_compared_have_a_page_all_the_same(tmp_path: Path) -> None:
    """One loss alone: the reason is told, a figure that cannot be drawn says why, and no other section is there."""
    made = recipe(Axis("loss", {"focal": {"loss.name": "focal"}}), figures=("nc", "amplitudes"))
    _, report = page_of(made, planted(made, tmp_path))
    (why,) = report.verdict.caveats
    assert why.startswith("The runs are not compared: the runs of ")
    assert len(report.sections) == 1
    assert list(figures(report)) == ["counterpart-nc1-train", "counterpart-accuracy-test", "counterpart-nc"]
    assert "Not drawn: amplitudes (" in blocks(report, Text)[-1].text


def test_what_recipes_say_is_inert(tmp_path: Path) -> None:
    """Markup in titles, levels, names of axes and commands is text."""
    axis = Axis(HOSTILE[1], {text: {"optim.lr": 0.1 + at} for at, text in enumerate(HOSTILE[:6])})
    made = recipe(axis, LOSSES, title=HOSTILE[0], about=HOSTILE[2], repeats=HOSTILE[6], scale=HOSTILE[1])
    counterpart = make_counterpart(made, planted(made, tmp_path), HOSTILE[7])
    page = to_html(to_report(counterpart, HOSTILE[0]))
    assert page.count("<script") == page.count("</script>") == 1 + page.count('<script type="application/json">')
    assert "<img" not in page
    assert re.search(r"<[^>]*\sonfocus=", page) is None
    assert "alert(1)&lt;/script&gt;" in page
