"""The counterpart of a figure or table of the paper: the runs of a sweep in, its numbers beside the published ones out.

As data, as rows of a CSV file, and as a page. Nothing is trained here: what is not finished is missing.
"""

from bceprobe.counterpart.beside import Beside
from bceprobe.counterpart.comparing import compare_runs
from bceprobe.counterpart.making import make_counterpart
from bceprobe.counterpart.model import Counterpart, Entry
from bceprobe.counterpart.page import to_report
from bceprobe.counterpart.tidy import tidy_rows

__all__ = ["Beside", "Counterpart", "Entry", "compare_runs", "make_counterpart", "tidy_rows", "to_report"]
