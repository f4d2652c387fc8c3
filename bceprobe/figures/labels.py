"""Text of figures: labels that fit and are shown, and numbers as people write them."""

from __future__ import annotations

LONGEST = 32
MINUS = "\N{MINUS SIGN}"
# The paper's bias in the sign of PyTorch's.
THRESHOLD = f"b = {MINUS}bias"


def short_label(label: str, longest: int = LONGEST) -> str:
    """Cut a long label, and show one that starts with an underscore, which matplotlib would leave out of legends.

    Examples
    --------
    >>> short_label("densenet121 on cifar10, seed 3", longest=12)
    'densenet121…'
    """
    text = label if len(label) <= longest else f"{label[: longest - 1]}…"
    return f"\N{WORD JOINER}{text}" if text.startswith("_") else text


def percent(share: float, digits: int = 2) -> str:
    """Write a share in percent; only the whole is 100 %, and only nothing is 0 %.

    Examples
    --------
    >>> [percent(share) for share in (1, 0.97573, 0.99999, 0.00001, 0)]
    ['100 %', '97.57 %', '>99.99 %', '<0.01 %', '0 %']
    """
    if share in {0, 1}:
        return f"{100 * share:.0f} %"
    smallest = 10.0**-digits
    rounded = round(100 * share, digits)
    sign = ">" if rounded >= 100 else "<" if rounded <= 0 else ""  # noqa: PLR2004 - percent
    return f"{sign}{min(max(rounded, smallest), 100 - smallest):.{digits}f} %"


def number(value: float) -> str:
    r"""Write a number in three digits.

    Examples
    --------
    >>> number(-0.12345) == "\N{MINUS SIGN}0.123"
    True
    """
    return f"{value:.3g}".replace("-", MINUS)
