"""The machine and versions that numbers were measured with."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import Any

import torch
from threadpoolctl import threadpool_info

from bceprobe import provenance

CPUINFO = Path("/proc/cpuinfo")
SHOWN = ("bceprobe", "numpy", "torch", "zarr")


def facts() -> list[str]:
    """List processor, cores and threads, kernels, versions, git commit and date, a line each."""
    known = provenance.collect()
    versions = ", ".join(f"{name} {known['packages'][name]}" for name in SHOWN)
    return [
        f"Machine: {_processor()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads, {platform.system()}",
        f"Matrix products: numpy's {', '.join(_kernels())}",
        f"Versions: Python {known['python']}, {versions}",
        f"Date: {known['started'][:10]}{_commit(known['git'])}",
    ]


def _kernels() -> list[str]:
    """Name the BLAS that numpy calls and the processor that it chose its kernels for: they decide every product."""
    found = [entry for entry in threadpool_info() if entry["user_api"] == "blas" and "numpy" in entry["filepath"]]
    chosen = os.environ.get("OPENBLAS_CORETYPE")
    asked = " (asked for by OPENBLAS_CORETYPE)" if chosen else ""
    return [f"{entry['internal_api']} {entry['version']} for {entry.get('architecture')}{asked}" for entry in found]


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", CPUINFO.read_text(), re.MULTILINE) if CPUINFO.is_file() else None
    return found[1] if found else platform.processor() or platform.machine()


def _commit(git: dict[str, Any] | None) -> str:
    return f", commit {git['commit'][:12]}{' with changes' if git['dirty'] else ''}" if git else ""
