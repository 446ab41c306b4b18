"""The record: the newest entries, the checkpoint, and the proof on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from tutela.access.roles import Permission
from tutela.errors import Tampered

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tutela.console.pages import Pages

_SHOWN = 100


class RecordPages:
    """The pages of the audit log."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._audit = pages.platform.audit

    async def audit(self, request: Request) -> Response:
        """Show the newest entries."""
        asker = await self._pages.asker(request, Permission.AUDIT_READ)
        entries = await run_in_threadpool(self._audit.entries, None, _SHOWN)
        checkpoint = await run_in_threadpool(self._audit.checkpoint)
        return self._pages.page(
            "audit.html",
            asker,
            entries=entries[::-1],
            checkpoint=checkpoint,
            proof=None,
            broken=None,
        )

    async def verify(self, request: Request) -> Response:
        """Prove the whole log now."""
        asker = await self._pages.asker(request, Permission.AUDIT_READ)
        proof = broken = None
        try:
            proof = await run_in_threadpool(self._audit.verify)
        except Tampered as problem:
            broken = problem
        entries = await run_in_threadpool(self._audit.entries, None, _SHOWN)
        checkpoint = await run_in_threadpool(self._audit.checkpoint)
        return self._pages.page(
            "audit.html",
            asker,
            entries=entries[::-1],
            checkpoint=checkpoint,
            proof=proof,
            broken=broken,
        )
