"""Work in processes: results, errors, warnings and deaths come back; nothing is left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
import xarray as xr
from builders import make_run

from bceprobe import open_run
from bceprobe.analysis import analyze, dividing
from bceprobe.analysis.cache import Cache
from bceprobe.analysis.processes import side_by_side
from bceprobe.errors import BceProbeError, StoreCorruptError
from bceprobe.snapshot.threads import workers

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")


class OddError(Exception):
    """An error with something that cannot be sent to another process."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.lock = threading.Lock()


def numbered(share: int) -> Iterator[tuple[int, int, int]]:
    """Yield a share with the process and the threads that work on it."""
    for _ in range(3):
        yield share, os.getpid(), workers()


def failing(error: Exception) -> Iterator[int]:
    """Yield once, then fail."""
    yield 1
    raise error


def dying(number: int) -> Iterator[int]:
    """Die without a word."""
    yield number
    os.kill(os.getpid(), signal.SIGKILL)


def warning(text: str) -> Iterator[int]:
    """Warn."""
    warnings.warn(text, stacklevel=1)
    yield 1


def waiting(_share: int) -> Iterator[int]:
    """Yield the process, which then would not end for a long time."""
    yield os.getpid()
    time.sleep(600)


def test_each_share_has_a_process_of_one_thread() -> None:
    """All results arrive, those of a share from a process of its own, which works in one thread."""
    found = list(side_by_side(numbered, [7, 8, 9]))
    assert sorted(share for share, _, _ in found) == [7, 7, 7, 8, 8, 8, 9, 9, 9]
    processes = {share: {process for own, process, _ in found if own == share} for share in (7, 8, 9)}
    assert len(set.union(*processes.values())) == 3
    assert all(len(own) == 1 for own in processes.values())
    assert os.getpid() not in set.union(*processes.values())
    assert {threads for _, _, threads in found} == {1}


def test_an_error_is_raised_here() -> None:
    """An error of ours arrives whole, one that cannot be sent in its words."""
    with pytest.raises(StoreCorruptError, match="chunk") as caught:
        list(side_by_side(failing, [StoreCorruptError("a chunk is lost", "Look for it")]))
    assert caught.value.hint == "Look for it"
    with pytest.raises(RuntimeError, match="OddError: no way"):
        list(side_by_side(failing, [OddError("no way")]))


def test_a_killed_process_is_told() -> None:
    """A process that the system kills ends all with an error that says so."""
    with pytest.raises(BceProbeError, match="exit code -9"):
        list(side_by_side(dying, [1, 2]))


def test_a_warning_is_given_here() -> None:
    """What a process warns about is warned about where its results are taken."""
    with pytest.warns(UserWarning, match="a rank is lost"):
        list(side_by_side(warning, ["a rank is lost"]))


def test_nothing_is_left_running() -> None:
    """When nobody takes results any more, the processes are ended."""
    with closing(side_by_side(waiting, [1, 2])) as found:
        processes = {next(found), next(found)}
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_numbers_are_those_of_one_process(tmp_path: Path) -> None:
    """However many processes, every value is the same to the last bit, and so is what is cached."""
    make_run(tmp_path / "a", epochs=range(1, 8))
    make_run(tmp_path / "b", epochs=range(1, 6), seed=3)
    alone = analyze(tmp_path, "all", jobs=1)
    cached = {path: path.read_bytes() for path in tmp_path.rglob("metrics.zarr/**/c/*") if path.is_file()}
    for path in tmp_path.glob("*/metrics.zarr"):
        path.rename(tmp_path / f"old-{path.parent.name}")
    counts: list[tuple[int, int]] = []
    xr.testing.assert_identical(alone, analyze(tmp_path, "all", jobs=3, progress=lambda *count: counts.append(count)))
    assert all(path.read_bytes() == content for path, content in cached.items())
    assert counts == [(done, len(counts)) for done in range(1, len(counts) + 1)]


def test_what_is_cached_is_not_measured_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes get the epochs that lack something; a second analysis starts none."""
    make_run(tmp_path / "a", epochs=range(1, 13))
    analyze(tmp_path / "a", "nc", splits="train", epochs="1-6")
    shares: list[list[dividing.Piece]] = []

    def noted(work: object, given: list[list[dividing.Piece]]) -> object:
        shares.extend(given)
        return side_by_side(work, given)  # type: ignore[arg-type]

    monkeypatch.setattr(dividing, "side_by_side", noted)
    analyze(tmp_path / "a", "nc", splits="train", jobs=2)
    assert [[sorted(piece.lacking) for piece in share] for share in shares] == [[[7, 8, 9]], [[10, 11, 12]]]
    shares.clear()
    analyze(tmp_path / "a", "nc", splits="train", jobs=2)
    assert not shares


def test_what_was_measured_is_cached_when_another_epoch_is_damaged(tmp_path: Path) -> None:
    """A damaged chunk is told with its epoch; the epochs that came before it are kept."""
    make_run(tmp_path / "a", epochs=range(1, 9), per_class={"train": 20})
    chunk = tmp_path / "a" / "store.zarr" / "train" / "features" / "c" / "7" / "0" / "0"
    content = bytearray(chunk.read_bytes())
    content[5] ^= 1
    chunk.write_bytes(content)
    with pytest.raises(StoreCorruptError, match="epoch 8"):
        analyze(tmp_path / "a", "nc", jobs=2)
    assert {5, 6, 7} <= Cache(open_run(tmp_path / "a"), "train", "nc", "sample").read().keys() <= set(range(1, 8))


def test_the_command_measures_in_processes(tmp_path: Path) -> None:
    """`analyze --jobs` prints the same table as one process does."""
    make_run(tmp_path / "a", epochs=range(1, 13))
    command = [sys.executable, "-m", "bceprobe", "analyze", "all", str(tmp_path / "a"), "--json", "--jobs"]
    outputs = []
    for jobs in ("1", "3"):
        for path in Path(tmp_path).glob("*/metrics.zarr"):
            path.rename(tmp_path / f"old-{jobs}")
        outputs.append(subprocess.run([*command, jobs], check=True, capture_output=True).stdout)
    assert outputs[0] == outputs[1]


def boundless(_share: int) -> NoReturn:
    """Never be called."""
    raise AssertionError


def test_no_share_starts_no_process() -> None:
    """Of nothing comes nothing."""
    assert list(side_by_side(boundless, [])) == []
