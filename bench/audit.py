"""What an audited change costs on SQLite, and how fast the log is proven."""

import tempfile
import time
from pathlib import Path

from bench.report import Table

from tutela.audit.checkpoint import CheckpointSigner, WitnessFile
from tutela.audit.entry import Action, Actor
from tutela.audit.log import AuditLog
from tutela.storage.clock import utc_now
from tutela.storage.database import Database, metadata

_CHANGES = 500


def measure(*, quick_run: bool = False, large: bool = False) -> list[Table]:
    """Return the figures."""
    table = Table("The audit log on SQLite", ("work", "time"))
    with tempfile.TemporaryDirectory() as folder:
        signer = CheckpointSigner("bench.local", b"b" * 32)
        database = Database(f"sqlite:///{folder}/bench.db")
        with database.bookkeeping() as connection:
            metadata.create_all(connection)
        audit = AuditLog(database, signer, utc_now, WitnessFile(Path(folder) / "witness", signer))
        start = time.perf_counter()
        for place in range(_CHANGES):
            audit.note(Actor("system", "bench"), Action.ITEM_HELD, f"itm_{place}")
        each = (time.perf_counter() - start) / _CHANGES
        table.row("one change with its entry", f"{each * 1e3:.2f} ms")
        start = time.perf_counter()
        size = audit.verify().size
        each = (time.perf_counter() - start) / size
        table.row("one entry proven", f"{each * 1e6:.1f} µs")
        database.close()
    return [table]
