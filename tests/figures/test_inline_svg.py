"""Figures as SVG for a page: the same every time, harmless, and in the page's own ink."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from bceprobe.figures import Curve, Panel, draw_curves, inline_svg, line_styles
from bceprobe.figures.style import INK

HOSTILE = "<script>alert(1)</script> $\\frac{1}{2}$ \u202e & \"'"


def svg(name: str = "one", label: str = "CE", title: str = "NC1") -> str:
    """A small figure as SVG."""
    curve = Curve(label, line_styles(["ce"])[0], [1, 2], [1.0, 0.5], [0.1, 0.1])
    return inline_svg(draw_curves(Panel(title, [curve], "log")), name, f"What {title} shows")


def parsed(text: str) -> ET.Element:
    """The element tree of an SVG."""
    return ET.fromstring(text)  # noqa: S314 - made by the function under test


def test_the_same_figure_is_the_same_text() -> None:
    """Drawing twice gives the same SVG, byte for byte, with no date in it."""
    assert svg() == svg()
    assert "date" not in svg().lower()


def test_ids_of_two_figures_do_not_clash() -> None:
    """Every id starts with the name of its figure, and every reference leads to an id of the same figure."""
    for name in ("one", "two"):
        text = svg(name)
        ids = set(re.findall(r'\bid="([^"]+)"', text))
        used = set(re.findall(r"url\(#([^)]+)\)", text)) | set(re.findall(r'href="#([^"]+)"', text))
        assert ids == used
        assert all(found.startswith(f"{name}-") for found in ids)


def test_it_is_an_image_with_a_name() -> None:
    """The element has the role of an image, says what it shows, and scales with its container."""
    root = parsed(svg())
    assert (root.get("role"), root.get("aria-label")) == ("img", "What NC1 shows")
    assert root.get("viewBox")
    assert not {"width", "height"} & set(root.attrib)


def test_text_follows_the_colour_and_font_of_the_page() -> None:
    """Nothing is drawn in a fixed ink or font: dark mode and the page's typography apply."""
    assert INK not in svg()
    assert "font-family" not in svg()
    assert "currentColor" in svg()


def test_text_stays_text() -> None:
    """Title and labels are in the SVG as text that can be searched and read aloud."""
    texts = [element.text for element in parsed(svg()).iter() if element.tag.endswith("text")]
    assert {"NC1", "CE", "epoch"} <= set(texts)


def test_hostile_labels_are_inert() -> None:
    """Markup and formulas in a label or title are shown as they are: no element or formula comes of them."""
    root = parsed(svg(label=HOSTILE[:30], title=HOSTILE))
    assert not [element for element in root.iter() if element.tag.endswith(("script", "style", "foreignObject"))]
    assert HOSTILE in [element.text for element in root.iter()]


def test_no_rule_holds_for_the_whole_page() -> None:
    """There is no style sheet and no metadata inside, which would act outside of the figure."""
    assert "<style" not in svg()
    assert "<metadata" not in svg()
