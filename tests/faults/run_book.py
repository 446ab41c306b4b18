"""The runs of a matrix so far, in a file: a long measurement goes on where it was left."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from typing import TYPE_CHECKING

from tests.faults.referral_matrix import Run
from tests.journeys.job_scene import Outcome

if TYPE_CHECKING:
    from pathlib import Path


class RunBook:
    """Runs by the name of their matrix. Threads share it; without a path it is forgotten."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._writing = threading.Lock()
        self._runs: dict[str, dict[int, Run]] = {}
        if path is not None and path.exists():
            for line in path.read_text().splitlines():
                told = json.loads(line)
                outcome = Outcome(**told.pop("outcome"))
                self._note(told.pop("matrix"), Run(**told, outcome=outcome))

    def add(self, matrix: str, run: Run) -> None:
        """Put a run on record."""
        with self._writing:
            self._note(matrix, run)
            if self._path is not None:
                with self._path.open("a") as file:
                    file.write(json.dumps({"matrix": matrix, **asdict(run)}) + "\n")

    def has(self, matrix: str, place: int) -> bool:
        """Say whether a run was made."""
        return place in self._runs.get(matrix, {})

    def runs(self, matrix: str) -> list[Run]:
        """Return the runs of a matrix."""
        return list(self._runs.get(matrix, {}).values())

    def _note(self, matrix: str, run: Run) -> None:
        self._runs.setdefault(matrix, {})[run.place] = run
