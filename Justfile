# Everything a developer or CI runs. `just` alone is what CI runs.

export UV_NO_PROGRESS := "1"
# Where this is set, every process compiles all of torch again, 20 s each; empty is unset.
export PYTHONDONTWRITEBYTECODE := ""

# The checks of CI, in its order.
default: lint test quickstart

# The main job: CE and BCE on embedded data, three seeds each, ending with the comparison report.
quickstart *arguments:
    uv run --no-dev bceprobe quickstart {{arguments}}

# All tests, doctests included.
test *arguments:
    OMP_NUM_THREADS=1 uv run pytest -n 2 --dist worksteal {{arguments}}

# Style, types, layers.
lint:
    uv run ruff check
    uv run ruff format --check
    uv run mypy
    uv run lint-imports

# Rewrite what can be rewritten by a machine.
format:
    uv run ruff format
    uv run ruff check --fix

# Every recipe at its small scale, then the paper's claims on all runs, kept in reports/; finished points are kept.
experiments-small *folder:
    uv run python tests/experiments.py {{folder}}

# Write METRICS.md and the outputs in README.md again; WORDS: only those of commands that contain them.
docs *words:
    uv run python tests/readme.py --write "{{words}}"

# Take the pictures of the report in the README again, from the runs of `just quickstart`.
screenshots *runs:
    PYTHONPATH=tests uv run python tests/screenshots.py {{runs}}

# Tests that need a CUDA device, then the speed of training on it, kept in reports/gpu.md (`just gpu --full`: 100 epochs).
gpu *arguments:
    uv run pytest -m gpu
    uv run python tests/benchmarks/gpu.py --write {{arguments}}

# Measure speed and memory beside what they are compared with; `--write` keeps the tables in reports/.
bench *arguments:
    uv run python tests/benchmarks/run.py {{arguments}}

# Regenerate the golden values with their independent scripts.
golden:
    uv run python tests/golden/make_nc.py
    PYTHONPATH=tests uv run python -m golden.make_topics

# Build the wheel and run it in an environment of its own, away from this checkout.
wheel:
    rm -rf dist
    uv build --wheel --out-dir dist
    uv run python tests/wheel.py dist
