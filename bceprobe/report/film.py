"""A film of points as one self-contained HTML page: a slider and a play button, no network, the same bytes every time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from bceprobe.report.escaping import printable
from bceprobe.report.html import _environment, _policy, _source

if TYPE_CHECKING:
    from collections.abc import Mapping

# What could end a script element, or be taken for markup inside one, by its escape in JSON.
IN_SCRIPT = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&"})


def film_page(scene: Mapping[str, Any], strip: str) -> str:
    """Render a film.

    Parameters
    ----------
    scene
        What is drawn, in plain JSON types: see `bceprobe.figures.collapse`.
    strip
        Some epochs as inline SVG, for paper and for pages without script.

    Returns
    -------
    str
        One HTML page. Every text is escaped; a content security policy allows nothing but the page's own style and
        script. Nothing moves before it is asked to.
    """
    environment = _environment()
    style, script = (_source(name) for name in ("film.css", "film.js"))
    text = json.dumps(_plain(scene), allow_nan=False, separators=(",", ":")).translate(IN_SCRIPT)
    page = environment.get_template("film.html.j2")
    parts = {"style": style, "script": script, "data": Markup(text), "strip": Markup(strip)}  # noqa: S704 - escaped
    return page.render(scene=scene, policy=_policy(script), **parts)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return printable(value) if isinstance(value, str) else value
