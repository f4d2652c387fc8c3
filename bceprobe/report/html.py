"""A Report as one self-contained HTML file: no network, inert against hostile text, the same bytes every time."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bceprobe.report.escaping import printable
from bceprobe.report.frames import histogram_path, marks_path, matrix_paths, ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.report.model import Report

# In this order they become the page's one style and one script.
STYLES = ("report.css", "frames.css")
SCRIPTS = ("tables.js", "copying.js", "figures.js", "frames.js", "report.js")
# What templates draw with.
DRAWING = (matrix_paths, histogram_path, marks_path, ticks)
# What could end a script element, or be taken for markup inside one, by its escape in JSON.
IN_SCRIPT = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&"})


def write_html(report: Report, file: str | Path) -> Path:
    """Write the page of a report, making its folder; an older file is replaced."""
    target = Path(file)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(to_html(report), encoding="utf-8", newline="\n")
    return target


def to_html(report: Report) -> str:
    """Render a report.

    Every text is escaped, and characters that act instead of being seen are spelled out. A content security policy
    allows nothing but the page's own style and script.
    """
    return render("report.html.j2", STYLES, SCRIPTS, report=report)


def render(page: str, styles: Sequence[str], scripts: Sequence[str], **parts: Any) -> str:
    """Render a page of this package with its style and script, and the policy that allows these alone."""
    style, script = (Markup("").join(map(_source, names)) for names in (styles, scripts))
    template = _environment().get_template(page)
    return template.render(style=style, script=script, policy=_policy(script), **parts)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("bceprobe.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_inert,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["data"] = _data
    environment.globals.update({function.__name__: function for function in DRAWING})
    return environment


def _inert(value: Any) -> Any:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _data(part: Any) -> Markup:
    """Write a dataclass or dict as JSON for a script element: nothing in it ends the element, acts, or is not JSON."""
    text = json.dumps(_plain(part), allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(IN_SCRIPT))  # noqa: S704 - escaped in the expression itself


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return _inert(value)


def _source(name: str) -> Markup:
    """Read a style or script of this package; it is our own and goes in as it is."""
    loader: Any = _environment().loader
    return Markup(loader.get_source(_environment(), name)[0])  # noqa: S704 - a file of this package


def _policy(script: str) -> str:
    """Allow inline style, this very script, and nothing from anywhere."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:"
