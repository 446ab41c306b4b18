"""The hash that guards passwords is Argon2id with RFC 9106's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyotp
import sqlalchemy as sa
from tests.unit.access.conftest import PASSWORD, SHELL

from tutela.access.accounts import Accounts, accounts
from tutela.access.roles import Role
from tutela.access.sign_in import SignIns

if TYPE_CHECKING:
    from tests.unit.access.conftest import Access


def test_a_stored_password_costs_64_mebibytes_to_try(access: Access) -> None:
    strong = Accounts(access.database, access.audit, b"k" * 32, access.clock)
    made = strong.create(SHELL, "anna", (Role.REVIEWER,))
    signing = SignIns(access.database, access.audit, strong, access.clock)
    word = signing.issue(SHELL, made.id).token
    opened = signing.open(word)
    app = pyotp.TOTP(strong.reopen_offer(made, "t", opened.offer).secret)
    signing.enrol(word, PASSWORD, app.at(access.clock()))
    with access.database.reading() as connection:
        stored = connection.execute(sa.select(accounts.c.password)).scalar_one()
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
