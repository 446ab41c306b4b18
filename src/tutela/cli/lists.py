"""`tutela lists`: hash lists in, shown, removed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tutela.bootstrap import Platform
from tutela.cli import list_trust
from tutela.cli.session import Session
from tutela.content.decoding import Reading
from tutela.errors import InvalidInput
from tutela.hashing.fingerprint import Fingerprint
from tutela.hashlists.hashlist import HashList
from tutela.hashlists.report import ImportReport
from tutela.platform.parsing import Parsing
from tutela.platform.walk import walk

app = typer.Typer(name="lists", help="Hash lists.", no_args_is_help=True)


def add_to(root: typer.Typer) -> None:
    """Add the commands of this file."""
    list_trust.add_to(app)
    root.add_typer(app)


_SHOWN = (
    *("name", "source", "version", "entries", "hashes", "imported_at"),
    *("judged", "right", "precision", "to_judge", "believed", "off"),
)
_PROBLEMS_SHOWN = 20
_SOME_REFUSED = 3
_TELLING_QUALITY = 50


@app.command("import")
def import_list(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The list's name here.")],
    file: Annotated[Path, typer.Argument(help="CSV or NDJSON; docs/reference/hash-lists.md.")],
    source: Annotated[str | None, typer.Option(help="Who supplies it.")] = None,
    version: Annotated[str | None, typer.Option(help="The source's version of it.")] = None,
    algorithm: Annotated[
        str | None, typer.Option(help="What a file without a header holds, e.g. pdq.")
    ] = None,
    strict: Annotated[bool, typer.Option(help="Store nothing if any line has a problem.")] = False,
    replace: Annotated[
        bool, typer.Option(help="The file is the whole list: remove what it does not name.")
    ] = False,
    signature: Annotated[
        Path | None,
        typer.Option(help="The file's minisign signature; found beside it as FILE.minisig."),
    ] = None,
) -> None:
    """Import a list; importing the same again changes nothing. Exit 3: some lines had problems, or
    it changes so much that a person must accept it first.
    """
    session: Session = context.obj
    with session.platform() as platform:
        report = platform.lists.import_file(
            session.actor,
            name,
            file,
            source=source,
            version=version,
            strict=strict,
            replace=replace,
            algorithm=algorithm,
            signature=_signature(file, signature),
        )
    _report(session, report)


@app.command("build")
def build(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The list's name here.")],
    folder: Annotated[Path, typer.Argument(help="Files to list; an entry is a relative path.")],
    source: Annotated[str | None, typer.Option(help="Who vouches for it.")] = None,
) -> None:
    """Make a list of a folder's files: the folder is the whole list. Exit 3: some had no PDQ."""
    session: Session = context.obj
    if not folder.is_dir():
        raise InvalidInput("There is no such folder.", "Name a folder of files.")
    with session.platform() as platform:
        lines = built_lines(folder, platform.parsing)
        report = platform.lists.import_file(session.actor, name, lines, source=source, replace=True)
    _report(session, report)


@app.command("show")
def show(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="A list, to see its entries.")] = None,
) -> None:
    """Print the lists and how right people found them, or the entries of one."""
    session: Session = context.obj
    with session.platform() as platform:
        if name is None:
            session.table(
                _SHOWN,
                (_shown(platform, one) for one in platform.lists.lists()),
                "There are no lists. Import one with `tutela lists import`.",
            )
            return
        platform.lists.show(name)
        session.table(
            ("entry", "algorithms", "labels", "classification", "source"),
            (
                {
                    "entry": one.entry_id,
                    "algorithms": " ".join(sorted({each.algorithm for each in one.hashes})),
                    "labels": " ".join(one.labels),
                    "classification": one.classification,
                    "source": one.source,
                }
                for one in platform.lists.entries(name)
            ),
            "The list is empty.",
        )


def _shown(platform: Platform, one: HashList) -> dict[str, object]:
    said = platform.lists.standing(one.name, platform.watch.sampling)
    low, high = said.interval
    return {
        "name": one.name,
        "source": one.source,
        "version": one.version,
        "entries": one.entries,
        "hashes": one.hashes,
        "imported_at": one.imported_at.isoformat(timespec="seconds"),
        "judged": said.judged,
        "right": said.right,
        "precision": f"{low:.3f}-{high:.3f}" if said.judged else None,
        "to_judge": said.unjudged,
        "believed": not one.off and said.trusted(platform.watch.sampling),
        "off": one.off_reason,
    }


