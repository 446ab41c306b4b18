"""The settings as people read them: each once, one's own marked, and no secret in any form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, SecretStr
from tests.shell import Shell

from tutela import settings as settings_file
from tutela.settings import Settings
from tutela.settings_in_force import in_force

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARY = "canary-4711"
HOME = Path("/nowhere")
NEEDED: dict[str, dict[str, Any]] = {
    "mail": {"host": "smtp.example", "sender": "a@example.org", "to": ("b@example.org",)}
}
"""What a part must have besides, where it has no defaults."""


def secrets(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield where a secret can be set."""
    for name, field in model.model_fields.items():
        said = str(field.annotation)
        if SecretStr.__name__ in said:
            yield (*path, name)
        for kind in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from secrets(kind, (*path, name))


SECRETS = tuple(secrets(Settings))


def test_there_are_secrets_to_hide() -> None:
    assert ("authority", "password") in SECRETS
    assert len(SECRETS) >= 4


@pytest.mark.parametrize("path", SECRETS, ids=".".join)
def test_of_a_secret_only_whether_it_is_set(path: tuple[str, ...]) -> None:
    part, name = path
    loaded = settings_file.load_apart(HOME, **{part: {**NEEDED.get(part, {}), name: CANARY}})
    rows = in_force(loaded)
    assert CANARY not in str(rows)
    assert [one.shown for one in rows if (one.part, one.name) == (part, name)] == ["set"]


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql+psycopg://tutela:{CANARY}@db.example/tutela",
        f"postgresql+psycopg://db.example/tutela?password={CANARY}",
    ],
)
def test_an_address_shows_where_and_not_who(address: str) -> None:
    rows = in_force(settings_file.load_apart(HOME, database_url=address))
    (shown,) = (one.shown for one in rows if one.name == "database_url")
    assert shown == "postgresql+psycopg://db.example/tutela"


def test_the_path_of_a_webhook_is_a_secret() -> None:
    alarms = {"webhook_url": f"https://hooks.example/services/{CANARY}"}
    rows = in_force(settings_file.load_apart(HOME, alarms=alarms))
    assert [one.shown for one in rows if "hooks" in one.shown] == ["https://hooks.example/…"]


def test_what_is_not_as_shipped_is_ones_own() -> None:
    rows = in_force(settings_file.load_apart(HOME, matching={"radius": 30}, listen_port=8420))
    own = {(one.part, one.name): one.shown for one in rows if one.own}
    assert own == {("", "home"): str(HOME), ("matching", "radius"): "30"}
    assert len({(one.part, one.name) for one in rows}) == len(rows)


def test_the_command_tells_what_came_from_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Shell(tmp_path)("init", "--no-passphrase")
    monkeypatch.setenv("TUTELA_AUTHORITY__PASSWORD", CANARY)
    rows = Shell(tmp_path).rows("settings", "--own")
    assert {"part": "authority", "setting": "password", "in_force": "set", "own": "yes"} in rows
    assert CANARY not in str(rows)
