"""What the settings are: frozen dataclasses, validated when they are made, whose defaults equal preset setting-1."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping  # noqa: TC003 - resolving.py reads the type hints at run time
from dataclasses import dataclass, field
from typing import Any, Literal

import tomli_w

from bceprobe.settings.epochs import select_epochs, without_selected
from bceprobe.settings.ranges import check_ranges

Precision = Literal["fp32", "tf32", "bf16", "fp16"]
# The tables whose further keys are options of what they name.
OPTION_TABLES = ("loss", "model", "data")


@dataclass(frozen=True)
class LossSettings:
    """The loss by its registered name; `smoothing` of the labels; `options` are its keyword arguments.

    `class_balanced` is the beta by which classes are weighed by one over their effective number of training samples
    (0: equally).
    """

    name: str = "ce"
    smoothing: float = 0.0
    class_balanced: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelSettings:
    """The model by its registered name; `options` are the keyword arguments of its builder.

    `classifier` names its last layer, else it is found. `weights` are pretrained: a run, a file, or a name of
    torchvision's; `fresh_classifier` leaves out those of the last layer. The thresholds start around `bias_mean`, with
    ``"prior"`` around log(K - 1), where BCE gives every class 1/K, or with ``"keep"`` as the weights have them.
    """

    name: str = "convnet"
    classifier: str = ""
    weights: str = ""
    fresh_classifier: bool = False
    bias_init: Literal["mean", "prior", "keep"] = "mean"
    bias_mean: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DataSettings:
    """The data set by its registered name; `options` are the keyword arguments of its reader.

    `limit_per_class` keeps the first samples of each class (0: all); then `imbalance_factor` gives the training split a
    long tail (1: none; 0: that of the data set, 100 for those whose name ends in -lt). `workers` are the processes that
    decode image files (0: this one does); they change nothing but the speed.
    """

    name: str = "digits"
    limit_per_class: int = 0
    imbalance_factor: float = 0.0
    workers: int = 2
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AugmentSettings:
    """What is done to training batches, never to captures.

    Images are cropped at random after padding by `crop` black pixels, flipped with probability `flip` and turned by up
    to `rotation` degrees. With `mix_probability` a batch is mixed with itself, by mixup or cutmix with the share drawn
    from Beta(alpha, alpha), alpha being `mixup` and `cutmix`; where both are set, `switch_probability` is cutmix's.
    """

    crop: int = 0
    flip: float = 0.0
    rotation: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    mix_probability: float = 0.8
    switch_probability: float = 0.5

    @property
    def mixes(self) -> bool:
        """Whether targets may become soft."""
        return bool((self.mixup or self.cutmix) and self.mix_probability)

    @property
    def alters(self) -> bool:
        """Whether anything is done at all."""
        return bool(self.crop or self.flip or self.rotation or self.mixes)


@dataclass(frozen=True)
class OptimSettings:
    """Optimizer and schedule; `floor` is the last learning rate of the cosine.

    `parameters` are those it changes; with ``"classifier"`` all else stays as it is, statistics of batch normalisation
    and dropout included.
    """

    name: Literal["sgd", "adamw"] = "sgd"
    parameters: Literal["all", "classifier"] = "all"
    lr: float = 0.01
    momentum: float = 0.9
    weight_decay: float = 0.0
    batch_size: int = 128
    epochs: int = 100
    schedule: Literal["step", "cosine", "constant"] = "step"
    milestones: tuple[int, ...] = (30, 60, 80)
    factor: float = 0.2
    floor: float = 1e-5


@dataclass(frozen=True)
class PenaltySettings:
    """Regularisers that are added to the loss: lambda/2 times the squared norms of W, H and b."""

    lambda_w: float = 5e-4
    lambda_h: float = 5e-4
    lambda_b: float = 5e-4


@dataclass(frozen=True)
class CaptureSettings:
    """Which epochs are stored, how many samples of each class (0: all), and the data type of the features.

    Among the epochs may be the ``selected`` one, which is stored when training has ended if it was not before.

    `precision` is what captures compute in, whatever training does; anything below ``"fp32"`` is a floor under NC1.
    """

    epochs: str = "all"
    per_class: int = 0
    dtype: Literal["float32", "float16"] = "float32"
    precision: Precision = "fp32"
    shard: bool = False


@dataclass(frozen=True)
class StopSettings:
    """When training ends before its last epoch.

    With ``"collapsed"`` at the first captured epoch whose NC1, NC2 and NC3 of the train split are all below
    `nc_threshold` (own choice).
    """

    when: Literal["never", "collapsed"] = "never"
    nc_threshold: float = 0.1


@dataclass(frozen=True)
class Settings:
    """Everything that decides the result of a training run; `threads` is of the CPU (0: as torch chooses).

    `precision` is that of training and `compile` whether torch.compile makes its kernels. `select` says which epoch
    counts: the last one, or the first with the best test accuracy.

    Raises
    ------
    UsageError
        A value outside its range.

    Examples
    --------
    >>> Settings(seed=3).optim.lr
    0.01
    """

    seed: int = 0
    device: str = "auto"
    deterministic: bool = False
    threads: int = 0
    precision: Precision = "fp32"
    compile: bool = False
    select: Literal["last", "best"] = "last"
    loss: LossSettings = LossSettings()
    model: ModelSettings = ModelSettings()
    data: DataSettings = DataSettings()
    augment: AugmentSettings = AugmentSettings()
    optim: OptimSettings = OptimSettings()
    penalty: PenaltySettings = PenaltySettings()
    capture: CaptureSettings = CaptureSettings()
    stop: StopSettings = StopSettings()

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def captured_epochs(self) -> list[int]:
        """The epochs that are stored as they are trained."""
        text, last = without_selected(self.capture.epochs), self.optim.epochs
        known = select_epochs(text, range(1, last + 1)) if text else []
        return sorted({*known, last}) if self.captures_selected and self.select == "last" else known

    @property
    def captures_selected(self) -> bool:
        """Whether the epoch that counts is to be stored, whichever it will be."""
        return without_selected(self.capture.epochs) != self.capture.epochs

    def to_toml(self) -> str:
        """Write all settings as TOML that `read_toml` and `resolve` take back."""
        return tomli_w.dumps(_plain(dataclasses.asdict(self)))


def _plain(tables: dict[str, Any]) -> dict[str, Any]:
    """Lay options out as keys of their tables, and tuples as lists, as the TOML reader takes them."""
    for name in OPTION_TABLES:
        tables[name] |= tables[name].pop("options")
    tables["optim"]["milestones"] = list(tables["optim"]["milestones"])
    return tables
