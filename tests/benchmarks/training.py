"""Training a ResNet-18 on images of 32 x 32, in batches of 128, against the textbook loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from benchmarks import sessions, textbook
from benchmarks.harness import SPREAD, Timing, interleaved
from benchmarks.tables import Result, verdict
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor

    from bceprobe.train.session import Session

IMAGES, REPETITIONS = 256, 2
TARGETS = {"fp32": 1.3, "bf16": 2.0}
NOTE = (
    f"{SPREAD} Textbook: DataLoader with {textbook.WORKERS} workers, PIL transforms of torchvision, NCHW, an optimizer "
    "that is not fused (tests/benchmarks/textbook.py). The convolutions: those of the network alone, forward and "
    "backward, channels last, in float32: torch's own time, below which float32 cannot come."
)


def run(_folder: Path, images: int = IMAGES, repetitions: int = REPETITIONS, **changes: Any) -> Result:
    """Measure an epoch of each loop."""
    dataset = sessions.draw(images, 1)
    made = {name: sessions.make(dataset, {"precision": name, **changes}) for name in TARGETS}
    plain = sessions.make(dataset, changes)
    plain.model.to(memory_format=torch.contiguous_format)
    timings = interleaved(
        repetitions,
        textbook=textbook.make_epoch(plain.model, dataset, plain.settings),
        **{name: sessions.epoch_of(session) for name, session in made.items()},
        convolutions=convolutions(made["fp32"]),
    )
    return _table(images, timings)


def convolutions(session: Session) -> Callable[[], None]:
    """Return a function that runs the convolutions of an epoch alone: outputs, and gradients of inputs and weights."""
    size = session.settings.optim.batch_size
    calls = _calls(session.model, session.train.batch(torch.arange(size))[0])

    def epoch() -> None:
        for _ in range(len(session.train) // size):
            for layer, images, gradient in calls:
                layer(images).backward(gradient)

    return epoch


def _calls(model: nn.Module, images: Tensor) -> list[tuple[nn.Conv2d, Tensor, Tensor]]:
    """List each convolution with its input, and a gradient of its output; images themselves need no gradient."""
    layers = [module for module in model.modules() if isinstance(module, nn.Conv2d)]
    inputs: dict[nn.Module, Tensor] = {}
    hooks = [layer.register_forward_hook(lambda layer, given, _: inputs.update({layer: given[0]})) for layer in layers]
    with torch.no_grad():
        model(images)
        calls = [
            (layer, inputs[layer].clone().requires_grad_(inputs[layer] is not images), layer(inputs[layer]))
            for layer in layers
        ]
    for hook in hooks:
        hook.remove()
    return calls


def _table(images: int, timings: list[Timing]) -> Result:
    baseline, *ours, bound = timings
    ratios = [baseline.best / timing.best for timing in ours]
    limit = baseline.best / bound.best
    rows = [
        ("textbook", str(baseline), f"{images / baseline.best:.0f}", "-", "-"),
        *(
            (
                f"bceprobe, {name}",
                str(timing),
                f"{images / timing.best:.0f}",
                f"{ratio:.2f} x",
                verdict(ratio, at_least=TARGETS[name]),
            )
            for name, timing, ratio in zip(TARGETS, ours, ratios, strict=True)
        ),
        ("its convolutions alone", str(bound), f"{images / bound.best:.0f}", f"{limit:.2f} x", "-"),
    ]
    title = f"Training ResNet-18 on {images} images of 3 x 32 x 32, batches of 128, on the CPU"
    return Result(title, ("an epoch of", "time", "images/s", "faster", "target"), rows, (NOTE,))