@app.command("remove")
def remove(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The list.")],
    entry: Annotated[str | None, typer.Option(help="Only this entry of it.")] = None,
) -> None:
    """Remove a list, or one entry; it takes effect at once, everywhere."""
    session: Session = context.obj
    with session.platform() as platform:
        if entry is None:
            platform.lists.remove_list(session.actor, name)
        else:
            platform.lists.remove_entry(session.actor, name, entry)
    session.say("Removed. What it matched before stays on record.")


def built_lines(folder: Path, parsing: Parsing) -> Iterator[bytes]:
    """Yield an NDJSON line of hashes for each file under a folder."""
    for found in walk((folder,)):
        if found.fault is not None or found.size > parsing.limits.max_bytes:
            continue
        data = found.path.read_bytes()
        printed = parsing.fingerprint(data)
        record = printed.pictures[0] if printed.pictures else None
        name = str(found.path.relative_to(folder))
        row = {"id": name, **asdict(printed.digests)}
        if record is not None and record.moment is not None:
            yield json.dumps(row).encode() + b"\n"
            yield from _frame_lines(name, printed)
            continue
        if record is not None:
            row |= {"pdq": record.pdq, "pdq_quality": record.quality}
        drawn = parsing.sketches(data) if record is not None else []
        if drawn:
            row["sketch"] = drawn
        yield json.dumps(row).encode() + b"\n"


def _frame_lines(name: str, printed: Fingerprint) -> Iterator[bytes]:
    """Yield a line for each frame of a video that tells enough, named for its second."""
    for one in printed.pictures:
        telling = one.quality >= _TELLING_QUALITY and one.reading is Reading.UPRIGHT
        if one.moment is not None and telling:
            entry = f"{name} at {one.moment / 1000:.3f} s"
            row = {"id": entry, "pdq": one.pdq, "pdq_quality": one.quality}
            yield json.dumps(row).encode() + b"\n"


def _signature(file: Path, named: Path | None) -> bytes | None:
    beside = file.with_name(f"{file.name}.minisig")
    found = named or (beside if beside.is_file() else None)
    if found is None:
        return None
    try:
        return found.read_bytes()
    except OSError as problem:
        raise InvalidInput(
            f"The signature cannot be read: {problem.strerror}.", "Check its path and your rights."
        ) from problem


def _report(session: Session, report: ImportReport) -> None:
    counts = {
        "list": report.name,
        "stored": report.stored,
        "lines": report.lines,
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "withdrawn": report.withdrawn,
        "removed": report.removed,
        "flagged": report.flagged,
        "problems": report.problem_count,
        "waits_as": report.waits_as,
    }
    if session.json:
        for one in report.problems:
            session.put({"line": one.line, "reason": one.reason})
        session.put(counts)
    else:
        for one in report.problems[:_PROBLEMS_SHOWN]:
            session.say(f"line {one.line}: {one.reason}")
        if report.problem_count > _PROBLEMS_SHOWN:
            session.say(f"… {report.problem_count - _PROBLEMS_SHOWN} more; --json shows them.")
        if report.ignored_columns:
            session.say(f"Columns not used: {', '.join(report.ignored_columns)}.")
        session.table(tuple(counts), (counts,), "")
    if report.flagged:
        session.say(
            f"{report.flagged} entries would match something ordinary and do not act yet: look at "
            "them with `tutela lists pending`."
        )
    if report.waits_as is not None:
        session.say(
            f"Nothing is in force yet ({', '.join(report.doubts)}). Ask the source whether it is "
            f"right, then: tutela lists accept {report.waits_as}, or refuse."
        )
        raise typer.Exit(_SOME_REFUSED)
    if not report.stored:
        raise InvalidInput(
            "Some lines have problems, so nothing was stored.",
            "Mend them, or import without --strict to keep the good lines.",
        )
    if report.problem_count:
        raise typer.Exit(_SOME_REFUSED)
