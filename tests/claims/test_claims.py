"""Every claim finds in planted runs what was planted: that it holds, that its opposite does, or that it cannot tell."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from claim_cases import IN_LOSS, case
from planted_claims import PLANTED, Planted, ended, metric

from bceprobe.claims import CLAIMS
from bceprobe.scorecard.judging import judge_cases

THEOREMS = {"theorem-3-1", "theorem-3-2", "theorem-3-2-limit", "condition-167"}


def verdict(name: str, cases: Planted) -> str:
    """What becomes of a claim."""
    (judged,), _ = judge_cases(cases, [CLAIMS[name]])
    return judged.verdict


def test_every_claim_is_tested_here() -> None:
    """A claim is one file, and one line of this table."""
    assert set(CLAIMS) == {*PLANTED, *THEOREMS}


@pytest.mark.parametrize("name", list(PLANTED))
def test_a_claim_that_was_planted_is_supported(name: str) -> None:
    """Runs in which it holds support it."""
    assert verdict(name, PLANTED[name][0]()) == "supported"


@pytest.mark.parametrize("name", sorted({*PLANTED} - {"batch-size-bias"}))
def test_its_opposite_contradicts_it(name: str) -> None:
    """Runs in which the opposite holds contradict it."""
    assert verdict(name, PLANTED[name][1]()) == "contradicted"


def test_one_loss_that_agrees_is_not_enough() -> None:
    """The bias of BCE is as claimed at every batch size, that of CE at none: nothing can be concluded about both."""
    assert verdict("batch-size-bias", PLANTED["batch-size-bias"][1]()) != "supported"


@pytest.mark.parametrize("name", list(CLAIMS))
def test_without_the_runs_it_needs_a_claim_says_what_is_missing(name: str) -> None:
    """A run of CE with nothing in it can tell nothing."""
    (judged,), _ = judge_cases([case("ce", 0, {"optim.name": "adamw"})], [CLAIMS[name]])
    assert judged.verdict == "not testable"
    assert judged.why.startswith("Missing: ")
    assert f"bceprobe sweep {judged.claim.recipes[0]}" in judged.why


@pytest.mark.parametrize("name", ["accuracy", "long-tail", "nc-falls-faster", "both-collapse", "ce-bias-stays"])
def test_one_seed_concludes_nothing(name: str) -> None:
    """One seed of one setting has no spread, however large the difference is."""
    assert verdict(name, [one for one in PLANTED[name][0]() if one.seed == 0]) == "inconclusive"


def test_one_run_that_fails_keeps_a_claim_about_every_run_from_support() -> None:
    """It is named."""
    cases = [*ended(0.05)[:-1], replace(ended(0.6)[-1], label="the one")]
    (judged,), _ = judge_cases(cases, [CLAIMS["both-collapse"]])
    assert judged.verdict == "inconclusive"
    assert judged.result is not None
    assert judged.result.failing == ("the one",)


def test_runs_that_start_alike_count_once() -> None:
    """Five initial means of the bias of one seed are one training, not five."""
    cases = [
        case("ce", 0, {**IN_LOSS, "model.bias_mean": mean}, threshold_mean=mean, initial_threshold=mean)
        for mean in range(5)
    ]
    (judged,), _ = judge_cases(cases, [CLAIMS["ce-bias-stays"]])
    assert judged.result is not None
    assert (judged.result.n, judged.result.runs) == (1, 5)
    assert judged.verdict == "inconclusive"


def test_the_correction_is_over_all_claims_that_are_tested() -> None:
    """Holm's: with m tests the smallest p is multiplied by m; claims without test do not count."""
    cases = metric("accuracy", "bce") + ended(0.05)
    judged, tests = judge_cases(cases, list(CLAIMS.values()))
    p_values = sorted(one.result.p_value for one in judged if one.result and math.isfinite(one.result.p_value))
    assert tests == len(p_values) > 1
    assert min(one.p_corrected for one in judged if math.isfinite(one.p_corrected)) == pytest.approx(
        tests * p_values[0]
    )


def test_what_is_undefined_does_not_agree() -> None:
    """A run whose NC3 is not known is not collapsed, and scores without a gap have nothing between them."""
    known: dict[str, Any] = {
        "nc1": 0.01,
        "nc2": 0.01,
        "threshold_mean": 0.0,
        "positive_mean": 0.0,
        "negative_mean": 0.0,
    }
    blank = [case("bce", seed, **known) for seed in (0, 1)]
    for name in ("both-collapse", "bce-separates"):
        (judged,), _ = judge_cases(blank, [CLAIMS[name]])
        assert judged.result is not None
        assert len(judged.result.failing) == judged.result.runs == len(blank)
