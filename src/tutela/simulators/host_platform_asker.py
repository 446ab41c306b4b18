"""How the simulated host platform asks Tutela about its posts, and keeps asking."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from tutela.simulators.host_platform_books import Books

OPAQUE = "application/octet-stream"
_AT_ONCE = 4


class Asker:
    """Asks Tutela about every post until there is an answer. Until then nothing is published."""

    def __init__(
        self, books: Books, tutela: str, token: str, patience: float, retry: float
    ) -> None:
        self._books = books
        self._url = f"{tutela.rstrip('/')}/api/v1/items"
        self._token = token
        self._patience = patience
        self._retry = retry
        self._asking: set[str] = set()
        self._woken = asyncio.Event()
        self._telling: set[asyncio.Task[None]] = set()
        self.known: dict[str, Any] = {}

    def wake(self) -> None:
        """Look for unanswered posts at once."""
        self._woken.set()

    def tell(self, item: str, wanted: list[str]) -> None:
        """Say what is known of what Tutela asks about, on a way of its own."""
        task = asyncio.create_task(self._tell(item, {one.partition(".")[0] for one in wanted}))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell(self, item: str, members: set[str]) -> None:
        known = {name: value for name, value in self.known.items() if name in members}
        async with httpx.AsyncClient(timeout=self._patience, trust_env=False) as client:
            with contextlib.suppress(httpx.HTTPError):
                await client.post(
                    f"{self._url}/{item}/context",
                    json=known,
                    headers={"Authorization": f"Bearer {self._token}"},
                )

    async def run(self, own_address: str) -> None:
        """Ask until cancelled: new posts at once, unanswered ones again after the retry time."""
        places = asyncio.Semaphore(_AT_ONCE)
        async with (
            httpx.AsyncClient(timeout=self._patience, trust_env=False) as client,
            asyncio.TaskGroup() as tasks,
        ):
            while True:
                self._woken.clear()
                for post in self._books.unsettled():
                    if post not in self._asking:
                        self._asking.add(post)
                        tasks.create_task(self._ask(client, places, post, own_address))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), self._retry)

    async def _ask(
        self, client: httpx.AsyncClient, places: asyncio.Semaphore, post: str, own: str
    ) -> None:
        try:
            async with places:
                answered = await self._answered(client, post, own)
            if not answered:
                await asyncio.sleep(self._retry)
        finally:
            self._asking.discard(post)

    async def _answered(self, client: httpx.AsyncClient, post: str, own: str) -> bool:
        found = self._books.post(post)
        if found is None or found["settled"]:
            return True
        number = self._books.asked(post)
        status: int | None = None
        answer: Any = {}
        try:
            # One deadline for the whole question: a slow drip of bytes is no answer either.
            async with asyncio.timeout(self._patience):
                response = await client.post(
                    self._url,
                    files={"file": (found["name"], found["data"], OPAQUE)},
                    data={"context": json.dumps(_context(found, own))},
                    headers={"Authorization": f"Bearer {self._token}", "Idempotency-Key": post},
                )
            status = response.status_code
            answer = response.json() if response.is_success else {}
        except (httpx.HTTPError, TimeoutError, ValueError):
            answer = {}
        self._books.answered(number, post, status, answer if isinstance(answer, dict) else {})
        return bool(answer)


def _context(post: dict[str, Any], own_address: str) -> dict[str, Any]:
    """Return what the platform knows about an upload. Addresses are from documentation ranges."""
    account = post["account"]
    seed = int.from_bytes(hashlib.sha256(account.encode()).digest()[:3])
    word = re.sub(r"[^A-Za-z0-9.]+", "-", account)[:60].strip("-") or "user"
    return {
        "external_id": post["id"],
        "account": {
            "id": account,
            "screen_name": f"{word}-name",
            "display_name": word.replace("-", " ").title(),
            "profile_url": f"{own_address}/users/{word}",
            "email": f"{word}@example.org",
            "ip": f"198.51.100.{seed % 254 + 1}",
            "ip_at": post["at"],
            "port": 32768 + (seed >> 8) % 28000,
        },
        "place": {"url": f"{own_address}/media/{post['id']}"},
        "uploaded_at": post["at"],
        "original_name": post["name"],
        **json.loads(post["told"]),
    }
