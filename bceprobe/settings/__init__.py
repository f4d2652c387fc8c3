"""Settings: what one training run is. Frozen, validated, TOML in and out, each value with a record of its source.

Layers override one another in the order default, preset, configuration file, environment, command line.
"""

from bceprobe.settings.conditions import Condition, parse_condition
from bceprobe.settings.epochs import select_epochs
from bceprobe.settings.fields import (
    AugmentSettings,
    CaptureSettings,
    DataSettings,
    LossSettings,
    ModelSettings,
    OptimSettings,
    PenaltySettings,
    Settings,
    StopSettings,
)
from bceprobe.settings.presets import PRESETS, preset
from bceprobe.settings.resolving import by_key, changed, flatten, parse_assignment, read_toml, resolve
from bceprobe.settings.starting import inherited, without_start

__all__ = [
    "PRESETS",
    "AugmentSettings",
    "CaptureSettings",
    "Condition",
    "DataSettings",
    "LossSettings",
    "ModelSettings",
    "OptimSettings",
    "PenaltySettings",
    "Settings",
    "StopSettings",
    "by_key",
    "changed",
    "flatten",
    "inherited",
    "parse_assignment",
    "parse_condition",
    "preset",
    "read_toml",
    "resolve",
    "select_epochs",
    "without_start",
]
