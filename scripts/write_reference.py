"""Writes the parts of docs/reference that come from the code. With --check: only says if stale."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from tutela import bootstrap, errors, installation
from tutela import settings as settings_file
from tutela.access.roles import OPERATOR, Permission, Role, permissions
from tutela.access.second_person import DEFAULT, Verb
from tutela.access.tokens import FOR_PEOPLE, NEVER
from tutela.api.app import api_app
from tutela.api.app import needs as api_needs
from tutela.cli.admission import NEEDS, leaves
from tutela.cli.app import assembled
from tutela.console import doors
from tutela.console.app import console_app
from tutela.exchange.peer_referral import FORM
from tutela.referrals.obligations.book import shipped
from tutela.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

_REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
_BEGIN = "<!-- from the code: make docs -->"
_END = "<!-- end -->"


def error_table() -> str:
    """Return every error class, parents before children."""
    rows = [
        "| error | code | exit | HTTP | when |",
        "| --- | --- | --- | --- | --- |",
    ]
    rows += [
        f"| `{kind.__name__}` | `{kind.code}` | {kind.exit_code} | {kind.http_status} "
        f"| {_first_line(kind)} |"
        for kind in _family(errors.TutelaError)
    ]
    return "\n".join(rows)


def settings_tables() -> str:
    """Return every setting, a table for each part of the file."""
    top = [(name, field) for name, field in Settings.model_fields.items() if not _part(field)]
    parts = [(name, field) for name, field in Settings.model_fields.items() if _part(field)]
    text = [_settings_table(top, "TUTELA_")]
    for name, field in parts:
        part = _part(field)
        if part is not None:
            # A setting that maps names to parts has one table of the file for each name.
            title = f'{name}."ID"' if get_origin(field.annotation) is dict else name
            prefix = "" if title != name else f"TUTELA_{name.upper()}__"
            text.append(f"## `[{title}]`\n\n{_first_line(part)}")
            text.append(_settings_table(list(part.model_fields.items()), prefix))
    return "\n\n".join(text)


def command_tables() -> str:
    """Return every command with its arguments and options."""
    text = []
    for words, command in _commands(typer.main.get_command(assembled()), ()):
        said = " ".join(words)
        text.append(f"## `tutela {said}`\n\n{(command.help or '').strip()}")
        rows = [_parameter(one) for one in command.params if one.name not in {"help", "context"}]
        if rows:
            text.append("\n".join(["| parameter | default | what |", "| --- | --- | --- |", *rows]))
    return "\n\n".join(text)


def _commands(group: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from _commands(command, (*words, name))
        else:
            yield (*words, name), command


def _parameter(one: Any) -> str:
    is_option = one.param_type_name == "option"
    name = ", ".join(one.opts) if is_option else (one.name or "").upper()
    shown = "required" if one.required else "none" if one.default in {None, ()} else one.default
    return f"| `{name}` | {shown} | {getattr(one, 'help', None) or ''} |"


def _settings_table(fields: list[tuple[str, FieldInfo]], prefix: str) -> str:
    rows = ["| setting | variable | default | what |", "| --- | --- | --- | --- |"]
    rows += [
        f"| `{name}` | {f'`{prefix}{name.upper()}`' if prefix else 'only in the file'} "
        f"| {_default(field)} | {field.description} |"
        for name, field in fields
    ]
    return "\n".join(rows)


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "empty"
    if field.default is PydanticUndefined:
        return "must be given"
    if field.default is None:
        return "none"
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    shown = str(field.default)
    return f"`{shown}`" if shown else "empty"


def _part(field: FieldInfo) -> type[BaseModel] | None:
    for kind in (field.annotation, *get_args(field.annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _family(kind: type[errors.TutelaError]) -> Iterator[type[errors.TutelaError]]:
    yield kind
    for child in kind.__subclasses__():
        # Only the public tree: a package's own errors are internal.
        if child.__module__ == errors.__name__:
            yield from _family(child)


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


def obligations_table() -> str:
    """Return every obligation of the shipped book, and every authority it names."""
    book = shipped()
    rows = [
        "| obligation | to | section | who | what | clock starts | the law says "
        "| warn, due, urgent | keep after filing | not owed when | sure | checked |",
        "| " + " | ".join(["---"] * 12) + " |",
    ]
    for one in book.obligations:
        clock = one.clock
        kept = "; ".join(f"{kept.days} d ({kept.section})" for kept in one.preserve) or "none"
        unless = ", ".join(f"`{why}`" for why in one.unless) or "none"
        rows.append(
            f"| `{one.id}` | `{one.to}` | {one.section} | {one.who} | {one.what} "
            f"{one.note or ''} | {clock.starts} | {clock.statutory} "
            f"| {clock.warn_hours:g} h, {clock.due_hours:g} h, {clock.urgent_due_hours:g} h "
            f"| {kept} | {unless} | {one.sureness} | {one.checked_on.isoformat()} |"
        )
    rows += ["", "| authority | name | filed by | in an emergency | sure | checked |"]
    rows.append("| --- | --- | --- | --- | --- | --- |")
    rows += [
        f"| `{one.id}` | {one.name} | {one.filed_by} | {one.emergency} | {one.sureness} "
        f"| {one.checked_on.isoformat()} |"
        for one in book.recipients
    ]
    return "\n".join(rows)


def access_tables() -> str:
    """Return what each role may do, and which acts need two people."""
    roles = [*Role]
    rows = [
        "## Roles",
        "",
        "| permission | " + " | ".join(f"`{role.value}`" for role in roles) + " | shell |",
        "| " + " | ".join(["---"] * (len(roles) + 2)) + " |",
    ]
    for one in Permission:
        held = [one in permissions((role,)) for role in roles] + [one in OPERATOR]
        rows.append(f"| `{one.value}` | " + " | ".join("yes" if yes else "" for yes in held) + " |")
    rows += [
        "",
        "## Two people",
        "",
        "| act | both need | needs two by default |",
        "| --- | --- | --- |",
    ]
    rows += [
        f"| `{verb.value}` | `{verb.needs.value}` | {'yes' if verb in DEFAULT else 'no'} |"
        for verb in Verb
    ]
    rows += ["", "## Tokens", "", _token_sentence(), "", "## Where what is asked for", ""]
    rows += ["| where | needs |", "| --- | --- |"]
    rows += [f"| {where} | {need} |" for where, need in _surfaces()]
    return "\n".join(rows)


def _token_sentence() -> str:
    never, people = (
        ", ".join(f"`{one.value}`" for one in sorted(held)) for held in (NEVER, FOR_PEOPLE)
    )
    return f"No token carries {never}. A machine's token does not carry {people} either."


def _surfaces() -> Iterator[tuple[str, str]]:
    """Yield every page, route and command with what it needs, as a running instance has them."""
    with TemporaryDirectory() as folder:
        settings = settings_file.load(Path(folder) / "home")
        installation.create_home(settings, "administrator")
        platform = bootstrap.open_platform(settings)
        pages = doors.needs(console_app(platform).routes)
        routes = api_needs(api_app(platform))
        platform.close()
    for (method, path), page_need in pages.items():
        said = f"`{page_need}`" if isinstance(page_need, Permission) else str(page_need)
        yield f"`{method} /console{path}`", said
    for (method, path), route_need in routes.items():
        yield f"`{method} /api/v1{path}`", f"`{route_need.value}`"
    for words, _ in leaves(typer.main.get_command(assembled())):
        need = NEEDS[words]
        yield f"`tutela {' '.join(words)}`", f"`{need.value}`" if need else "anybody"


PAGES = {
    "access.md": access_tables,
    "command-line.md": command_tables,
    "errors.md": error_table,
    "obligations.md": obligations_table,
    "settings.md": settings_tables,
}


def fresh(page: str) -> str:
    """Return a page with its generated part as the code has it now."""
    text = (_REFERENCE / page).read_text()
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n\n{PAGES[page]()}\n\n{_END}{after}"


def peer_schema() -> str:
    """Return the JSON Schema of a referral between peers (draft 2020-12)."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **FORM.json_schema(mode="serialization"),
    }
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"


SCHEMA = _REFERENCE / "peer-referral.schema.json"


def main() -> int:
    """Write the pages, or with --check return 1 when one is stale."""
    stale = [page for page in PAGES if fresh(page) != (_REFERENCE / page).read_text()]
    if not SCHEMA.exists() or SCHEMA.read_text() != peer_schema():
        if "--check" in sys.argv:
            stale.append(SCHEMA.name)
        else:
            SCHEMA.write_text(peer_schema())
            sys.stderr.write(f"wrote docs/reference/{SCHEMA.name}\n")
    if "--check" in sys.argv:
        sys.stderr.writelines(f"docs/reference/{page} is stale: run make docs\n" for page in stale)
        return len(stale) and 1
    for page in stale:
        (_REFERENCE / page).write_text(fresh(page))
        sys.stderr.write(f"wrote docs/reference/{page}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
