"""Models: builders by name, one file per family, and the way to the classifier of any torch model."""

from bceprobe.models.base import MODELS, Builder
from bceprobe.models.building import build
from bceprobe.models.classifier import FeatureTap, find_classifier, init_bias
from bceprobe.models.pretrained import load_weights

__all__ = ["MODELS", "Builder", "FeatureTap", "build", "find_classifier", "init_bias", "load_weights"]
