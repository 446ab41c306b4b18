"""`exchange.private_networks` holds for every call to the outside that the settings name."""

from __future__ import annotations

import ast
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import tutela.exchange
from tutela import bootstrap
from tutela import settings as settings_file
from tutela.exchange.answers import HERE
from tutela.exchange.http import Outbound
from tutela.key_files import KeyFiles
from tutela.storage.clock import utc_now

FOLDER = Path(tutela.exchange.__file__).parent
OURS = ip_network("10.7.0.0/16")


def test_no_adapter_forgets_them() -> None:
    """Each client of the edge is made with the networks that it was given."""
    forgetful = [
        f"{file.name}:{call.lineno}"
        for file in FOLDER.glob("*.py")
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == Outbound.__name__
        and "private" not in {one.arg for one in call.keywords}
    ]
    assert forgetful == []


def test_an_instance_hands_them_to_each(tmp_path: Path) -> None:
    url = "http://inside.example"
    settings = settings_file.load(
        tmp_path,
        exchange={"private_networks": [str(OURS)]},
        alarms={"webhook_url": url, "pulse_url": url},
        host={"webhook_url": url},
        authority={"url": url, "username": "us", "password": "a longer word"},
        nca={"url": url, "token": "a longer word", "registration": "r"},
        aws_kms={"url": url, "region": "r", "key": "k", "access_key": "i", "secret": "longer word"},
        key_service={"kind": "aws-kms"},
        identity_provider={"issuer": url, "client_id": "us", "client_secret": "longer word"},
    )
    files = KeyFiles(settings.keys)
    files.create()
    made: list[Any] = [
        *bootstrap.channels_of(settings, files, utc_now).values(),
        bootstrap.pulse_of(settings),
        bootstrap.host_of(settings, files, utc_now),
        *bootstrap.authorities_of(settings, HERE).values(),
        bootstrap.key_service_of(settings),
    ]
    assert len(made) == 6
    for one in made:
        assert one is not None
        assert one._outbound._there.private == (OURS,), type(one).__name__
