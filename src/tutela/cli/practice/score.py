"""What somebody did in practice, held against the key. Pure decisions over records."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tutela.cases.viewing import View
    from tutela.cli.practice.lessons import Lesson
    from tutela.decisions.decision import Decision


@dataclass(frozen=True, slots=True)
class Practised:
    """One case: its lessons, its decisions (oldest first) and the looks at its files."""

    lessons: Sequence[Lesson]
    decisions: Sequence[Decision]
    views: Sequence[View]


@dataclass(frozen=True, slots=True)
class Missed:
    """A decision that the key does not bear out, and what it should teach."""

    person: str
    file: str
    decided: str
    teaches: str


@dataclass(frozen=True, slots=True)
class Score:
    """How one person practised. `closer`: looks closer than anybody needs there."""

    person: str
    decided: int
    scored: int
    right: int
    looks: int
    closer: int


def scores(cases: Iterable[Practised], called: Mapping[str, str]) -> tuple[Score, ...]:
    """Return each person's score, by name. `called`: actor to name.

    Only the decision that stands counts, for who made it; every look counts for who looked.
    """
    tally: dict[str, list[int]] = defaultdict(lambda: [0] * 5)
    for case in cases:
        last = _standing(case)
        if last is not None:
            mine = tally[last.decided_by]
            mine[0] += 1
            right = _right(case, last)
            mine[1] += right is not None
            mine[2] += right is True
        needed = max((one.closest for one in case.lessons), key=lambda rung: rung.rank)
        for view in case.views:
            tally[view.person][3] += 1
            tally[view.person][4] += view.fidelity.rank > needed.rank
    return tuple(
        Score(called.get(person, person), *counts)
        for person, counts in sorted(tally.items(), key=lambda one: called.get(one[0], one[0]))
    )


def missed(cases: Iterable[Practised], called: Mapping[str, str]) -> tuple[Missed, ...]:
    """Return the decisions that stand and are not what the key says."""
    return tuple(
        Missed(
            called.get(last.decided_by, last.decided_by),
            case.lessons[0].upload.name,
            last.outcome.value,
            case.lessons[0].teaches,
        )
        for case in cases
        if (last := _standing(case)) is not None and _right(case, last) is False
    )


def _standing(case: Practised) -> Decision | None:
    return case.decisions[-1] if case.decisions else None


def _right(case: Practised, decision: Decision) -> bool | None:
    """Say whether a decision is right; None where the key has no answer."""
    wanted = {one.outcome for one in case.lessons} - {None}
    return decision.outcome in wanted if wanted else None
