"""Who holds the keys, how long evidence is kept, and who outside remembers the log."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from tutela.settings.part import Part


class KeyService(Part):
    """Who holds the private evidence keys."""

    kind: Literal["file", "aws-kms"] = Field(
        default="file", description="`file`: files in the home; `aws-kms`: see `[aws_kms]`."
    )
    passphrase_file: Path | None = Field(
        default=None,
        description="Where the passphrase of the files is, if TUTELA_PASSPHRASE is not set; "
        "a descriptor such as /dev/fd/3 will do.",
    )


class AwsKms(Part):
    """A key of AWS KMS, or of what speaks its protocol, that guards the private keys."""

    url: str | None = Field(default=None, description="Address of the service.")
    region: str = Field(default="", description="The region that requests are signed for.")
    key: str = Field(default="", description="The key's id, ARN or alias.")
    access_key: str = Field(default="", description="The access key's id.")
    secret: SecretStr = Field(default=SecretStr(""), description="The secret access key.")
    session: SecretStr | None = Field(default=None, description="The token of temporary ones.")
    hold_seconds: float = Field(
        default=300,
        ge=0,
        le=3600,
        description="How long a private key stays in memory; 0: for one opening alone.",
    )


class Retention(Part):
    """How long evidence is kept. What the law keeps longer, stays longer."""

    cleared_days: int | None = Field(
        default=None,
        ge=0,
        description="Days from a decision of not abusive; none: until a person destroys it.",
    )
    abusive_days: int | None = Field(
        default=None,
        ge=0,
        description="Days from a decision of abusive; none: until a person destroys it.",
    )


class Storage(Part):
    """Where sealed bytes rest."""

    orphan_days: float | None = Field(
        default=7,
        ge=1,
        description="Sealed bytes that no record names are removed when they are so old; none: "
        "never.",
    )


class Witness(Part):
    """An outside witness that signs the audit log's checkpoints (c2sp.org/tlog-witness)."""

    url: str = Field(description="Where it takes checkpoints, without /add-checkpoint.")
    key: str = Field(description="Its key as it gives it: NAME+HASH+KEY, of kind 0x04.")


class Checkpoints(Part):
    """How often the audit log's checkpoint is handed to the witnesses."""

    every_minutes: float = Field(default=60, gt=0, description="Minutes between two of them.")
