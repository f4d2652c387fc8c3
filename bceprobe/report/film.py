"""A film of points as one HTML page: a slider and a play button, no network, the same bytes every time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from bceprobe.report.html import render

if TYPE_CHECKING:
    from collections.abc import Mapping


def film_page(scene: Mapping[str, Any], strip: str) -> str:
    """Render a film.

    Parameters
    ----------
    scene
        What is drawn, in plain JSON types: see `bceprobe.figures.collapse`.
    strip
        Some epochs as inline SVG, for paper and for readers without script.

    Returns
    -------
    str
        One HTML page. Every text is escaped; a content security policy allows nothing but the page's own style and
        script. Nothing moves before it is asked to.
    """
    drawn = Markup(strip)  # noqa: S704 - drawn by this program, its texts escaped
    return render("film.html.j2", ["film.css"], ["film.js"], scene=dict(scene), strip=drawn)
