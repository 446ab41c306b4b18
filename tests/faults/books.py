"""The books, held against each other when everything has come to rest."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from tests.faults.uploads import traces

from tutela.audit.entry import Actor
from tutela.cases import case as cases_on_record
from tutela.cases.case import CaseState
from tutela.content import holds
from tutela.content.holds import host_orders
from tutela.content.item import items
from tutela.decisions import decision as decisions_on_record
from tutela.decisions.decision import Outcome
from tutela.errors import TutelaError
from tutela.evidence.vault import Purpose
from tutela.matching.live_index import ListedHashes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.load import Said
    from tests.faults.rig import Rig

    from tutela.bootstrap import Platform

CHECKER = Actor("system", "faults")
_HELD = {"match", "unscreened"}
_CHUNK = 1 << 22


def violations(rig: Rig, said: Said, *, opened: set[str]) -> list[str]:
    """Return what is wrong, one line each. `opened`: evidence that was found whole before."""
    host, reports = rig.host.books(), rig.authority.reports("finished")
    with rig.platform() as platform:
        found = [
            *_items(platform, said, host),
            *_decisions(platform, said, host),
            *_referrals(platform, reports),
            *_evidence(platform, opened),
        ]
        if owed := platform.worker.owed():
            found.append(f"{owed} duties are still owed")
    return [*found, *_audit(rig), *_index(rig), *_plaintext(rig)]


def _items(platform: Platform, said: Said, host: dict[str, Any]) -> Iterator[str]:
    """Every accepted upload is one item, screened; what is doubtful is held; none is missed."""
    posts = {one["id"]: one for one in host["posts"]}
    with platform.database.reading() as connection:
        rows = connection.execute(sa.select(items.c.external_id, items.c.verdict, items.c.hold))
        by_post: dict[str, list[Any]] = {}
        for row in rows:
            by_post.setdefault(row.external_id, []).append(row)
    for post, kind in said.accepted.items():
        there, rows_of = posts.get(post), by_post.get(post, [])
        if there is None:
            yield f"the host platform has lost post {post}"
        elif not there["settled"]:
            yield f"post {post} never got an answer"
        elif len(rows_of) != 1:
            yield f"post {post} is {len(rows_of)} items"
        elif kind == "listed" and rows_of[0].verdict not in _HELD:
            yield f"listed post {post} was called {rows_of[0].verdict}"
        elif kind == "broken" and rows_of[0].verdict not in _HELD:
            yield f"broken post {post} was called {rows_of[0].verdict}"
    for question in host["questions"]:
        if question["verdict"] and question["post"] not in by_post:
            yield f"post {question['post']} was answered, and is no item"


def _decisions(platform: Platform, said: Said, host: dict[str, Any]) -> Iterator[str]:
    """Every decision took effect exactly once at the host platform, on each of its items."""
    effects = Counter((one["post"], one["verb"]) for one in host["effects"])
    states = {one["id"]: one["state"] for one in host["posts"]}
    ordered: Counter[tuple[str, str]] = Counter()
    with platform.database.reading() as connection:
        for row in connection.execute(sa.select(host_orders)):
            ordered[row.external_id, row.verb] += 1
            if row.refused is not None:
                yield f"order {row.id} to {row.verb} was given up: {row.refused}"
            elif row.confirmed_at is None:
                yield f"order {row.id} to {row.verb} is not confirmed"
        decided = connection.execute(
            sa.select(cases_on_record.cases.c.id, cases_on_record.cases.c.state)
        ).all()
        for row in decided:
            decisions = decisions_on_record.of_case(connection, row.id)
            answered = said.decided.get(row.id)
            if answered and answered not in {one.id for one in decisions}:
                yield f"decision {answered} was answered, and is not on record"
            if row.state == CaseState.OPEN.value:
                yield f"case {row.id} is not decided"
                continue
            if len(decisions) != 1:
                yield f"case {row.id} has {len(decisions)} decisions"
                continue
            verb = "remove" if decisions[0].outcome is Outcome.ABUSIVE else "restore"
            wanted = {"remove": "removed", "restore": "published"}[verb]
            for item in cases_on_record.items_of(connection, row.id):
                post = item.external_id
                count = effects[post, verb]
                if count != 1 and holds.withheld(connection, item):
                    yield f"{verb} of post {post} took effect {count} times"
                if states.get(post) != wanted:
                    yield f"post {post} is {states.get(post)}, not {wanted}"
    for (post, verb), count in effects.items():
        if ordered[post, verb] != count:
            yield f"post {post}: {verb} was ordered {ordered[post, verb]}, obeyed {count} times"


def _referrals(platform: Platform, reports: list[dict[str, Any]]) -> Iterator[str]:
    """Every referral is one finished report, and every finished report one referral."""
    receipts = Counter(one.receipt_number for one in platform.register.all())
    for one in platform.register.all():
        if one.receipt_number is None:
            yield f"referral {one.id} is {one.state}, not filed: {one.problem}"
        elif receipts[one.receipt_number] > 1:
            yield f"report {one.receipt_number} stands for several referrals"
    finished = Counter(str(one["id"]) for one in reports)
    for number in set(finished) - set(receipts):
        yield f"report {number} is finished at the authority, and no referral knows it"
    for receipt in set(receipts) - set(finished) - {None}:
        yield f"report {receipt} is a receipt here, and not finished at the authority"
    for report in reports:
        for file in report["files"]:
            if file["described"] != 1:
                yield f"a file of report {report['id']} was described {file['described']} times"


def _evidence(platform: Platform, before: set[str]) -> Iterator[str]:
    """What is held is sealed, and opens whole."""
    with platform.database.reading() as connection:
        rows = connection.execute(
            sa.select(items.c.id, items.c.evidence_id, items.c.verdict, items.c.sha256)
        ).all()
    for row in rows:
        if row.evidence_id is None:
            if row.verdict in _HELD:
                yield f"item {row.id} is held, and has no evidence"
            continue
        if row.evidence_id in before:
            continue
        try:
            record = platform.vault.record(row.evidence_id)
            opened = platform.vault.open(CHECKER, row.evidence_id, Purpose.VERIFICATION)
        except TutelaError as problem:
            yield f"evidence of item {row.id} does not open: {problem.what}"
            continue
        if record.sha256 != row.sha256 or record.size != len(opened):
            yield f"evidence of item {row.id} is not what was uploaded"
        else:
            before.add(row.evidence_id)


def _audit(rig: Rig) -> Iterator[str]:
    """`tutela audit verify` proves the log."""
    done = subprocess.run(
        [sys.executable, "-m", "tutela", "--home", str(rig.home), "audit", "verify"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        yield f"audit verify ended with {done.returncode}: {done.stderr[-300:]}"


def _index(rig: Rig) -> Iterator[str]:
    """The index that the servers use is whole: damage was noticed, and it was made again."""
    try:
        for store in ListedHashes(rig.home / "index").stores:
            store.verify()
    except TutelaError as problem:
        yield f"the index is in use, and damaged: {problem.what}"


def _plaintext(rig: Rig) -> Iterator[str]:
    """No byte of an upload lies anywhere but with the counterparties, whose it is."""
    if rig.bucket is not None:
        yield from (f"plain bytes in object {key}" for key in _betraying_objects(rig))
    open_files = [
        file
        for server in rig.servers
        if server.child is not None
        for file in Path(f"/proc/{server.child.pid}/fd").glob("*")
    ]
    for file in [*_files(rig.root, rig.outside), *open_files]:
        if _betrays(file):
            yield f"plain bytes in {file}"


def _files(root: Path, but: Path) -> Iterator[Path]:
    """Give every file below a folder, PostgreSQL's included, but those of the outside."""
    for file in root.rglob("*"):
        if but not in file.parents and file.is_file() and file.name != "filler":
            yield file


def _betrays(file: Path) -> bool:
    """Say whether a file holds a trace of an upload."""
    marks = traces()
    overlap = max(len(one) for one in marks)
    try:
        if not file.is_file():
            return False
        with file.open("rb") as opened:
            before = b""
            while part := opened.read(_CHUNK):
                if any(mark in before + part for mark in marks):
                    return True
                before = part[-overlap:]
    except OSError:
        # It went away meanwhile.
        return False
    return False


def _betraying_objects(rig: Rig) -> Iterator[str]:
    import obstore
    from obstore.store import from_url

    assert rig.bucket is not None
    store = from_url(rig.bucket.url)
    for some in obstore.list(store):
        for one in some:
            data = bytes(obstore.get(store, one["path"]).bytes())
            if any(mark in data for mark in traces()):
                yield one["path"]
