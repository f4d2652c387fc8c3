"""What every registered loss, model and data set has in common, and that naming them costs nothing."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from bceprobe.datasets import DATASETS, load
from bceprobe.losses import LOSSES
from bceprobe.models import MODELS

if TYPE_CHECKING:
    from bceprobe.registry import Registry

REGISTRIES: list[tuple[Registry[Any], set[str]]] = [
    (LOSSES, {"bce", "ce", "focal", "mse"}),
    (MODELS, {"convnet", "densenet121", "resnet18"}),
    (DATASETS, {"cifar10", "cifar100-lt", "digits", "fashionmnist", "imagefolder", "imagenet", "mnist", "synthetic"}),
]
LATE = {"torchvision", "sklearn", "scipy", "matplotlib", "statsmodels", "PIL", "xarray", "zarr"}


@pytest.mark.parametrize(("registry", "names"), REGISTRIES, ids=lambda value: getattr(value, "kind", None))
def test_entries_describe_themselves(registry: Registry[Any], names: set[str]) -> None:
    """Every built-in entry is there, and the first line of each docstring is a description of its own."""
    assert names <= set(registry)
    lines = [(registry[name].__doc__ or "").strip().split("\n")[0] for name in registry]
    assert all(line.endswith(".") for line in lines)
    assert len(set(lines)) == len(lines)


@pytest.mark.parametrize("name", ["digits", "synthetic"])
def test_data_sets_normalise_every_channel_of_the_model(name: str) -> None:
    """Mean and standard deviation have a value for each channel that a model receives, and classes have own names."""
    info = load(name).info
    assert len(info.mean) == len(info.std) == info.shape[0]
    assert all(value > 0 for value in info.std)
    assert len(set(info.classes)) == len(info.classes)
    assert info.name == name


def test_registries_import_nothing_heavy_besides_torch() -> None:
    """Listing losses, models and data sets imports neither torchvision nor scikit-learn; builders and readers do."""
    lines = "; ".join(f"from bceprobe.{home} import {home.upper()} as {home}" for home in ("losses", "models"))
    program = f"{lines}; from bceprobe.datasets import DATASETS as data; list(losses), list(models), list(data)"
    report = f"{program}; import sys; print(*sorted({LATE} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
