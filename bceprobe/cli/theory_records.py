"""What `bceprobe theory` shows, as records for JSON: optima, sweeps of them, and numerical solutions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bceprobe.cli.console import progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bceprobe.theory import Optimum, Problem, Solution

    Store = Callable[[Problem, int, Solution], object]
Record = dict[str, Any]


def optimum_record(problem: Problem) -> Record:
    """Return the optimum of a problem."""
    from bceprobe.theory import optimum

    return {"loss": problem.loss, **_values(optimum(problem))}


def swept(problem: Problem, over: str, values: Sequence[float]) -> list[Record]:
    """Return the optimum for each value of a setting."""
    from bceprobe.theory import sweep

    found = zip(values, sweep(problem, over, values), strict=True)
    return [{"loss": problem.loss, over: value, **_values(optimum)} for value, optimum in found]


def drawn(problem: Problem, over: str, file: str) -> list[str]:
    """Draw the sweep of both losses; return what was written."""
    from bceprobe.analysis.sweeps import sweep_dataset, write_sweep

    return [str(written) for written in write_sweep(sweep_dataset(problem, over), Path(file))]


def with_solutions(problems: Sequence[Problem], records: Sequence[Record], seeds: int, out: str | None) -> list[Record]:
    """Solve each problem from each seed and add what is found to its record; store it if a folder is given.

    Raises
    ------
    FolderInUseError
        There is something where a solution would be stored; nothing is solved then.
    """
    store = _storing(problems, seeds, out) if out is not None else None
    return [
        record | {"solutions": [_solved(problem, record, seed, seeds, store) for seed in range(seeds)]}
        for problem, record in zip(problems, records, strict=True)
    ]


def _storing(problems: Sequence[Problem], seeds: int, out: str) -> Store:
    """Look that all places are free; return what stores a solution at its own."""
    from bceprobe.analysis.solutions import store_solution
    from bceprobe.provenance import collect
    from bceprobe.store.importing import free_folder
    from bceprobe.store.location import child

    places = [(problem.loss, seed) for problem in problems for seed in range(seeds)]
    folders = {(loss, seed): free_folder(child(out, loss, f"seed-{seed}")) for loss, seed in places}
    made = collect()
    return lambda problem, seed, solution: store_solution(problem, solution, seed, folders[problem.loss, seed], made)


def _solved(problem: Problem, record: Record, seed: int, seeds: int, store: Store | None) -> Record:
    from bceprobe.analysis.solutions import solution_record
    from bceprobe.theory import solve

    with progress(f"{problem.loss}, start {seed + 1} of {seeds}: iterations") as moved:
        solution = solve(problem, seed, progress=lambda done, _: moved(done, None))
    if store:
        store(problem, seed, solution)
    return solution_record(solution, seed, record["objective"])


def _values(found: Optimum) -> Record:
    """Return the fields of an optimum, `separated` as a truth value."""
    values = found.to_dict()
    return values | {"separated": None if values["separated"] is None else bool(values["separated"])}
