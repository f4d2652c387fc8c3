"""`bceprobe list metrics`: all there are, by topic, readable at 80 columns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bceprobe.metrics import METRICS, topic_metrics, topics

if TYPE_CHECKING:
    from cli_cases import Command


def test_every_metric_has_a_line_under_its_topic(command: Command) -> None:
    """Without options: a table per topic, a line per metric with its name in words, nothing cut off."""
    done = command("list", "metrics")
    assert max(map(len, done.out.splitlines())) <= 80
    assert "…" not in done.out
    first = [line.split()[0] for line in done.out.splitlines() if line.startswith(" ") and not line.startswith("  ")]
    names = [word for word in first if word in METRICS or word in topics()]
    expected = [name for topic in topics() for name in (topic, *(entry.name for entry in topic_metrics(topic)))]
    assert names == expected
    assert len(done.out.splitlines()) < len(list(METRICS)) + 40


@pytest.mark.parametrize("topic", topics())
def test_a_topic_comes_with_definitions_and_units(topic: str, command: Command) -> None:
    """`--topic` lists one topic with definition, unit and whether there are values by class, within 80 columns."""
    done = command("list", "metrics", "--topic", topic)
    assert max(map(len, done.out.splitlines())) <= 80
    shown = " ".join(done.out.replace("─", " ").split())
    for entry in topic_metrics(topic):
        unit = f"; unit {entry.units}" * (entry.units != "1")
        assert f"{entry.definition}{unit}{'; also by class' * entry.by_class}" in shown
    assert not any(f" {name} " in shown for name in METRICS if METRICS[name].topic != topic and "_" in name)


def test_json_describes_each_metric(command: Command) -> None:
    """`--json` has a record per metric with the fields of its registration and the first sentence of its docstring."""
    records = json.loads(command("list", "metrics", "--topic", "nc", "--json").out)["records"]
    nc1 = next(record for record in records if record["name"] == "nc1")
    assert nc1 == {
        "name": "nc1",
        "topic": "nc",
        "what": METRICS["nc1"].long_name,
        "definition": "paper eq. 32",
        "own": False,
        "units": "1",
        "by_class": True,
        "references": METRICS["nc1"].references,
        "description": nc1["description"],
    }
    assert nc1["description"].startswith("tr(Sigma_W Sigma_B^+) / K")
    assert [record["name"] for record in records] == [entry.name for entry in topic_metrics("nc")]


@pytest.mark.parametrize(
    ("words", "says"),
    [("metrics --topic ncc", "unknown topic 'ncc'. Did you mean nc."), ("losses --topic nc", "--topic is for metrics")],
)
def test_wrong_topics_are_refused(words: str, says: str, command: Command) -> None:
    """An unknown topic names the nearest; other lists have no topics."""
    done = command("list", *words.split())
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert says in done.err
