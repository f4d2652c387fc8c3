"""The precision that numbers effectively have, which their data type need not tell: bfloat16 kept as float32."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Binary digits after the point of bfloat16, float16, float32 and float64.
DIGITS = (7, 10, 23, 52)


def digits(values: NDArray[Any]) -> int:
    """Count the binary digits after the point that floating-point values have: 7 for bfloat16, 10 for float16, ...

    Integers count as float64.

    Examples
    --------
    >>> digits(np.array([1.5, 3.25], np.float32)), digits(np.array([0.1])), digits(np.array([1, 2]))
    (7, 52, 52)
    """
    if values.dtype.kind != "f":
        return DIGITS[-1]
    known = min(int(np.finfo(values.dtype).nmant), DIGITS[-1])
    native = np.dtype(f"f{min(values.dtype.itemsize, 8)}")
    bits = np.bitwise_or.reduce(values.ravel().astype(native, copy=False).view(f"u{native.itemsize}")).item()
    bits &= (1 << known) - 1
    used = known - ((bits & -bits).bit_length() - 1) if bits else 0
    return next(number for number in DIGITS if used <= number)


def spacing(values: NDArray[np.float64], precision: int) -> NDArray[np.float64]:
    """Return the distance of neighbouring numbers of some digits after the point, at some values; 0 at 0."""
    exponents = np.frexp(values)[1]
    return np.where(values == 0, 0.0, np.ldexp(1.0, exponents - 1 - precision))
