"""Which frames of a video are looked at: one a second (docs/reference/decode-rule.md).

The rule of vPDQ, by the clock instead of by counting frames: A. Davis, "vPDQ" (ThreatExchange,
https://github.com/facebook/ThreatExchange/tree/main/vpdq). The clock is the uploader's, so frames
are counted besides: many that it lays into one second are not one look.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECOND = 1000
_TRIES = 8
MOST_UNSEEN = 60
"""So many frames of one second are passed over; then one is looked at whatever the clock says."""


@dataclass(slots=True)
class Outline:
    """What the packets of a stream say before any is decoded, in the order of the file.

    `moments`: when each is shown, in milliseconds; `keys`: 1 where decoding can begin.
    """

    moments: array[int] = field(default_factory=lambda: array("q"))
    keys: bytearray = field(default_factory=bytearray)

    def __len__(self) -> int:
        return len(self.moments)

    @property
    def zero(self) -> int:
        """Return when the showing begins: at 0, or with the first packet where none lies before.

        What comes before 0 is hidden by an edit list.
        """
        first, last = min(self.moments, default=0), max(self.moments, default=0)
        return 0 if first <= 0 <= last else first

    def groups(self) -> Iterator[range]:
        """Yield the packets from one key to before the next, as places in the file."""
        begins = [0, *(place for place, key in enumerate(self.keys) if key and place), len(self)]
        for begin, end in pairwise(begins):
            if begin < end:
                yield range(begin, end)

    def before_any_key(self) -> int:
        """Return how many packets come before the first key: nobody need be able to show them."""
        at = self.keys.find(1)
        return 0 if at < 0 else at


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a video is looked at: once in `step` seconds counted from the moment `zero`.

    And once in `unseen` frames and one more, whatever the clock says. `step` 0: only by counting.
    """

    step: int
    unseen: int = MOST_UNSEEN
    zero: int = 0

    def stretch(self, moment: int) -> int:
        """Return the stretch of `step` seconds that a moment lies in."""
        return (moment - self.zero) // (self.step * _SECOND) if self.step else 0


class Sampler:
    """Says of one frame after the other, as they are shown, whether it is looked at."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._stretch: int | None = None
        self._unseen = 0

    def takes(self, moment: int) -> bool:
        """Say whether the frame shown at a moment is looked at: any change of stretch counts."""
        stretch = self._pace.stretch(moment)
        self._unseen += 1
        if stretch == self._stretch and self._unseen <= self._pace.unseen:
            return False
        self._stretch, self._unseen = stretch, 0
        return True

    def pass_over(self, frames: int) -> None:
        """Count frames that were not decoded."""
        self._unseen += frames


def taken(outline: Outline, pace: Pace) -> tuple[int, list[range]]:
    """Return how many frames are looked at, and the groups of packets that they lie in."""
    sampler = Sampler(pace)
    count, needed = 0, []
    for group in outline.groups():
        # Within a group the order of the file is not that of showing.
        shown = sorted(outline.moments[group.start : group.stop])
        here = sum(sampler.takes(moment) for moment in shown)
        count += here
        if here:
            needed.append(group)
    return count, needed


def pace_for(outline: Outline, most: int) -> Pace:
    """Return the closest pace that gives at most so many looks.

    No pace passes over more than 60 frames, or twice those that evenly spread looks would. A clock
    by which that cannot be had, one that leaps or runs to and fro, is not gone by.
    """
    evenly = -(-len(outline) // most)
    pace = Pace(1, max(MOST_UNSEEN, 2 * evenly), outline.zero)
    count = taken(outline, pace)[0]
    least = max(1, -(-count // most))
    for step in range(least, least + _TRIES):
        slower = replace(pace, step=step)
        if taken(outline, slower)[0] <= most:
            return slower
    return Pace(0, max(0, evenly - 1), outline.zero)
