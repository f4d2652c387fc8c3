"""The HTML page: one file, inert against what came from a run, usable without a mouse."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from report_cases import HOSTILE, report

from bceprobe.report import (
    Definition,
    Definitions,
    Figure,
    FigureGroup,
    Numbers,
    Report,
    Section,
    Verdict,
    to_html,
    write_html,
)

if TYPE_CHECKING:
    from pathlib import Path


DATA = "application/json"


class Page(HTMLParser):
    """All elements with their attributes, and the text of each kind of element."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, str] = {}
        self.current = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.current = DATA if ("type", DATA) in attrs else tag
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - HTMLParser's signature
        """Note that text from here on is in none of the elements that hold only text."""
        self.current = ""

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.texts[self.current] = self.texts.get(self.current, "") + data + "\n" * (self.current == DATA)

    def all(self, tag: str) -> list[dict[str, str]]:
        """Return the attributes of all elements of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


def structure(page: str) -> list[tuple[str, list[str]]]:
    """The elements of a page and the names of their attributes, in order."""
    return [(tag, sorted(attributes)) for tag, attributes in Page(page).elements]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
def test_hostile_text_is_shown_and_adds_nothing_to_the_page(text: str) -> None:
    """Markup, quotes or 10 kB in any text leave elements and attributes as harmless text does, and it is shown."""
    page = to_html(report(text))
    assert structure(page) == structure(to_html(report("x" * len(text))))
    assert Page(page).texts["h1" if len(text) < 200 else "span"].startswith(text[:200])


def test_characters_that_act_are_spelled_out() -> None:
    """Marks that turn the reading direction, control characters and lone surrogates are visible, not active."""
    page = to_html(report("a\u202eb\x00c\x1bd\ud800e\u2066f"))
    assert Page(page).texts["h1"] == r"a\u202eb\x00c\x1bd\ud800e\u2066f"
    assert not set("\u202e\x00\x1b\ud800\u2066") & set(page)


def test_the_same_report_is_the_same_bytes(tmp_path: Path) -> None:
    """Writing twice gives identical files, and an older file is replaced."""
    first = write_html(report("one"), tmp_path / "new" / "report.html").read_bytes()
    write_html(report("two"), tmp_path / "new" / "report.html")
    assert write_html(report("one"), tmp_path / "new" / "report.html").read_bytes() == first


def test_nothing_is_loaded_from_elsewhere() -> None:
    """Every address in the page is a place in the page itself, or an empty icon."""
    page = Page(to_html(report()))
    addresses = [
        attributes[name] for _, attributes in page.elements for name in ("src", "href", "action") if name in attributes
    ]
    assert {address for address in addresses if not address.startswith("#")} == {"data:,"}
    assert not re.search(r"url\(|@import|https?:", page.texts["style"] + page.texts["script"])


def test_the_policy_allows_only_this_script() -> None:
    """The content security policy forbids everything but inline style and the one script, by its hash."""
    page = Page(to_html(report("</script><script>alert(1)</script>")))
    assert "alert(1)" not in page.texts["script"]
    (policy,) = (m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(page.texts["script"].encode()).digest()).decode()
    assert policy.startswith("default-src 'none';")
    assert f"script-src 'sha256-{digest}'" in policy
    assert [attributes for attributes in page.all("script") if attributes.get("type") != DATA] == [{}]


@pytest.mark.parametrize("text", [*HOSTILE, "</script><!--<script>"], ids=lambda text: text[:12])
def test_numbers_for_the_script_are_json_that_cannot_end_its_element(text: str) -> None:
    """What the script reads is JSON with every text as it came, and holds no character that HTML acts on."""
    data = Page(to_html(report(text))).texts[DATA]
    figure, matrices, histograms = map(json.loads, data.splitlines())
    assert figure == {"columns": [text, "value"], "rows": [[text, 1.5], [text, None]]}
    assert {matrices["thing"], *matrices["labels"], *histograms["series"], *histograms["panels"][0]["texts"]} == {text}
    assert not set("<>&") & set(data)


def test_undefined_numbers_are_null_for_the_script() -> None:
    """NaN and inf, which JSON does not have, become null."""
    numbers = Numbers(("a", "b"), ((float("nan"), float("inf")),))
    group = FigureGroup("g", "G", (Figure("f", "F", {"linear": "<svg></svg>"}, numbers),))
    page = Page(to_html(Report("t", (), Verdict("v"), (Section("s", "S", (group,)),))))
    assert json.loads(page.texts[DATA])["rows"] == [[None, None]]


def test_links_inside_the_page_lead_somewhere() -> None:
    """Every anchor that is linked exists once."""
    page = Page(to_html(report()))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    linked = {attributes["href"][1:] for attributes in page.all("a")}
    assert len(set(ids)) == len(ids)
    assert linked <= set(ids)


def test_tables_can_be_used_without_a_mouse() -> None:
    """Each heading of a sortable table holds a button and says how it is sorted; tables have captions."""
    page = Page(to_html(report()))
    sortable = [attributes for attributes in page.all("th") if attributes.get("scope") == "col"]
    assert [attributes["aria-sort"] for attributes in sortable] == ["none"] * len(sortable)
    assert len([attributes for attributes in page.all("button") if set(attributes) == {"type"}]) == len(sortable)
    assert len(page.all("caption")) == len(page.all("table")) == 2


def test_the_page_has_landmarks_and_a_language() -> None:
    """Header, navigation and main part are marked, every section is named by its heading, the language is given."""
    page = Page(to_html(report()))
    tags = [tag for tag, _ in page.elements]
    assert all(tags.count(landmark) == 1 for landmark in ("header", "nav", "main", "h1"))
    headings = {attributes.get("id") for attributes in page.all("h2")}
    assert {attributes["aria-labelledby"] for attributes in page.all("section")} == headings
    assert page.all("html") == [{"lang": "en"}]


def test_own_definitions_are_labelled() -> None:
    """A definition that is not the paper's is marked as this project's own, and only that one."""
    entries = Definitions((Definition("theirs", "eq. 1"), Definition("ours", "made here", own=True)))
    page = to_html(Report("t", (), Verdict("v"), (Section("s", "S", (entries,)),)))
    assert page.count("own definition") == 1
    assert page.index("ours") < page.index("own definition") < page.index("made here")
