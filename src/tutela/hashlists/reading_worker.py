"""A confined process that reads one list file, a chunk at a time.

Run as `python -m tutela.hashlists.reading_worker`, by `Process` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tutela.content.confinement.serving import serve
from tutela.errors import InvalidInput
from tutela.hashlists.formats import Reading
from tutela.hashlists.line_words import spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tutela.content.confinement.serving import Incoming, Terms
    from tutela.hashlists.fields import Line

    Answer = tuple[dict[str, Any], bytes]

_WARMING = b'id,md5,pdq,sketch\n"a",00,00,VFVTSwEgACAAAAA=\n', b'{"id": "a", "labels": ["x"]}\n'


class OneFile:
    """The file that this process is for."""

    def __init__(self) -> None:
        self._reading: Reading | None = None

    def read(self, words: dict[str, Any], incoming: Incoming) -> Answer:
        """Read on. Words: `algorithm`, of bare hashes, with the first chunk."""
        if self._reading is None:
            self._reading = Reading(words.get("algorithm"))
        reading, data = self._reading, incoming.whole()
        return _answered(lambda: reading.feed(data))

    def end(self, words: dict[str, Any], _incoming: Incoming) -> Answer:
        """Read what is left, and say what the file was."""
        reading = self._reading or Reading(words.get("algorithm"))
        said, data = _answered(reading.end)
        return {**said, "format": reading.format, "ignored": reading.ignored}, data


def _answered(read: Callable[[], Iterator[Line]]) -> Answer:
    """Return lines, and why there are no more of them where the file cannot be read."""
    lines: list[Line] = []
    try:
        lines.extend(read())
    except InvalidInput as problem:
        return {"invalid": [problem.what, problem.remedy]}, spoken(lines)
    return {}, spoken(lines)


def warm_up(_terms: Terms) -> None:
    """Run once whatever loads something late: later no file can be opened."""
    for one in _WARMING:
        reading = Reading()
        spoken([*reading.feed(one), *reading.end()])


if __name__ == "__main__":
    only = OneFile()
    serve({"read": only.read, "end": only.end}, warm_up)
