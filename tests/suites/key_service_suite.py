"""What every key service must do. Subclass with a `make` fixture to run it on an adapter."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest

from tutela.errors import Conflict, NotFound, Refused, Tampered
from tutela.evidence.key_service import KeyService
from tutela.evidence.keys import OpeningKey

Make = Callable[[], KeyService]


class KeyServiceSuite:
    """The behaviour of the port `KeyService`."""

    @pytest.fixture
    def make(self) -> Make:
        """Return what opens the same service again, as another process would."""
        raise NotImplementedError

    def test_what_was_wrapped_to_a_held_key_opens(self, make: Make) -> None:
        service, first, second = make(), OpeningKey.generate(), OpeningKey.generate()
        service.add(first)
        service.add(second)
        assert service.ids() == {first.sealing.id, second.sealing.id}
        for key in (first, second):
            object_key = secrets.token_bytes(32)
            assert service.unwrap(key.sealing.id, key.sealing.wrap(object_key)) == object_key

    def test_a_key_that_another_process_added_opens_at_once(self, make: Make) -> None:
        running, key = make(), OpeningKey.generate()
        assert running.ids() == frozenset()
        make().add(key)
        assert running.unwrap(key.sealing.id, key.sealing.wrap(b"k" * 32)) == b"k" * 32
        assert running.private(key.sealing.id).private.encode() == key.private.encode()

    def test_a_key_that_is_not_held_is_refused(self, make: Make) -> None:
        service, key = make(), OpeningKey.generate()
        with pytest.raises(Refused):
            service.unwrap(key.sealing.id, key.sealing.wrap(b"k" * 32))
        with pytest.raises(Refused):
            service.private(key.sealing.id)

    def test_what_was_altered_or_wrapped_to_another_does_not_open(self, make: Make) -> None:
        service, key, other = make(), OpeningKey.generate(), OpeningKey.generate()
        service.add(key)
        wrapped = bytearray(key.sealing.wrap(b"k" * 32))
        wrapped[40] ^= 1
        for spoilt in (bytes(wrapped), b"", other.sealing.wrap(b"k" * 32)):
            with pytest.raises(Tampered):
                service.unwrap(key.sealing.id, spoilt)

    def test_a_key_is_added_once(self, make: Make) -> None:
        service, key = make(), OpeningKey.generate()
        service.add(key)
        with pytest.raises(Conflict):
            make().add(key)
        assert service.unwrap(key.sealing.id, key.sealing.wrap(b"k" * 32)) == b"k" * 32

    def test_a_removed_key_opens_nothing_any_more(self, make: Make) -> None:
        service, key, stays = make(), OpeningKey.generate(), OpeningKey.generate()
        service.add(key)
        service.add(stays)
        service.private(key.sealing.id)
        service.remove(key.sealing.id)
        for one in (service, make()):
            assert one.ids() == {stays.sealing.id}
            with pytest.raises(Refused):
                one.unwrap(key.sealing.id, key.sealing.wrap(b"k" * 32))
            with pytest.raises(NotFound):
                one.remove(key.sealing.id)
