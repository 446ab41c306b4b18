"""What `ncmec-cybertip` makes of our documents, and its client of our simulator. Python 3.13."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import ncmec_cybertip
from ncmec_cybertip import CyberTiplineClient, FileDetails, Report

Said = tuple[str, str, tuple[tuple[str, str], ...]]


def plain(text: str) -> str:
    """Return times in one spelling and numbers as numbers."""
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        pass
    try:
        return str(float(text)) if "." in text else text
    except ValueError:
        return text


def said(root: ET.Element, above: str = "") -> list[Said]:
    """Return every element in its order: path, text, attributes."""
    found: list[Said] = []
    for child in root:
        path = f"{above}/{child.tag}"
        attributes = tuple(sorted((name, plain(value)) for name, value in child.attrib.items()))
        found += [(path, plain((child.text or "").strip()), attributes), *said(child, path)]
    return found


def judged(document: Path) -> bool:
    """Read a document into their models, write it again, and compare."""
    kind = Report if document.name == "report.xml" else FileDetails
    ours = document.read_bytes()
    theirs = kind.from_xml(ours).to_xml(encoding="utf-8", exclude_none=True)
    one, other = said(ET.fromstring(ours)), said(ET.fromstring(theirs))
    lost, added = Counter(one) - Counter(other), Counter(other) - Counter(one)
    print(
        f"ncmec-cybertip: {document.name}: {len(one)} elements read, {lost.total()} lost, "
        f"{added.total()} changed, order {'kept' if one == other else 'CHANGED'}"
    )
    return one == other


async def flow(address: str, user: str, password: str, documents: Path) -> None:
    """Open, send, describe and finish a report with their client, in their words."""
    async with CyberTiplineClient(username=user, password=password, base_url=address) as client:
        await client.status()
        report = Report.from_xml((documents / "report.xml").read_bytes())
        opened = await client.submit(report)
        number = opened.report_id
        sent = await client.upload(number, b"benign bytes", filename="a.jpg")
        details = FileDetails.from_xml((documents / "details-0.xml").read_bytes())
        told = details.model_copy(update={"report_id": number, "file_id": sent.file_id})
        await client.file_info(told)
        done = await client.finish(number)
        print(f"ncmec-cybertip: client: finished a report with {len(done.files.file_id)} file")


def main() -> int:
    """Judge the documents in a folder, then go through the flow."""
    documents, (address, user, password) = Path(sys.argv[1]), sys.argv[2:5]
    version = getattr(ncmec_cybertip, "__version__", "")
    print(f"ncmec-cybertip {version} on Python {sys.version.split()[0]}")
    fine = [judged(one) for one in sorted(documents.iterdir())]
    asyncio.run(flow(address, user, password, documents))
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
