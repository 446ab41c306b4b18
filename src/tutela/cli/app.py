"""The root of the command line, and how its errors and exit codes look."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console

from tutela import __version__
from tutela.cli.admission import guarded
from tutela.cli.session import Session
from tutela.errors import TutelaError

_INTERRUPTED = 130

COMMANDS = {
    "init": "instance",
    "upgrade": "instance",
    "serve": "instance",
    "demo": "demo",
    "practice": "practice",
    "hash": "hashing",
    "scan": "scanning",
    "lists": "lists",
    "cases": "cases",
    "referrals": "referrals",
    "obligations": "obligations",
    "preservation": "preservation",
    "rehearse": "rehearsal",
    "evidence": "evidence",
    "keys": "keys",
    "accounts": "accounts",
    "tokens": "tokens",
    "approvals": "approvals",
    "sign-in": "sign_in",
    "sign-out": "sign_in",
    "golden": "golden",
    "audit": "audit",
    "alarms": "alarms",
    "settings": "settings",
}
"""Each first word, and the module of this package that knows it."""


def assembled(word: str | None = None) -> typer.Typer:
    """Return the command line: of one first word, or whole where that is none of ours.

    A scan of a few files should not wait for what only a server needs to be imported.
    """
    root = typer.Typer(
        name="tutela",
        help="Finds known abusive material, holds it, seals the evidence and refers it.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    root.callback()(_root)
    modules = [COMMANDS[word]] if word in COMMANDS else dict.fromkeys(COMMANDS.values())
    for module in modules:
        import_module(f"tutela.cli.{module}").add_to(root)
    return root


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"tutela {__version__}\n")
        raise typer.Exit


def _root(
    context: typer.Context,
    home: Annotated[
        Path, typer.Option(envvar="TUTELA_HOME", help="Where the embedded instance lives.")
    ] = Path("tutela-home"),
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line on stdout.")
    ] = False,
    insecure_decoding: Annotated[
        bool,
        typer.Option("--insecure-decoding", help="Parse also where the system cannot confine it."),
    ] = False,
    version: Annotated[  # noqa: ARG001 - handled by its callback
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it and end.")
    ] = False,
) -> None:
    context.obj = Session(home, json, insecure_decoding)


def hoisted(words: list[str]) -> list[str]:
    """Return the words with the root's options in front, wherever they were given."""
    first: list[str] = []
    rest: list[str] = []
    waiting = iter(words)
    for word in waiting:
        if word == "--":
            rest += [word, *waiting]
        elif word in {"--json", "--insecure-decoding"} or word.startswith("--home="):
            first.append(word)
        elif word == "--home":
            first += [word, *(value for value in (next(waiting, None),) if value is not None)]
        else:
            rest.append(word)
    return first + rest


def first_word(words: list[str]) -> str | None:
    """Return the first word that is neither an option nor the value of one, of `hoisted` words."""
    waiting = iter(words)
    for word in waiting:
        if word == "--home":
            next(waiting, None)
        elif not word.startswith("-"):
            return word
    return None


def run() -> None:
    """Read the words of this process and carry them out."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    words = hoisted(sys.argv[1:])
    known = guarded(typer.main.get_command(assembled(first_word(words))))
    gc.freeze()
    gc.enable()
    try:
        known(words)
    except TutelaError as problem:
        console = Console(stderr=True, highlight=False, markup=False)
        console.print(f"{problem.title}: {problem.what}")
        console.print(f"What to do: {problem.remedy}")
        sys.exit(problem.exit_code)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output went away; say nothing more, not even at shutdown.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
