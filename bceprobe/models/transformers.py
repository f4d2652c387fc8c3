"""torchvision's vision transformers, in sizes for 32x32 images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from bceprobe.errors import UsageError
from bceprobe.models.base import MODELS, require_at_least

if TYPE_CHECKING:
    from bceprobe.models.base import Shape


@MODELS.register("vit")
def vit(
    classes: int,
    shape: Shape,
    *,
    patch: int = 4,
    width: int = 192,
    depth: int = 9,
    heads: int = 3,
    dropout: float = 0.0,
) -> nn.Module:
    """Vision transformer (Dosovitskiy et al. 2021) for small square images, with a class token: d = width.

    Parameters
    ----------
    classes, shape
        Outputs, and (C, H, W) of the images; H = W.
    patch
        Side of a patch; it divides the side of the images.
    width, depth, heads
        Of the encoder: heads divide the width. Its hidden layers are four times as wide.
    dropout
        In the encoder.
    """
    from torchvision.models import VisionTransformer  # noqa: PLC0415 - torchvision is slow to import

    for name, value in (("patch", patch), ("width", width), ("depth", depth), ("heads", heads)):
        require_at_least(1, name, value)
    _check_square(shape, patch)
    if width % heads:
        raise UsageError(f"model option width is {width}; it must be a multiple of the {heads} heads")
    sizes = {"image_size": shape[1], "patch_size": patch, "num_layers": depth, "num_heads": heads}
    model: nn.Module = VisionTransformer(
        **sizes, hidden_dim=width, mlp_dim=4 * width, dropout=dropout, num_classes=classes
    )
    if shape[0] != 3:  # noqa: PLR2004 - torchvision's is for colour
        model.conv_proj = nn.Conv2d(shape[0], width, kernel_size=patch, stride=patch)
    return model


@MODELS.register("swin")
def swin(classes: int, shape: Shape, *, width: int = 48, window: int = 4, stochastic_depth: float = 0.0) -> nn.Module:
    """Swin transformer (Liu et al. 2021) with patches of 2 pixels and stages of 2, 2 and 6 blocks: d = 4 width.

    Parameters
    ----------
    classes, shape
        Outputs, and (C, H, W) of the images; H = W.
    width
        Channels of the first stage, a multiple of 12; they double with every stage.
    window
        Side of the windows of attention.
    stochastic_depth
        Highest probability of leaving a block out in training.
    """
    from torchvision.models import SwinTransformer  # noqa: PLC0415 - torchvision is slow to import

    require_at_least(1, "window", window)
    _check_square(shape, 2)
    if width < HEAD or width % HEAD:
        raise UsageError(f"model option width is {width}; it must be a multiple of {HEAD}")
    heads = [width // HEAD * 2**stage for stage in range(3)]
    options = {"stochastic_depth_prob": stochastic_depth, "num_classes": classes}
    model: nn.Module = SwinTransformer([2, 2], width, [2, 2, 6], heads, [window, window], **options)
    if shape[0] != 3:  # noqa: PLR2004 - torchvision's is for colour
        patches = model.get_submodule("features.0")
        patches[0] = nn.Conv2d(shape[0], width, kernel_size=2, stride=2)  # type: ignore[operator]  # a Sequential
    return model


# Channels of each head of attention.
HEAD = 12


def _check_square(shape: Shape, patch: int) -> None:
    if shape[1] != shape[2] or shape[1] % patch:
        raise UsageError(
            f"images of {shape[1]}x{shape[2]} cannot be cut into patches of {patch}x{patch}",
            "Square images whose side is a multiple of the patch can",
        )
