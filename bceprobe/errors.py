"""Every error a user can meet, each with its exit code.

An error says what is wrong, where, and what to do next, on one line. Each class also derives from the
builtin a caller of the library would catch (`ValueError`, `FileNotFoundError`, ...).
"""

from __future__ import annotations

from typing import Any, Self


class BceProbeError(Exception):
    """The parent of all errors that bceprobe raises on purpose.

    Parameters
    ----------
    what
        What is wrong and where, in one sentence without a final full stop.
    hint
        What to do next, in one sentence without a final full stop; may be empty.
    """

    exit_code = 1

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}. {self.hint}." if self.hint else self.what

    def __reduce__(self) -> tuple[Any, ...]:
        # Dask pickles exceptions by their first builtin's constructor, unless they say how.
        return type(self), (self.what, self.hint), self.__dict__


class UsageError(BceProbeError, ValueError):
    """An option, a setting or an input that cannot be accepted."""

    exit_code = 2


class UnknownNameError(UsageError, KeyError):
    """A name that nothing is registered under."""


class DataNotFoundError(UsageError, FileNotFoundError):
    """A data set or file that is not where it was looked for."""


class FolderInUseError(UsageError, FileExistsError):
    """A folder that holds something and would be overwritten."""


class SnapshotError(UsageError):
    """Features, target, weight or bias whose shapes or values do not fit together."""


class StoreError(BceProbeError, OSError):
    """A run or store that cannot be read."""

    exit_code = 3


class StoreNotFoundError(StoreError, FileNotFoundError):
    """No run where one was expected."""


class StoreVersionError(StoreError):
    """A store of another encoding, or of a version this program does not know."""


class StoreCorruptError(StoreError):
    """A store whose content is damaged or incomplete."""


class WritingError(BceProbeError, OSError):
    """A run that cannot be written: the disk is full or broken, or the folder may not be written."""


class DivergedError(BceProbeError, ArithmeticError):
    """Training met a loss or weights that are not finite."""

    exit_code = 4


class TrainingInterruptedError(BceProbeError):
    """Training was stopped by the user after its state was saved."""

    exit_code = 130


class ToldElsewhereError(BceProbeError):
    """An error that another process of the same run tells; this one says nothing."""

    @classmethod
    def ending_with(cls, exit_code: int) -> Self:
        """Make one that ends the program with the exit code of the error that is told."""
        error = cls("")
        error.exit_code = exit_code
        return error
