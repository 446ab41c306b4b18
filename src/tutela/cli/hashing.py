"""`tutela hash`: digests, PDQ and quality of files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tutela import bootstrap
from tutela.cli.session import Session
from tutela.content.decoding import DecodeLimits, Reading
from tutela.errors import InvalidInput
from tutela.platform.parsing import Parsing, Patience
from tutela.settings import Decoding

_SOME_UNREADABLE = 3


def add_to(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("hash")(hash_files)


def hash_files(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders to walk through.")],
) -> None:
    """Print digests, PDQ and quality of each file (the record hash). Exit 3: some not read whole.

    Of a video, with `--json`, also those of each frame that is looked at.
    """
    session: Session = context.obj
    rows, incomplete = [], False
    decoding = Decoding(processes=1, insecure=session.insecure_decoding)
    with bootstrap.parsing_pool(decoding, looks=False) as pool:
        parsing = Parsing(pool, DecodeLimits(), Patience())
        for path in _files(paths):
            row = _row(path, parsing)
            incomplete = incomplete or row["pdq"] is None or "reason" in row
            if session.json:
                session.put(row)
            else:
                rows.append(row)
    if not session.json:
        session.table(("pdq", "pdq_quality", "sha256", "media_type", "path"), rows, "No files.")
    if incomplete:
        raise typer.Exit(_SOME_UNREADABLE)


def _files(paths: list[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found.extend(sorted(one for one in path.rglob("*") if one.is_file()))
        else:
            found.append(path)
    return found


def _row(path: Path, parsing: Parsing) -> dict[str, object]:
    limits = parsing.limits
    try:
        size = path.stat().st_size
        if size > limits.max_bytes:
            raise InvalidInput(
                f"{path} has {size} bytes, more than {limits.max_bytes}.",
                "Use `tutela scan`, which streams what is larger.",
            )
        data = path.read_bytes()
    except OSError as problem:
        raise InvalidInput(
            f"{path} cannot be read: {problem.strerror}.", "Check the path and your rights."
        ) from problem
    printed = parsing.fingerprint(data)
    record = printed.pictures[0] if printed.pictures else None
    row: dict[str, object] = {
        "path": str(path),
        "media_type": printed.media_type,
        "md5": printed.digests.md5,
        "sha1": printed.digests.sha1,
        "sha256": printed.digests.sha256,
        "pdq": record.pdq if record else None,
        "pdq_quality": record.quality if record else None,
    }
    if record is not None and record.moment is not None:
        row["frames"] = [
            {"seconds": one.moment / 1000, "pdq": one.pdq, "quality": one.quality}
            for one in printed.pictures
            if one.moment is not None and one.reading is Reading.UPRIGHT
        ]
    if printed.unscreened is not None:
        row["reason"] = printed.unscreened.value
    return row
