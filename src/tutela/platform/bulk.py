"""Scanning stored files: every core busy, every file answered for, resumable."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from tutela import __version__
from tutela.content.confinement.serving import USUAL, Terms
from tutela.content.decoding import DECODER_LOST, Reason
from tutela.content.media_type import sniff
from tutela.hashing.algorithm import ALGORITHMS
from tutela.hashing.digests import digests
from tutela.hashing.fingerprint import Fingerprint
from tutela.hashing.look import Budget
from tutela.matching.screening import UNAVAILABLE, Screener, Screening, Verdict
from tutela.platform.fingerprint_said import Effort
from tutela.platform.fingerprinting import FingerprintWorkers, Job
from tutela.platform.opening import chunks, opened
from tutela.platform.walk import UNREADABLE, Found, walk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from tutela.content.decoding import DecodeLimits
    from tutela.matching.screening import Match
    from tutela.platform.journal import Journal, Row

_TRUSTED_SECONDS = 0.25
"""How old a look at the lists' state may be in a scan, which takes minutes or days."""
_HEAD = 1 << 16
_MAY_PASS = {UNREADABLE, UNAVAILABLE}


def terms(
    paths: Iterable[Path],
    screener: Screener,
    limits: DecodeLimits,
    lists: Collection[str] | None = None,
    *,
    exact: bool = False,
    looks: Budget | None = None,
) -> dict[str, object]:
    """Return everything that the lines of a scan depend on besides the files: a journal's terms."""
    return {
        "paths": [str(path.absolute()) for path in paths],
        "lists": None if lists is None else sorted(lists),
        "revision": screener.revision(),
        "policy": asdict(screener.policy),
        "looks": screener.policy.looks if looks is None else looks,
        "exact": exact or screener.policy.exact_only,
        "limits": asdict(limits),
        "tutela": __version__,
        "algorithms": {name: one.version for name, one in ALGORITHMS.items()},
    }


def scan(
    paths: Iterable[Path],
    screener: Screener,
    limits: DecodeLimits,
    *,
    journal: Journal | None = None,
    lists: Collection[str] | None = None,
    workers: int | None = None,
    exact: bool = False,
    looks: Budget | None = None,
    work: Terms = USUAL,
) -> Iterator[Row]:
    """Yield one line for each file under the paths, in order (docs/reference/scan.md).

    Files of an earlier, interrupted run come from the journal. Four files a worker are in flight,
    two of them with it, each of at most `limits.max_bytes`; larger ones are digested as a
    stream. Unless `exact`, what is far from everything listed is told so by its quick hash, and
    only the rest is hashed exactly; with looks, the policy's or these, everything is. Changes of
    lists are seen within a quarter of a second. `work`: on what terms processes parse.
    Raises `NotFound` for a list that does not exist, `Unconfined` where the system does not
    confine those processes.
    """
    effort = _effort(
        screener.policy.looks if looks is None else looks,
        exact=exact or screener.policy.exact_only,
    )
    work = replace(work, looks=effort not in {Effort.QUICK, Effort.EXACT})
    screener = screener.trusting(_TRUSTED_SECONDS)
    waiting: deque[tuple[Found, Job | Row | None]] = deque()
    with FingerprintWorkers(limits, workers or os.cpu_count() or 1, work) as hashing:

        def oldest() -> Row:
            found, under_way = waiting.popleft()
            if isinstance(under_way, dict):
                return under_way
            result = UNREADABLE if under_way is None else hashing.result(under_way)
            row = None
            if isinstance(result, Fingerprint) and result.quick is not None:
                row = _passed(found, result, screener, lists)
                if row is None:
                    result = hashing.result(hashing.submit(found.path, found.size))
            if row is None:
                row = _row(found, found.fault or result, screener, limits, lists)
            # What may be another time is looked at again by the run that goes on.
            if journal is not None and row["reason"] not in _MAY_PASS:
                journal.keep(found, row)
            return row

        for found in walk(paths):
            known = journal.line(found) if journal else None
            if known is None and found.fault is None:
                waiting.append((found, hashing.submit(found.path, found.size, effort)))
            else:
                waiting.append((found, known))
            while len(waiting) >= hashing.in_flight:
                yield oldest()
        while waiting:
            yield oldest()


def _effort(looks: Budget, *, exact: bool) -> Effort:
    if looks is not Budget.NONE:
        return Effort(looks)
    return Effort.EXACT if exact else Effort.QUICK


def _passed(
    found: Found, printed: Fingerprint, screener: Screener, lists: Collection[str] | None
) -> Row | None:
    """Return the line of a file that its quick hash settles."""
    screening = screener.sift(printed, lists)
    return None if screening is None else _screened(found, printed, screening)


def _row(
    found: Found,
    result: Fingerprint | str,
    screener: Screener,
    limits: DecodeLimits,
    lists: Collection[str] | None,
) -> Row:
    if isinstance(result, Fingerprint):
        return _screened(found, result, screener.screen(result, lists))
    digested = _digested(found, limits, result) if result in DECODER_LOST else None
    if digested is None:
        return _unscreened(found, result)
    return _screened(found, digested, screener.screen(digested, lists))


def _digested(found: Found, limits: DecodeLimits, fault: str) -> Fingerprint | None:
    """Return the digests of a file whose pixels killed a worker: they may be listed all the same.

    Not of one so large that its digests themselves may be what took too long.
    """
    file = opened(found.path) if found.size <= limits.max_bytes else UNREADABLE
    if isinstance(file, str):
        return None
    descriptor, size = file
    try:
        first = os.pread(descriptor, _HEAD, 0)
        whole = digests(chunks(descriptor))
    except OSError:
        return None
    return Fingerprint(sniff(first), size, whole, (), Reason(fault))


def _screened(found: Found, printed: Fingerprint, screening: Screening) -> Row:
    return {
        "path": shown(found.path),
        "media_type": printed.media_type,
        "bytes": printed.bytes,
        "sha256": printed.digests.sha256,
        "verdict": screening.verdict.value,
        "reason": screening.reason,
        "matches": [
            {
                "list": match.list_name,
                "entry": match.entry_id,
                "algorithm": match.algorithm,
                "distance": match.distance,
                "via": match.via,
                "labels": list(match.labels),
                **_where(match),
            }
            for match in screening.matches
        ],
    }


def _where(match: Match) -> dict[str, object]:
    where: dict[str, object] = {}
    if match.moment is not None:
        where["seconds"] = match.moment / 1000
    if match.corners is not None:
        where["corners"] = [[round(x, 4), round(y, 4)] for x, y in match.corners]
    return where


def _unscreened(found: Found, reason: str) -> Row:
    return {
        "path": shown(found.path),
        "media_type": None,
        "bytes": found.size,
        "sha256": None,
        "verdict": Verdict.UNSCREENED.value,
        "reason": reason,
        "matches": [],
    }


def shown(path: Path) -> str:
    r"""Return a path as text that can be printed anywhere; bytes that are no UTF-8 become \xNN."""
    return os.fsencode(path).decode(errors="backslashreplace")
