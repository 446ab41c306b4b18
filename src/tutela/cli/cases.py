"""`tutela cases`: what waits, what is in a case."""

from __future__ import annotations

from typing import Annotated

import typer

from tutela.cases import case as cases_on_record
from tutela.cli.session import Session
from tutela.decisions import decision as decisions_on_record

app = typer.Typer(name="cases", help="What waits for a person.", no_args_is_help=True)


def add_to(root: typer.Typer) -> None:
    """Add the commands of this file."""
    root.add_typer(app)


@app.command("list")
def list_cases(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
) -> None:
    """Print the open cases, first things first."""
    session: Session = context.obj
    with session.platform() as platform:
        rows = platform.queue.waiting(limit)
    session.table(
        ("case", "kind", "items", "nearest", "lists", "labels", "opened"),
        (
            {
                "case": row.case.id,
                "kind": row.case.kind.value,
                "items": row.case.size,
                "nearest": row.nearest,
                "lists": ", ".join(row.lists),
                "labels": ", ".join(row.labels),
                "opened": row.case.opened_at.isoformat(timespec="seconds"),
            }
            for row in rows
        ),
        "No case waits.",
    )


@app.command("show")
def show(
    context: typer.Context, case_id: Annotated[str, typer.Argument(help="Its id, cas_…")]
) -> None:
    """Print the items of a case and its decisions."""
    session: Session = context.obj
    with session.platform() as platform, platform.database.reading() as connection:
        case = cases_on_record.load(connection, case_id)
        items = cases_on_record.items_of(connection, case_id)
        decided = decisions_on_record.of_case(connection, case_id)
    if not session.json:
        session.say(f"{case.id}: {case.kind.value}, {case.state.value}, {case.size} items.")
        for decision in decided:
            session.say(
                f"{decision.id}: {decision.outcome.value} on {decision.grounds.value}, "
                f"viewed at {decision.viewed_at}."
            )
    session.table(
        ("item", "verdict", "reason", "hold", "evidence", "matches"),
        (
            {
                "item": item.id,
                "verdict": item.verdict,
                "reason": item.reason,
                "hold": item.hold.value,
                "evidence": item.evidence_id,
                "matches": ", ".join(
                    f"{match.list_name}/{match.entry_id} {match.algorithm} {match.distance}"
                    for match in item.matches
                ),
            }
            for item in items
        ),
        "No items.",
    )
