"""`tutela obligations`: what the law asks of this operator, by what section, and what is owed."""

from __future__ import annotations

from typing import Annotated

import typer

from tutela.bootstrap import book_of, provider_of
from tutela.cli.session import Session
from tutela.content.notice import Harm
from tutela.content.surroundings import CountryLink, LinkBasis
from tutela.errors import UsageError
from tutela.referrals.obligations.owed import Incident, rulings

app = typer.Typer(
    name="obligations", help="What the law asks; no legal advice.", no_args_is_help=True
)


def add_to(root: typer.Typer) -> None:
    """Add the commands of this file."""
    root.add_typer(app)


@app.command("list")
def list_obligations(context: typer.Context) -> None:
    """Print every obligation with its section, its clock, what to keep, and when it was checked."""
    session: Session = context.obj
    book = book_of(session.settings())
    session.table(
        (
            *("obligation", "to", "section", "starts", "warn", "due", "urgent", "keep"),
            *("sure", "checked", "by"),
        ),
        (
            {
                "obligation": one.id,
                "to": one.to,
                "section": one.section,
                "starts": str(one.clock.starts),
                "warn": f"{one.clock.warn_hours:g} h",
                "due": f"{one.clock.due_hours:g} h",
                "urgent": f"{one.clock.urgent_due_hours:g} h",
                "keep": ", ".join(f"{kept.days} d" for kept in one.preserve) or None,
                "sure": str(one.sureness),
                "checked": one.checked_on.isoformat(),
                "by": one.checked_by,
            }
            for one in book.obligations
        ),
        "No obligation is in force.",
    )


@app.command("owed")
def owed(
    context: typer.Context,
    harm: Annotated[Harm, typer.Option(help="What kind of incident it is.")] = Harm.DEPICTION,
    danger: Annotated[bool, typer.Option(help="A child may be in danger now.")] = False,
    public: Annotated[bool, typer.Option(help="Its address is open to the public.")] = False,
    link: Annotated[
        list[str] | None,
        typer.Option(help="A link to a country: GB:published, suspect_location, victim_location …"),
    ] = None,
) -> None:
    """Answer for one incident which referrals are owed by this operator, and why."""
    session: Session = context.obj
    settings = session.settings()
    incident = Incident(harm, danger, public, tuple(_link(one) for one in link or ()))
    found = rulings(incident, provider_of(settings), book_of(settings).obligations)
    session.table(
        ("obligation", "to", "answer", "why"),
        (
            {
                "obligation": one.obligation.id,
                "to": one.obligation.to,
                "answer": str(one.answer).replace("_", " "),
                "why": " ".join(one.why),
            }
            for one in found
        ),
        "No obligation is in force.",
    )
    policy = ", ".join(settings.provider.refers_to)
    if policy:
        session.say(f"By policy every incident is referred to: {policy}.")


def _link(text: str) -> CountryLink:
    country, _, basis = text.partition(":")
    try:
        return CountryLink(country.upper(), LinkBasis(basis or LinkBasis.PUBLISHED))
    except ValueError as problem:
        raise UsageError(
            f"The link {text!r} is not understood.",
            f"Write COUNTRY:BASIS with one of {', '.join(LinkBasis)}.",
        ) from problem
