"""The command line: thin commands over the library, and the one boundary that turns errors into exit codes."""

from __future__ import annotations

import sys
import warnings
from typing import TextIO

from bceprobe.cli.app import app
from bceprobe.errors import BceProbeError, TrainingInterruptedError

INTERNAL_HINT = "This is a fault of bceprobe; show the traceback with --debug and report it"


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 ok, 1 failure, 2 usage, 3 store, 4 diverged, 130 interrupted."""
    options = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in options
    warnings.showwarning = _warn
    try:
        app(args=[option for option in options if option != "--debug"], prog_name="bceprobe")
    except BceProbeError as error:
        if debug:
            raise
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        _fail("interrupted", TrainingInterruptedError.exit_code)
    except SystemExit as exit_:
        # So ends Typer a command that Ctrl-C reaches, without a word.
        if exit_.code == TrainingInterruptedError.exit_code:
            _fail("interrupted", TrainingInterruptedError.exit_code)
        raise
    except BrokenPipeError:
        _fail("the reader of the output is gone", 1)
    except Exception as error:
        if debug:
            raise
        _fail(f"{type(error).__name__}: {error}. {INTERNAL_HINT}.", 1)


def _warn(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a warning as one line; where in the code it arose is of no use to a user."""
    del category, filename, lineno, line
    (file or sys.stderr).write(f"bceprobe: warning: {' '.join(str(message).split())}\n")


def _fail(message: str, code: int) -> None:
    """Print one line to stderr, whatever line breaks the message has, unless another process prints it, and exit."""
    if message:
        sys.stderr.write(f"bceprobe: {' '.join(message.split())}\n")
    sys.exit(code)
