"""Recorder: penultimate features of any torch model into a store, written while training goes on."""

from bceprobe.capture.recorder import Recorder

__all__ = ["Recorder"]
