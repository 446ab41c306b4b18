"""Verdicts: what is listed is found, what cannot be looked at is held, and doubt is said."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.pictures import encoded, scene
from tests.suites.index_suite import hashes, turned

from tutela.audit.entry import Actor
from tutela.content.decoding import DecodeLimits, Reading, Reason
from tutela.errors import InvalidInput, NotFound, Unavailable
from tutela.hashing.digests import digests
from tutela.hashing.fingerprint import Fingerprint, PictureHash
from tutela.hashing.screening_hash import ScreeningHash
from tutela.hashlists.store import HashLists
from tutela.matching.screening import MOST_MATCHES, Screener, Screening, ScreeningPolicy, Verdict
from tutela.matching.segment_store import SegmentStore
from tutela.storage.database import Database

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from tutela.audit.log import AuditLog

ANNA = Actor("person", "acc_anna")
VALUES = [row.tobytes() for row in hashes(50, seed=4)]
CLEAN = Screening(Verdict.CLEAN, None, ())


def _picture(value: bytes, quality: int = 100, frame: int = 0) -> PictureHash:
    return PictureHash(frame, Reading.UPRIGHT, value.hex(), quality, 640, 480)


def _print(
    *pictures: PictureHash, data: bytes = b"unlisted", unscreened: Reason | None = None
) -> Fingerprint:
    return Fingerprint("image/png", len(data), digests((data,)), pictures, unscreened)


@pytest.fixture
def lists(database: Database, audit: AuditLog) -> HashLists:
    return HashLists(database, audit)


@pytest.fixture
def screener(database: Database, tmp_path: Path) -> Screener:
    return Screener(database, ScreeningPolicy(), tmp_path / "index")


def _list(
    lists: HashLists, values: dict[str, bytes], name: str = "known", quality: str = "90"
) -> None:
    rows = "".join(f"{entry},{value.hex()},{quality}\n" for entry, value in values.items())
    lists.import_file(ANNA, name, f"id,pdq,pdq_quality\n{rows}".encode())


def _entries(screening: Screening) -> list[tuple[str, str, int]]:
    return [(one.entry_id, one.via, one.distance) for one in screening.matches]


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_an_equal_digest_is_a_match(lists: HashLists, screener: Screener, algorithm: str) -> None:
    value = getattr(digests((b"listed",)), algorithm)
    file = f"id,{algorithm},labels,classification\ne,{value},x;y,A1\n".encode()
    lists.import_file(ANNA, "known", file, source="a hotline")
    screening = screener.screen(_print(data=b"listed", unscreened=Reason.UNKNOWN_TYPE))
    (match,) = screening.matches
    assert screening.verdict is Verdict.MATCH
    assert screening.reason == "unknown_type"
    assert (match.list_name, match.list_id) == ("known", lists.show("known").id)
    assert (match.entry_id, match.algorithm, match.distance, match.via) == (
        "e",
        algorithm,
        0,
        "exact",
    )
    assert (match.labels, match.classification, match.source) == (("x", "y"), "A1", "a hotline")
    assert (match.frame, match.reading) == (None, None)
    assert screener.screen(_print(_picture(VALUES[0]))) == CLEAN


def test_an_entry_is_met_once_by_its_strongest_digest(lists: HashLists, screener: Screener) -> None:
    known = digests((b"listed",))
    file = f"id,md5,sha1,sha256,pdq\ne,{known.md5},{known.sha1},{known.sha256},{VALUES[0].hex()}\n"
    lists.import_file(ANNA, "known", file.encode())
    (match,) = screener.screen(_print(_picture(VALUES[0]), data=b"listed")).matches
    assert (match.algorithm, match.via) == ("sha256", "exact")


def test_the_same_bytes_under_another_algorithm_are_no_match(
    lists: HashLists, screener: Screener
) -> None:
    lists.import_file(ANNA, "known", f"pdq\n{digests((b'x',)).sha256}\n".encode())
    assert screener.screen(_print(_picture(VALUES[0]), data=b"x")) == CLEAN


@pytest.mark.parametrize("radius", [0, 31, 63])
def test_pdq_matches_within_the_radius(
    lists: HashLists, database: Database, tmp_path: Path, radius: int
) -> None:
    screener = Screener(database, ScreeningPolicy(radius=radius), tmp_path / "index")
    _list(lists, {f"e{i}": value for i, value in enumerate(VALUES)})
    for place in (0, 49):
        within = screener.screen(_print(_picture(turned(VALUES[place], radius))))
        assert _entries(within) == [(f"e{place}", "pdq", radius)]
        assert within.verdict is Verdict.MATCH
        assert within.reason is None
        beyond = screener.screen(_print(_picture(turned(VALUES[place], radius + 1))))
        assert beyond == CLEAN


def test_every_frame_and_reading_is_looked_at(lists: HashLists, screener: Screener) -> None:
    _list(lists, {"late": VALUES[0], "turned": VALUES[1]})
    pictures = (
        _picture(VALUES[9]),
        replace(_picture(turned(VALUES[1], 5)), reading=Reading.AS_STORED),
        _picture(VALUES[9], frame=1),
        _picture(turned(VALUES[0], 2), frame=7),
        _picture(turned(VALUES[0], 8), frame=8),
    )
    screening = screener.screen(_print(*pictures))
    assert _entries(screening) == [("late", "frame", 2), ("turned", "pdq", 5)]
    assert [(one.frame, one.reading) for one in screening.matches] == [
        (7, Reading.UPRIGHT),
        (0, Reading.AS_STORED),
    ]


def test_the_nearest_comes_first_and_each_entry_once(lists: HashLists, screener: Screener) -> None:
    near, far = turned(VALUES[0], 3, seed=1), turned(VALUES[0], 9, seed=2)
    file = f"id,pdq\nfar,{far.hex()}\nnear,{far.hex()}\nnear,{near.hex()}\n"
    lists.import_file(ANNA, "known", file.encode())
    _list(lists, {"near": near}, "another")
    screening = screener.screen(_print(_picture(VALUES[0])))
    found = [(one.list_name, one.entry_id, one.distance) for one in screening.matches]
    assert found == [("another", "near", 3), ("known", "near", 3), ("known", "far", 9)]


@pytest.mark.parametrize("reason", list(Reason))
def test_what_could_not_be_decoded_is_unscreened(screener: Screener, reason: Reason) -> None:
    assert screener.screen(_print(unscreened=reason)) == Screening(
        Verdict.UNSCREENED, reason.value, ()
    )


def test_what_could_be_decoded_in_part_is_unscreened_unless_it_matches(
    lists: HashLists, screener: Screener
) -> None:
    _list(lists, {"e": VALUES[0]})
    partly = _print(_picture(VALUES[1]), unscreened=Reason.TRUNCATED)
    assert screener.screen(partly) == Screening(Verdict.UNSCREENED, "truncated", ())
    met = screener.screen(_print(_picture(VALUES[0]), unscreened=Reason.TRUNCATED))
    assert (met.verdict, met.reason) == (Verdict.MATCH, "truncated")


@pytest.mark.parametrize(
    ("bits", "stated", "matches"),
    [(0, "90", True), (15, "50", True), (16, "90", False), (31, "90", False), (0, "", False)],
)
def test_a_picture_of_low_quality_is_compared_strictly(
    lists: HashLists, screener: Screener, bits: int, stated: str, matches: bool
) -> None:
    """A darkened copy is found; a blank picture does not meet whatever a list has of blank ones."""
    _list(lists, {"e": VALUES[0]}, quality=stated)
    screening = screener.screen(_print(_picture(turned(VALUES[0], bits), quality=49)))
    if matches:
        assert _entries(screening) == [("e", "pdq", bits)]
    else:
        assert screening == Screening(Verdict.CLEAN, "low_quality", ())


@pytest.mark.parametrize(
    ("bits", "quality", "stated", "said"),
    [
        (31, 100, "90", Verdict.MATCH),
        (32, 100, "90", Verdict.POSSIBLE),
        (45, 50, "50", Verdict.POSSIBLE),
        (46, 100, "90", Verdict.CLEAN),
        (32, 49, "90", Verdict.CLEAN),
        (32, 100, "49", Verdict.CLEAN),
        (32, 100, "", Verdict.CLEAN),
    ],
)
def test_what_lies_in_the_review_radius_is_possible(
    lists: HashLists,
    database: Database,
    tmp_path: Path,
    bits: int,
    quality: int,
    stated: str,
    said: Verdict,
) -> None:
    """And only for pictures of sufficient quality on both sides."""
    screener = Screener(database, ScreeningPolicy(review_radius=45), tmp_path / "wide")
    _list(lists, {"e": VALUES[0]}, quality=stated)
    screening = screener.screen(_print(_picture(turned(VALUES[0], bits), quality)))
    assert screening.verdict is said
    assert [one.via for one in screening.matches] == {
        Verdict.MATCH: ["pdq"],
        Verdict.POSSIBLE: ["wide"],
        Verdict.CLEAN: [],
    }[said]


def test_the_review_radius_never_hides_doubt_or_a_match(
    lists: HashLists, database: Database, tmp_path: Path
) -> None:
    screener = Screener(database, ScreeningPolicy(review_radius=45), tmp_path / "wide")
    _list(lists, {"far": turned(VALUES[0], 40), "near": turned(VALUES[0], 3)})
    assert _entries(screener.screen(_print(_picture(VALUES[0])))) == [("near", "pdq", 3)]
    lists.remove_entry(ANNA, "known", "near")
    partly = _print(_picture(VALUES[0]), unscreened=Reason.TRUNCATED)
    assert screener.screen(partly) == Screening(Verdict.UNSCREENED, "truncated", ())
    quick = replace(
        _print(_picture(VALUES[0])), pictures=(), quick=ScreeningHash(VALUES[0], 100, 0)
    )
    assert screener.sift(quick) is None


def test_bytes_are_screened_for_digests_and_pictures(
    lists: HashLists, database: Database, screener: Screener
) -> None:
    """Digests that nobody lists are not looked up; the first that is listed changes that."""
    data = encoded(scene(3, 640, 480), "JPEG")
    stranger, screening = screener.screen_bytes(data, DecodeLimits())
    assert screening == CLEAN
    assert stranger.quick is not None
    whole = digests((data,))
    assert (stranger.digests.md5, stranger.digests.sha1) == (whole.md5, whole.sha1)
    _list(lists, {"far": VALUES[0]})
    assert screener.screen_bytes(data, DecodeLimits())[1] == CLEAN
    for kind in ("md5", "sha1", "sha256"):
        lists.import_file(ANNA, "exact", f"{kind}\n{getattr(whole, kind)}\n".encode())
        printed, met = screener.screen_bytes(data, DecodeLimits())
        assert [(one.algorithm, one.distance) for one in met.matches] == [(kind, 0)]
        assert printed.quick is None
        lists.remove_list(ANNA, "exact")
        assert screener.screen_bytes(data, DecodeLimits())[1] == CLEAN
    exact = printed.pictures[0].pdq
    _list(lists, {"near": turned(bytes.fromhex(exact), 31)}, "pictures")
    assert _entries(screener.screen_bytes(data, DecodeLimits())[1]) == [("near", "pdq", 31)]
    lists.remove_list(ANNA, "pictures")
    _list(lists, {"beyond": turned(bytes.fromhex(exact), 32)}, "pictures")
    assert screener.screen_bytes(data, DecodeLimits())[1] == CLEAN


def test_one_decisive_picture_makes_a_clean_verdict_whole(screener: Screener) -> None:
    blank, full = _picture(VALUES[0], quality=3), _picture(VALUES[1], frame=1)
    assert screener.screen(_print(blank, full)) == CLEAN
    assert screener.screen(_print(blank)).reason == "low_quality"


@pytest.mark.parametrize("folder", ["index", "another"])
def test_changes_of_lists_are_in_force_at_once(
    lists: HashLists, database: Database, screener: Screener, tmp_path: Path, folder: str
) -> None:
    others = Screener(database, ScreeningPolicy(), tmp_path / folder)
    seen = _print(_picture(VALUES[0]), data=b"listed")

    def verdicts() -> set[Verdict]:
        return {one.screen(seen).verdict for one in (screener, others)}

    assert verdicts() == {Verdict.CLEAN}
    _list(lists, {"e": VALUES[0], "other": VALUES[1]})
    assert verdicts() == {Verdict.MATCH}
    lists.remove_entry(ANNA, "known", "e")
    assert verdicts() == {Verdict.CLEAN}
    lists.import_file(ANNA, "exact", f"{digests((b'listed',)).md5}\n".encode())
    assert verdicts() == {Verdict.MATCH}
    lists.remove_list(ANNA, "exact")
    assert verdicts() == {Verdict.CLEAN}
    _list(lists, {"e": VALUES[0]})
    assert verdicts() == {Verdict.MATCH}
    lists.import_file(ANNA, "known", b"id,withdrawn\ne,yes\n")
    assert verdicts() == {Verdict.CLEAN}
    lists.remove_list(ANNA, "known")
    assert screener.screen(_print(_picture(VALUES[1]))).verdict is Verdict.CLEAN


def test_a_change_loads_only_what_is_new(
    lists: HashLists, screener: Screener, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[int] = []
    follow = SegmentStore.follow

    def counted(
        self: SegmentStore[Any],
        removed: NDArray[np.int64],
        added: NDArray[np.int64],
        values: NDArray[np.uint8],
        state: tuple[int, int],
    ) -> None:
        loaded.append(len(added))
        follow(self, removed, added, values, state)

    monkeypatch.setattr(SegmentStore, "follow", counted)
    _list(lists, {f"e{i}": value for i, value in enumerate(VALUES[:40])})
    seen = _print(_picture(VALUES[45]))
    assert screener.screen(seen) == CLEAN
    assert screener.screen(seen) == CLEAN
    _list(lists, {f"e{i}": value for i, value in enumerate(VALUES[:42])})
    lists.remove_entry(ANNA, "known", "e3")
    assert screener.screen(_print(_picture(VALUES[41]))).verdict is Verdict.MATCH
    assert screener.screen(_print(_picture(VALUES[3]))) == CLEAN
    assert [number for number in loaded if number] == [40, 2]


def test_named_lists_alone_are_looked_at(lists: HashLists, screener: Screener) -> None:
    _list(lists, {"a": VALUES[0]}, "one")
    _list(lists, {"b": VALUES[0]}, "two")
    seen = _print(_picture(VALUES[0]))
    assert [one.list_name for one in screener.screen(seen).matches] == ["one", "two"]
    assert [one.list_name for one in screener.screen(seen, ["two"]).matches] == ["two"]
    assert len(screener.screen(seen, []).matches) == 2
    with pytest.raises(NotFound):
        screener.screen(seen, ["two", "three"])


def test_a_flood_of_equal_hashes_stays_bounded(lists: HashLists, screener: Screener) -> None:
    _list(lists, {f"e{i}": VALUES[0] for i in range(1500)}, "flood")
    _list(lists, {"quiet": turned(VALUES[0], 20)}, "quiet")
    seen = _print(_picture(VALUES[0]))
    assert len(screener.screen(seen).matches) == MOST_MATCHES
    assert _entries(screener.screen(seen, ["quiet"])) == [("quiet", "pdq", 20)]


def test_an_index_that_cannot_be_loaded_holds_the_item(
    lists: HashLists, screener: Screener, tmp_path: Path
) -> None:
    in_the_way = tmp_path / "index"
    in_the_way.write_bytes(b"not a folder")
    _list(lists, {"e": VALUES[0]})
    lists.import_file(ANNA, "exact", f"{digests((b'listed',)).md5}\n".encode())
    held = Screening(Verdict.UNSCREENED, "index_unavailable", ())
    for _ in range(2):
        assert screener.screen(_print(_picture(VALUES[1]))) == held
    met = screener.screen(_print(_picture(VALUES[1]), data=b"listed"))
    assert (met.verdict, met.reason) == (Verdict.MATCH, "index_unavailable")
    with pytest.raises(Unavailable):
        screener.prove_ready()
    in_the_way.unlink()
    screener.prove_ready()
    assert screener.screen(_print(_picture(VALUES[1]))) == CLEAN
    assert screener.screen(_print(_picture(VALUES[0]))).verdict is Verdict.MATCH


def test_a_database_that_is_away_holds_the_item(tmp_path: Path) -> None:
    screener = Screener(
        Database(f"sqlite:///{tmp_path}/no/such/folder.db"), ScreeningPolicy(), tmp_path / "one"
    )
    held = Screening(Verdict.UNSCREENED, "index_unavailable", ())
    assert screener.screen(_print(_picture(VALUES[0]))) == held
    # A database without our tables is no empty list either.
    bare = Screener(
        Database(f"sqlite:///{tmp_path}/bare.db"), ScreeningPolicy(), tmp_path / "other"
    )
    assert bare.screen(_print(_picture(VALUES[0]))) == held


def test_many_threads_screen_while_lists_change(lists: HashLists, screener: Screener) -> None:
    _list(lists, {"always": VALUES[0]}, "steady")
    seen = _print(_picture(turned(VALUES[0], 7)))
    stop, faults = threading.Event(), []

    def look() -> None:
        while not stop.is_set():
            screening = screener.screen(seen)
            if ("always", "pdq", 7) not in _entries(screening):
                faults.append(screening)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(12):
        _list(lists, {f"e{turn}-{i}": value for i, value in enumerate(VALUES[1:])}, "moving")
        if turn % 3 == 2:
            lists.remove_list(ANNA, "moving")
    stop.set()
    for thread in threads:
        thread.join()
    assert faults == []


def test_a_radius_out_of_range_is_refused() -> None:
    with pytest.raises(InvalidInput):
        ScreeningPolicy(radius=64)
