"""What happened, read from everybody's books, and whether every step of the main job did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import sqlalchemy as sa

from tutela.content import item as items_on_record
from tutela.content.item import HoldState
from tutela.decisions.decision import decisions
from tutela.errors import Tampered
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from tutela.cli.demo.stage import Stage
    from tutela.content.item import Item


@dataclass(frozen=True, slots=True)
class StepDone:
    """One step of the main job."""

    name: str
    happened: str
    done: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """All steps; complete when each was done."""

    steps: tuple[StepDone, ...]

    @property
    def complete(self) -> bool:
        """Say whether every step happened."""
        return all(step.done for step in self.steps)

    def row(self) -> dict[str, Any]:
        """Return the summary as one JSON object."""
        return {
            "complete": self.complete,
            "steps": [
                {"step": one.name, "happened": one.happened, "done": one.done} for one in self.steps
            ],
        }


def summarise(stage: Stage) -> Summary:
    """Compare what Tutela says with what the counterparties' books say."""
    with stage.platform.database.reading() as connection:
        items = items_on_record.select(connection, sa.true())
        decided = [row.outcome for row in connection.execute(sa.select(decisions.c.outcome))]
    host, authority = stage.books(stage.host), stage.books(stage.authority)
    posts = {one["id"]: one["state"] for one in host["posts"]}
    return Summary(
        (
            _screened(stage, items),
            _matched(items),
            _held(stage, items, posts),
            StepDone(
                "decided",
                ", ".join(f"{n} {word.replace('_', ' ')}" for word, n in Counter(decided).items()),
                set(decided) == {"abusive", "not_abusive"},
            ),
            _obeyed(items, posts, HoldState.REMOVED, "removed"),
            _obeyed(items, posts, HoldState.RELEASED, "published"),
            _referred(stage, authority),
            _proven(stage),
        )
    )


def _screened(stage: Stage, items: list[Item]) -> StepDone:
    counts = Counter(item.verdict for item in items)
    words = ", ".join(f"{counts[word]} {word}" for word in ("match", "clean", "unscreened"))
    done = len(items) == len(stage.posts) and all(counts[w] for w in ("match", "clean"))
    return StepDone("screened", f"{len(items)} items: {words}", done)


def _matched(items: list[Item]) -> StepDone:
    kinds = Counter(
        "exact copies" if item.matches[0].exact else "near copies" for item in items if item.matches
    )
    words = ", ".join(f"{kinds[kind]} {kind}" for kind in ("exact copies", "near copies"))
    return StepDone("matched", words, len(kinds) == 2)  # noqa: PLR2004 - both kinds


def _held(stage: Stage, items: list[Item], posts: dict[str, str]) -> StepDone:
    held = [item for item in items if item.hold is not HoldState.NONE]
    clean = [item for item in items if item.hold is HoldState.NONE]
    shown = sum(posts[item.external_id] == "published" for item in clean)
    sealed = sum(item.evidence_id is not None for item in held)
    hidden = sum(
        httpx.get(f"{stage.host.address}/media/{item.external_id}").status_code
        == httpx.codes.NOT_FOUND
        for item in held
        if item.hold is not HoldState.RELEASED
    )
    words = f"{len(held)} held, {sealed} sealed; {shown} clean ones published, {hidden} not shown"
    done = bool(held) and sealed == len(held) and shown == len(clean)
    return StepDone("held and sealed", words, done)


def _obeyed(items: list[Item], posts: dict[str, str], state: HoldState, at_host: str) -> StepDone:
    ours = [item for item in items if item.hold is state]
    theirs = sum(posts[item.external_id] == at_host for item in ours)
    name = "removed" if state is HoldState.REMOVED else "restored"
    words = f"{len(ours)} ordered and confirmed, {theirs} {at_host} at the host platform"
    return StepDone(name, words, bool(ours) and theirs == len(ours))


def _referred(stage: Stage, authority: dict[str, Any]) -> StepDone:
    ours = {one.receipt_number for one in stage.platform.register.all() if one.receipt_number}
    finished = {str(one["id"]) for one in authority["reports"] if one["state"] == "finished"}
    owed = [one for one in stage.platform.register.all() if one.state is not State.FILED]
    numbers = ", ".join(sorted(ours)) or "none"
    words = f"receipt numbers {numbers}; {len(finished)} finished at the authority"
    return StepDone("referred", words, bool(ours) and ours == finished and not owed)


def _proven(stage: Stage) -> StepDone:
    try:
        proof = stage.platform.audit.verify()
    except Tampered as problem:
        return StepDone("audit log", problem.what, done=False)
    return StepDone("audit log", f"verified, {proof.size} entries", done=True)
