"""Checkpoints that are not what they should be: each is refused in one line that says what to do."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import shutil
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import torch
from train_cases import small_settings

from bceprobe.cli import main
from bceprobe.errors import StoreCorruptError, UsageError
from bceprobe.store import StoreWriter
from bceprobe.train import train
from bceprobe.train.checkpoint import FILE, load_checkpoint, saved_epoch
from bceprobe.train.session import make_session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bceprobe.train.session import Session

FLIPS = 300


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The checkpoint of a short run."""
    folder = train(small_settings(optim__epochs=1), tmp_path_factory.mktemp("checkpoint") / "run")
    return (folder / FILE).read_bytes()


def load(folder: Path, content: bytes, session: Session | None = None, **changes: Any) -> None:
    """Load a checkpoint of this content into a session, by default a new one."""
    (folder / FILE).parent.mkdir(exist_ok=True)
    (folder / FILE).write_bytes(content)
    session = session or make_session(small_settings(**changes))
    assert load_checkpoint(folder, session.model, session.optimizer, session.scaler) == 1


def saved(value: Any) -> bytes:
    """What torch saves a value as."""
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


class Malicious:
    """A pickle that makes a folder when it is loaded."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, ("pwned",)


@pytest.mark.parametrize(
    "broken",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda _: b"",
        lambda _: b"not a checkpoint",
        lambda _: pickle.dumps({"epoch": 1}),
        lambda _: saved(Malicious()),
    ],
    ids=["half", "one byte less", "empty", "text", "foreign pickle", "pickle with code"],
)
def test_what_is_no_checkpoint_is_refused(
    broken: Callable[[bytes], bytes], content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A truncated or foreign file is named with what to do; no code in it is run; nothing can go on from it."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreCorruptError, match=r"last\.pt cannot be read: .*\. Restore it from a copy") as caught:
        load(tmp_path, broken(content))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "pwned").exists()
    assert saved_epoch(tmp_path) == 0


def test_a_flipped_byte_is_found(content: bytes, tmp_path: Path) -> None:
    """Whichever byte is flipped, the file is refused, or the byte is one that carries nothing."""
    whole, places = torch.load(io.BytesIO(content), weights_only=True), random.Random(0)  # noqa: S311 - not for secrets
    refused, session = 0, make_session(small_settings())
    for _ in range(FLIPS):
        place = places.randrange(len(content))
        flipped = content[:place] + bytes([content[place] ^ 1 << places.randrange(8)]) + content[place + 1 :]
        try:
            load(tmp_path, flipped, session)
        except (StoreCorruptError, UsageError):
            refused += 1
        else:
            state = session.model.state_dict()
            assert all(torch.equal(state[name], value) for name, value in whole["model"].items())
            assert str(session.optimizer.state_dict()) == str(whole["optimizer"])
    assert refused > FLIPS / 2


def test_a_damaged_tensor_is_found(content: bytes, tmp_path: Path) -> None:
    """A byte flipped within a tensor, which torch itself does not notice, is refused by its checksum."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        largest = max(archive.infolist(), key=lambda entry: entry.file_size)
    place = largest.header_offset + 512
    flipped = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    torch.load(io.BytesIO(flipped), weights_only=True)
    with pytest.raises(StoreCorruptError, match=f"the checksum of {largest.filename} is wrong"):
        load(tmp_path, flipped)


def other_momentum(state: dict[str, Any]) -> None:
    """Give the state of the optimizer another shape."""
    state["optimizer"]["state"][0]["momentum_buffer"] = torch.zeros(3)


@pytest.mark.parametrize(
    "change",
    [
        other_momentum,
        lambda state: state["optimizer"]["param_groups"][0].pop("momentum"),
        lambda state: state["model"].popitem(),
        lambda state: state.pop("epoch"),
        lambda state: state.update(epoch="last"),
        lambda state: state.update(model=3),
        lambda state: state.update(optimizer=[]),
    ],
    ids=["momentum", "setting", "weights", "no epoch", "epoch", "model", "optimizer"],
)
def test_a_state_that_does_not_fit_is_refused(
    change: Callable[[dict[str, Any]], None], content: bytes, tmp_path: Path
) -> None:
    """A checkpoint whose parts have other shapes, names or types is told apart from a damaged one."""
    state = torch.load(io.BytesIO(content), weights_only=True)
    change(state)
    with pytest.raises(UsageError, match=r"last\.pt is of another model or optimizer\. Start again with --force"):
        load(tmp_path, saved(state))


@pytest.mark.parametrize("changes", [{"model__width": 8}, {"model__name": "mlp"}, {"optim__name": "adamw"}])
def test_a_checkpoint_of_another_run_is_refused(changes: dict[str, Any], content: bytes, tmp_path: Path) -> None:
    """Weights of another width or model, and the state of another optimizer, are not taken up."""
    with pytest.raises(UsageError, match="is of another model or optimizer"):
        load(tmp_path, content, **changes)


@pytest.mark.parametrize("value", [3, [1], torch.zeros(2), {"model": {}}])
def test_other_things_than_a_state_are_refused(value: Any, tmp_path: Path) -> None:
    """A number, a list, a tensor or half a state in torch's format is no checkpoint."""
    with pytest.raises(UsageError, match="is of another model or optimizer"):
        load(tmp_path, saved(value))


@pytest.mark.parametrize(("break_it", "code"), [(lambda content: content[:-9], 3), (lambda _: saved(3), 2)])
def test_the_command_line_says_so_in_one_line(
    break_it: Callable[[bytes], bytes], code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--resume from a checkpoint that cannot be used exits with the code of the table and changes nothing."""
    folder = train(small_settings(optim__epochs=1), tmp_path / "run")
    (folder / FILE).write_bytes(break_it((folder / FILE).read_bytes()))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        main(["train", "--resume", "--out", str(folder)])
    assert caught.value.code == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"bceprobe: checkpoint {folder / FILE} ")
    assert "start again with --force" in line.lower()
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("kept", [0, 1])
def test_a_checkpoint_of_another_store_is_refused(kept: int, tmp_path: Path) -> None:
    """A checkpoint whose store has no, or not all, epochs before it is not gone on from: the run would have gaps."""
    folder = train(small_settings(optim__epochs=3), tmp_path / "run")
    manifest = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**manifest, "status": "interrupted"}))
    if kept:
        StoreWriter(folder, [1, 2, 3], 10, 16).discard_after(kept)
    else:
        shutil.rmtree(folder / "store.zarr")
    expected = rf"has a checkpoint after epoch 3, but no features of epoch {kept + 1}\. Restore both"
    with pytest.raises(StoreCorruptError, match=expected):
        train(small_settings(optim__epochs=3), folder, resume=True)
