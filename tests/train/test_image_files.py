"""Training on image files: the same batches as from memory, whatever number of processes decodes them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from image_trees import COUNTS, write_tree
from torchvision import transforms
from torchvision.datasets import ImageFolder
from train_cases import history, small_settings, stored_bytes

from bceprobe import open_run
from bceprobe.datasets import Split, checksum, images, load
from bceprobe.errors import BceProbeError, UsageError
from bceprobe.store.validate import validate
from bceprobe.train import make_plan, train
from bceprobe.train.batches import DeviceSplit, Ordered, on_device
from bceprobe.train.determinism import generator
from bceprobe.train.reading import FileReader

CPU = torch.device("cpu")
SIZE = 32
FILES = {"data.name": "imagefolder", "data.image_size": SIZE, "model.width": 16, "optim.batch_size": 8, "threads": 1}
SHORT = {**FILES, "optim.epochs": 2, "optim.milestones": [1], "device": "cpu"}
OPTIONS = [text for key, value in SHORT.items() for text in ("--set", f"{key}={json.dumps(value)}")]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of JPEGs."""
    return write_tree(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="module")
def in_memory(tree: Path) -> DeviceSplit:
    """The training images, decoded by torchvision's own classes and put into memory."""
    steps = [transforms.Resize(round(SIZE * 256 / 224)), transforms.CenterCrop(SIZE), transforms.PILToTensor()]
    found = list(ImageFolder(str(tree / "train"), transforms.Compose(steps)))
    target = torch.tensor([label for _, label in found])
    split = Split(torch.stack([image for image, _ in found]), target, torch.arange(len(target)))
    return DeviceSplit.of(split, load_small(tree).info, CPU)


def load_small(tree: Path) -> Any:
    """The tree as a data set of small images."""
    return load("imagefolder", data_dir=tree, options={"image_size": SIZE})


def assert_equal_batches(first: Any, second: Any) -> None:
    """Both yield the same batches, bit for bit."""
    for (inputs, target), (others, labels) in zip(first, second, strict=True):
        assert torch.equal(inputs, others)
        assert torch.equal(target, labels)


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_from_files_are_those_from_memory(workers: int, tree: Path, in_memory: DeviceSplit) -> None:
    """Shuffled epochs, an epoch that was broken off, captures and single batches are as if all were in memory."""
    train_split, _ = on_device(load_small(tree), CPU, workers)
    for epoch in (1, 2):
        pairs = (split.shuffled(7, generator(0, "order", epoch)) for split in (train_split, in_memory))
        assert_equal_batches(*pairs)
    next(iter(train_split.shuffled(4, generator(0, "order", 3))))
    assert_equal_batches(Ordered.by_class(train_split, 6), Ordered.by_class(in_memory, 6))
    rows = torch.tensor([3, 0, 17])
    assert_equal_batches([train_split.batch(rows)], [in_memory.batch(rows)])


def test_reading_leaves_the_streams_of_the_training_alone(tree: Path) -> None:
    """A pass over files draws nothing from torch's global generator, which dropout draws from."""
    for workers in (0, 2):
        split, _ = on_device(load_small(tree), CPU, workers)
        before = torch.random.get_rng_state()
        list(split.shuffled(16, generator(0, "order", 1)))
        assert torch.equal(torch.random.get_rng_state(), before)


