"""Where something happened: a page, a chat, a mail, a game, a telephone, or off the net.

The address is the host platform's for the content itself, never ours and never a help page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from tutela.content.account import Connection
from tutela.content.person import STATED, Address, Email, Line, Phone, Text, Url


@dataclass(frozen=True, slots=True)
class WebPage:
    """Pages. `third_party`: the content lies with somebody else than the reporting platform."""

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    urls: tuple[Url, ...] = ()
    third_party: bool | None = None
    note: Text | None = None
    kind: Literal["web"] = "web"


@dataclass(frozen=True, slots=True)
class Mail:
    """An exchange of mail."""

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    addresses: tuple[Email, ...] = ()
    content: Text | None = None
    note: Text | None = None
    kind: Literal["mail"] = "mail"


@dataclass(frozen=True, slots=True)
class Newsgroup:
    """A newsgroup."""

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    name: Line | None = None
    addresses: tuple[Email, ...] = ()
    content: Text | None = None
    note: Text | None = None
    kind: Literal["newsgroup"] = "newsgroup"


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat or direct messages."""

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    client: Line | None = None
    room: Line | None = None
    content: Text | None = None
    note: Text | None = None
    kind: Literal["chat"] = "chat"


@dataclass(frozen=True, slots=True)
class Game:
    """A game played online."""

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    name: Line | None = None
    console: Line | None = None
    content: Text | None = None
    note: Text | None = None
    kind: Literal["game"] = "game"


@dataclass(frozen=True, slots=True)
class Telephone:
    """A telephone, and where it was."""

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    number: Phone | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    note: Text | None = None
    kind: Literal["telephone"] = "telephone"


@dataclass(frozen=True, slots=True)
class Offline:
    """A place off the net."""

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    name: Line | None = None
    addresses: tuple[Address, ...] = ()
    note: Text | None = None
    kind: Literal["offline"] = "offline"


@dataclass(frozen=True, slots=True)
class PeerToPeer:
    """A network of peers that share files."""

    __pydantic_config__: ClassVar[ConfigDict] = STATED

    client: Line | None = None
    connections: tuple[Connection, ...] = ()
    file_names: Text | None = None
    note: Text | None = None
    kind: Literal["peer_to_peer"] = "peer_to_peer"


Place = Annotated[
    WebPage | Mail | Newsgroup | Chat | Game | Telephone | Offline | PeerToPeer,
    Field(discriminator="kind"),
]
