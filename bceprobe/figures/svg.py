"""A Figure as SVG text for inlining in a page: deterministic, without id clashes, in the page's own font and ink."""

from __future__ import annotations

import io
import re
import warnings
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import matplotlib as mpl

from bceprobe.figures.style import INK, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
ARM, LEGEND = "arm-", "legend"
REFERENCE = re.compile(r"url\(#([^)]+)\)")


def inline_svg(figure: Figure, name: str, description: str) -> str:
    """Render a figure for inlining in HTML.

    Parameters
    ----------
    figure
        What to render; the same figure always gives the same text.
    name
        Unique in the page, of letters, digits and hyphens: all ids start with it.
    description
        The accessible name of the image.

    Returns
    -------
    str
        One ``svg`` element with ``role="img"``. It scales with its container, takes its font from the page, and
        draws text and axes in ``currentColor``, so that it follows dark mode. What the figure gave the gid
        ``arm-POSITION`` has ``data-arm="POSITION"``, and what it gave the gid ``legend`` has that class.
    """
    root = ET.fromstring(_render(figure, name))  # noqa: S314 - written by matplotlib one line earlier
    _drop_unused(root)
    for element in root.iter():
        _restyle(element)
        _rename_ids(element, name)
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    root.attrib |= {"role": "img", "aria-label": description, "stroke-linejoin": "round"}
    return _serialise(root)


def _render(figure: Figure, name: str) -> str:
    buffer = io.StringIO()
    with styled(), mpl.rc_context({"svg.hashsalt": name}), warnings.catch_warnings():
        # The browser draws the text with its own fonts, which matter here, not matplotlib's.
        warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def _drop_unused(root: ET.Element) -> None:
    """Remove metadata, the style element (its rules would hold for the whole page), and ids nothing refers to."""
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag in {f"{SVG}metadata", f"{SVG}style"}]:
            parent.remove(child)
    used = {found for element in root.iter() for found in _references(element)}
    for element in root.iter():
        if element.get("id") not in used:
            _mark(element, element.attrib.pop("id", ""))


def _mark(element: ET.Element, gid: str) -> None:
    """Keep what a figure says of its parts by `set_gid`: which arm they belong to, and which is the legend."""
    if gid.startswith(ARM):
        element.set("data-arm", gid.removeprefix(ARM))
    elif gid == LEGEND:
        element.set("class", gid)


def _references(element: ET.Element) -> list[str]:
    named = [found for value in element.attrib.values() for found in REFERENCE.findall(value)]
    return [*named, element.get(HREF, "")[1:]]


def _restyle(element: ET.Element) -> None:
    """Use the page's text colour for ink, and its font."""
    style = element.get("style")
    if style is not None:
        kept = [part.strip() for part in style.split(";") if part.strip() and "font-family" not in part]
        element.set("style", "; ".join(kept).replace(INK, "currentColor"))


def _rename_ids(element: ET.Element, name: str) -> None:
    if "id" in element.attrib:
        element.set("id", f"{name}-{element.get('id')}")
    if HREF in element.attrib:
        target = element.attrib.pop(HREF)
        # A picture holds its data where others refer to a part.
        element.set("href", f"#{name}-{target[1:]}" if target.startswith("#") else target)
    for key, value in element.attrib.items():
        element.set(key, REFERENCE.sub(rf"url(#{name}-\1)", value))


def _serialise(root: ET.Element) -> str:
    """Write without namespace prefixes, as HTML parsers want inline SVG."""
    for element in root.iter():
        element.tag = str(element.tag).removeprefix(SVG)
    root.set("xmlns", SVG.strip("{}"))
    return ET.tostring(root, encoding="unicode")
