"""A recovery code stands in for the authenticator's code: with the password, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from tests.unit.access.conftest import PASSWORD

from tutela.access.recovery import COUNT, RecoveryCodes
from tutela.audit.entry import Action
from tutela.errors import NotSignedIn

if TYPE_CHECKING:
    from tests.unit.access.conftest import Access


@pytest.fixture
def codes(access: Access) -> RecoveryCodes:
    return RecoveryCodes(access.database, access.audit)


def test_a_code_signs_in_once_with_the_password(access: Access, codes: RecoveryCodes) -> None:
    anna, _ = access.person()
    made = codes.make(anna)
    assert len(set(made)) == COUNT
    with pytest.raises(NotSignedIn):
        access.accounts.authenticate("anna", "not the password", made[0])
    assert codes.left(anna.id) == COUNT
    typed = made[0].upper().replace("-", " ")
    assert access.accounts.authenticate("anna", PASSWORD, typed).id == anna.id
    assert codes.left(anna.id) == COUNT - 1
    assert access.audit.entries(anna.id)[-1].action == Action.RECOVERY_USED
    with pytest.raises(NotSignedIn):
        access.accounts.authenticate("anna", PASSWORD, made[0])


def test_a_code_works_once_even_at_the_same_time(access: Access, codes: RecoveryCodes) -> None:
    anna, _ = access.person()
    code = codes.make(anna)[0]

    def attempt(_number: int) -> bool:
        try:
            access.accounts.authenticate("anna", PASSWORD, code)
        except NotSignedIn:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1


def test_codes_are_ones_own_and_end_with_new_ones(access: Access, codes: RecoveryCodes) -> None:
    anna, _ = access.person()
    boris, _ = access.person("boris")
    first, others = codes.make(anna), codes.make(boris)
    codes.make(anna)
    for wrong in (first[0], others[0], ""):
        with pytest.raises(NotSignedIn):
            access.accounts.authenticate("anna", PASSWORD, wrong)


def test_codes_do_not_rest_in_the_clear(access: Access, codes: RecoveryCodes) -> None:
    made = codes.make(access.person()[0])
    with access.database.reading() as connection:
        kept = str(connection.execute(sa.text("SELECT * FROM recovery_codes")).all())
        kept += str(connection.execute(sa.text("SELECT * FROM audit_entries")).all())
    assert not [one for one in made if one in kept or one.replace("-", "") in kept]
