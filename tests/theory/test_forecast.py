"""The mean bias of CE without data, against the recursion written out, and torch's optimizer."""

from __future__ import annotations

import pytest
import torch

from bceprobe.theory import forecast_mean

RATES = [0.1, 0.1, 0.02, 0.5]


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("decay", [0.0, 0.03])
def test_forecast_is_what_sgd_does_to_a_number(momentum: float, decay: float) -> None:
    """A lone parameter under its own decay, trained by torch in float64, has the forecast value after every epoch."""
    bias = torch.tensor([3.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([bias], lr=1.0, momentum=momentum)
    expected = []
    for rate in RATES:
        optimizer.param_groups[0]["lr"] = rate
        for _ in range(7):
            optimizer.zero_grad()
            (decay / 2 * bias.square()).sum().backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimizer.step()
        expected.append(bias.item())
    assert list(forecast_mean(3.0, RATES, 7, momentum=momentum, decay=decay)) == pytest.approx(expected, rel=1e-12)


def test_the_published_means() -> None:
    """The authors' schedule drops one epoch late: 4.107, 9.149, 9.911, which the poster shows as 4.1, 9.1, 9.9."""
    rates = [0.01 * 0.2 ** sum(done > milestone for milestone in (30, 60, 80)) for done in range(100)]
    found = [list(forecast_mean(10, rates, 469, momentum=0.9, decay=decay))[-1] for decay in (5e-4, 5e-5, 5e-6)]
    assert [round(value, 3) for value in found] == [4.107, 9.149, 9.911]
