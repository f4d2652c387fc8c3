"""Making text from runs harmless before it is shown: in pages, tables, figures and terminals."""

from __future__ import annotations

import unicodedata

# Control characters, lone surrogates, unassigned and private ones, and the marks that turn reading direction.
INVISIBLE = {"Cc", "Cs", "Cn", "Co", "Zl", "Zp"}
DIRECTION = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def printable(text: str) -> str:
    r"""Spell out every character that would act instead of being seen.

    Examples
    --------
    >>> print(printable("fdp\u202egpj.exe" + chr(27) + "[31m"))
    fdp\u202egpj.exe\x1b[31m
    >>> printable("naïve Ω ◆")
    'naïve Ω ◆'
    """
    return "".join(_spelled(character) if _acts(character) else character for character in text)


def _acts(character: str) -> bool:
    return unicodedata.category(character) in INVISIBLE or character in DIRECTION


def _spelled(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
