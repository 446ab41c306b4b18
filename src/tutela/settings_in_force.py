"""The settings in force, as people may read them: which are one's own, and no secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

    from tutela.settings import Settings

SET, NOT_SET = "set", "not set"
_NONE, _EMPTY = "none", "empty"


@dataclass(frozen=True, slots=True)
class InForce:
    """One setting. `part`: its table of the file, empty at the top; `own`: not the default."""

    part: str
    name: str
    shown: str
    own: bool
    what: str


def in_force(settings: Settings) -> tuple[InForce, ...]:
    """Return every setting in the order of the file; of a secret only whether it is set.

    Of addresses neither who signs in there nor what follows a `?` is shown, and of those of the
    web no path: all these can be secrets.
    """
    return tuple(_of("", settings))


def _of(part: str, model: BaseModel) -> Iterator[InForce]:
    fields = type(model).model_fields
    parts: list[tuple[str, object]] = []
    for name, field in fields.items():
        value = getattr(model, name)
        if _holds_parts(value):
            parts.append((name, value))
        else:
            yield InForce(part, name, _shown(value), _is_own(field, value), field.description or "")
    for name, value in parts:
        path = f"{part}.{name}" if part else name
        if isinstance(value, Mapping):
            for key, one in value.items():
                yield from _of(f"{path}.{key}", one)
        elif isinstance(value, BaseModel):
            yield from _of(path, value)


def _holds_parts(value: object) -> bool:
    if isinstance(value, Mapping):
        return bool(value) and all(isinstance(one, BaseModel) for one in value.values())
    return isinstance(value, BaseModel)


def _is_own(field: FieldInfo, value: object) -> bool:
    default = field.get_default(call_default_factory=True, validated_data={})
    return default is PydanticUndefined or value != default


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return SET if value.get_secret_value() else NOT_SET
    if value is None:
        return _NONE
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_shown(one)}" for key, one in value.items()) or _EMPTY
    if isinstance(value, (tuple, list, set, frozenset)):
        shown = [_shown(one) for one in value]
        return ", ".join(sorted(shown) if isinstance(value, (set, frozenset)) else shown) or _EMPTY
    text = str(value)
    return _without_secrets(text) if "://" in text else text or _EMPTY


def _without_secrets(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return SET
    place = parts.netloc.rpartition("@")[2]
    # The path of a webhook is often all that guards it.
    path = "/…" if parts.scheme in {"http", "https"} and parts.path.strip("/") else parts.path
    return urlunsplit((parts.scheme, place, path, "", ""))
