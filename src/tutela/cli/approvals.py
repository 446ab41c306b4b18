"""`tutela approvals`: dangerous acts that need a second person."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from tutela.access.second_person import Approval, State, Verb, may_see
from tutela.cli.session import Session

app = typer.Typer(
    name="approvals", help="Dangerous acts that need a second person.", no_args_is_help=True
)


def add_to(root: typer.Typer) -> None:
    """Add the commands of this file."""
    root.add_typer(app)


@app.command("list")
def list_approvals(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 50,
) -> None:
    """Print what was asked for and concerns you, with its state."""
    session: Session = context.obj
    with session.platform() as platform:
        now = platform.clock()
        newest = platform.approvals.newest(limit)
        found = [one for one in newest if may_see(one, session.caller)]
        about = {one.id: platform.accounts.subject_said(one) for one in found}
    session.table(
        ("approval", "verb", "subject", "terms", "state", "asked_by", "settled_by", "until"),
        (
            {
                "approval": one.id,
                "verb": one.verb.value,
                "subject": about[one.id],
                "terms": one.terms,
                "state": "over" if _is_over(one, now) else one.state.value,
                "asked_by": one.asked_by,
                "settled_by": one.settled_by,
                "until": one.until.isoformat(timespec="seconds"),
            }
            for one in found
        ),
        "Nothing was asked for.",
    )


@app.command("ask")
def ask(
    context: typer.Context,
    verb: Annotated[Verb, typer.Argument(help="The act.")],
    subject: Annotated[str, typer.Argument(help="The identifier of what it is done to.")],
    reason: Annotated[str, typer.Option(help="Why: the second person reads it.")],
    terms: Annotated[str, typer.Option(help="How exactly, as the refused command said.")] = "",
) -> None:
    """Ask for leave to do a dangerous act; another person confirms it."""
    session: Session = context.obj
    with session.platform() as platform:
        asked = platform.approvals.ask(session.caller, verb, subject, reason, terms)
    if session.json:
        session.put({"approval": asked.id, "until": asked.until.isoformat()})
    else:
        session.say(f"{asked.id} waits for another person, until {asked.until:%Y-%m-%d %H:%M} UTC.")


@app.command("confirm")
def confirm(
    context: typer.Context, approval: Annotated[str, typer.Argument(help="Its id, apr_…")]
) -> None:
    """Confirm what somebody else asked for. You must have signed in."""
    session: Session = context.obj
    with session.platform() as platform:
        one = platform.approvals.confirm(session.caller, approval)
    session.say(f"Confirmed: {one.asked_by} may do it once, until {one.until:%Y-%m-%d %H:%M} UTC.")


@app.command("refuse")
def refuse(
    context: typer.Context, approval: Annotated[str, typer.Argument(help="Its id, apr_…")]
) -> None:
    """Refuse what somebody else asked for. You must have signed in."""
    session: Session = context.obj
    with session.platform() as platform:
        platform.approvals.refuse(session.caller, approval)
    session.say("Refused.")


def _is_over(one: Approval, now: datetime) -> bool:
    return one.state in {State.ASKED, State.CONFIRMED} and one.until <= now
