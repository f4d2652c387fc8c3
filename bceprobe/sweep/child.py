"""The process that trains points, one after the other: orders on stdin, what became of each on stdout.

It ends with whoever started it: when its stdin closes it stops at the next batch, with its state saved, so that a sweep
or a cluster's worker that is killed leaves no process behind.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from queue import SimpleQueue

import torch

from bceprobe.sweep.orders import carry_out, decoded


def main() -> None:
    """Carry out orders until there are no more."""
    lines: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_read, args=(lines,), daemon=True).start()
    threads = torch.get_num_threads()
    while line := lines.get():
        torch.set_num_threads(threads)
        status, reason = carry_out(decoded(line))
        sys.stdout.write(json.dumps({"status": status, "reason": reason}) + "\n")
        sys.stdout.flush()


def _read(lines: SimpleQueue[str]) -> None:
    """Queue orders; once nobody holds the other end, ask to stop as SIGTERM does."""
    for line in sys.stdin:
        lines.put(line)
    lines.put("")
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
