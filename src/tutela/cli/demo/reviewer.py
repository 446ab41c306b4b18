"""The headless reviewer: signs in at the console and decides there, by its own forms."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx
from lxml import html

from tutela.errors import Unavailable

if TYPE_CHECKING:
    from tutela.cli.demo.stage import Stage

_FILING_SECONDS = 60.0
_NEAR = "//h3[span[contains(@class, 'near')]]/following-sibling::ol[1]//a[@data-file]/@href"
"""Where the page of a case links to the files that stand for near ones."""


class Reviewer:
    """A person at the console, played by HTTP. Decides on facts, looks at one reduced picture."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        base = stage.server.address
        self._client = httpx.Client(base_url=base, timeout=30, follow_redirects=True)

    def decide_all(self) -> None:
        """Decide every waiting case, approve every draft, and wait until nothing is owed."""
        one_time = self._stage.sign_in_address()
        self._act(self._page(one_time), None)
        looked = False
        for address in self._cases():
            page = self._act(self._page(address), "/claim")
            known = bool(
                page.xpath("//h1/span[contains(@class, 'known') or contains(@class, 'near')]")
            )
            near = page.xpath(_NEAR)
            for file in near:
                # Only the very bytes of a listed file are decided unseen.
                self._look(self._page(str(file)))
            if known and not near and not looked:
                self._look(page)
                looked = True
            grounds = "listed_copy" if known else "unreadable_but_harmless"
            outcome = "abusive" if known else "not_abusive"
            note = "" if known else "A broken upload of the demonstration."
            page = self._act(page, "/decide", outcome=outcome, grounds=grounds, note=note)
            if known:
                self._act(page, "/approve")
        self._wait()

    def _cases(self) -> list[str]:
        queue = self._page("/console/")
        return [str(one) for one in queue.xpath("//tr/@data-href")]

    def _page(self, address: str) -> html.HtmlElement:
        answer = self._client.get(address)
        answer.raise_for_status()
        return html.fromstring(answer.text, base_url=str(answer.url))

    def _act(self, page: html.HtmlElement, ending: str | None, **fields: str) -> html.HtmlElement:
        """Send the page's form whose action ends so (None: has none), as a browser would."""
        for form in page.forms:
            if form.action.endswith(ending) if ending and form.action else form.action is ending:
                kept = {name: value for name, value in form.form_values() if isinstance(value, str)}
                address = str(form.action or page.base_url)
                answer = self._client.post(address, data={**kept, **fields})
                answer.raise_for_status()
                return html.fromstring(answer.text, base_url=str(answer.url))
        raise Unavailable(f"The console's page has no form {ending}.", "See the demo's logs.")

    def _look(self, page: html.HtmlElement) -> None:
        """Ask for the tiny grey rendering of the page's file, see it, hide it again."""
        shown = self._act(page, "/views", fidelity="tiny")
        picture = shown.xpath("//figure//img/@src")[0]
        self._client.get(str(picture)).raise_for_status()
        self._act(shown, "/end")

    def _wait(self) -> None:
        end = time.monotonic() + _FILING_SECONDS
        while self._stage.platform.worker.owed():
            if time.monotonic() > end:
                return
            time.sleep(0.1)
