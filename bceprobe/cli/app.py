"""The command tree. Commands import what they need when they run, so that `--help` is instant."""

from __future__ import annotations

import typer

from bceprobe.cli import analyze, claims, compare, listing, plot, quickstart, runs, store, sweep, theory, train

HELP = (
    "Show with evidence how a loss function shapes learned features.\n\n"
    "Train classifiers with BCE or CE while the features of every epoch are stored; then analyse and compare them "
    "offline, as often as you like.\n\n"
    "Start with: bceprobe quickstart"
)

app = typer.Typer(
    name="bceprobe",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "BCEPROBE"},
)


def _version(show: bool) -> None:
    if show:
        from bceprobe import __version__

        typer.echo(f"bceprobe {__version__}")
        raise typer.Exit


@app.callback(help=HELP)
def options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, show_envvar=False, help="Show the version."
    ),
    debug: bool = typer.Option(
        False, "--debug", show_envvar=False, help="Show the traceback of an error; anywhere on the line."
    ),
) -> None:
    """Options of every command; `--debug` is taken out before commands are parsed."""


app.command("quickstart")(quickstart.quickstart)
app.command("train")(train.train)
app.command("sweep")(sweep.sweep)
app.command("analyze")(analyze.analyze)
app.command("compare")(compare.compare)
app.command("claims")(claims.claims)
app.command("plot", cls=plot.PlotCommand)(plot.plot)
app.command("theory")(theory.theory)
app.command("list")(listing.list_names)
app.add_typer(runs.app, name="runs")
app.add_typer(store.app, name="store")
