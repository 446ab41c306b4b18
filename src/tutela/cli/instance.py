"""`tutela init`, `upgrade` and `serve`: the life of an instance."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tutela import bootstrap, installation, secrets_given, server
from tutela import settings as settings_file
from tutela.cli.session import Session
from tutela.evidence.passphrase import VARIABLE


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("init")(init)
    app.command("upgrade")(upgrade)
    app.command("serve")(serve)


def init(
    context: typer.Context,
    administrator: Annotated[
        str, typer.Option(help="The first administrator's name.")
    ] = "administrator",
    no_passphrase: Annotated[
        bool,
        typer.Option(
            "--no-passphrase", help="Leave the private evidence key plain: for trying out."
        ),
    ] = False,
) -> None:
    """Create the home: keys, database, first administrator (prints the one-time sign-in).

    The private evidence key is locked with a passphrase: TUTELA_PASSPHRASE, the file that the
    settings name, or what a person types.
    """
    session: Session = context.obj
    settings = settings_file.load(session.home)
    secrets_given.prove(settings)
    guarded = settings.key_service.kind == "file" and not no_passphrase
    passphrase = (
        session.new_passphrase(settings.key_service.passphrase_file, VARIABLE) if guarded else None
    )
    created = installation.create_home(settings, administrator, passphrase=passphrase)
    address = f"{settings.address}/console/one-time/{created.sign_in}"
    if session.json:
        session.put(
            {"administrator": created.administrator, "sign_in": address, "until": created.until}
        )
        return
    session.say(f"A new instance lives in {settings.home}.")
    session.say("Keep a copy of its folder `keys` apart from it: without it evidence is lost.")
    session.say("Split the private key among people, too: `tutela keys split --help`.")
    session.say(
        "Start it with `tutela serve`, then enrol here (once, before "
        + (f"{created.until:%Y-%m-%d %H:%M} UTC):")
    )
    sys.stdout.write(address + "\n")


def upgrade(context: typer.Context) -> None:
    """Bring the database to this version's schema."""
    session: Session = context.obj
    installation.upgrade_home(session.settings())
    session.say("The database is of this version's schema.")


def serve(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(help="Listen here instead; 0: a free one.")] = None,
    part: Annotated[
        bootstrap.Part,
        typer.Option(help="all, or intake: take uploads alone, without a private key."),
    ] = bootstrap.Part.ALL,
) -> None:
    """Run API, console and workers in one process, or only what takes uploads."""
    session: Session = context.obj
    settings = session.settings()
    secrets_given.prove(settings)
    opened = server.listen(settings.listen_host, settings.listen_port if port is None else port)
    host, number = opened.getsockname()[:2]
    with session.platform(part) as platform:
        if not platform.parsing.prove_ready():
            session.say("INSECURE: the processes that parse uploads are not confined here.")
        if part is bootstrap.Part.INTAKE:
            if settings.key_service.kind == "file" and platform.keys.ids():
                session.say("The private evidence keys lie here: move them off this machine.")
        elif settings.key_service.kind == "file" and platform.keys.ids():
            # Asked for now: later there is no terminal, and no default to fall back on.
            platform.keys.private(platform.rotation.newest().id)
        # A supervisor or a test reads this line to learn the port.
        sys.stdout.write(f"listening on http://{host}:{number}\n")
        sys.stdout.flush()
        server.serve(platform, opened)
