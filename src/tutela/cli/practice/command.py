"""The command `tutela practice`: people work at a console of their own, then see how they did."""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tutela.access.roles import Role
from tutela.cases import viewing
from tutela.cli.demo.stage import Stage
from tutela.cli.practice.lessons import lessons, listed
from tutela.cli.practice.score import Practised, missed, scores
from tutela.content import item as items_on_record
from tutela.decisions import decision as decisions_on_record

if TYPE_CHECKING:
    from types import FrameType

    from tutela.cli.practice.lessons import Lesson
    from tutela.cli.session import Session

_MOST_REVIEWERS = 20
_LEAD = "lead"
_GRACE = 10

_WELCOME = """
Everything here is benign and made up, and nothing leaves this machine. Each person opens their own
address, once, and works as in service: claim, look as little as will do, decide, pass on, refer.
"""


def add_to(root: typer.Typer) -> None:
    """Add the command of this file."""
    root.command("practice")(practice)


def practice(
    context: typer.Context,
    reviewers: Annotated[
        int, typer.Option(min=1, max=_MOST_REVIEWERS, help="How many reviewers practise.")
    ] = 2,
    port: Annotated[int, typer.Option(help="The console's port; 0: a free one.")] = 8420,
) -> None:
    """Let reviewers and a lead practise at a console of benign pictures. Ctrl-C ends and scores.

    It has a home of its own, which is removed, and takes none of your settings.
    """
    session: Session = context.obj
    signal.signal(signal.SIGTERM, _ended)
    home = Path(tempfile.mkdtemp(prefix="tutela-practice-"))
    plan = lessons()
    posted = tuple(lesson.upload for lesson in plan)
    try:
        with Stage(home, port, session.people, posted, listed(), grace=_GRACE) as stage:
            stage.upload_all()
            _let_practise(session, stage, reviewers)
            _tell(session, stage, plan)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _let_practise(session: Session, stage: Stage, reviewers: int) -> None:
    session.people.print(_WELCOME, soft_wrap=True)
    people = {f"reviewer-{number}": Role.REVIEWER for number in range(1, reviewers + 1)}
    for name, role in {**people, _LEAD: Role.LEAD}.items():
        address = stage.sign_in_address(name, role)
        session.people.print(f"  {name:<12} {address}", soft_wrap=True)
    session.people.print("\nPress Ctrl-C to end, and to see how everybody did.")
    try:
        while stage.alive():
            time.sleep(0.5)
    except KeyboardInterrupt:
        return


def _tell(session: Session, stage: Stage, plan: tuple[Lesson, ...]) -> None:
    cases = _practised(stage, plan)
    called = {str(one.actor): one.name for one in stage.platform.accounts.all()}
    session.table(
        ("person", "decided", "scored", "right", "looks", "closer_than_needed"),
        (
            {
                "person": one.person,
                "decided": one.decided,
                "scored": one.scored,
                "right": one.right,
                "looks": one.looks,
                "closer_than_needed": one.closer,
            }
            for one in scores(cases, called)
        ),
        "Nobody decided or looked.",
    )
    for one in missed(cases, called):
        session.say(f"{one.person}, {one.file}, decided {one.decided}: {one.teaches}")


def _practised(stage: Stage, plan: tuple[Lesson, ...]) -> list[Practised]:
    """Return each case with the lessons that its files came from."""
    of_post = {post: lesson for lesson, (_, post) in zip(plan, stage.posts, strict=True)}
    with stage.platform.database.reading() as connection:
        of_case: dict[str, list[Lesson]] = defaultdict(list)
        posted = items_on_record.items.c.external_id.in_(of_post)
        for item in items_on_record.select(connection, posted):
            if item.case_id is not None:
                of_case[item.case_id].append(of_post[item.external_id])
        return [
            Practised(
                tuple(found),
                decisions_on_record.of_case(connection, case_id),
                viewing.of_case(connection, case_id),
            )
            for case_id, found in of_case.items()
        ]


def _ended(_number: int, _frame: FrameType | None) -> None:
    """Told to end, it still says how everybody did, and ends what it started."""
    raise KeyboardInterrupt
