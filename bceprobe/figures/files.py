"""A figure as the bytes of a file, and its numbers as CSV: the same input gives the same bytes."""

from __future__ import annotations

import csv
import io
import math
import warnings
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from PIL import Image

from bceprobe.figures.style import styled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.figure import Figure

    from bceprobe.figures.base import Film, Row

FORMATS: dict[str, dict[str, Any]] = {
    ".svg": {"metadata": {"Date": None, "Creator": None}},
    ".pdf": {"metadata": {"CreationDate": None, "Creator": None, "Producer": None}},
    ".png": {"metadata": {"Software": None}, "dpi": 200},
}
# Of a film: pixels per inch, how long an epoch is shown and how long the last one, in milliseconds; how many at most.
PIXELS, PACE, PAUSE, FRAMES = 100, 120, 1500, 120
COLORS = 128


def rendered(figure: Figure, suffix: str) -> bytes:
    """Render a figure as SVG, PDF or PNG, by a suffix of `FORMATS`."""
    buffer = io.BytesIO()
    with styled(), mpl.rc_context({"svg.hashsalt": "bceprobe"}), warnings.catch_warnings():
        # A label in a script that the font lacks is drawn as boxes.
        warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)
        figure.savefig(buffer, format=suffix[1:], facecolor="white", **FORMATS[suffix])
    return buffer.getvalue()


def animated(film: Film) -> bytes:
    """Render a film as an endless GIF; every frame is an epoch, of very many epochs evenly spaced ones."""
    count = len(film.epochs)
    chosen = [round(at * (count - 1) / max(1, min(count, FRAMES) - 1)) for at in range(min(count, FRAMES))]
    frames = list(_pictures(film, chosen))
    palette = _beside(frames[0], frames[len(frames) // 2], frames[-1]).quantize(COLORS)
    first, *others = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)
    times, buffer = [PACE] * (len(frames) - 1) + [PAUSE], io.BytesIO()
    first.save(buffer, "GIF", save_all=True, append_images=others, duration=times, loop=0, optimize=False)
    return buffer.getvalue()


def as_csv(rows: Sequence[Row]) -> bytes:
    """Write rows as CSV in UTF-8, with a column for every key that any has; undefined numbers are empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode()


def _beside(*frames: Image.Image) -> Image.Image:
    """Put some frames beside each other, so that one palette serves all."""
    width, height = frames[0].size
    whole = Image.new("RGB", (width * len(frames), height))
    for at, frame in enumerate(frames):
        whole.paste(frame, (width * at, 0))
    return whole


def _plain(value: str | float) -> str | float:
    return "" if isinstance(value, float) and math.isnan(value) else value


def _pictures(film: Film, chosen: Sequence[int]) -> Iterator[Image.Image]:
    for position in chosen:
        buffer = io.BytesIO()
        with styled():
            film.frame(position).savefig(buffer, format="png", facecolor="white", dpi=PIXELS)
        yield Image.open(buffer).convert("RGB")
