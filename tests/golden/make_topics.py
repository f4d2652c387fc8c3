"""Golden values of all topics from their definitions in FORMULAS.md, and from nothing of bceprobe.

Like `make_nc.py`, whose arithmetic it uses: loops over samples, classes and pairs in 60-digit decimals, one module per
group of topics beside this file.

    PYTHONPATH=tests uv run python -m golden.make_topics        writes topic_cases.npz and topics.json
"""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal, localcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from golden.topic_cases import cases
from golden.topic_collapse import nc
from golden.topic_decisions import accuracy, scores
from golden.topic_exact import exact
from golden.topic_geometry import geometry
from golden.topic_training import Trained, bias
from golden.topic_updates import updates

if TYPE_CHECKING:
    from golden.topic_cases import Array, Case

HERE = Path(__file__).parent
GLOBAL_MEANS = ("sample", "class")
LOSSES = ("ce", "bce")
# Significant bits of bfloat16, float16, float32 and float64, the leading one included.
PRECISIONS = (8, 11, 24, 53)
# What the cancellation of 60-digit numbers leaves of a value that is zero.
NOTHING = Decimal("1e-45")
Values = dict[str, Any]


def values(case: Case) -> dict[str, dict[str, Values]]:
    """Compute every metric: topic -> variant (global mean, or loss, or "any") -> key -> number, None or list."""
    with localcontext(prec=60):
        now, before = exact(case)
        settings = {name: Decimal(value) for name, value in case.training.items()}
        trained = {loss: (Trained(now, loss, settings), Trained(before, loss, settings)) for loss in LOSSES}
        made = {
            "nc": {kind: nc(now, kind, significant_bits(case.now["features"])) for kind in GLOBAL_MEANS},
            "accuracy": {"any": accuracy(now)},
            "geometry": {kind: geometry(now, kind) for kind in GLOBAL_MEANS},
            "scores": {"any": scores(now)},
            "bias": {loss: bias(pair[0]) for loss, pair in trained.items()},
            "updates": {loss: updates(*pair) for loss, pair in trained.items()},
        }
        return {topic: {kind: _plain(found) for kind, found in kinds.items()} for topic, kinds in made.items()}


def significant_bits(features: Array) -> int:
    """Return the first of the precisions that holds every feature: x / 2^(e-p) is whole, where 2^(e-1) <= |x| < 2^e."""
    return next(bits for bits in PRECISIONS if all(_holds(float(x), bits) for x in features.ravel()))


def _holds(value: float, bits: int) -> bool:
    mantissa, _ = math.frexp(value)
    return math.ldexp(mantissa, bits).is_integer()


def _plain(found: Values) -> Values:
    return {
        key: [_number(one) for one in value] if isinstance(value, list) else _number(value)
        for key, value in sorted(found.items())
    }


def _number(value: Decimal) -> float | None:
    if value.is_nan():
        return None
    return float(value) if abs(value) > NOTHING else 0.0


def document(made: dict[str, Case]) -> str:
    """Lay the values out with a line for each key, the settings of the training first."""
    found = {name: {"training": case.training, **values(case)} for name, case in made.items()}
    text = json.dumps(found, indent=1, allow_nan=False)
    return re.sub(r"\[[^\]]*\]", lambda listed: " ".join(listed.group().split()), text) + "\n"


def main() -> None:
    """Write the cases and their values beside this file."""
    made = cases()
    flat: dict[str, Any] = {f"{name}/{key}": array for name, case in made.items() for key, array in case.arrays.items()}
    np.savez_compressed(HERE / "topic_cases.npz", **flat)
    (HERE / "topics.json").write_text(document(made))


if __name__ == "__main__":
    main()
