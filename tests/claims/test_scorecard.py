"""From stored runs to the page: pairs found by settings, solutions checked, nothing unfinished, all text inert."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from builders import make_run
from claim_cases import IN_LOSS, case
from typer.testing import CliRunner

from bceprobe.analysis.solutions import store_solution
from bceprobe.claims import CLAIMS, read_cases
from bceprobe.claims.pairs import pairs_of
from bceprobe.cli.app import app
from bceprobe.errors import UsageError
from bceprobe.report import to_html, to_markdown
from bceprobe.scorecard import judge
from bceprobe.theory import Problem, solve

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "<script>alert(1)</script>"
DECAY: dict[str, Any] = {"penalty__lambda_w": 5e-4, "penalty__lambda_h": 5e-4}
THEOREMS = ("theorem-3-1", "theorem-3-2", "theorem-3-2-limit", "condition-167")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seeds of both losses, and one run that is not finished."""
    folder = tmp_path_factory.mktemp("runs")
    for loss in ("ce", "bce"):
        for seed in range(3):
            make_run(folder / f"z{seed}" / HOSTILE.replace("/", "_") / loss, loss=loss, seed=seed, **DECAY)
    make_run(folder / "half", status="interrupted", **DECAY)
    return folder


@pytest.fixture(scope="module")
def solutions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Solutions of both losses, within and beyond the limit of Theorem 3.2."""
    folder = tmp_path_factory.mktemp("solutions")
    for loss in ("ce", "bce"):
        for decay in (0.0, 1e-4, 5e-3):
            problem = Problem(loss, classes=4, dim=5, per_class=5, lambda_b=decay)
            store_solution(problem, solve(problem, 0), 0, folder / loss / f"{decay:g}", {})
    return folder


def test_the_command_writes_a_page_and_a_table(runs: Path, tmp_path: Path) -> None:
    """The page is named; the table has a row per tested claim, and says which runs the others need."""
    file = tmp_path / "new" / "claims.html"
    done = CliRunner().invoke(app, ["claims", str(runs), "--out", str(file)])
    assert done.exit_code == 0, done.output
    assert "1 run is left out: not finished (interrupted)." in done.stdout
    assert "nc-falls-faster" in done.stdout
    assert "bceprobe sweep theory" in " ".join(done.stdout.split())
    assert max(map(len, done.stdout.splitlines())) <= 80 or str(file) in done.stdout
    assert file.is_file()


def test_the_page_is_inert_and_has_a_figure_for_each_tested_claim(runs: Path) -> None:
    """Names of folders are text; every claim that was tested has its figure."""
    scorecard = judge(str(runs))
    page = to_html(scorecard.report())
    assert HOSTILE.replace("/", "_") not in page
    assert page.count('role="img"') >= sum(one.result is not None for one in scorecard.judged) > 0
    assert all(one.claim.name in page for one in scorecard.judged)
    assert "both-collapse" in to_markdown(scorecard.report())


def test_processes_read_the_same_cases_in_the_same_order(runs: Path) -> None:
    """However many processes measure the runs, the cases are the same, and progress counts every one."""
    counted: list[tuple[int, int]] = []
    alone, _ = read_cases([str(runs)])
    for folder in runs.rglob("metrics.zarr"):
        shutil.rmtree(folder)
    divided, _ = read_cases([str(runs)], lambda *now: counted.append(now), jobs=2)
    assert counted == [(done, 6) for done in range(1, 7)]
    for one, same in zip(divided, alone, strict=True):
        assert (one.label, one.settings, one.seed) == (same.label, same.settings, same.seed)
        assert repr(one.expected) == repr(same.expected)
        assert one.data.identical(same.data)


def test_json_says_everything(runs: Path) -> None:
    """One record per claim, with verdict and numbers; no NaN."""
    done = CliRunner().invoke(app, ["claims", str(runs), "--json"])
    document = json.loads(done.stdout, parse_constant=pytest.fail)
    assert document["schema_version"] == 1
    assert {one["name"] for one in document["claims"]} == set(CLAIMS)
    tested: dict[str, Any] = {one["name"]: one["result"] for one in document["claims"] if one["result"]}
    assert tested["nc-falls-faster"]["n"] == 3
    assert len(document["runs"]) == 6


def test_theorems_hold_at_solutions_but_3_2_beyond_its_limit(solutions: Path) -> None:
    """As derived: beyond lambda_b* the theorem's point is no minimum, which contradicts the theorem as it is stated."""
    verdicts = {one.claim.name: one for one in judge(str(solutions), claims=THEOREMS).judged}
    assert {name: one.verdict for name, one in verdicts.items()} == {
        "theorem-3-1": "supported",
        "theorem-3-2": "contradicted",
        "theorem-3-2-limit": "supported",
        "condition-167": "supported",
    }
    result = verdicts["theorem-3-2"].result
    assert result is not None
    assert [label.rpartition("/")[2] for label in result.failing] == ["0.005"]


def test_solutions_within_the_limit_cannot_tell_where_it_lies(solutions: Path) -> None:
    """Those of one side alone."""
    within = [str(solutions / "bce" / name) for name in ("0", "0.0001")]
    (judged,) = judge(*within, claims=["theorem-3-2-limit"]).judged
    assert judged.verdict == "not testable"


def test_unknown_claims_and_unusable_runs_are_refused(runs: Path) -> None:
    """With a near name, or with the reason."""
    with pytest.raises(UsageError, match="Did you mean both-collapse"):
        judge(str(runs), claims=["both-colapse"])
    with pytest.raises(UsageError, match="not finished"):
        read_cases([str(runs / "half")])


def test_pairs_are_equal_but_for_the_loss_and_else_for_the_start_of_the_bias() -> None:
    """A partner with the same start comes first; the paper's own design starts CE at 0 and BCE at 6."""
    starts = (("ce", 0), ("bce", 0), ("bce", 6))
    ce, like, other = (case(loss, 0, {**IN_LOSS, "model.bias_mean": mean}) for loss, mean in starts)
    assert [(pair.ce, pair.bce) for pair in pairs_of([ce, other, like])] == [(ce, like)]
    assert [(pair.ce, pair.bce) for pair in pairs_of([ce, other])] == [(ce, other)]
    assert not pairs_of([ce, case("bce", 1)])
    assert not pairs_of([ce, case("bce", 0, {**IN_LOSS, "optim.name": "adamw"})])
