"""What the law asks of this operator: by which section, to whom, by when. No legal advice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutela.referrals.obligations.owed import Provider, relation_to

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.console.pages import Pages
    from tutela.referrals.obligations.obligation import Obligation, Relation


@dataclass(frozen=True, slots=True)
class Row:
    """An obligation, the authority's name, and how it binds this operator; None: it does not."""

    obligation: Obligation
    to: str
    relation: Relation | None


class ObligationPages:
    """The page of obligations."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._book = pages.platform.book
        self._provider = Provider(**pages.platform.settings.provider.model_dump())

    async def all(self, request: Request) -> Response:
        """Show what binds this operator, then what does not."""
        asker = await self._pages.asker(request)
        rows = [self._row(one) for one in self._book.obligations]
        return self._pages.page(
            "obligations.html",
            asker,
            provider=self._provider,
            by_policy=[self._called(one) for one in self._provider.refers_to],
            binding=[one for one in rows if one.relation],
            others=[one for one in rows if not one.relation],
        )

    def _row(self, one: Obligation) -> Row:
        relation, _why = relation_to(self._provider, one)
        return Row(one, self._called(one.to), relation)

    def _called(self, authority: str) -> str:
        known = self._book.recipient(authority)
        return known.name if known else authority
