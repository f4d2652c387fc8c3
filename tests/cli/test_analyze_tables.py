"""The tables of `bceprobe analyze`: they fit 80 columns and hide nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from builders import make_run
from readme import make_example
from topic_keys import KEYS

from bceprobe.analysis import analyze, records
from bceprobe.cli.console import number

if TYPE_CHECKING:
    from pathlib import Path

    from cli_cases import Command

LONG = "a-run-with-quite-a-long-name-that-says-everything"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four runs of CE and BCE and one with a long name, with up to twelve epochs, and the example of the README."""
    made = tmp_path_factory.mktemp("tables")
    for loss in ("ce", "bce"):
        for seed in range(2):
            make_run(made / "runs" / f"{loss}-{seed}", loss=loss, seed=seed, epochs=range(1, 9), classes=6, length=8)
    make_run(made / "runs" / LONG, epochs=range(1, 13), classes=6, length=8)
    make_example(made)
    return made


def widest(text: str) -> int:
    """The longest line."""
    return max(map(len, text.splitlines()))


def rows(text: str) -> dict[str, list[str]]:
    """The cells of the lines of tables by their first word."""
    return {cells[0]: cells[1:] for line in text.splitlines() if (cells := line.replace("*", "").split())}


@pytest.mark.parametrize("epochs", ["all", "last", "1,3,last"])
@pytest.mark.parametrize("topic", [*KEYS, "trajectories"])
def test_nothing_is_wider_than_80_columns(topic: str, epochs: str, folder: Path, command: Command) -> None:
    """One run or several, some with long names: every line fits, and nothing is cut off with dots."""
    for runs in ("example", "runs"):
        done = command("analyze", topic, folder / runs, "--epochs", epochs)
        assert widest(done.out) <= 80
        assert "…" not in done.out


@pytest.mark.parametrize("topic", list(KEYS))
def test_every_key_is_named(topic: str, folder: Path, command: Command) -> None:
    """Each metric has a line with its numbers, or is named as undefined."""
    done = command("analyze", topic, folder / "example")
    words = set(re.findall(r"\w+", done.out))
    assert set(KEYS[topic]) <= words
    assert "top5" not in rows(command("analyze", "accuracy", folder / "example").out)


def test_numbers_are_those_of_the_records(folder: Path, command: Command) -> None:
    """A line holds the values of its metric at the epochs above, with about four digits."""
    shown = rows(command("analyze", "geometry", folder / "example").out)
    found = records(analyze(folder / "example", "geometry"))
    for name in KEYS["geometry"]:
        numbers = [cell for cell in shown[name] if not cell.startswith("[")]
        assert numbers == [number(row[name]) for row in found]


def test_own_definitions_are_marked(folder: Path, command: Command) -> None:
    """A star marks what is this project's own; a score that is merely a sample's own has none."""
    shown = command("analyze", "geometry", folder / "example").out
    assert re.search(r"compactness \*", shown)
    assert not re.search(r"feature_norm_mean \*", shown)
    assert "bceprobe list metrics --topic geometry" in shown
    assert not re.search(r"margin_mean \*", command("analyze", "scores", folder / "example").out)


def test_units_that_are_not_obvious_are_shown(tmp_path: Path, command: Command) -> None:
    """An angle is in radians, and says so; shares and scores need no word."""
    run = make_run(tmp_path / "run", epochs=[1], classes=6, length=3)
    shown = command("analyze", "nc", run).out
    assert "gnc_margin [rad]" in shown
    assert re.search(r"nc4  ", shown)


def test_topics_of_all_are_separated_by_headings(folder: Path, command: Command) -> None:
    """`all` shows one topic after the other, each under a line with its name."""
    shown = command("analyze", "all", folder / "example").out
    headings = re.findall(r"^── (\w+) ─+$", shown, re.MULTILINE)
    assert headings == ["accuracy", "bias", "geometry", "nc", "scores", "updates"]


def test_epochs_that_do_not_fit_are_told(folder: Path, command: Command) -> None:
    """Of twelve epochs some are shown, the first and the last among them; standard error says how to see others."""
    done = command("analyze", "updates", folder / "runs" / LONG, "--split", "train")
    (header,) = [line for line in done.out.splitlines() if line.startswith(" updates")]
    assert header.startswith(" updates")
    assert re.findall(r"epoch (\d+)", header)[0] == "1"
    assert re.findall(r"epoch (\d+)", header)[-1] == "12"
    assert "--epochs chooses" in done.err
    assert "--epochs" not in command("analyze", "updates", folder / "runs" / LONG, "--epochs", "3,7").err


def test_runs_with_one_epoch_each_stand_side_by_side(folder: Path, command: Command) -> None:
    """With `--epochs last` a column is a run; the epoch stands above each where they differ."""
    shown = command("analyze", "nc", folder / "runs" / "ce-0", folder / "runs" / "bce-1", "--epochs", "last").out
    assert "train split, epoch 8" in shown
    assert re.search(r"^ nc +ce-0 +bce-1 $", shown, re.MULTILINE)
    several = command("analyze", "nc", folder / "runs", "--epochs", "last", "--split", "train").out
    assert "epoch 12" in several
    assert all(part in several for part in ("a-run-with-", "quite-a-long-", "name-that-", "says-", "everything"))
    found = [row["nc1"] for row in records(analyze(folder / "runs", "nc", epochs="last", splits="train"))]
    lines = [line for line in several.splitlines() if line.startswith(" nc1 ")]
    assert " ".join(lines).replace("nc1", "").split() == [number(value) for value in found]


def test_several_runs_with_several_epochs_have_tables_of_their_own(folder: Path, command: Command) -> None:
    """Each run and split has its table; standard error tells how to see runs side by side."""
    done = command("analyze", "nc", folder / "runs" / "ce-0", folder / "runs" / "ce-1", "--epochs", "1,2")
    titles = [line for line in done.out.splitlines() if line.endswith(" split")]
    assert titles == [f"ce-{seed}, {split} split" for seed in (0, 1) for split in ("train", "test")]
    assert "side by side" in done.err


def test_a_topic_that_is_undefined_throughout_is_one_line(tmp_path: Path, command: Command) -> None:
    """Features without a known loss have no update amplitudes: one line says so instead of a table of dashes."""
    run = make_run(tmp_path / "run", epochs=[1], per_class={"train": 5})
    (run / "config.toml").unlink()
    done = command("analyze", "updates", run)
    assert done.out.splitlines()[0] == "run, train split: nothing of updates is defined."
    assert done.err == "run: its loss, settings and learning rates are not known: no gradients, amplitudes and alpha\n"


def test_a_run_without_captured_epochs_is_told(tmp_path: Path, command: Command) -> None:
    """A run that has nothing of what is asked for is named on standard error."""
    make_run(tmp_path / "full", epochs=[1])
    make_run(tmp_path / "half", epochs=[1], per_class={"train": 5})
    done = command("analyze", "nc", tmp_path / "full", tmp_path / "half", "--split", "test")
    assert done.err == "half: left out, as no epoch of its test split is captured\n"
