"""Where an incident happened in the CyberTipline's XML: one `internetDetails` each.

Source: NCMEC CyberTipline Reporting API Technical Documentation, `<internetDetails>`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutela.content.place import (
    Chat,
    Game,
    Mail,
    Newsgroup,
    Offline,
    PeerToPeer,
    Telephone,
    WebPage,
)
from tutela.exchange.cybertipline_people import address, connection, email, phone

if TYPE_CHECKING:
    from tutela.content.place import Place
    from tutela.exchange.cybertipline_element import Element


def place(root: Element, told: Place) -> None:
    """Add one place."""
    details = root.child("internetDetails")
    if isinstance(told, WebPage):
        _web(details, told)
    elif isinstance(told, Mail | Newsgroup):
        _mail(details, told)
    elif isinstance(told, Chat):
        inner = details.child("chatImIncident")
        inner.text("chatClient", told.client, 255)
        inner.text("chatRoomName", told.room, 255)
        _said(inner, told)
    elif isinstance(told, Game):
        inner = details.child("onlineGamingIncident")
        inner.text("gameName", told.name, 255)
        inner.text("console", told.console, 255)
        _said(inner, told)
    elif isinstance(told, Telephone):
        _telephone(details, told)
    elif isinstance(told, Offline):
        inner = details.child("nonInternetIncident")
        inner.text("locationName", told.name, 255)
        for one in told.addresses:
            address(inner, "incidentAddress", one)
        inner.text("additionalInfo", told.note)
    else:
        _peers(details, told)


def _web(details: Element, told: WebPage) -> None:
    inner = details.child("webPageIncident", thirdPartyHostedContent=told.third_party)
    for url in told.urls:
        inner.text("url", url, 2083)
    inner.text("additionalInfo", told.note)


def _mail(details: Element, told: Mail | Newsgroup) -> None:
    if isinstance(told, Newsgroup):
        inner = details.child("newsgroupIncident")
        inner.text("name", told.name, 255)
    else:
        inner = details.child("emailIncident")
    for one in told.addresses:
        email(inner, "emailAddress", one)
    _said(inner, told)


def _said(inner: Element, told: Mail | Newsgroup | Chat | Game) -> None:
    inner.text("content", told.content)
    inner.text("additionalInfo", told.note)


def _telephone(details: Element, told: Telephone) -> None:
    inner = details.child("cellPhoneIncident")
    if told.number is not None:
        phone(inner, "phoneNumber", told.number)
    inner.text("latitude", None if told.latitude is None else f"{told.latitude:.6f}")
    inner.text("longitude", None if told.longitude is None else f"{told.longitude:.6f}")
    inner.text("additionalInfo", told.note)


def _peers(details: Element, told: PeerToPeer) -> None:
    inner = details.child("peer2peerIncident")
    inner.text("client", told.client, 255)
    for one in told.connections:
        connection(inner, one)
    inner.text("fileNames", told.file_names)
    inner.text("additionalInfo", told.note)
