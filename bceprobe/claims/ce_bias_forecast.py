"""The mean bias of CE with decay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.claims.base import claim
from bceprobe.claims.choosing import READING, collapsing, needed
from bceprobe.claims.pairs import BIAS_DECAY
from bceprobe.claims.printed import trainings
from bceprobe.claims.result import Value
from bceprobe.claims.testing import always
from bceprobe.figures.points import Points, draw_points
from bceprobe.report.numbers import number
from bceprobe.theory import forecast_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result

MISSING = "runs of CE by SGD with lambda_b > 0 in the loss that recorded their initial bias and learning rates"
# The published trainings (FORMULAS.md, "Mini-batches"): the authors' schedule drops one epoch late.
START, EPOCHS, STEPS, RATE, MOMENTUM, FALL, DROPS = 10.0, 100, 469, 0.01, 0.9, 0.2, (31, 61, 81)


@claim("ce-bias-forecast", section="3.2 and 4.1, Figure 3, Table 10", needs=MISSING, recipes=("bias-decay",))
def ce_bias_forecast(cases: Sequence[Case]) -> Result:
    """Under CE the mean classifier bias feels its own decay alone: it can be forecast without any data."""
    chosen = needed([case for case in collapsing(cases) if _forecast(case)], f"no {MISSING}")
    quantity = f"runs of CE whose mean threshold ends within {READING:g} of the forecast"
    notes = ("The forecast is derived (FORMULAS.md, Mini-batches); the paper says where the bias goes, not how fast.",)
    return always(
        chosen,
        lambda case: 1 - _off(case) / READING,
        quantity,
        values=(Value("largest distance", number(max(map(_off, chosen)))), *_published()),
        notes=notes,
        drawing=draw_points(
            [
                Points("CE", "ce", [*map(_end, chosen)], [case.final("threshold_mean") for case in chosen]),
                Points("CE, published: ResNet18 on MNIST, SGD", "ce", *_points(), hollow=True),
            ],
            "Mean threshold of CE",
            "forecast without data",
            "mean at the last epoch",
            line="equal",
        ),
    )


def _forecast(case: Case) -> bool:
    found = case.expected.forecast if case.expected and case.loss == "ce" else {}
    return case.number(BIAS_DECAY) > 0 and int(case.course("threshold_mean")[0][-1]) in found


def _end(case: Case) -> float:
    assert case.expected is not None  # noqa: S101 - chosen by it
    return case.expected.forecast[int(case.course("threshold_mean")[0][-1])]


def _off(case: Case) -> float:
    return abs(case.final("threshold_mean") - _end(case))


def _points() -> tuple[list[float], list[float]]:
    """Return forecasts of the published trainings, and what is published."""
    rates = [RATE * FALL ** sum(epoch > drop for drop in DROPS) for epoch in range(1, EPOCHS + 1)]
    said = trainings("fig3.bias_decay", "ce")
    ends = [forecast_mean(START, rates, STEPS, momentum=MOMENTUM, decay=one.settings[BIAS_DECAY]) for one in said]
    return [[*course][-1] for course in ends], [one.values["threshold_mean"] for one in said]


def _published() -> Iterator[Value]:
    """Set the forecast of the published trainings beside what is published."""
    for one, forecast, value in zip(trainings("fig3.bias_decay", "ce"), *_points(), strict=True):
        name = f"forecast for ResNet18 on MNIST, lambda_b {one.settings[BIAS_DECAY]:g}"
        yield Value(name, number(forecast), f"{value:g}")
