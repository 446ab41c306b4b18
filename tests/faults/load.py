"""The load: clients who upload to the host platform, and reviewers who decide over the API."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from tests.faults.rig import Rig

CLIENTS, REVIEWERS = 4, 2
_PAUSE = (0.1, 0.5)
_BUSY = 0.7
"""How often reviewers go on with cases while cases wait, before they look at referrals."""
_PATIENCE = 15.0
_ABUSIVE = {"outcome": "abusive", "grounds": "context"}
# Not by the list alone: one that is found wrong so often is not believed unseen.
_HARMLESS = {"outcome": "not_abusive", "grounds": "wrong_match"}
_UNREADABLE = {
    "outcome": "not_abusive",
    "grounds": "unreadable_but_harmless",
    "note": "a cut upload",
}


@dataclass(slots=True)
class Said:
    """What the outside was told, to be held against the books."""

    accepted: dict[str, str] = field(default_factory=dict)
    """Posts that the host platform took, with the kind of their upload."""
    decided: dict[str, str] = field(default_factory=dict)
    """Cases whose decision was answered with 201, with the decision's id."""
    unanswered: int = 0
    """Calls of reviewers that got no answer or 5xx."""


class Load:
    """Runs in threads until stopped; pauses between rounds."""

    def __init__(self, rig: Rig, seed: int) -> None:
        self.said = Said()
        self._rig = rig
        self._stop = threading.Event()
        self._uploading = threading.Event()
        self._problems: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._guarded, args=(work, random.Random(f"{seed} {name}")))
            for work, number in ((self._client, CLIENTS), (self._reviewer, REVIEWERS))
            for name in (f"{work.__name__}-{one}" for one in range(number))
        ]
        for thread in self._threads:
            thread.start()

    def upload(self) -> None:
        """Let the clients upload."""
        self._uploading.set()

    def pause(self) -> None:
        """Let no more uploads begin; reviewers go on."""
        self._uploading.clear()

    def stop(self) -> None:
        """End all threads. Raises what went wrong in one of them."""
        self._stop.set()
        self._uploading.set()
        for thread in self._threads:
            thread.join()
        if self._problems:
            raise self._problems[0]

    def _guarded(self, work: Any, chance: random.Random) -> None:
        try:
            while not self._stop.is_set():
                try:
                    work(chance)
                except httpx.HTTPError:
                    self._stop.wait(0.2)
        except BaseException as problem:  # noqa: BLE001 - the harness must hear of it
            self._problems.append(problem)

    def _client(self, chance: random.Random) -> None:
        """Upload, again and again with the same post until the host platform has taken it."""
        self._uploading.wait()
        upload = self._rig.uploads.one(chance)
        post = f"post-{chance.getrandbits(64):016x}"
        account = f"account-{chance.randrange(8)}"
        while not self._stop.is_set():
            try:
                self._rig.host.post(upload.data, account, upload.name, post)
            except httpx.HTTPError:
                time.sleep(0.2)
            else:
                self.said.accepted[post] = upload.kind
                break
        time.sleep(chance.uniform(*_PAUSE))

    def _reviewer(self, chance: random.Random) -> None:
        """Decide a case and approve what waits for it. A refusal is somebody else's turn."""
        with httpx.Client(
            base_url=f"{self._rig.front.url}/api/v1",
            headers={"Authorization": f"Bearer {self._rig.reviewer_token}"},
            timeout=_PATIENCE,
            trust_env=False,
        ) as client:
            waiting = self._told(client.get("/cases", params={"limit": 10})) or []
            for case in chance.sample(waiting, min(len(waiting), 4)):
                self._decide(client, case["id"], chance)
            if len(waiting) > 1 and chance.random() < _BUSY:
                return
            for referral in self._told(client.get("/referrals")) or ():
                if referral["state"] in {"drafted", "alarmed"}:
                    self._told(client.post(f"/referrals/{referral['id']}/approve"))
        self._stop.wait(chance.uniform(*_PAUSE))

    def _decide(self, client: httpx.Client, case: str, chance: random.Random) -> None:
        lease = self._told(client.post(f"/cases/{case}/claim"))
        whole = self._told(client.get(f"/cases/{case}"))
        if not lease or not whole:
            return
        matched = any(one["verdict"] == "match" for one in whole["items"])
        finding = chance.choice((_ABUSIVE, _HARMLESS)) if matched else _UNREADABLE
        body = {"lease": lease["token"], "size": whole["case"]["size"], **finding}
        decision = self._told(client.post(f"/cases/{case}/decisions", json=body))
        if decision:
            self.said.decided[case] = decision["id"]

    def _told(self, response: httpx.Response) -> Any:
        """Return what was answered, or None for a refusal."""
        if response.is_server_error:
            self.said.unanswered += 1
        return response.json() if response.is_success else None
