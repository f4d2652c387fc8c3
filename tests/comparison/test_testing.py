"""What is tested of a row: the primary test, those beside it, equivalence, and how often nothing is taken for a lot."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from builders import make_run

from bceprobe import compare
from bceprobe.comparison import testing
from bceprobe.comparison.arms import Arm
from bceprobe.comparison.design import Cell, Design
from bceprobe.comparison.margins import read_margins
from bceprobe.comparison.model import Evidence, Quantity
from bceprobe.errors import UsageError
from bceprobe.metrics import METRICS
from bceprobe.report import to_markdown
from bceprobe.stats import bca, cliffs_delta, correct, seeds_needed, sign_flip, signed_rank, tost

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.comparison import Comparison, Row
    from bceprobe.comparison.measuring import Measured

EPOCHS = (1, 4)
NAMES = ("nc1", "accuracy", "uniform_accuracy")


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """Arms of four seeds each: CE, and one that differs from it by chance alone; with wide and narrow margins."""
    made = tmp_path_factory.mktemp("testing")
    for variant, arm in enumerate(("ce", "again")):
        for seed in range(4):
            make_run(made / arm / str(seed), seed=seed, epochs=EPOCHS, variant=variant)
    margins = ["accuracy=0.001pp", "uniform_accuracy=90pp", "3x"]
    return compare(made / "ce", made / "again", margins=margins, correction="benjamini-hochberg")


def row_of(comparison: Comparison, name: str, split: str = "train") -> Row:
    """The row of a metric and split."""
    return next(row for row in comparison.rows if (row.quantity.name, row.quantity.split) == (name, split))


def test_other_tests_are_of_the_same_values(comparison: Comparison) -> None:
    """Permutation and rank test, BCa interval, Cliff's delta and advice are those of the logarithms of NC2."""
    row = row_of(comparison, "nc2")
    a, b = np.log(row.reference_values), np.log(row.values)
    found = row.evidence
    assert (found.permutation, found.ranks) == (sign_flip(a, b), signed_rank(a, b))
    assert found.bca[1:] == pytest.approx(np.exp(bca(a, b, paired=True)), rel=1e-12)
    assert (found.cliffs_delta, found.seeds_needed) == (cliffs_delta(a, b), seeds_needed(a, b, paired=True))


def test_equivalence_is_tested_within_its_own_family(comparison: Comparison) -> None:
    """Each row is tested against the margin of its metric, else of its unit; these p-values are corrected together."""
    margins = [row.evidence.margin.words if row.evidence.margin else "" for row in comparison.rows]
    assert margins == ["0.333 to 3"] * 3 + ["±0.001 pp"] * 2 + ["±90 pp"] * 2
    row = row_of(comparison, "nc1")
    expected = tost(np.log(row.reference_values), np.log(row.values), np.log(3), paired=True)
    assert row.evidence.equivalence == expected
    found = [row.evidence.equivalence.p_value for row in comparison.rows if row.evidence.equivalence]
    corrected = correct(found, "", "benjamini-hochberg")
    np.testing.assert_array_equal([row.evidence.p_equivalent for row in comparison.rows], corrected.p_values)
    assert comparison.families["equivalence"] == corrected.tests


def test_equivalence_is_concluded_in_every_form(comparison: Comparison) -> None:
    """What lies within its margin is said to be equivalent, and is not among what shows no difference."""
    assert row_of(comparison, "nc1").equivalent
    assert not row_of(comparison, "accuracy", "test").equivalent
    leads = [finding.lead for finding in comparison.verdict().findings if finding.kind == "equivalent"]
    assert "NC1 on train is equivalent with again and its reference:" in leads
    (not_shown,) = (f.lead for f in comparison.verdict().findings if f.lead.startswith("No difference"))
    assert "NC1" not in not_shown
    assert "accuracy on test" in not_shown
    text = to_markdown(comparison.report()).replace("\\", "")
    assert "p equiv. (BH)" in text
    assert "two one-sided t-tests at 5 % against a margin (0.333 to 3 for NC1" in text
    record = comparison.to_dict()["records"][0]
    assert record["equivalence"]["p_corrected"] == comparison.rows[0].evidence.p_equivalent
    assert record["permutation"]["test"] == "sign-flip permutation"


def test_the_correction_is_named(comparison: Comparison) -> None:
    """Benjamini and Hochberg's method is that of the rows, and is named wherever a corrected p-value is."""
    expected = correct([row.result.p_value for row in comparison.rows], "", "benjamini-hochberg").p_values
    np.testing.assert_array_equal([row.p_corrected for row in comparison.rows], expected)
    assert comparison.to_dict()["correction"]["method"] == "benjamini-hochberg"
    text = to_markdown(comparison.report())
    assert "p \\(BH\\)" in text
    assert "Benjamini and Hochberg's method for" in text
    assert "Holm" not in text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0.1", "has no unit and is of no metric"),
        ("nc1=ten", "not of the form"),
        ("nc1=0.9x", "must be above 1"),
        ("accuracy=0pp", "must be above 0"),
        ("acuracy=1pp", "Did you mean accuracy"),
        ("accuracy=1.1x", "that accuracy is not compared in"),
        ("nc1=1pp", "that nc1 is not compared in"),
        ("nc1=1.2.3x", "has no number"),
        ("=1pp", "not of the form"),
    ],
)
def test_margins_that_mean_nothing_are_refused(text: str, says: str) -> None:
    """A margin without metric and unit, of another form, of no size, or in a unit that its metric has not."""
    with pytest.raises(UsageError) as caught:
        read_margins([text], [METRICS[name] for name in NAMES])
    assert says in str(caught.value)


class Null:
    """A quantity that is drawn anew for every run: what the tests ask of `Measured`."""

    def __init__(self, quantity: Quantity, source: np.random.Generator) -> None:
        self.quantity, self.source = quantity, source

    def once(self, runs: tuple[Any, ...], at: dict[Any, int]) -> NDArray[np.float64]:
        """Lognormal values of some runs, (run,)."""
        _ = at
        return np.exp(self.source.normal(size=len(runs)))


class Seed:
    """A run of which only the seed matters."""

    def __init__(self, seed: int) -> None:
        self.settings = {"seed": seed}


@pytest.mark.parametrize("paired", [True, False])
def test_a_family_of_nulls_is_rarely_taken_for_a_difference(paired: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a parameter of the test
    """Of 200 comparisons of equal procedures, about 5 % at most find any difference among three quantities."""
    # statsmodels collects garbage at every correction, which takes most of the time of this test.
    monkeypatch.setattr("gc.collect", lambda: 0)
    nothing = cast("Evidence", None)
    monkeypatch.setattr(testing, "_evidence", lambda *_, **__: nothing)
    monkeypatch.setattr(testing, "_equivalence", lambda rows, *_: rows)
    source = np.random.default_rng(0)
    seeds = [cast("Any", tuple(map(Seed, range(start, start + 6)))) for start in (0, 0 if paired else 6)]
    arms = tuple(Arm(name, "", runs, name) for name, runs in zip("ab", seeds, strict=True))
    design = Design((Cell("", arms),), ("a", "b"))
    quantity = Quantity("nc1", "train", "NC1", "", "", "1", "log", None)
    family = [cast("Measured", Null(replace(quantity, name=str(number)), source)) for number in range(3)]
    found = [any(row.differs for row in testing.tested_rows(design, family, {}, "holm", ())) for _ in range(200)]
    assert 0.01 <= np.mean(found) <= 0.09
