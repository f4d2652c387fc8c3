"""A factorial design: overall effects, where they hold, and how they are told."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from builders import make_run

from bceprobe import analyze, compare
from bceprobe.cli.comparison_tables import print_comparison
from bceprobe.report import to_html, to_markdown
from bceprobe.stats import correct, mixed_effect

if TYPE_CHECKING:
    from pathlib import Path

    from bceprobe.comparison import Comparison, Overall

EPOCHS = (1, 6)
# How much noise is left after an epoch, by optimizer and loss: with adamw, BCE collapses more slowly than CE.
LEFT = {
    ("sgd", "ce"): 0.85,
    ("sgd", "bce"): 0.65,
    ("adamw", "ce"): 0.65,
    ("adamw", "bce"): 0.9,
    ("third", "ce"): 0.85,
    ("third", "bce"): 0.6,
}
SETTINGS: dict[str, dict[str, Any]] = {
    "sgd": {"optim__name": "sgd"},
    "adamw": {"optim__name": "adamw"},
    "third": {"optim__name": "sgd", "optim__lr": 0.3},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CE and BCE with three seeds in each of three cells."""
    made = tmp_path_factory.mktemp("factorial")
    for variant, ((cell, loss), decay) in enumerate(LEFT.items()):
        for seed in range(3):
            options: dict[str, Any] = {"decay": decay, "variant": variant, **SETTINGS[cell]}
            make_run(made / f"{cell}-{loss}-{seed}", loss=loss, seed=seed, epochs=EPOCHS, **options)
    return made


@pytest.fixture(scope="module")
def comparison(folder: Path) -> Comparison:
    """The folder as one design."""
    return compare(folder)


def effect_of(comparison: Comparison, name: str) -> Overall:
    """The overall effect of a metric on train."""
    return next(one for one in comparison.overall if (one.quantity.name, one.quantity.split) == (name, "train"))


def test_overall_effects_are_those_of_the_mixed_model(comparison: Comparison, folder: Path) -> None:
    """The effect on NC2 is that of the mixed model on the differences of logarithms within pairs, and a ratio."""
    differences = []
    for cell in SETTINGS:
        arms = [[folder / f"{cell}-{loss}-{seed}" for seed in range(3)] for loss in ("ce", "bce")]
        ce, bce = (analyze(runs, "nc", splits="train")["nc2"].values[:, 0, -1] for runs in arms)
        differences.append(np.log(bce) - np.log(ce))
    expected = mixed_effect(np.concatenate(differences), np.repeat(list(SETTINGS), 3).tolist())
    found = effect_of(comparison, "nc2")
    assert found.effect.p_value == pytest.approx(expected.p_value, rel=1e-6)
    assert found.estimate.size == pytest.approx(np.exp(expected.difference), rel=1e-9)
    assert (found.effect.settings, found.effect.n) == (3, 9)


def test_overall_effects_are_a_family_of_their_own(comparison: Comparison) -> None:
    """The p-values of the overall effects are corrected together, apart from those of the cells."""
    p_values = [one.effect.p_value for one in comparison.overall]
    np.testing.assert_array_equal([one.p_corrected for one in comparison.overall], correct(p_values, "").p_values)
    assert comparison.families["overall"] == int(np.isfinite(p_values).sum())
    assert len(comparison.rows) == 3 * len(comparison.overall) == 21


def test_the_verdict_names_the_cells_where_an_effect_is_reversed(comparison: Comparison) -> None:
    """A cell that points the other way is found, and the verdict says what holds in some settings only."""
    found = effect_of(comparison, "nc1")
    assert [row.cell for row in found.rows if row not in found.same_way] == ["adamw, lr 0.01"]
    verdict = comparison.verdict()
    assert "over 3 settings" in verdict.headline
    told = " ".join(f"{finding.lead} {finding.evidence}" for finding in verdict.findings)
    assert "NC1 on train differs with BCE in some settings only:" in told
    assert re.search(r"sgd, lr 0\.01 \(lower\)", told)
    assert "adamw, lr 0.01 (higher)" in told
    assert any("no runs for adamw, lr 0.3" in caveat for caveat in verdict.caveats)


def test_an_effect_that_is_reversed_somewhere_is_told(comparison: Comparison) -> None:
    """Where the overall effect is sure, the sentence counts the cells that agree and names those that do not."""
    found = effect_of(comparison, "nc1")
    sure = replace(comparison, overall=(replace(found, p_corrected=0.01),))
    verdict = sure.verdict()
    assert "differs from CE overall in 1 of 1 quantities" in verdict.headline
    told = verdict.findings[0].evidence
    assert re.search(r"same way in 2 of 3 settings, and is reversed in adamw, lr 0\.01 \(p (=|<) 0\.0\d+\)\.$", told)
    agreed = replace(found, rows=found.same_way, p_corrected=0.01)
    told = replace(comparison, overall=(agreed,)).verdict().findings[0].evidence
    assert told.endswith("It points the same way in 2 of 2 settings, and can be shown in each of them by itself.")


def test_every_form_of_the_report_has_the_design(comparison: Comparison) -> None:
    """Page, Markdown and JSON hold the overall effects and every cell; each place in the page has a name of its own."""
    report = comparison.report()
    page, text, document = to_html(report), to_markdown(report), comparison.to_dict()
    names = re.findall(r'\bid="([^"]+)"', page)
    assert len(names) == len(set(names))
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets <= set(names)
    assert "BCE against CE: overall effect in 3 settings like these" in text
    assert text.count("\n| adamw, lr 0.01 | NC1") == 2
    assert [cell["label"] for cell in document["design"]["cells"]] == ["adamw, lr 0.01", "sgd, lr 0.01", "sgd, lr 0.3"]
    assert document["design"]["factors"] == {"optim.name": ["adamw", "sgd"], "optim.lr": ["0.01", "0.3"]}
    assert [one["p_corrected"] for one in document["overall"]] == [one.p_corrected for one in comparison.overall]
    json.dumps(document, allow_nan=False)


def test_the_methods_say_what_was_done(comparison: Comparison) -> None:
    """The paragraph for a paper names design, tests with n, families and versions."""
    text = to_markdown(comparison.report()).split("## Methods")[1].replace("\\", "")
    for words in (
        "BCE was compared with CE (setting loss.name) in 3 combinations of optim.name and optim.lr over 18 runs",
        "n = 3 pairs of runs",
        f"Holm's method for {comparison.families['rows']} tests",
        f"Their {comparison.families['overall']} tests are a family of their own",
        "statsmodels 0.",
    ):
        assert words in text


def test_the_terminal_shows_a_row_per_cell_within_80_columns(
    comparison: Comparison, capsys: pytest.CaptureFixture[str]
) -> None:
    """Overall effects and cells are printed in lines that fit a terminal."""
    print_comparison(comparison)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    cells = [line.split("  ")[0].strip() for line in lines if line.startswith((" adamw", " sgd"))]
    assert cells == ["adamw, lr 0.01", "sgd, lr 0.01", "sgd, lr 0.3"] * 2
