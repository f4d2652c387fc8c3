"""Errors a user can meet: one line, an exit code, a builtin to catch, and a life across processes."""

from __future__ import annotations

import pickle

import pytest
from tblib.pickling_support import pickle_exception

from bceprobe import errors
from bceprobe.errors import BceProbeError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, BceProbeError)]
CODES = {
    "BceProbeError": 1,
    "UsageError": 2,
    "UnknownNameError": 2,
    "DataNotFoundError": 2,
    "FolderInUseError": 2,
    "SnapshotError": 2,
    "StoreError": 3,
    "StoreNotFoundError": 3,
    "StoreVersionError": 3,
    "StoreCorruptError": 3,
    "WritingError": 1,
    "DivergedError": 4,
    "TrainingInterruptedError": 130,
    # Unless it is told which code the one that is told ends with.
    "ToldElsewhereError": 1,
}


def test_exit_codes_are_as_documented() -> None:
    """Every kind of error ends the program with the code of DESIGN.md, section 4."""
    assert {kind.__name__: kind.exit_code for kind in KINDS} == CODES


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_says_what_and_what_next(kind: type[BceProbeError]) -> None:
    """An error reads as its two sentences, or as its only one without a final full stop."""
    assert str(kind("no run at runs/x", "Train one")) == "no run at runs/x. Train one."
    assert str(kind("no run at runs/x")) == "no run at runs/x"


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_pickling(kind: type[BceProbeError]) -> None:
    """An error that a worker process raises arrives whole."""
    again = pickle.loads(pickle.dumps(kind("what", "hint")))  # noqa: S301 - pickled on this line
    assert (type(again), again.what, again.hint, str(again)) == (kind, "what", "hint", "what. hint.")


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_the_pickling_of_dask(kind: type[BceProbeError]) -> None:
    """An error arrives whole where Dask has changed how exceptions are pickled."""
    make, arguments = pickle_exception(kind("what", "hint"))[:2]
    again = make(*arguments)
    assert (type(again), again.what, again.hint) == (kind, "what", "hint")


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.UsageError, ValueError),
        (errors.UnknownNameError, KeyError),
        (errors.DataNotFoundError, FileNotFoundError),
        (errors.FolderInUseError, FileExistsError),
        (errors.SnapshotError, ValueError),
        (errors.StoreError, OSError),
        (errors.StoreNotFoundError, FileNotFoundError),
        (errors.DivergedError, ArithmeticError),
    ],
)
def test_callers_may_catch_the_builtin(kind: type[BceProbeError], builtin: type[Exception]) -> None:
    """Each error is also the builtin that a caller of the library would catch."""
    with pytest.raises(builtin, match=r"^what$"):
        raise kind("what")


def test_a_silent_error_ends_as_the_one_that_is_told() -> None:
    """An error that another process tells has its exit code, also in another process, and no message."""
    error = pickle.loads(pickle.dumps(errors.ToldElsewhereError.ending_with(4)))  # noqa: S301 - pickled on this line
    assert (str(error), error.exit_code) == ("", 4)
