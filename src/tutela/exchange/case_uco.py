"""Evidence and its custody as investigators' tools read them: CASE 1.4 / UCO 1.4 JSON-LD.

Source: caseontology.org and unifiedcyberontology.org; `case_validate` (PyPI case-utils) judges it.
Nodes are named by UUIDs made from our own ids (RFC 9562 §5.5): the same evidence is the same node.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from tutela import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from tutela.audit.entry import Entry

_UCO = "https://ontology.unifiedcyberontology.org/uco"
CONTEXT = {
    "kb": "urn:tutela:kb:",
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    **{
        f"uco-{name}": f"{_UCO}/{name}/"
        for name in ("action", "core", "identity", "observable", "tool", "types")
    },
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_METHODS = {"md5": "MD5", "sha1": "SHA1", "sha256": "SHA256"}


def graph(
    evidence_id: str,
    size: int,
    digests: Mapping[str, str],
    media_type: str | None,
    events: Iterable[Entry],
) -> dict[str, Any]:
    """Return the graph: the file, its provenance, each event as an action, who acted."""
    listed = list(events)
    file = _node("file", evidence_id)
    nodes = [_file(file, evidence_id, size, digests, media_type), _record(file, evidence_id)]
    nodes.append(
        {
            "@id": _node("tool", "tutela"),
            "@type": "uco-tool:Tool",
            "uco-core:name": "Tutela",
            "uco-tool:version": __version__,
        }
    )
    nodes += [_identity(actor) for actor in sorted({entry.actor for entry in listed})]
    nodes += [_action(file, evidence_id, entry) for entry in listed]
    return {"@context": CONTEXT, "@graph": nodes}


def _file(
    node: str, evidence_id: str, size: int, digests: Mapping[str, str], media_type: str | None
) -> dict[str, Any]:
    content: dict[str, Any] = {
        "@id": _node("content-data-facet", evidence_id),
        "@type": "uco-observable:ContentDataFacet",
        "uco-observable:sizeInBytes": _typed("integer", str(size)),
        "uco-observable:hash": [
            {
                "@id": _node("hash", f"{evidence_id}/{name}"),
                "@type": "uco-types:Hash",
                "uco-types:hashMethod": _METHODS[name],
                "uco-types:hashValue": _typed("hexBinary", value),
            }
            for name, value in sorted(digests.items())
        ],
    }
    if media_type is not None:
        content["uco-observable:mimeType"] = media_type
    return {
        "@id": node,
        "@type": "uco-observable:File",
        "uco-core:hasFacet": [
            {
                "@id": _node("file-facet", evidence_id),
                "@type": "uco-observable:FileFacet",
                "uco-observable:fileName": evidence_id,
                "uco-observable:sizeInBytes": _typed("integer", str(size)),
            },
            content,
        ],
    }


def _record(file: str, evidence_id: str) -> dict[str, Any]:
    return {
        "@id": _node("provenance-record", evidence_id),
        "@type": "case-investigation:ProvenanceRecord",
        "uco-core:description": "Sealed, kept and exported by Tutela; see custody.json.",
        "case-investigation:exhibitNumber": evidence_id,
        "uco-core:object": {"@id": file},
    }


def _identity(actor: str) -> dict[str, Any]:
    return {
        "@id": _node("identity", actor),
        "@type": "uco-identity:Identity",
        "uco-core:name": actor,
    }


def _action(file: str, evidence_id: str, entry: Entry) -> dict[str, Any]:
    return {
        "@id": _node("investigative-action", f"{evidence_id}/{entry.seq}"),
        "@type": "case-investigation:InvestigativeAction",
        "uco-core:name": entry.action,
        "uco-core:description": f"Entry {entry.seq} of the audit log, about {entry.subject}.",
        "uco-action:startTime": _instant(entry.at),
        "uco-action:endTime": _instant(entry.at),
        "uco-action:performer": {"@id": _node("identity", entry.actor)},
        "uco-action:instrument": {"@id": _node("tool", "tutela")},
        "uco-action:object": {"@id": file},
    }


def _instant(at: datetime) -> dict[str, str]:
    return _typed("dateTime", at.isoformat())


def _typed(kind: str, value: str) -> dict[str, str]:
    return {"@type": f"xsd:{kind}", "@value": value}


def _node(kind: str, name: str) -> str:
    return f"kb:{kind}-{uuid.uuid5(uuid.NAMESPACE_URL, f'tutela:{kind}:{name}')}"
