"""The mapping file of an interface whose form is not public: calls, names and codes as data."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from tutela.errors import CounterpartyFailed, SettingsInvalid

if TYPE_CHECKING:
    from pathlib import Path

_CALL = re.compile(r"(POST|PUT) (/[\w{}/.-]*)")
_SPOKEN = re.compile(r"(?!\.)[\w.~:-]{1,80}", re.ASCII)
_STATED = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class WireNames:
    """How to say our form to an interface. See `nca_wire.toml` for what each part means."""

    __pydantic_config__ = _STATED

    version: str
    calls: dict[str, str]
    answers: dict[str, str]
    codes: dict[str, list[str]]
    upload: dict[str, str]
    names: dict[str, str]

    def call(self, name: str, **numbers: str) -> tuple[str, str]:
        """Return the method and the path of a call. Raises `CounterpartyFailed` for no number."""
        if not all(_SPOKEN.fullmatch(one) for one in numbers.values()):
            # It came from the other side, and must not choose the path.
            raise CounterpartyFailed(
                "The other side gave a number that is none.", "It is tried again; ask them."
            )
        method, _, path = self.calls[name].partition(" ")
        return method, path.format(**numbers)

    @property
    def places(self) -> dict[str, str]:
        """Return where in an answer its number, file, digest, receipt and code stand."""
        return {name: at for name, at in self.answers.items() if name != _ALGORITHM}

    def renamed(self, tree: Any, at: str = "") -> Any:
        """Return our form with their names."""
        if isinstance(tree, list):
            return [self.renamed(one, at) for one in tree]
        if not isinstance(tree, dict):
            return tree
        told = {}
        for name, value in tree.items():
            path = f"{at}.{name}" if at else name
            told[self.names.get(path, name)] = self.renamed(value, path)
        return told


_FORM = TypeAdapter(WireNames)
_ALGORITHM = "digest_algorithm"
_CALLS = {"open", "file", "submit", "cancel"}
_ANSWERS = {"report", "file", "digest", _ALGORITHM, "receipt", "code"}
_CODES = {"gone", "finished", "again"}


def read(file: Path | None) -> WireNames:
    """Read a mapping file, or the assumed one. Raises `SettingsInvalid` naming what is wrong."""
    try:
        text = (
            file.read_text("utf-8")
            if file is not None
            else (resources.files("tutela.exchange") / "nca_wire.toml").read_text("utf-8")
        )
        names = _FORM.validate_python(tomllib.loads(text))
    except (OSError, ValueError, ValidationError) as problem:
        raise SettingsInvalid(
            "The mapping file cannot be used.",
            "Compare it with the one that is shipped: docs/reference/nca.md shows it.",
        ) from problem
    for part, given, wanted in (
        ("calls", names.calls, _CALLS),
        ("answers", names.answers, _ANSWERS),
        ("codes", names.codes, _CODES),
        ("upload", names.upload, {"file"}),
    ):
        if set(given) != wanted:
            raise SettingsInvalid(
                f"The mapping file's [{part}] does not name exactly {', '.join(sorted(wanted))}.",
                "Compare it with the one that is shipped: docs/reference/nca.md shows it.",
            )
    if bad := [call for call in names.calls.values() if not _CALL.fullmatch(call)]:
        raise SettingsInvalid(
            f"The mapping file's call {bad[0]!r} is not understood.",
            "Write a method, POST or PUT, a space, and a path that starts with a slash.",
        )
    return names
