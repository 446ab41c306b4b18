"""Intake: an upload comes in, a verdict goes out, and what is doubtful is held and sealed."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tutela.audit.entry import Action, Actor
from tutela.cases import case as cases_on_record
from tutela.cases import categories
from tutela.content import item as items_on_record
from tutela.content.decoding import DECODER_LOST
from tutela.content.item import HoldState, Item, ItemMatch, PictureFacts
from tutela.content.surroundings import NOTHING_STATED, Surroundings
from tutela.errors import Conflict
from tutela.matching.screening import Screener, Screening, Verdict
from tutela.platform.meters import Meters
from tutela.storage.database import Id, Instant, metadata
from tutela.storage.identity import new_id

if TYPE_CHECKING:
    from tutela.audit.log import AuditLog, Change
    from tutela.content.account import AccountFacts
    from tutela.evidence.vault import Sealed, Vault
    from tutela.hashing.fingerprint import Fingerprint
    from tutela.platform.list_watch import ListWatch
    from tutela.platform.parsing import Fields, Parsing

submissions = sa.Table(
    "submissions",
    metadata,
    sa.Column("actor", sa.String(80), primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("request", sa.String(64), nullable=False),
    sa.Column("item_id", Id, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

_HELD = {Verdict.MATCH, Verdict.UNSCREENED}
"""What is possible goes to a person, but stays published until that person decides."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One upload and its context, as the host platform states it."""

    data: bytes
    external_id: str
    account: AccountFacts
    place_url: str | None = None
    uploaded_at: datetime | None = None
    original_name: str | None = None
    surroundings: Surroundings = NOTHING_STATED

    def digest(self) -> str:
        """Return what makes two requests the same request: SHA-256 over bytes and context."""
        context = asdict(replace(self, data=b""))
        del context["data"]
        words = json.dumps(context, sort_keys=True, default=str).encode()
        return sha256(sha256(self.data).digest() + words).hexdigest()


@dataclass(frozen=True, slots=True)
class Verdicted:
    """The answer to an upload. `hold`: keep it from publication."""

    id: str
    verdict: Verdict
    hold: bool
    case_id: str | None


class Intake:
    """Takes items in: hash, match, seal, hold, and put on record in one transaction."""

    def __init__(
        self,
        audit: AuditLog,
        screener: Screener,
        vault: Vault,
        parsing: Parsing,
        watch: ListWatch,
        meters: Meters | None = None,
    ) -> None:
        self._audit = audit
        self._screener = screener
        self._vault = vault
        self._parsing = parsing
        self._watch = watch
        self._meters = meters or Meters()

    def submit(self, actor: Actor, submission: Submission, key: str | None = None) -> Verdicted:
        """Screen one upload. The same `key` with the same content gives the first answer again.

        Raises `Conflict` when a key comes back with other content.
        """
        began = time.perf_counter()
        request = submission.digest()
        earlier = self._earlier(actor, key, request)
        if earlier is not None:
            return earlier
        printed = self._parsing.fingerprint(submission.data, self._screener.policy.looks)
        screening = self._screener.screen(printed)
        # Sealed before the record: a crash between the two leaves an orphan, never a gap.
        noticed = submission.surroundings.notice is not None
        for_people = noticed or screening.verdict is not Verdict.CLEAN
        # Said to the authority or to nobody: what is not sealed leaves no trace of its making.
        readable = for_people and printed.unscreened not in DECODER_LOST
        told = self._parsing.exif(submission.data) if readable else ()
        sealed = self._vault.seal(submission.data) if for_people else None
        try:
            answer = self._put_on_record(
                actor, submission, key, request, printed, screening, sealed, told
            )
        except IntegrityError:
            # The same key arrived twice at once and the other request was first.
            winner = self._earlier(actor, key, request)
            if winner is None:
                raise
            return winner
        self._meters.screened(answer.verdict.value, time.perf_counter() - began)
        return answer

    def _put_on_record(
        self,
        actor: Actor,
        submission: Submission,
        key: str | None,
        request: str,
        printed: Fingerprint,
        screening: Screening,
        sealed: Sealed | None,
        told: Fields,
    ) -> Verdicted:
        with self._audit.change(actor) as change:
            item = _item(change, submission, printed, screening, sealed, told)
            if key is not None:
                change.connection.execute(
                    submissions.insert().values(
                        actor=str(actor), key=key, request=request, item_id=item.id, at=change.now
                    )
                )
            change.record(
                Action.ITEM_SCREENED,
                item.id,
                verdict=screening.verdict.value,
                reason=screening.reason,
                matches=len(screening.matches),
            )
            if sealed is not None:
                self._vault.keep(change, sealed, item.id)
                case_id = cases_on_record.file_item(change, item)
                item = replace(item, case_id=case_id)
                categories.add(change.connection, case_id, (item,))
                self._watch.sample(change, item, case_id)
                if item.hold is HoldState.HELD:
                    change.record(Action.ITEM_HELD, item.id)
            items_on_record.insert(change.connection, item)
        return _verdicted(item)

    def _earlier(self, actor: Actor, key: str | None, request: str) -> Verdicted | None:
        if key is None:
            return None
        with self._audit.database.reading() as connection:
            row = connection.execute(
                sa.select(submissions).where(
                    submissions.c.actor == str(actor), submissions.c.key == key
                )
            ).first()
            if row is None:
                return None
            if row.request != request:
                raise Conflict(
                    "This Idempotency-Key was used for another upload.",
                    "Use a fresh key for each upload, and the same one only to repeat it.",
                )
            return _verdicted(items_on_record.load(connection, row.item_id))


def _item(
    change: Change,
    submission: Submission,
    printed: Fingerprint,
    screening: Screening,
    sealed: Sealed | None,
    told: Fields,
) -> Item:
    return Item(
        id=new_id("itm", change.now),
        external_id=submission.external_id,
        account=submission.account,
        place_url=submission.place_url,
        uploaded_at=submission.uploaded_at,
        original_name=submission.original_name,
        media_type=printed.media_type,
        size=printed.bytes,
        md5=printed.digests.md5,
        sha1=printed.digests.sha1,
        sha256=printed.digests.sha256,
        pictures=tuple(
            PictureFacts(
                one.frame,
                str(one.reading),
                one.pdq,
                one.quality,
                one.width,
                one.height,
                one.moment,
            )
            for one in printed.pictures
        ),
        verdict=screening.verdict.value,
        reason=screening.reason,
        hold=HoldState.HELD if screening.verdict in _HELD else HoldState.NONE,
        evidence_id=sealed.id if sealed else None,
        case_id=None,
        received_at=change.now,
        surroundings=submission.surroundings,
        exif=told,
        matches=tuple(
            ItemMatch(
                match.list_name,
                match.entry_id,
                match.algorithm,
                match.distance,
                match.via,
                tuple(match.labels),
                match.classification,
                match.source,
                match.moment,
            )
            for match in screening.matches
        ),
    )


def _verdicted(item: Item) -> Verdicted:
    verdict = Verdict(item.verdict)
    return Verdicted(item.id, verdict, verdict in _HELD, item.case_id)
