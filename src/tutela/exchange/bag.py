"""A bag: a folder whose every file has its digest in a manifest (BagIt, RFC 8493).

Payload goes in as it comes, in parts; nothing is held whole.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from tutela.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


class Bag:
    """A bag being filled. `seal` writes the manifests; without it no validator takes the folder."""

    def __init__(self, folder: Path) -> None:
        """Make the folder. Raises `InvalidInput` when it exists."""
        try:
            folder.mkdir(mode=0o700, parents=True)
        except FileExistsError as problem:
            raise InvalidInput("The folder exists already.", "Name a new folder.") from problem
        self._folder = folder
        self._payload: dict[str, tuple[str, int]] = {}

    def put(self, name: str, parts: Iterable[bytes]) -> None:
        """Write one payload file; `name` is ours, never an uploader's."""
        digest, size = sha256(), 0
        path = self._folder / "data" / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("xb") as file:
            for part in parts:
                digest.update(part)
                size += len(part)
                file.write(part)
        path.chmod(0o600)
        self._payload[f"data/{name}"] = (digest.hexdigest(), size)

    def seal(self, info: Mapping[str, str]) -> bytes:
        """Write declaration, description and manifests (RFC 8493 §2.1.1, §2.1.3, §2.2).

        Return the tag manifest, which stands for all of it.
        """
        octets = sum(size for _, size in self._payload.values())
        described = {**info, "Payload-Oxum": f"{octets}.{len(self._payload)}"}
        tags = {
            "bagit.txt": _DECLARATION,
            "bag-info.txt": "".join(
                f"{name}: {' '.join(value.split())}\n" for name, value in described.items()
            ),
            "manifest-sha256.txt": "".join(
                f"{digest}  {name}\n" for name, (digest, _) in sorted(self._payload.items())
            ),
        }
        manifest = "".join(
            f"{sha256(text.encode()).hexdigest()}  {name}\n" for name, text in sorted(tags.items())
        )
        for name, text in (*tags.items(), ("tagmanifest-sha256.txt", manifest)):
            (self._folder / name).write_text(text, encoding="utf-8", newline="\n")
        return manifest.encode()
