"""What an import did, line by line and in sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutela.hashlists.fields import Line, Problem
    from tutela.hashlists.formats import Known
    from tutela.hashlists.importing import Counts

MOST_PROBLEMS = 1000


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. `problems` are the first thousand of `problem_count`.

    `lines`: lines that say something. `refused`: lines of which nothing was kept. Entries are
    counted once each, however many lines they had. `stored` is False when a strict import was
    refused for its problems, or when it waits for a person: as which delivery, and why, is then in
    `waits_as` and `doubts`, and the counts say what it would do. Nothing was changed then.
    `flagged`: entries that would match something ordinary and wait, each for itself.
    """

    list_id: str
    name: str
    format: str
    file_sha256: str
    lines: int
    added: int
    changed: int
    unchanged: int
    withdrawn: int
    removed: int
    refused: int
    problem_count: int
    problems: tuple[Problem, ...]
    ignored_columns: tuple[str, ...]
    stored: bool
    waits_as: str | None = None
    doubts: tuple[str, ...] = ()
    flagged: int = 0


class Tally:
    """Counts lines and keeps the first problems."""

    def __init__(self) -> None:
        self.lines = 0
        self.entries = 0
        self.refused = 0
        self.problem_count = 0
        self._problems: list[Problem] = []

    def count(self, line: Line) -> None:
        """Count one line."""
        self.lines += 1
        self.entries += line.entry is not None
        self.refused += line.entry is None
        self.problem_count += len(line.problems)
        self._problems.extend(line.problems[: MOST_PROBLEMS - len(self._problems)])

    def report(
        self,
        list_id: str,
        name: str,
        file: Known,
        counts: Counts,
        *,
        stored: bool,
        waits_as: str | None = None,
        doubts: tuple[str, ...] = (),
    ) -> ImportReport:
        """Return what the import did."""
        return ImportReport(
            list_id=list_id,
            name=name,
            format=file.format,
            file_sha256=file.sha256,
            lines=self.lines,
            added=counts.added,
            changed=counts.changed,
            unchanged=counts.unchanged,
            withdrawn=counts.withdrawn,
            removed=counts.removed,
            refused=self.refused,
            problem_count=self.problem_count,
            problems=tuple(self._problems),
            ignored_columns=file.ignored,
            stored=stored,
            waits_as=waits_as,
            doubts=doubts,
            flagged=counts.flagged,
        )
