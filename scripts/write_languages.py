"""Brings the console's language files up to date with the sentences that are in use.

English is written from the code. Of every other file what is translated stays, what is no longer
said goes, and what is new stands there empty, to be translated: until then the console says it in
English. `write_languages.py fr` begins a file for another language.
"""

from __future__ import annotations

import ast
import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from babel import Locale
from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import write_po
from jinja2.ext import babel_extract

from tutela import errors
from tutela.alarms import alarm
from tutela.cases import availability
from tutela.console import composed
from tutela.console.sentences import ENGLISH, FOLDER, catalogue
from tutela.referrals import completeness
from tutela.statistics import workload

if TYPE_CHECKING:
    from collections.abc import Iterator

_SOURCE = Path(__file__).parents[1] / "src" / "tutela"
_CONSOLE = _SOURCE / "console"
_KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None, "filled": None, "gettext": None, "marked": None, "ngettext": (1, 2),
}  # fmt: skip
_JINJA = {"extensions": "jinja2.ext.i18n", "trimmed": "true", "silent": "false"}
_JINJA |= {"trim_blocks": "true", "lstrip_blocks": "true"}
ERRORS_TOLD = (
    "console", "cases", "decisions", "access", "evidence", "hashlists", "platform", "referrals",
)  # fmt: skip
"""Of these packages the sentences of errors are translated: a person meets them at work."""
_LEFT_OUT = (
    "POT-Creation-Date", "PO-Revision-Date", "Generated-By", "Project-Id-Version",
    "Report-Msgid-Bugs-To", "Last-Translator", "Language-Team",
)  # fmt: skip
_OF_THE_LANGUAGE = {"join", "sorted", "min", "replace", "value", "len", "get"}
Sentence = str | tuple[str, ...]


def in_use() -> dict[Sentence, list[str]]:
    """Return every sentence of the console, with the files that say it."""
    found: dict[Sentence, set[str]] = {}
    for place, sentence in (*_of_templates(), *_of_code(), *_of_errors(), *_of_tables()):
        found.setdefault(sentence, set()).add(place)
    return {one: sorted(places) for one, places in found.items()}


def _of_templates() -> Iterator[tuple[str, Sentence]]:
    for path in sorted((_CONSOLE / "templates").glob("*.html")):
        with path.open("rb") as file:
            for _line, _name, said, _notes in babel_extract(file, tuple(_KEYWORDS), [], _JINJA):
                parts = (said,) if isinstance(said, str) else tuple(filter(None, said or ()))
                sentence: Sentence = parts if len(parts) > 1 else parts[0]
                yield f"templates/{path.name}", sentence


def _of_code() -> Iterator[tuple[str, Sentence]]:
    for path in sorted(_CONSOLE.glob("*.py")):
        with path.open("rb") as file:
            for _line, said, _notes, _context in extract("python", file, _KEYWORDS):
                yield path.name, said


def _of_errors() -> Iterator[tuple[str, Sentence]]:
    kinds = [one for one in vars(errors).values() if isinstance(one, type)]
    tree = {one.__name__: one for one in kinds if issubclass(one, errors.TutelaError)}
    yield from (("errors.py", one.title) for one in tree.values())
    for package in ERRORS_TOLD:
        for path in sorted((_SOURCE / package).rglob("*.py")):
            place = f"{package}/{path.name}"
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in tree:
                    yield from ((place, one) for one in _said(node.args[:2]))


def _of_tables() -> Iterator[tuple[str, Sentence]]:
    """Yield what modules below the console call their own things."""
    yield from (("alarms/alarm.py", one) for one in alarm.TITLES.values())
    yield from (("cases/availability.py", one) for one in availability.TOLD.values())
    for need in completeness.NEEDS:
        yield from (("referrals/completeness.py", one) for one in (need.what, need.where))
    yield from (("statistics/workload.py", name) for name, _ in workload.AGES)


def _said(arguments: list[ast.expr]) -> Iterator[str]:
    """Yield sentences as they stand, and those made up of parts with a name for each part."""
    for one in arguments:
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value
        elif isinstance(one, ast.JoinedStr) and (sentence := _with_places(one)):
            yield sentence


def _with_places(said: ast.JoinedStr) -> str:
    """Return `f"There is no {thing.name}."` as `There is no %(name)s.`; nothing if all is parts."""
    written, names = "", set[str]()
    for one in said.values:
        if isinstance(one, ast.Constant):
            written += str(one.value).replace("%", "%%")
        elif isinstance(one, ast.FormattedValue):
            name = _name(one.value)
            while name in names:
                name += "_too"
            names.add(name)
            written += f"%({name})s"
    return written if composed.tells(written) else ""


def _name(part: ast.expr) -> str:
    """Return the name that a translator reads for what the code puts in."""
    names = [
        one.attr if isinstance(one, ast.Attribute) else one.id
        for one in ast.walk(part)
        if isinstance(one, ast.Attribute | ast.Name)
    ]
    # `", ".join(sorted(ways))` is about the ways.
    told = [one for one in names if one not in _OF_THE_LANGUAGE]
    return (told or ["part"])[0].strip("_").lower()


def brought_up(code: str, sentences: dict[Sentence, list[str]]) -> Catalog:
    """Return a language's file as it has to be, with what is translated already."""
    known = catalogue(code) if (FOLDER / f"{code}.po").exists() else Catalog(locale=code)
    made = Catalog(locale=code, fuzzy=False)
    made.header_comment = (
        f"# {Locale.parse(code).english_name} sentences of Tutela's console. After a change of the "
        "code:\n# make languages"
    )
    for sentence, places in sentences.items():
        earlier = known.get(sentence if isinstance(sentence, str) else sentence[0])
        kept = earlier.string if earlier and earlier.id == sentence else ""
        said = sentence if code == ENGLISH else kept
        empty = "" if isinstance(sentence, str) else ("",) * made.num_plurals
        made.add(sentence, said or empty, locations=[(place, 0) for place in places])
    return made


def written(made: Catalog) -> bytes:
    """Return the text of a language's file: the same whenever the sentences are the same."""
    out = BytesIO()
    write_po(out, made, width=0, sort_output=True, include_lineno=False)
    lines = out.getvalue().decode().splitlines(keepends=True)
    return "".join(
        one for one in lines if not one.startswith(tuple(f'"{name}' for name in _LEFT_OUT))
    ).encode()


def main() -> None:
    """Write every file, and one for each language that is named."""
    sentences = in_use()
    for code in sorted({ENGLISH, *(one.stem for one in FOLDER.glob("*.po")), *sys.argv[1:]}):
        made = brought_up(code, sentences)
        (FOLDER / f"{code}.po").write_bytes(written(made))
        missing = sum(not any(one.string or ()) for one in made if one.id)
        sys.stderr.write(f"{code}: {len(made)} sentences, {missing} to translate\n")


if __name__ == "__main__":
    main()
