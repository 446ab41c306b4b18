"""The console's sentences: English in the code, other languages in the files of `languages/`.

Which language is spoken belongs to the request that is answered, as in every gettext: the console
sets it before a page is made, and every sentence of that page follows.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup, escape

from tutela.console import composed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from babel.messages import Catalog

    from tutela.console.composed import Form

FOLDER = Path(__file__).parent / "languages"
ENGLISH = "en"
RIGHT_TO_LEFT = "rtl"
# Not within a tag or what is copied letter by letter.
_PLACEHOLDER = re.compile(r"<code>.*?</code>|<[^>]*>|(%\(\w+\)[ds])")
# Unicode's isolates: what stands between them keeps its own direction, and disturbs none around it.
_ANY, _LEFT_TO_RIGHT, _END = "\u2068", "\u2066", "\u2069"


@dataclass(frozen=True, slots=True)
class Language:
    """A language that the console speaks. `name`: in itself. `direction`: `ltr` or `rtl`.

    `forms`: its sentences that have places for parts.
    """

    code: str
    name: str
    direction: str
    sentences: NullTranslations
    forms: tuple[Form, ...]

    @property
    def mirrored(self) -> bool:
        """Say whether it is written from the right to the left."""
        return self.direction == RIGHT_TO_LEFT


@cache
def languages() -> Mapping[str, Language]:
    """Return every language that has a file, by code; English first."""
    codes = sorted((one.stem for one in FOLDER.glob("*.po")), key=lambda one: (one != ENGLISH, one))
    return {code: _language(code) for code in codes}


def catalogue(code: str) -> Catalog:
    """Return what a language's file says."""
    with (FOLDER / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


def _language(code: str) -> Language:
    known = Locale.parse(code)
    made = catalogue(code)
    if known.text_direction == RIGHT_TO_LEFT:
        # A name, number or address in a sentence must not be drawn into the sentence's direction.
        for one in made:
            one.string = (
                _apart(one.string)
                if isinstance(one.string, str)
                else tuple(_apart(form) for form in one.string or ())
            )
    packed = BytesIO()
    write_mo(packed, made)
    packed.seek(0)
    name = (known.get_display_name(code) or code).capitalize()
    forms = composed.forms(one.id for one in made if isinstance(one.id, str) and one.string)
    return Language(code, name, known.text_direction, GNUTranslations(packed), forms)


def _apart(said: str) -> str:
    return _PLACEHOLDER.sub(lambda one: f"{_ANY}{one[1]}{_END}" if one[1] else one[0], said)


_spoken: ContextVar[Language | None] = ContextVar("spoken", default=None)


def speak(language: Language) -> None:
    """Have the rest of this request answered in a language."""
    _spoken.set(language)


def spoken() -> Language:
    """Return the language of the request that is answered; English outside of one."""
    return _spoken.get() or languages()[ENGLISH]


def _(sentence: str) -> str:
    """Return a sentence in the language spoken; in English where it is not translated."""
    # What a file says under no sentence at all is its own head.
    return spoken().sentences.gettext(sentence) if sentence else ""


def ngettext(one: str, many: str, number: int) -> str:
    """Return the form of a sentence that goes with a number."""
    return spoken().sentences.ngettext(one, many, number)


class Filled(str):
    """A sentence that is in the language spoken already, with what fills it."""

    __slots__ = ()


def filled(sentence: str, **values: object) -> Filled:
    """Return a sentence in the language spoken, its placeholders filled."""
    return Filled(_(sentence) % values)


def marked(sentence: str) -> str:
    """Return a sentence as it is: it is translated where it is shown."""
    return sentence


_Name = TypeVar("_Name")


class Told(dict[_Name, str]):
    """Words for what the code names: kept in English, given in the language spoken."""

    def __getitem__(self, name: _Name) -> str:
        return _(super().__getitem__(name))

    def get(self, name: _Name, otherwise: str = "") -> str:  # type: ignore[override]
        """Return the words for a name, or others."""
        return self[name] if name in self else otherwise  # noqa: SIM401 - it would ask itself

    def items(self) -> Iterator[tuple[_Name, str]]:  # type: ignore[override]
        """Return each name with its words."""
        return ((name, self[name]) for name in self)

    def values(self) -> Iterator[str]:  # type: ignore[override]
        """Return the words."""
        return (self[name] for name in self)

    @property
    def english(self) -> tuple[str, ...]:
        """Return the words as the language files name them."""
        return tuple(super().values())


def told(sentence: str) -> str:
    """Return a whole sentence from below the console as a part of a page.

    One that was filled below is known again by its words. One that no language file has stays
    English and says so.
    """
    if isinstance(sentence, Filled):
        return sentence
    found = _(sentence)
    if spoken().code == ENGLISH or found != sentence or not sentence:
        return found
    for form in spoken().forms:
        if (parts := form.parts(sentence)) is not None:
            return _(form.sentence) % parts
    return Markup('<span lang="en" dir="ltr">{}</span>').format(escape(sentence))


def isolated(said: str) -> str:
    """Return a date, hash or the like so that it keeps its order among words from the right."""
    return f"{_LEFT_TO_RIGHT}{said}{_END}" if spoken().mirrored else said


def apart(said: str) -> str:
    """Return what somebody else wrote, so that its direction and signs stay its own."""
    return f"{_ANY}{said}{_END}" if said and spoken().mirrored else said