def test_the_same_processes_serve_every_pass_of_both_splits(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train and test share one reader, which is started once; a pass before it has started none."""
    made = []
    begin = FileReader.__init__

    def count(self: FileReader, *arguments: Any) -> None:
        made.append(arguments)
        begin(self, *arguments)

    monkeypatch.setattr(FileReader, "__init__", count)
    train_split, test_split = on_device(load_small(tree), CPU, 2)
    list(Ordered.by_class(test_split))
    list(Ordered.by_class(train_split))
    assert [arguments[:2] for arguments in made] == [(SIZE, 2)]


def files_settings(**changes: Any) -> Any:
    """Settings of two epochs on the tree."""
    named = {key.replace(".", "__"): value for key, value in SHORT.items()}
    return small_settings(**{**named, "data__limit_per_class": 0, **changes})


def without_config(folder: Path) -> dict[str, bytes]:
    """The bytes of a run but for the settings it was made with."""
    return {name: content for name, content in stored_bytes(folder).items() if name != "config.toml"}


def test_the_number_of_processes_changes_no_byte(tree: Path, tmp_path: Path) -> None:
    """Runs with 0 and 2 workers store the same features, checkpoints and history."""
    for workers in (0, 2):
        train(files_settings(data__workers=workers), tmp_path / str(workers), data_dir=tree)
    assert without_config(tmp_path / "0") == without_config(tmp_path / "2")
    assert history(tmp_path / "0") == history(tmp_path / "2")


def test_every_image_is_decoded_once_for_each_use(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An epoch decodes the training images twice, to train and to capture, and the test images once."""
    decoded: list[str] = []
    decode = images.decode

    def count(path: str, size: int) -> Any:
        decoded.append(path)
        return decode(path, size)

    monkeypatch.setattr(images, "decode", count)
    train(files_settings(optim__epochs=1, optim__milestones=[], data__workers=0), tmp_path / "run", data_dir=tree)
    samples = {name: 3 * count for name, count in COUNTS.items()}
    assert len(decoded) == 2 * samples["train"] + samples["test"]
    assert len(set(decoded)) == samples["train"] + samples["test"]


def test_plans_decode_nothing(tmp_path: Path) -> None:
    """The plan of a run on damaged images tells its sizes all the same."""
    write_tree(tmp_path)
    for path in tmp_path.rglob("*.jpg"):
        path.write_bytes(b"damaged")
    plan = make_plan(files_settings(data__limit_per_class=5, capture__per_class=2), tmp_path)
    assert plan.trained == {"train": 15, "test": 12}
    assert plan.captured == {"train": 6, "test": 6}
    assert plan.classes == 3


@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_file_stops_the_reader_by_its_name(workers: int, tmp_path: Path) -> None:
    """The error names the file in one line, from this process or another one, and the reader can go on."""
    write_tree(tmp_path)
    damaged = tmp_path / "train" / "bee" / "04.jpg"
    damaged.write_bytes(damaged.read_bytes()[:300])
    split, _ = on_device(load_small(tmp_path), CPU, workers)
    with pytest.raises(UsageError, match=f"{damaged} cannot be read as an image: .*remove it") as caught:
        list(Ordered.by_class(split))
    assert "\n" not in str(caught.value)
    assert len(split.batch(torch.tensor([0, 1]))[1]) == 2


def test_a_process_that_dies_is_told(tree: Path) -> None:
    """A killed worker process, as by lack of memory, is one error with what to do, not a wait without end."""
    reader = FileReader(SIZE, 1, CPU)
    lists = [[str(path)] * 200 for path in sorted((tree / "train" / "ant").iterdir())]
    batches = reader.read(lists)
    next(batches)
    (worker,) = reader._loader._iterator._workers  # type: ignore[union-attr]  # noqa: SLF001 - to kill it
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(BceProbeError, match=r"a process that reads images failed: .*data\.workers=0"):
        list(batches)


def command(*arguments: str | Path) -> list[str]:
    """The command line of the program under test."""
    return [sys.executable, "-m", "bceprobe", *map(str, arguments)]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(command(*arguments), capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def whole(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with two worker processes."""
    folder = tmp_path_factory.mktemp("cli") / "whole"
    done = run("train", *OPTIONS, "--data-dir", tree, "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_runs_tell_what_they_were_trained_on(whole: Path, tree: Path) -> None:
    """The manifest has the checksums of the files' names and sizes; samples know their place; the store is valid."""
    opened, dataset = open_run(whole), load_small(tree)
    for name, split in (("train", dataset.train), ("test", dataset.test)):
        assert opened.manifest["provenance"]["data"][name] == {"samples": len(split), "sha256": checksum(split)}
        snapshot = opened.snapshot(2, name)
        assert snapshot.features.shape == (len(split), 16)
        assert snapshot.target.tolist() == split.target.tolist()
    assert validate(whole) == []
    assert str(tree) not in (whole / "config.toml").read_text()


def test_resuming_after_ctrl_c_ends_with_the_same_bytes(whole: Path, tree: Path, tmp_path: Path) -> None:
    """Ctrl-C reaches the worker processes, too, and all end quietly; the resumed run equals an undisturbed one."""
    folder = tmp_path / "stopped"
    arguments = command("train", *OPTIONS, "--data-dir", tree, "--out", folder)
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stderr is not None
    while not process.stderr.readline().startswith("epoch 1 "):
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    rest = process.communicate()[1]
    assert process.returncode in {0, 130}
    assert "Traceback" not in rest
    resumed = run("train", "--resume", "--data-dir", tree, "--out", folder)
    assert resumed.returncode == 0, resumed.stderr
    assert stored_bytes(folder) == stored_bytes(whole)
    assert history(folder) == history(whole)


def test_resnet18_trains_on_files_of_a_long_tail(tree: Path, tmp_path: Path) -> None:
    """A ResNet trains an epoch on 10, 4 and 2 images of its classes."""
    settings = {**SHORT, "optim.epochs": 1, "optim.milestones": [], "data.imbalance_factor": 5, "data.workers": 0}
    del settings["model.width"]
    options = [text for key, value in settings.items() for text in ("--set", f"{key}={json.dumps(value)}")]
    done = run("train", "--model", "resnet18", *options, "--data-dir", tree, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    snapshot = open_run(tmp_path / "run").snapshot(1, "train")
    assert snapshot.class_counts.tolist() == [10, 4, 2]


def test_a_damaged_file_is_one_line_and_exit_2(tmp_path: Path) -> None:
    """From the command line a damaged image is told in one last line that names it."""
    write_tree(tmp_path / "data")
    damaged = tmp_path / "data" / "test" / "cat" / "01.jpg"
    damaged.write_bytes(b"")
    here = ["--set", "data.workers=0"]
    done = run("train", *OPTIONS, *here, "--data-dir", tmp_path / "data", "--out", tmp_path / "run")
    assert done.returncode == 2
    assert f"bceprobe: {damaged} cannot be read as an image: " in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def descendants(parent: int) -> set[int]:
    """Process ids of all children and their children."""
    table = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout  # noqa: S607 - any ps
    found, size = {parent}, 0
    pairs = [tuple(map(int, line.split())) for line in table.splitlines()]
    while len(found) > size:
        size = len(found)
        found |= {pid for pid, above in pairs if above in found}
    return found - {parent}


def test_a_killed_training_leaves_no_process(tree: Path, tmp_path: Path) -> None:
    """After SIGKILL of the training its worker processes and their server end by themselves."""
    arguments = command("train", *OPTIONS, "--set", "optim.epochs=1000", "--data-dir", tree)
    process = subprocess.Popen([*arguments, "--out", str(tmp_path / "run")], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    while not process.stderr.readline().startswith("epoch 1 "):
        assert process.poll() is None
    left = descendants(process.pid)
    assert len(left) >= 3
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 60
    while left and time.monotonic() < deadline:
        left = {pid for pid in left if "zombie" not in state(pid)}
        time.sleep(0.1)
    assert not left


def state(pid: int) -> str:
    """What a process is doing, or nothing once it is gone."""
    try:
        return next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("State"))
    except OSError:
        return "zombie"
