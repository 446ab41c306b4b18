"""All of the settings, and reading them from a home's file and the environment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from tutela.errors import SettingsInvalid
from tutela.settings.custody import AwsKms, Checkpoints, KeyService, Retention, Storage, Witness
from tutela.settings.operator import Obligation, Provider, Reporter
from tutela.settings.outside import Authority, Exchange, Host, Hotline, Nca
from tutela.settings.people import (
    Approval,
    Exposure,
    Golden,
    Grace,
    SecondReview,
    SignOn,
    TwoPeople,
)
from tutela.settings.screening import Decoding, Limits, Lists, Matching, Sampling
from tutela.settings.service import Alarms, Duties, Mail, Rates

if TYPE_CHECKING:
    from typing import Any

SETTINGS_FILE = "settings.toml"


class Settings(BaseSettings):
    """Everything an instance can be told. docs/reference/settings.md lists each."""

    model_config = SettingsConfigDict(
        env_prefix="TUTELA_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    home: Path = Field(description="The folder where an embedded instance lives.")
    instance: str = Field(
        default="tutela.local",
        pattern=r"^[^\s+]+$",
        max_length=80,
        description="The instance's name: the audit log's origin. No space, no plus sign.",
    )
    database_url: str | None = Field(
        default=None, description="SQLAlchemy address; none: tutela.db in the home."
    )
    objects_url: str | None = Field(
        default=None, description="obstore address for sealed bytes; none: a folder in the home."
    )
    listen_host: str = Field(default="127.0.0.1", description="Address the server listens on.")
    listen_port: int = Field(default=8420, ge=0, le=65535, description="Port it listens on.")
    public_url: str | None = Field(
        default=None, description="The address people reach it by; none: http://host:port."
    )
    trusted_proxies: tuple[str, ...] = Field(
        default=(),
        description="Addresses of proxies whose X-Forwarded-For says who asks; none: nobody's.",
    )
    demo: bool = Field(
        default=False,
        description="A demonstration: one-time sign-ins need no second factor. Never in service.",
    )
    matching: Matching = Matching()
    lists: Lists = Lists()
    sampling: Sampling = Sampling()
    limits: Limits = Limits()
    exposure: Exposure = Exposure()
    decoding: Decoding = Decoding()
    rates: Rates = Rates()
    duties: Duties = Duties()
    key_service: KeyService = KeyService()
    aws_kms: AwsKms = AwsKms()
    retention: Retention = Retention()
    storage: Storage = Storage()
    exchange: Exchange = Exchange()
    host: Host = Host()
    authority: Authority = Authority()
    nca: Nca = Nca()
    grace: Grace = Grace()
    second_review: SecondReview = SecondReview()
    golden: Golden = Golden()
    approval: Approval = Approval()
    two_people: TwoPeople = TwoPeople()
    identity_provider: SignOn = SignOn()
    hotlines: dict[Annotated[str, Field(pattern="^[a-z0-9-]{1,40}$")], Hotline] = Field(
        default_factory=dict
    )
    witnesses: dict[Annotated[str, Field(pattern="^[a-z0-9-]{1,40}$")], Witness] = Field(
        default_factory=dict
    )
    checkpoints: Checkpoints = Checkpoints()
    alarms: Alarms = Alarms()
    mail: Mail | None = None
    reporter: Reporter = Reporter()
    provider: Provider = Provider()
    obligations: dict[str, Obligation] = Field(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let arguments win over variables, and variables over the file in the home."""
        given: dict[str, Any] = init_settings()
        home = given.get("home") or env_settings().get("home")
        if home is None:
            return (init_settings, env_settings)
        file = TomlConfigSettingsSource(settings_cls, Path(home) / SETTINGS_FILE)
        return (init_settings, env_settings, file)

    @property
    def database(self) -> str:
        """Return the database address in force."""
        return self.database_url or f"sqlite:///{self.home / 'tutela.db'}"

    @property
    def objects(self) -> str | Path:
        """Return where sealed bytes rest."""
        return self.objects_url or self.home / "objects"

    @property
    def index(self) -> Path:
        """Return the folder of the index, which every process of this machine shares."""
        return self.home / "index"

    @property
    def keys(self) -> Path:
        """Return the folder of keys."""
        return self.home / "keys"

    @property
    def address(self) -> str:
        """Return the address people reach the instance by, without a slash at the end."""
        return (self.public_url or f"http://{self.listen_host}:{self.listen_port}").rstrip("/")


class _Apart(Settings):
    """Settings that no variable of the environment reaches."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let arguments win over the file in the home; there is nothing else."""
        file = Path(init_settings()["home"]) / SETTINGS_FILE
        return (init_settings, TomlConfigSettingsSource(settings_cls, file))


def load(home: Path, **given: object) -> Settings:
    """Read the settings of a home. Raises `SettingsInvalid` naming each bad one."""
    return _loaded(Settings, home, given)


def load_apart(home: Path, **given: object) -> Settings:
    """Read the settings of a demonstration's or rehearsal's home: its own file, no variables.

    What an operator exports (a database, an authority, a host platform) must not become part of
    it. Raises `SettingsInvalid`.
    """
    return _loaded(_Apart, home, given)


def _loaded(kind: type[Settings], home: Path, given: dict[str, object]) -> Settings:
    try:
        return kind(home=home.absolute(), **given)  # type: ignore[arg-type]
    except ValidationError as problem:
        named = "; ".join(
            f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}"
            for one in problem.errors(include_input=False, include_url=False)
        )
        raise SettingsInvalid(
            f"Some settings cannot be used: {named}.",
            f"Mend them in {SETTINGS_FILE} or in the TUTELA_ variables.",
        ) from problem
    except (OSError, ValueError) as problem:
        raise SettingsInvalid(
            f"{SETTINGS_FILE} cannot be read.", "Check that it is valid TOML and can be opened."
        ) from problem
