"""How far two people who judge the same cases agree, and how far chance alone would have them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutela.hashlists.judgement import Standing

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of `pairs` of judgements `same` were the same. `kappa`: None where chance explains all."""

    pairs: int
    same: int
    kappa: float | None

    @property
    def share(self) -> float | None:
        """Return the share that was the same, None where nothing was judged twice."""
        return self.same / self.pairs if self.pairs else None

    @property
    def interval(self) -> tuple[float, float]:
        """Return between which shares agreement lies, with 95 % confidence (Wilson 1927)."""
        return Standing(self.pairs, self.same).interval


def agreement(pairs: Iterable[tuple[str, str]]) -> Agreement:
    """Return how far the first judgements agree with the second ones.

    Kappa: J. Cohen, "A Coefficient of Agreement for Nominal Scales" (1960).
    """
    listed = list(pairs)
    total, same = len(listed), sum(first == second for first, second in listed)
    if not total:
        return Agreement(0, 0, None)
    firsts, seconds = Counter(one for one, _ in listed), Counter(one for _, one in listed)
    # In whole numbers, so that nothing but the last division is rounded.
    chance = sum(firsts[word] * seconds[word] for word in firsts)
    beyond = total * total - chance
    kappa = (same * total - chance) / beyond if beyond else None
    return Agreement(total, same, kappa)
