"""Training in several processes, by torchrun and in processes that are set up as it does."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from distributed_cases import SETTINGS, Torchrun, assignments, codes, messages, start
from train_cases import history, stored_bytes

from bceprobe import open_run
from bceprobe.settings import resolve
from bceprobe.store.lock import writing
from bceprobe.store.validate import validate
from bceprobe.train import train

if TYPE_CHECKING:
    from pathlib import Path

LONG = {"optim__epochs": 12}


def alone(folder: Path, **changes: Any) -> Path:
    """The same run in one process: this one."""
    named = SETTINGS | {key.replace("__", "."): value for key, value in changes.items()}
    return train(resolve([("test", named)])[0], folder)


def features(folder: Path, epoch: int, split: str = "train") -> Any:
    """The stored features of an epoch."""
    return open_run(folder).split(split).features(epoch)[:]


def compare_close(found: Any, expected: Any, epoch: int) -> None:
    """Compare numbers up to the rounding of float32.

    Each step adds the rounding of sums over 64 pixels or fewer samples, about 8 units in the last place of numbers
    around 1, and there are 15 steps in an epoch.
    """
    np.testing.assert_allclose(found, expected, rtol=0, atol=15 * epoch * 8 * 2**-23)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two processes that nothing disturbed."""
    folder = tmp_path_factory.mktemp("two") / "pair"
    assert codes(start(2, folder, LONG)) == [0, 0]
    return folder


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run of one process."""
    return alone(tmp_path_factory.mktemp("alone") / "single", **LONG)


def test_two_processes_store_what_one_stores(pair: Path, single: Path) -> None:
    """Target, index, epochs and settings are the same, and features, weights and losses up to rounding."""
    assert validate(pair) == []
    assert (pair / "config.toml").read_text() == (single / "config.toml").read_text()
    runs = [open_run(folder) for folder in (pair, single)]
    for split in ("train", "test"):
        assert runs[0].epochs(split) == runs[1].epochs(split) == list(range(1, 13))
        for name in ("target", "index"):
            found, expected = (run.array(split, name)[:] for run in runs)
            np.testing.assert_array_equal(found, expected)
        for epoch in (1, 4, 12):
            compare_close(features(pair, epoch, split), features(single, epoch, split), epoch)
    weights = [run.snapshot(12, "train").weight for run in runs]
    compare_close(weights[0], weights[1], 12)
    assert [row["epoch"] for row in history(pair)] == [row["epoch"] for row in history(single)]
    losses = [np.array([float(row["loss"]) for row in history(folder)]) for folder in (pair, single)]
    compare_close(losses[0], losses[1], 12)


def test_the_run_says_how_many_processes_made_it(pair: Path, single: Path) -> None:
    """run.json holds number, backend and what batch norm saw; train.log is that of the first process alone."""
    provenance = open_run(pair).manifest["provenance"]
    expected = {"number": 2, "backend": "gloo", "batch_norm_statistics": "part of each process"}
    assert provenance["processes"] == expected
    assert "processes" not in open_run(single).manifest["provenance"]
    assert (pair / "train.log").read_text().count("epoch 12,") == 1


def test_a_run_that_was_stopped_and_killed_ends_as_if_it_had_not_been(pair: Path, tmp_path: Path) -> None:
    """By torchrun: Ctrl-C, then SIGKILL to one process, each told in one line; resumed, the run ends bit by bit."""
    folder = tmp_path / "run"
    hint = f"Go on: torchrun --nproc-per-node 2 -m bceprobe train --resume --out {folder}."
    run = Torchrun("--out", folder, *assignments(**LONG))
    run.wait_for_epochs(folder, 2)
    run.process.send_signal(signal.SIGINT)
    _, out, lines = run.end()
    done = check_stopped(folder, "interrupted")
    assert (out, lines) == ("", [f"bceprobe: stopped after epoch {done}. {hint}"])

    run = Torchrun("--resume", "--out", folder)
    run.wait_for_epochs(folder, done + 2)
    os.kill(run.rank(1), signal.SIGKILL)
    begun = time.monotonic()
    code, out, lines = run.end()
    told = f"rank 1 of 2 has ended or does not answer: all stop. {hint}"
    assert (code, out, lines) == (1, "", [f"bceprobe: {told}"])
    assert time.monotonic() - begun < 30
    assert told in (folder / "train.log").read_text()
    assert check_stopped(folder, "failed") >= done + 2

    code, out, lines = Torchrun("--resume", "--out", folder).end()
    assert (code, out, lines) == (0, f"{folder}\n", [])
    assert validate(folder) == []
    assert stored_bytes(folder) == stored_bytes(pair)
    assert history(folder) == history(pair)


def check_stopped(folder: Path, status: str) -> int:
    """A run that did not end is valid as far as it came; return the last epoch that is on disk."""
    assert validate(folder) == []
    run, done = open_run(folder), int(history(folder)[-1]["epoch"])
    assert run.manifest["status"] == status
    assert run.epochs("train")[:done] == list(range(1, done + 1))
    assert done < 12
    return done


def test_another_number_of_processes_goes_on(single: Path, tmp_path: Path) -> None:
    """Three processes begin, one goes on: the run is that of one process up to rounding."""
    folder = tmp_path / "run"
    assert codes(start(3, folder, {**LONG, "model__trouble": 2})) == [1, 1, 2]
    done = check_stopped(folder, "failed")
    named = SETTINGS | {"optim.epochs": 12, "model.trouble": 2}
    train(resolve([("run", named)])[0], folder, resume=True)
    assert done >= 1
    assert validate(folder) == []
    compare_close(features(folder, 12), features(single, 12), 12)


def test_a_folder_in_use_is_told_once(tmp_path: Path) -> None:
    """What only the first process meets ends the others, which say nothing; nothing is written."""
    folder = tmp_path / "run"
    with writing(folder):
        assert codes(start(2, folder, {})) == [2, 1]
        assert [path.name for path in folder.iterdir()] == [".lock"]
    assert texts(folder) == {0: f"{folder} is being written by process {os.getpid()}"}


def test_three_processes_see_each_sample_once(tmp_path: Path) -> None:
    """Every epoch each sample is trained once; the last batch, too small for three, is computed by all alike."""
    log, plain = tmp_path / "seen", {"augment__crop": 0, "augment__rotation": 0.0}
    processes = start(3, tmp_path / "run", {**plain, "optim__epochs": 2, "model__log": str(log)})
    assert codes(processes) == [0, 0, 0]
    seen = [np.frombuffer((tmp_path / f"seen.{rank}").read_bytes(), np.float32).reshape(2, -1, 64) for rank in range(3)]
    assert [len(images[0]) for images in seen] == [14 * 6 + 4, 14 * 6 + 4, 14 * 7 + 4]
    assert all(np.array_equal(images[:, -4:], seen[0][:, -4:]) for images in seen)
    samples = sorted(_images().tolist())
    for epoch in range(2):
        once = np.concatenate([seen[0][epoch], *(images[epoch, :-4] for images in seen[1:])])
        assert sorted(once.tolist()) == samples
    whole = alone(tmp_path / "single", **plain, optim__epochs=2)
    compare_close(features(tmp_path / "run", 2), features(whole, 2), 2)


def _images() -> Any:
    """The normalised training images, (270, 64)."""
    from bceprobe.train.session import make_session

    data = make_session(resolve([("test", SETTINGS)])[0]).train
    return data.batch(torch.arange(len(data)))[0].flatten(1).numpy()


def test_all_processes_have_the_same_model(tmp_path: Path) -> None:
    """With batch norm, dropout and mixup, too, what each process captured are the features of the saved model."""
    changes = {"model__name": "convnet", "augment__mixup": 0.8, "optim__batch_size": 32, "optim__epochs": 2}
    assert codes(start(3, tmp_path / "run", changes)) == [0, 0, 0]
    from bceprobe.train.session import make_session

    named = SETTINGS | {key.replace("__", "."): value for key, value in changes.items()}
    session = make_session(resolve([("test", named)])[0])
    state = torch.load(tmp_path / "run" / "checkpoints" / "last.pt", weights_only=True)
    session.model.load_state_dict(state["model"])
    session.model.eval()
    found = []
    with torch.no_grad():
        for images, _ in session.captured["train"]:
            found.append(session.forward(images)[1].numpy())
    # Convolutions over other numbers of images round differently: sums of 9 x 8 terms, twice, of numbers around 10.
    np.testing.assert_allclose(features(tmp_path / "run", 2), np.concatenate(found), rtol=0, atol=2e-4)


def test_dropout_differs_between_processes_and_repeats_between_runs(tmp_path: Path) -> None:
    """Two runs of the same processes are equal bit by bit, and not those of one process, which draws for all."""
    changes = {"model__dropout": 0.5, "optim__epochs": 2}
    for name in ("first", "second"):
        assert codes(start(2, tmp_path / name, changes)) == [0, 0]
    assert stored_bytes(tmp_path / "first") == stored_bytes(tmp_path / "second")
    whole = alone(tmp_path / "single", **changes)
    assert np.abs(features(whole, 2) - features(tmp_path / "first", 2)).max() > 1e-3


def texts(folder: Path) -> dict[int, str]:
    """What each process would have printed, up to the first stop, semicolon or colon."""
    files = {rank: folder.with_suffix(f".{rank}.txt") for rank in range(3)}
    return {rank: re.split("[.;:] ", file.read_text())[0] for rank, file in files.items() if file.exists()}


@pytest.mark.parametrize(
    ("changes", "expected", "told"),
    [
        ({"model__trouble": 1}, [1, 2], {1: "this process is in trouble"}),
        ({"optim__lr": 1e30}, [4, 4], {0: "training diverged"}),
        (
            {"optim__batch_size": 3},
            [2, 2],
            {0: "batches of 3 samples are too small for 2 processes, which need 2 each"},
        ),
        ({"device": "cuda:0"}, [2, 2], {0: "device 'cuda:0' is one for all processes"}),
    ],
)
def test_an_error_is_told_by_one_process(
    tmp_path: Path, changes: dict[str, Any], expected: list[int], told: dict[int, str]
) -> None:
    """Whoever meets it, alone or with all, one process tells it, and all end with its exit code or with failure."""
    assert codes(start(2, tmp_path / "run", changes)) == expected
    assert texts(tmp_path / "run") == told


def test_uncaptured_epochs_are_evaluated_in_parts(tmp_path: Path) -> None:
    """The accuracy of an epoch that is not stored is over all test samples, each counted by one process."""
    changes = {"capture__epochs": "last", "optim__epochs": 2}
    assert codes(start(2, tmp_path / "run", changes)) == [0, 0]
    whole = alone(tmp_path / "single", **changes)
    found, expected = (float(history(folder)[0]["test_accuracy"]) for folder in (tmp_path / "run", whole))
    # Rounding may turn the decision on a sample or two of 270.
    assert found == pytest.approx(expected, abs=2.5 / 270)
    assert json.loads((tmp_path / "run" / "run.json").read_text())["status"] == "finished"


def test_a_process_that_waits_for_one_that_hangs_can_be_ended(tmp_path: Path) -> None:
    """SIGTERM, by which torchrun ends all, is told and obeyed even where the main thread waits and cannot see it."""
    folder = tmp_path / "run"
    waiting, hanging = start(2, folder, LONG, stuck=0.5)
    until = time.monotonic() + 120
    while not (folder / "history.csv").exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    os.kill(hanging.pid, signal.SIGSTOP)
    time.sleep(0.5)
    waiting.terminate()
    assert codes([waiting]) == [1]
    hanging.kill()
    told = messages(folder, 0).read_text(encoding="utf-8")
    assert "told to end, but waits for one that has died or does not answer. Go on with --resume." in told
    assert validate(folder) == []
