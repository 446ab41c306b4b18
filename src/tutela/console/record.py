"""The record: the newest entries, the checkpoint, and the proof on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from tutela.access.roles import Permission
from tutela.errors import Tampered

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.audit.proof import Proof
    from tutela.console.pages import Asker, Pages

_SHOWN = 100


class RecordPages:
    """The pages of the audit log."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._audit = pages.platform.audit

    async def audit(self, request: Request) -> Response:
        """Show the newest entries."""
        return await self._page(await self._pages.asker(request, Permission.AUDIT_READ))

    async def verify(self, request: Request) -> Response:
        """Prove the whole log now. Changes nothing, so the answer is the page itself."""
        asker = await self._pages.asker(request, Permission.AUDIT_READ)
        try:
            proof = await run_in_threadpool(self._audit.verify)
        except Tampered as problem:
            return await self._page(asker, broken=problem)
        return await self._page(asker, proof=proof)

    async def _page(
        self, asker: Asker, *, proof: Proof | None = None, broken: Tampered | None = None
    ) -> Response:
        entries = await run_in_threadpool(self._audit.entries, None, _SHOWN)
        checkpoint = await run_in_threadpool(self._audit.checkpoint)
        return self._pages.page(
            "audit.html",
            asker,
            entries=entries[::-1],
            size=entries[-1].seq + 1 if entries else 0,
            checkpoint=checkpoint,
            called=await self._pages.called(),
            proof=proof,
            broken=broken,
        )
