"""`collapse`: the film follows stored features through the epochs, and is written as strip, GIF and page."""

from __future__ import annotations

import io
import json
import re
from html import unescape
from typing import TYPE_CHECKING

import numpy as np
import pytest
from builders import make_arms, make_run
from figure_cases import frames, line, points, within
from PIL import Image

from bceprobe.analysis import analyze
from bceprobe.comparison.plotting import plot, save
from bceprobe.figures.collapse import strip_epochs
from bceprobe.figures.planes import simplex
from bceprobe.store import open_run

if TYPE_CHECKING:
    from pathlib import Path

    from bceprobe.figures import Drawing

EPOCHS = [1, 2, 5, 9]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two arms with two seeds each."""
    folder = tmp_path_factory.mktemp("runs")
    make_arms(folder, 2, epochs=EPOCHS)
    return folder


@pytest.fixture(scope="module")
def drawing(runs: Path) -> Drawing:
    """The figure of these runs."""
    return plot("collapse", runs)


def test_coordinates_are_orthogonal_projections_onto_one_plane(runs: Path, drawing: Drawing) -> None:
    """All epochs share a linear map of features to points, which is orthogonal up to one factor."""
    run = open_run(runs / "bce" / "seed-0")
    rows = [row for row in drawing.rows if row["run"] == "bce/seed-0"]
    placed = [np.array([[r["x"], r["y"]] for r in frames(rows, what="sample", epoch=epoch)]) for epoch in EPOCHS]
    features = [np.asarray(run.snapshot(epoch).features[:60], np.float64) for epoch in EPOCHS]
    design = np.column_stack([np.concatenate(features), np.ones(len(EPOCHS) * 60)])
    solution, *_ = np.linalg.lstsq(design, np.concatenate(placed), rcond=None)
    np.testing.assert_allclose(design @ solution, np.concatenate(placed), atol=2e-5)
    gram = solution[:-1].T @ solution[:-1]
    np.testing.assert_allclose(gram, gram[0, 0] * np.eye(2), atol=1e-4 * gram[0, 0])


def test_class_means_end_at_the_simplex(drawing: Drawing) -> None:
    """At the last epoch the collapsed means of three axes are at its corners, and the crosses are drawn there."""
    axes = drawing.figure.axes[-1]
    drawn = [points(line(axes, f"mean {label}")) for label in range(3)]
    np.testing.assert_allclose(np.array(drawn)[:, :, 0], simplex(3), atol=0.05)
    first = frames(drawing.rows, arm="BCE", what="class mean", epoch=1)
    assert np.abs(np.array([[row["x"], row["y"]] for row in first]) - simplex(3)).max() > 0.05


def test_frames_are_captured_epochs_with_their_nc1(runs: Path, drawing: Drawing) -> None:
    """Each captured epoch is a frame, and nothing else; the value beside is that of `analyze`."""
    film = drawing.film
    assert film
    assert list(film.epochs) == EPOCHS
    nc1 = analyze(str(runs), "nc", splits="train")["nc1"].squeeze("split").sel(run="ce/seed-0")
    (axes, _) = film.frame(1).axes
    assert axes.get_title(loc="left") == f"◆ CE: epoch 2, NC1 {float(nc1[1]):.3g}"
    x, y = points(line(axes, "class 0"))
    rows = [row for row in frames(drawing.rows, arm="CE", what="sample", epoch=2) if row["class"] == 0]
    np.testing.assert_allclose([x, y], np.array([[row["x"], row["y"]] for row in rows]).T, atol=1e-5)


def test_the_gif_has_a_frame_per_epoch_and_the_same_bytes(drawing: Drawing, tmp_path: Path) -> None:
    """The animation shows all epochs, endlessly, resting on the last one."""
    contents = []
    for name in ("a.gif", "b.gif"):
        save(drawing, tmp_path / name)
        contents.append((tmp_path / name).read_bytes())
    assert contents[0] == contents[1]
    with Image.open(io.BytesIO(contents[0])) as found:
        assert found.n_frames == len(EPOCHS)  # type: ignore[attr-defined]  # a GIF has frames
        assert found.info["loop"] == 0
        found.seek(len(EPOCHS) - 1)
        assert found.info["duration"] > 1000


def test_the_page_holds_all_frames_and_nothing_from_elsewhere(runs: Path, tmp_path: Path) -> None:
    """The scene in the page has the points of every epoch; no address but that of SVG is in it, and bytes repeat."""
    file = tmp_path / "collapse.html"
    save(plot("collapse", runs), file)
    text = file.read_text()
    scene = json.loads(re.findall(r'<script type="application/json" id="scene">(.*?)</script>', text, re.DOTALL)[0])
    assert scene["epochs"] == EPOCHS
    assert [len(arm["points"]) for arm in scene["arms"]] == [len(EPOCHS)] * 2
    assert len(scene["arms"][0]["points"][0]) == 2 * 60
    assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in unescape(text)
    save(plot("collapse", runs), tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text() == text


def test_hostile_names_are_inert_in_the_page(tmp_path: Path) -> None:
    """A loss that is called like markup neither ends the script nor makes an element."""
    folder = make_run(tmp_path / "run", epochs=[1, 2])
    config = folder / "config.toml"
    config.write_text(config.read_text().replace('name = "ce"', "name = '</script><b>$x$'"))
    save(plot("collapse", folder), tmp_path / "x.html")
    text = (tmp_path / "x.html").read_text()
    assert "<b>" not in text
    assert text.count("</script>") == 2


def test_classes_can_be_chosen(runs: Path) -> None:
    """Two classes are followed along their line."""
    drawn = plot("collapse", runs, classes=[2, 0])
    assert {row["class"] for row in drawn.rows} == {0, 2}
    assert within(drawn.figure)


def test_one_epoch_is_a_film_of_one_frame(tmp_path: Path) -> None:
    """A run with one captured epoch has a strip, a GIF and a page."""
    make_run(tmp_path / "run", epochs=[3])
    drawn = plot("collapse", tmp_path / "run")
    for suffix in (".svg", ".gif", ".html"):
        assert save(drawn, tmp_path / f"x{suffix}")


def test_the_strip_is_denser_in_the_beginning() -> None:
    """Epochs of the strip are distinct, include the first and the last, and get farther apart."""
    for count in (1, 2, 3, 7, 40, 100):
        chosen = strip_epochs(count)
        steps = np.diff(chosen)
        assert (chosen[0], chosen[-1]) == (0, count - 1)
        assert (steps > 0).all()
        assert (np.diff(steps) >= 0).all()
