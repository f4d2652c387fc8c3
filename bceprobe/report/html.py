"""A Report as one self-contained HTML file: no network, inert against hostile text, the same bytes every time."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bceprobe.report.escaping import printable

if TYPE_CHECKING:
    from bceprobe.report.model import Report


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
    environment = _environment()
    style, script = (_source(name) for name in ("report.css", "report.js"))
    page = environment.get_template("report.html.j2")
    return page.render(report=report, style=style, script=script, policy=_policy(script))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("bceprobe.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_inert,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _inert(value: Any) -> Any:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _source(name: str) -> Markup:
    """Read a style or script of this package; it is our own and goes in as it is."""
    loader: Any = _environment().loader
    return Markup(loader.get_source(_environment(), name)[0])  # noqa: S704 - a file of this package


def _policy(script: str) -> str:
    """Allow inline style, this very script, and nothing from anywhere."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:"
