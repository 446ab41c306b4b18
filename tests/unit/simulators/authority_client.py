"""The least client of the CyberTipline API that a test can speak with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import httpx
from lxml import etree
from tests.unit.simulators.documents import SMALL_REPORT

if TYPE_CHECKING:
    from tests.simulators.process import SimulatedCyberTipline

XML = {"Content-Type": "text/xml; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Said:
    """One answer."""

    code: int
    root: str
    report: int
    file_id: str
    md5: str
    files: tuple[str, ...]
    status: int


class Client:
    """Calls the simulator and reads its answers."""

    def __init__(self, authority: SimulatedCyberTipline, timeout: float = 10) -> None:
        self.http = httpx.Client(
            base_url=authority.api, auth=authority.auth, trust_env=False, timeout=timeout
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.http.close()

    def submit(self, body: bytes = SMALL_REPORT) -> Said:
        return read(self.http.post("/submit", content=body, headers=XML))

    def upload(self, report: object, data: bytes = b"abc", name: str = "p.png") -> Said:
        files = {"file": (name, data, "image/png")}
        return read(self.http.post("/upload", data={"id": str(report)}, files=files))

    def fileinfo(self, body: bytes) -> Said:
        return read(self.http.post("/fileinfo", content=body, headers=XML))

    def finish(self, report: object) -> Said:
        return read(self.http.post("/finish", data={"id": str(report)}))

    def retract(self, report: object) -> Said:
        return read(self.http.post("/retract", data={"id": str(report)}))

    def status(self) -> Said:
        return read(self.http.get("/status"))


def read(response: httpx.Response) -> Said:
    """Read an answer."""
    root = etree.fromstring(response.content)
    return Said(
        code=int(root.findtext("responseCode") or "-1"),
        root=str(root.tag),
        report=int(root.findtext("reportId") or "0"),
        file_id=root.findtext("fileId") or "",
        md5=root.findtext("hash") or "",
        files=tuple(found.text or "" for found in root.iterfind("files/fileId")),
        status=response.status_code,
    )
