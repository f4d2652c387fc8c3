"""Sweeps: a recipe in, one ordinary run folder per point of its grid out.

Points that are finished are left alone, unfinished ones go on, and a failure stops no other point. Here or on a Dask
cluster, each point is trained by a process of its own.
"""

from bceprobe.sweep.points import Point, count_points, grid, parse_seeds
from bceprobe.sweep.queue import Outcome
from bceprobe.sweep.recipe import Recipe, read_recipe, recipe_names, recipe_scales
from bceprobe.sweep.running import run_local

__all__ = [
    "Outcome",
    "Point",
    "Recipe",
    "count_points",
    "grid",
    "parse_seeds",
    "read_recipe",
    "recipe_names",
    "recipe_scales",
    "run_local",
]
