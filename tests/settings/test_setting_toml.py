"""Settings as TOML: what is written is read back as the same settings."""

from __future__ import annotations

import tomllib
from typing import Any

import hypothesis.strategies as st
from hypothesis import given

from bceprobe.settings import flatten, read_toml, resolve

POSITIVE = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
NOT_NEGATIVE = st.floats(min_value=0, allow_infinity=False)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]))
OPTIONS = st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), TEXT)
MODEL = ("name", "classifier", "weights", "fresh_classifier", "bias_init", "bias_mean", "options")
RESERVED = {f"model.{name}" for name in MODEL} | {
    *(f"loss.{name}" for name in ("name", "smoothing", "class_balanced", "options")),
    *(f"data.{name}" for name in ("name", "limit_per_class", "imbalance_factor", "workers", "options")),
}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "seed": st.integers(0, 2**63 - 1),
    "threads": st.integers(0, 64),
    "device": TEXT,
    "deterministic": st.booleans(),
    "precision": st.sampled_from(["fp32", "tf32", "bf16", "fp16"]),
    "compile": st.booleans(),
    "select": st.sampled_from(["last", "best"]),
    "loss.name": TEXT,
    "loss.smoothing": st.floats(0, 1, exclude_max=True),
    "loss.class_balanced": st.floats(0, 1, exclude_max=True),
    "model.name": TEXT,
    "model.classifier": TEXT,
    "model.weights": TEXT,
    "model.fresh_classifier": st.sampled_from([False]),
    "model.bias_mean": st.floats(allow_nan=False, allow_infinity=False),
    "model.bias_init": st.just("mean"),
    "data.name": TEXT,
    "data.limit_per_class": st.integers(0, 10**6),
    "data.imbalance_factor": st.one_of(st.just(0.0), st.floats(1, allow_infinity=False)),
    "data.workers": st.integers(0, 64),
    "augment.crop": st.integers(0, 10**6),
    "augment.flip": st.floats(0, 1),
    "augment.rotation": st.floats(0, 180),
    "augment.mixup": NOT_NEGATIVE,
    "augment.cutmix": NOT_NEGATIVE,
    "augment.mix_probability": st.floats(0, 1),
    "augment.switch_probability": st.floats(0, 1),
    "optim.name": st.sampled_from(["sgd", "adamw"]),
    "optim.parameters": st.sampled_from(["all", "classifier"]),
    "optim.lr": POSITIVE,
    "optim.momentum": st.floats(0, 1, exclude_max=True),
    "optim.weight_decay": NOT_NEGATIVE,
    "optim.batch_size": st.integers(2, 10**6),
    "optim.schedule": st.sampled_from(["step", "cosine", "constant"]),
    "optim.milestones": st.lists(st.integers(1, 1000), unique=True).map(sorted),
    "optim.factor": POSITIVE,
    "optim.floor": NOT_NEGATIVE,
    "penalty.lambda_w": NOT_NEGATIVE,
    "penalty.lambda_h": NOT_NEGATIVE,
    "penalty.lambda_b": NOT_NEGATIVE,
    "capture.epochs": st.sampled_from(["all", "last", "every:5", "1-20,50,last"]),
    "capture.per_class": st.integers(0, 10**6),
    "capture.dtype": st.sampled_from(["float32", "float16"]),
    "capture.precision": st.sampled_from(["fp32", "tf32", "bf16", "fp16"]),
    "capture.shard": st.booleans(),
    "stop.when": st.just("never"),
    "stop.nc_threshold": POSITIVE,
}
OPTION_NAMES = TEXT.filter(lambda name: name and "." not in name)
OPTION_KEYS = (
    st.tuples(st.sampled_from(["loss", "model", "data"]), OPTION_NAMES)
    .map(".".join)
    .filter(lambda key: key not in RESERVED)
)


@given(st.fixed_dictionaries({}, optional=VALUES), st.dictionaries(OPTION_KEYS, OPTIONS, max_size=3))
def test_settings_survive_toml(values: dict[str, Any], options: dict[str, Any]) -> None:
    """Settings written as TOML and read back are equal, with any values, names and options."""
    settings, _ = resolve([("test", {**options, **values})])
    again, _ = resolve([("config.toml", read_toml(settings.to_toml(), "config.toml"))])
    assert again == settings


def test_toml_holds_every_setting() -> None:
    """The written TOML sets every key, so that a later change of a default does not change an old run."""
    written = flatten(tomllib.loads(resolve([])[0].to_toml()))
    assert set(written) == set(VALUES) | {"optim.epochs"}


def test_flatten_joins_nested_tables() -> None:
    """Tables of any depth become dotted keys; other values stay as they are."""
    nested = {"seed": 1, "model": {"name": "x", "head": {"width": [1, 2]}}, "empty": {}}
    assert flatten(nested) == {"seed": 1, "model.name": "x", "model.head.width": [1, 2]}
