"""What a claim is: a statement of the paper in our own words, the runs it needs, and the function that tests it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from bceprobe.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result

    Test = Callable[[Sequence[Case]], Result]


class NotTestable(Exception):  # noqa: N818 - it is an answer, not an error
    """These cases cannot tell: the message says what is missing."""


@dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    Parameters
    ----------
    name
        What it is asked for by, such as ``"nc-falls-faster"``.
    statement
        The claim in our own words, one or two sentences.
    section
        Where the paper makes it.
    needs
        The runs that can tell, in words.
    recipes
        What `bceprobe sweep` makes such runs by.
    test
        Cases in, a `Result` out.
    """

    name: str
    statement: str
    section: str
    needs: str
    recipes: tuple[str, ...]
    test: Test


CLAIMS: Registry[Claim] = Registry("claim", "bceprobe.claims")
T = TypeVar("T", bound="Test")


def claim(name: str, *, section: str, needs: str, recipes: tuple[str, ...]) -> Callable[[T], T]:
    """Register a function as the test of a claim; the first paragraph of its docstring is the statement.

    Parameters
    ----------
    name, section, needs, recipes
        The fields of `Claim`.
    """

    def register(test: T) -> T:
        statement = " ".join((test.__doc__ or "").strip().split("\n\n")[0].split())
        CLAIMS.add(name, Claim(name, statement, section, needs, recipes, test))
        return test

    return register
