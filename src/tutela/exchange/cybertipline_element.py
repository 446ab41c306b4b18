"""One element of the CyberTipline's XML, whose children are added in the order of its schema.

What does not fit a length or a choice is an error that names the field, before anything is sent.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from datetime import datetime

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Element:
    """An element being written. No value adds no element: nothing is said that is not known."""

    def __init__(self, inner: etree._Element) -> None:
        self._inner = inner

    @classmethod
    def root(cls, name: str) -> Element:
        """Return the outermost element of a document."""
        return cls(etree.Element(name))

    def child(self, name: str, **attributes: str | bool | datetime | None) -> Element:
        """Add an element for others to go into."""
        made = Element(etree.SubElement(self._inner, name))
        made.attributes(**attributes)
        return made

    def text(
        self,
        name: str,
        value: str | None,
        longest: int | None = None,
        **attributes: str | bool | datetime | None,
    ) -> None:
        """Add text of at most so many characters. What XML cannot carry becomes U+FFFD."""
        if value is None or value == "":
            return
        if longest is not None and len(value) > longest:
            raise unfit(name, f"is longer than {longest} characters")
        made = self.child(name, **attributes)
        made._inner.text = _carried(value)

    def number(self, name: str, value: int | None, allowed: range) -> None:
        """Add a whole number out of a range."""
        if value is not None and value not in allowed:
            raise unfit(name, f"is not between {allowed.start} and {allowed.stop - 1}")
        self.text(name, None if value is None else str(value))

    def truth(self, name: str, value: bool | None) -> None:
        """Add true or false."""
        self.text(name, None if value is None else _truth(value))

    def instant(self, name: str, value: datetime | None) -> None:
        """Add a point in time, in ISO 8601 with its offset."""
        self.text(name, None if value is None else _instant(name, value))

    def attributes(self, **values: str | bool | datetime | None) -> None:
        """Set attributes that are known."""
        for name, value in values.items():
            if value is None:
                continue
            if isinstance(value, bool):
                said = _truth(value)
            else:
                said = value if isinstance(value, str) else _instant(name, value)
            self._inner.set(name, _carried(said))

    def document(self) -> bytes:
        """Return the whole as UTF-8 with its declaration."""
        return etree.tostring(self._inner, xml_declaration=True, encoding="UTF-8")


def unfit(name: str, why: str) -> InvalidInput:
    """Return the error for a field that does not fit."""
    return InvalidInput(
        f"The referral's field {name} {why}.", "Mend it at its source, then approve again."
    )


def _carried(value: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", value)


def _instant(name: str, at: datetime) -> str:
    if at.tzinfo is None:
        raise unfit(name, "has no offset from UTC")
    return at.isoformat(timespec="seconds")


def _truth(said: bool) -> str:
    return "true" if said else "false"
