"""A long queue: how long a reviewer waits for the next case, and how large the pages are."""

from __future__ import annotations

import random
import re
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa
from bench.report import Table, machine
from bench.rounds import summed
from tests.console_home import Home, make_home
from tests.fixed_clock import FixedClock
from tests.unit.console.conftest import Browser, signed_in

from tutela.access.roles import Role
from tutela.cases.case import cases
from tutela.cases.categories import case_categories
from tutela.content.item import item_matches, items
from tutela.decisions.earlier import decided_pictures, decided_words, words_of

_ROUNDS = 30
_UNWANTED = "label:unwanted"
_AT_ONCE = 1000
_LEASE = re.compile(r'name="lease" value="([0-9a-f]+)"')


def measure(*, quick_run: bool = False, large: bool = False) -> list[Table]:
    """Return the figures."""
    number = 2000 if quick_run else 1_000_000 if large else 100_000
    with tempfile.TemporaryDirectory() as folder:
        home = make_home(Path(folder) / "home", FixedClock())
        _fill(home, number)
        _decide(home, number)
        browser = signed_in(home, Role.REVIEWER)
        table = Table(
            f"{number:,} open cases, {number:,} decided pictures, SQLite, one reviewer",
            ("work", "ms: median (range)", "kB"),
        )
        _measured(table, "take the next case and read its page", browser, "/next")
        _measured(table, "read the queue", browser, None)
        home.platform.opt_outs.choose(home.people[Role.REVIEWER].actor, {_UNWANTED})
        name = f"take the next case past {number // 2:,} that one opted out of"
        _measured(table, name, browser, "/next")
        _measured(table, "read the queue without them", browser, None)
        table.notes.append("Server time with the page's rendering, without a network or pictures.")
        table.notes.append(machine("sqlalchemy", "jinja2", "starlette"))
        home.platform.close()
        return [table]


def _measured(table: Table, name: str, browser: Browser, sent: str | None) -> None:
    """Time a page; what was taken is skipped before the next round, which is not timed."""
    times, largest = [], 0
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        answer = browser.submit(sent) if sent else browser.look("/queue")
        times.append(time.perf_counter() - start)
        largest = max(largest, len(answer.content))
        if lease := _LEASE.search(answer.text):
            path = str(answer.url.path).removeprefix("/console")
            browser.submit(f"{path}/skip", lease=lease[1])
    table.row(name, summed(times).shown(), f"{largest / 1000:.0f}")


def _fill(home: Home, number: int) -> None:
    """Put copies of a near case on record, each of another account."""
    database = home.platform.database
    with database.reading() as connection:
        case = dict(_row(connection, cases, cases.c.id == home.near))
        item = dict(_row(connection, items, items.c.case_id == home.near))
        match = dict(_row(connection, item_matches, item_matches.c.item_id == item["id"]))
    for start in range(0, number, _AT_ONCE):
        places = range(start, min(number, start + _AT_ONCE))
        with database.bookkeeping() as connection:
            connection.execute(
                cases.insert(),
                [{**case, "id": f"cas_{n:026}", "account_id": f"account-{n}"} for n in places],
            )
            connection.execute(
                items.insert(),
                [
                    {
                        **item,
                        "id": f"itm_{n:026}",
                        "case_id": f"cas_{n:026}",
                        "account_id": f"account-{n}",
                        "sha256": f"{n:064x}",
                    }
                    for n in places
                ],
            )
            connection.execute(
                item_matches.insert(), [{**match, "item_id": f"itm_{n:026}"} for n in places]
            )
            connection.execute(
                case_categories.insert(),
                [
                    {"case_id": f"cas_{n:026}", "category": category}
                    for n in places
                    for category in ("kind:near", _UNWANTED if n < number // 2 else "label:other")
                ],
            )


def _decide(home: Home, number: int) -> None:
    """Remember the hashes of so many decided pictures, each unlike all others."""
    draw = random.Random(1)
    pdq = [f"{draw.getrandbits(256):064x}" for _ in range(number)]
    for start in range(0, number, _AT_ONCE):
        places = range(start, min(number, start + _AT_ONCE))
        with home.platform.database.bookkeeping() as connection:
            connection.execute(
                decided_pictures.insert(),
                # Files of open cases stand in for those of decided ones: they are looked up alike.
                [{"item_id": f"itm_{n:026}", "pdq": pdq[n]} for n in places],
            )
            connection.execute(
                decided_words.insert(),
                [
                    {"word": word, "item_id": f"itm_{n:026}"}
                    for n in places
                    for word in words_of(pdq[n])
                ],
            )


def _row(
    connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool]
) -> sa.RowMapping:
    return connection.execute(sa.select(table).where(where)).mappings().first() or {}  # type: ignore[return-value]
