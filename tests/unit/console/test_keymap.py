"""One table of keys: no key does two things, a person changes it, the page and the sheet follow."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.console.conftest import Browser, signed_in

from tutela.access.roles import Role
from tutela.console import keymap
from tutela.console.keymap import LEFT_HAND, USUAL, bound, checked, keys_of
from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from tests.console_home import Home

SIGNS = st.sampled_from([*"abcdefghijklmnopqrstuvwxyz0123456789!?.,", ""])


def on_page(text: str) -> dict[str, str]:
    """Return the table that the scripts of a page have."""
    found = re.search(r"data-keymap='([^']*)'", text)
    assert found
    told: dict[str, str] = json.loads(unescape(found[1]))
    return told


def test_the_usual_keys_and_the_left_hand_are_sound() -> None:
    assert checked(USUAL) == {}
    assert checked(LEFT_HAND) == dict(LEFT_HAND)
    reach = set("qwertasdfgzxcvb1234567890")
    assert set(keys_of(LEFT_HAND).values()) <= reach


@given(st.dictionaries(st.sampled_from(sorted(USUAL)), SIGNS))
def test_what_is_taken_gives_no_key_two_ends(wanted: dict[str, str]) -> None:
    given_keys = [key for key in keys_of(wanted).values() if key]
    try:
        differs = checked(wanted)
    except InvalidInput:
        assert len(set(given_keys)) < len(given_keys)
        return
    assert len(set(given_keys)) == len(given_keys)
    assert keys_of(differs) == keys_of(wanted)
    assert sorted(bound(differs)) == sorted(given_keys)


@pytest.mark.parametrize("key", ["Enter", " ", "\t", "\x00", "jk"])
def test_what_is_no_key_of_its_own_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput):
        checked({"next": key})
    with pytest.raises(InvalidInput):
        checked({"nothing": "x"})


def test_a_person_changes_keys_and_only_their_own(home: Home, reviewer: Browser) -> None:
    page = reviewer.look("/queue").text
    assert on_page(page) == {key: name for name, key in USUAL.items()}
    for group in keymap.GROUPS:
        for one in group:
            assert f"<dt><kbd>{one.usual}</kbd></dt><dd>{one.said()}</dd>" in page
    fields = {f"key_{name}": key for name, key in USUAL.items()}
    refused = reviewer.submit("/preferences/keys", {**fields, "key_next": "k"})
    assert refused.status_code == 422
    assert "would do two things: next case or file; previous case or file" in unescape(refused.text)
    # What was typed stays on the page, and nothing was kept.
    assert 'name="key_next" maxlength="1"' in refused.text
    assert re.search(r'name="key_next"[^>]*value="k"', refused.text)
    assert on_page(reviewer.look("/queue").text)["j"] == "next"
    page = reviewer.submit("/preferences/keys", {**fields, "key_next": "g", "key_skip": ""}).text
    assert on_page(page)["g"] == "next"
    assert {"j", "s"}.isdisjoint(on_page(page))
    assert "<dt><kbd>g</kbd></dt><dd>next case or file</dd>" in page
    lead = signed_in(home, Role.LEAD)
    assert on_page(lead.look("/queue").text)["j"] == "next"
    # Another session of the same person has them.
    assert on_page(signed_in(home, Role.REVIEWER).look("/queue").text)["g"] == "next"
    assert on_page(reviewer.submit("/preferences/keys/left").text)["z"] == "skip"
    assert on_page(reviewer.submit("/preferences/keys/reset").text)["s"] == "skip"


def test_the_theme_is_the_persons(home: Home, reviewer: Browser) -> None:
    assert "data-theme" not in reviewer.look("/queue").text
    assert 'data-theme="dark"' in reviewer.submit("/preferences/theme", theme="dark").text
    assert "data-theme" not in signed_in(home, Role.LEAD).look("/queue").text
    assert reviewer.submit("/preferences/theme", theme="pink").status_code == 422
    assert "data-theme" not in reviewer.submit("/preferences/theme", theme="system").text
