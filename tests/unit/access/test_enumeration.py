"""Whoever guesses learns nothing: the same answer after the same work, whatever was wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from tests.unit.access.conftest import PASSWORD, SHELL, Access

from tutela.access.accounts import Accounts
from tutela.access.recovery import RecoveryCodes
from tutela.access.roles import Role
from tutela.errors import NotSignedIn

if TYPE_CHECKING:
    from collections.abc import Callable

CASES = ["nobody", "not enrolled", "disabled", "wrong password", "wrong code"]


class Counted(PasswordHasher):
    """A hasher that counts what it compared."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.compared: list[str] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
        said = hash if isinstance(hash, str) else hash.decode()
        # Version and costs: what the work depends on.
        self.compared.append(said.rpartition("$")[0].rpartition("$")[0])
        return super().verify(hash, password)


def attempts(access: Access, code: str) -> dict[str, tuple[list[str], int, str]]:
    """Return for each wrong way in: hashes compared, statements run, and what was answered."""
    hasher = Counted()
    made = (access.database, access.audit, b"k" * 32, access.clock, hasher, access.approvals)
    accounts = Accounts(*made)
    same = Access(
        *(access.database, access.audit, access.clock, access.approvals, accounts),
        *(access.sessions, access.sign_ins, access.tokens),
    )
    same.sign_ins._accounts = accounts
    for name in ("anna", "carl"):
        same.person(name)
    accounts.create(SHELL, "boris", (Role.REVIEWER,))
    accounts.disable(SHELL, accounts.named("carl").id)
    given = {
        "nobody": ("nobody of this name", PASSWORD),
        "not enrolled": ("boris", PASSWORD),
        "disabled": ("carl", PASSWORD),
        "wrong password": ("anna", "not the password"),
        "wrong code": ("anna", PASSWORD),
    }
    found = {}
    for case, (name, password) in given.items():
        hasher.compared.clear()
        ran: list[str] = []
        sa.event.listen(access.database.engine, "before_cursor_execute", _noting(ran))
        with pytest.raises(NotSignedIn) as refused:
            accounts.authenticate(name, password, code)
        found[case] = (list(hasher.compared), len(ran), str(refused.value))
    return found


def _noting(ran: list[str]) -> Callable[..., None]:
    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        ran.append(statement)

    return note


@pytest.mark.parametrize("code", ["000000", "abcd-efgh-jkmn-pqrs"])
def test_every_wrong_way_in_is_as_much_work_and_gets_the_same_answer(
    access: Access, code: str
) -> None:
    RecoveryCodes(access.database, access.audit).make(access.person("dora")[0])
    found = attempts(access, code)
    assert set(found) == set(CASES)
    work, _, said = found["nobody"]
    assert len(work) == 1
    for case, (compared, _, answer) in found.items():
        assert (compared, answer) == (work, said), case
    statements = {case: ran for case, (_, ran, _) in found.items()}
    assert len(set(statements.values())) == 1, statements
