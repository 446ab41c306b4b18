"""A film on the stage: which frames stand in the strip, and that each is no more than its rung."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.casework import ANNA, make_item
from tests.parsers import parsing
from tests.pictures import scene
from tests.unit.cases.evidence import vault
from tests.videos import film, scenes

from tutela.audit.entry import Action
from tutela.cases import case as cases_on_record
from tutela.cases import strip, viewing
from tutela.cases.rendering import Rung
from tutela.cases.viewing import Fidelity, Viewing
from tutela.content import item as items_on_record
from tutela.content.decoding import Undecodable
from tutela.content.item import ItemMatch, PictureFacts
from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from tests.fixed_clock import FixedClock

    from tutela.audit.log import AuditLog
    from tutela.content.item import Item
    from tutela.evidence.vault import Vault

__all__ = ["vault"]
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def _film_item(moments: list[int], met: list[int]) -> Item:
    pictures = tuple(
        PictureFacts(place, "upright", "0" * 64, 100, 64, 48, moment)
        for place, moment in enumerate(moments)
    )
    matches = tuple(ItemMatch("known", f"e{one}", "pdq", 2, "frame", (), moment=one) for one in met)
    return replace(make_item(NOW), pictures=pictures, matches=matches)


@given(st.sets(st.integers(-100, 5000), min_size=1, max_size=80), st.data())
def test_a_strip_shows_the_matches_and_is_spread(seconds: set[int], drawn: st.DataObject) -> None:
    moments = sorted(one * 1000 for one in seconds)
    met = drawn.draw(st.lists(st.sampled_from(moments), unique=True, max_size=20))
    found = strip.chosen(_film_item(moments, met))
    assert list(found) == sorted(set(found))
    assert set(found) <= set(moments)
    assert len(found) == min(len(moments), strip.MOST_FRAMES)
    assert len(set(met) & set(found)) == min(len(met), strip.MOST_FRAMES)


def test_moments_are_said_as_players_say_them() -> None:
    said = [strip.clock(one) for one in (0, 61_400, 3_600_000, -2000)]
    assert said == ["0:00", "1:01", "1:00:00", "-0:02"]


def test_what_is_no_film_has_no_strip() -> None:
    assert strip.checked(make_item(NOW), None) is None
    item = _film_item([0, 1000], [])
    assert strip.checked(item, None) == strip.STRIP
    assert strip.checked(item, 1000) == 1000
    with pytest.raises(InvalidInput):
        strip.checked(item, 500)


def test_the_parser_gives_the_frames_asked_for_and_no_larger() -> None:
    stills = scenes(4, 320, 240)
    found = parsing().frames(film(stills), (1000, 3000), 100)
    assert sorted(found) == [1000, 3000]
    for moment, rgb in found.items():
        assert rgb.shape == (75, 100, 3)
        still = stills[moment // 1000].resize((100, 75), Image.Resampling.LANCZOS)
        assert np.abs(rgb.astype(int) - np.asarray(still).astype(int)).mean() < 12
    with pytest.raises(Undecodable):
        parsing().frames(film(stills)[:2000], (0,), 100)


def _drawn(moment: int, rung: Rung) -> Image.Image:
    item = _film_item([0, 1000, 2000, 3000, 4000], [2000])
    data = film([*scenes(2, 320, 240), scene(1, 320, 240), *scenes(2, 320, 240, seed=70)])
    png = strip.render(data, item, moment, rung, "Ibis 7", parsing().frames)
    return Image.open(io.BytesIO(png))


def test_a_strip_is_one_picture_with_each_frame_at_its_rung() -> None:
    tiny = _drawn(strip.STRIP, Rung.TINY)
    rgb = np.asarray(tiny.convert("RGB")).astype(int)
    frame = rgb[20:200, 30:250]
    assert tiny.width > 3 * 320
    assert np.abs(frame - frame.mean(axis=2, keepdims=True)).max() <= 2
    assert _drawn(strip.STRIP, Rung.COLOUR).width < tiny.width


def test_one_frame_is_larger_than_in_the_strip() -> None:
    assert max(_drawn(1000, Rung.COLOUR).size) == 320
    assert _drawn(1000, Rung.LARGER).size == (256, 192)


def test_a_film_has_no_spots() -> None:
    with pytest.raises(InvalidInput):
        _drawn(strip.STRIP, Rung.REVEAL)


def test_a_look_at_a_film_is_one_view_and_never_of_the_whole(
    audit: AuditLog, vault: Vault, clock: FixedClock
) -> None:
    sealed = vault.seal(film(scenes(3, 160, 120)))
    item = replace(_film_item([0, 1000, 2000], [1000]), evidence_id=sealed.id)
    with audit.change(ANNA) as change:
        vault.keep(change, sealed, item.id)
        item = replace(item, case_id=cases_on_record.file_item(change, item))
        items_on_record.insert(change.connection, item)
        change.record(Action.ITEM_SCREENED, item.id, verdict=item.verdict)
    looking = Viewing(audit, vault, parsing().smaller, frames=parsing().frames)
    case_id = item.case_id or ""
    whole = looking.grant(ANNA, case_id, item.id, Fidelity.COLOUR, "why")
    assert looking.render(ANNA, whole.id, "Ibis 7").startswith(b"\x89PNG")
    one = looking.grant(ANNA, case_id, item.id, Fidelity.COLOUR, "why", 1000)
    shown = Image.open(io.BytesIO(looking.render(ANNA, one.id, "Ibis 7")))
    assert shown.size == (160, 120)
    with pytest.raises(InvalidInput):
        looking.grant(ANNA, case_id, item.id, Fidelity.TINY, "", 999)
    record = looking.of_case(case_id)
    assert [view.in_part for view in record] == [True, True]
    clock.advance(60)
    assert not viewing.viewed(record, item.id, clock())
    assert viewing.viewed_in_part(record, item.id, clock())
    granted = [e.details for e in audit.entries(case_id) if e.action == Action.VIEW_GRANTED]
    assert [one.get("moment") for one in granted] == [None, 1000]
