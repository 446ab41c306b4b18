"""Run as a process of its own by test_log.py: appends NUMBER entries as writer NAME."""

import sys
from pathlib import Path

from tutela.audit.checkpoint import CheckpointSigner, WitnessFile
from tutela.audit.entry import Action, Actor
from tutela.audit.log import AuditLog
from tutela.storage.clock import utc_now
from tutela.storage.database import Database


def main(url: str, seed: str, witness: str, name: str, number: int) -> None:
    signer = CheckpointSigner("tutela.test", bytes.fromhex(seed))
    database = Database(url)
    audit = AuditLog(database, signer, utc_now, WitnessFile(Path(witness), signer))
    for place in range(number):
        audit.note(Actor("machine", name), Action.ITEM_SCREENED, f"itm_{place}", place=place)
    database.close()


if __name__ == "__main__":
    address, key, kept, writer, count = sys.argv[1:]
    main(address, key, kept, writer, int(count))
