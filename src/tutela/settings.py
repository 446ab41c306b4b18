"""Settings: one frozen object, read from `settings.toml` in the home and `TUTELA_…` variables."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from tutela.access.roles import Role
from tutela.access.second_person import DEFAULT, Verb
from tutela.cases.budget import LIMITS
from tutela.content.confinement.serving import USUAL
from tutela.content.decoding import DecodeLimits
from tutela.errors import SettingsInvalid
from tutela.hashing.look import Budget
from tutela.hashlists.judgement import SAMPLING
from tutela.hashlists.sudden import STEADY

if TYPE_CHECKING:
    from typing import Any

Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]
SETTINGS_FILE = "settings.toml"
_DECODE = DecodeLimits()


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Matching(_Part):
    """How near is a match."""

    radius: int = Field(default=31, ge=0, le=63, description="PDQ distance in bits that matches.")
    review_radius: int = Field(
        default=0,
        ge=0,
        le=63,
        description="PDQ distance beyond `radius` that queues for a person and holds nothing; "
        "0: none does.",
    )
    min_quality: int = Field(
        default=50, ge=0, le=100, description="Below this PDQ quality the hash decides nothing."
    )
    exact_only: bool = Field(
        default=False, description="Hash every scanned picture exactly, also what is far from all."
    )
    looks: Budget = Field(
        default=Budget.NONE,
        description="How hard to look for changed copies: none, cheap or full.",
    )


class Lists(_Part):
    """How much of a list may change in a day before a person must accept it."""

    growth_share: float = Field(
        default=STEADY.growth_share, ge=0, description="The share that may come or change."
    )
    growth_number: int = Field(
        default=STEADY.growth_number, ge=0, description="Or so many entries, if that is more."
    )
    shrink_share: float = Field(
        default=STEADY.shrink_share, ge=0, le=1, description="The share that may go or change."
    )
    shrink_number: int = Field(
        default=STEADY.shrink_number, ge=0, description="Or so many entries, if that is more."
    )


class Sampling(_Part):
    """Which matches people are asked to judge, and how right a list must be to be believed."""

    first: int = Field(
        default=SAMPLING.first, ge=0, description="So many first matches of each list."
    )
    first_of_entry: int = Field(
        default=SAMPLING.first_of_entry, ge=0, description="So many first matches of each entry."
    )
    share: float = Field(
        default=SAMPLING.share, ge=0, le=1, description="The share of all others, at random."
    )
    floor: float = Field(
        default=SAMPLING.floor,
        ge=0,
        le=1,
        description="A list that is surely right in a smaller share is not believed unseen.",
    )
    newest: int = Field(
        default=SAMPLING.newest, ge=1, description="So many newest judgements of a list count."
    )
    at_least: int = Field(
        default=SAMPLING.at_least, ge=1, description="With fewer judgements a list is believed."
    )


class Exposure(_Part):
    """What a person may see in a day (docs/reference/console.md says how points are counted).

    No study gives these numbers: set them with whoever looks after your reviewers.
    """

    soft_points: float = Field(
        default=LIMITS.soft, gt=0, description="From so many points on a person is warned."
    )
    hard_points: float = Field(
        default=LIMITS.hard, gt=0, description="From so many on nothing more is shown that day."
    )
    day_begins: int = Field(
        default=LIMITS.day_begins, ge=0, le=23, description="The hour, UTC, at which a day begins."
    )
    stretch_minutes: float = Field(
        default=LIMITS.stretch.total_seconds() / 60,
        gt=0,
        description="After so long a stretch of looking a break is due.",
    )
    pause_minutes: float = Field(
        default=LIMITS.pause.total_seconds() / 60,
        gt=0,
        description="So long without a look is a break.",
    )
    smallest_group: int = Field(
        default=LIMITS.smallest_group,
        ge=3,
        description="Of fewer people leads are told nothing.",
    )


class Limits(_Part):
    """What is still parsed. Beyond it an item is unscreened and held."""

    max_bytes: int = Field(
        default=_DECODE.max_bytes, gt=0, description="Largest file accepted, in bytes."
    )
    max_pixels: int = Field(
        default=_DECODE.max_pixels, gt=0, description="Largest picture decoded, in pixels a frame."
    )
    max_frames: int = Field(
        default=_DECODE.max_frames, gt=0, description="Most frames of one animation decoded."
    )
    max_video_frames: int = Field(
        default=_DECODE.max_video_frames,
        gt=0,
        le=3000,
        description="Most frames of one video looked at.",
    )


class Decoding(_Part):
    """The confined processes that parse what comes from outside."""

    processes: int | None = Field(
        default=None, ge=1, le=1024, description="How many processes; none: one a core."
    )
    waiting: int = Field(
        default=32, ge=1, description="So many may wait for one; others are told to come again."
    )
    patience_seconds: float = Field(default=30, gt=0, description="How long they wait.")
    seconds: float = Field(default=120, gt=0, description="Longest time one file may take.")
    cpu_seconds: float = Field(
        default=60,
        gt=0,
        description="Most processor time that one file may take; a video gets three quarters.",
    )
    memory: int = Field(
        default=USUAL.memory,
        ge=256 << 20,
        description="Most memory that a process may take, in bytes.",
    )
    insecure: bool = Field(
        default=False,
        description="Parse also where the kernel does not confine it. As `--insecure-decoding`.",
    )


class Rates(_Part):
    """How often callers may come, counted by each serving process. Beyond it: 429."""

    uploads_a_second: float = Field(
        default=100, ge=0, description="Uploads of one token in the long run; 0: no limit."
    )
    uploads_burst: int = Field(default=500, ge=1, description="Uploads at once after a pause.")
    uploads_at_once: int = Field(
        default=64, ge=1, description="Uploads of one token that are under way at a time."
    )
    calls_a_second: float = Field(
        default=50, ge=0, description="Other calls of one token in the long run; 0: no limit."
    )
    calls_burst: int = Field(default=500, ge=1, description="Other calls at once after a pause.")
    strangers_a_minute: int = Field(
        default=60, ge=0, description="Refused tokens from one address; 0: no limit."
    )
    sign_ins_a_minute: int = Field(
        default=30, ge=0, description="Sign-ins tried from one address; 0: no limit."
    )
    connections_each: int = Field(
        default=500,
        ge=0,
        description="Connections that one address may hold at once, but those in trusted_proxies; "
        "0: no limit.",
    )
    callers: int = Field(default=10_000, ge=100, description="Callers kept in mind at a time.")
    body_seconds: float = Field(
        default=300, gt=0, description="How long a request's body may take to arrive."
    )


class Duties(_Part):
    """What is owed to the outside."""

    lease_seconds: float = Field(
        default=120, gt=0, description="A worker silent for so long loses its duty to another."
    )
    workers: int = Field(
        default=2, ge=1, le=64, description="Workers beside the one for what is urgent alone."
    )


class Grace(_Part):
    """How long a decision can be undone before anything of it leaves."""

    seconds: float = Field(
        default=20,
        ge=0,
        le=600,
        description="Orders, referrals and what lists are told wait so long; 0: nothing waits. "
        "Where a child may be in danger now, nothing waits in any case.",
    )


class SecondReview(_Part):
    """Which decisions are judged a second time, by somebody who does not see the first one."""

    share: float = Field(default=0.05, ge=0, le=1, description="The share that is drawn; 0: none.")
    seed: str = Field(
        default="", description="The same seed draws the same ones, so that a draw can be checked."
    )


class Golden(_Part):
    """How often a reviewer's next case is a check: a benign picture whose right answer is known.

    Nothing is mixed in before a lead has put a set in.
    """

    share: float = Field(
        default=0.02, ge=0, le=0.2, description="The share of a person's cases; 0: none."
    )
    seed: str = Field(
        default="", description="The same seed draws the same ones, so that a draw can be checked."
    )


class Approval(_Part):
    """How many people let a referral out. Of what is urgent the decision itself can be enough."""

    people: int = Field(
        default=1, ge=0, le=2, description="Different people who approve; 0: a decision sends it."
    )
    urgent_people: int = Field(
        default=0,
        ge=0,
        le=1,
        description="The same where a child may be in danger now; never more than one.",
    )


class TwoPeople(_Part):
    """Which dangerous acts need a second person; docs/reference/access.md describes each."""

    verbs: tuple[Verb, ...] = Field(
        default=tuple(verb for verb in Verb if verb in DEFAULT),
        description="Acts that another person must confirm.",
    )
    hours: float = Field(
        default=24, gt=0, le=168, description="An approval is over so long after it was asked for."
    )


class KeyService(_Part):
    """Who holds the private evidence keys."""

    kind: Literal["file", "aws-kms"] = Field(
        default="file", description="`file`: files in the home; `aws-kms`: see `[aws_kms]`."
    )
    passphrase_file: Path | None = Field(
        default=None,
        description="Where the passphrase of the files is, if TUTELA_PASSPHRASE is not set; "
        "a descriptor such as /dev/fd/3 will do.",
    )


class AwsKms(_Part):
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


class Retention(_Part):
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


class SignOn(_Part):
    """The identity provider (OpenID Connect) that vouches for people. No issuer: none does."""

    issuer: str | None = Field(default=None, description="Its issuer, exactly as it names itself.")
    client_id: str = Field(default="", description="The name it knows this instance by.")
    client_secret: SecretStr = Field(default=SecretStr(""), description="The secret for that name.")
    roles: dict[str, tuple[Role, ...]] = Field(
        default_factory=dict, description="The roles that each of its groups gives."
    )
    groups_claim: str = Field(default="groups", description="The claim that names the groups.")
    origins: tuple[str, ...] = Field(
        default=(), description="Other origins that its endpoints may be at."
    )
    ask_minutes: float = Field(
        default=5,
        gt=0,
        le=60,
        description="It is asked again so often; unanswered three times, sessions stop.",
    )


class Storage(_Part):
    """Where sealed bytes rest."""

    orphan_days: float | None = Field(
        default=7,
        ge=1,
        description="Sealed bytes that no record names are removed when they are so old; none: "
        "never.",
    )


class Exchange(_Part):
    """Where calls to the outside may go, beside public addresses."""

    private_networks: tuple[IPvAnyNetwork, ...] = Field(
        default=(),
        description="Networks of your own in which a counterparty's name may lie, such as "
        '`"10.1.0.0/16"`. An address that is written as a number, and localhost, need none.',
    )


class Host(_Part):
    """The host platform that obeys hold, remove and restore."""

    webhook_url: str | None = Field(
        default=None, description="Where signed orders are sent; none: orders wait."
    )


class Authority(_Part):
    """The CyberTipline account that referrals are filed with."""

    url: str | None = Field(default=None, description="API address ending in /ispws.")
    username: str = Field(default="", description="The reporting account's name.")
    password: SecretStr = Field(default=SecretStr(""), description="Its password.")


class AuthorisedPerson(_Part):
    """One person who may submit reports to the NCA (reg. 7)."""

    name: str = Field(min_length=1, description="Their name.")
    email: str = Field(min_length=1, description="The address they are registered with.")


class Nca(_Part):
    """The provider's registration with the UK's National Crime Agency."""

    url: str | None = Field(
        default=None, description="The interface's address; none: referrals are filed by hand."
    )
    token: SecretStr = Field(default=SecretStr(""), description="Its access token.")
    registration: str = Field(default="", description="The provider's reference at the NCA.")
    mapping: Path | None = Field(
        default=None, description="The file that names calls and fields; none: the assumed one."
    )
    authorised: dict[str, AuthorisedPerson] = Field(
        default_factory=dict, description="Who may submit, by their account's id."
    )


class Hotline(_Part):
    """A hotline that takes signed referrals sealed to its key; the name is what refers to it."""

    name: str = Field(min_length=1, description="Its name in full.")
    country: Country = Field(description="Its country.")
    key: Path = Field(description="The file of its public evidence key.")
    receiver: str = Field(
        min_length=1, description="Its name in signed documents: a Tutela's `instance`."
    )
    filed_by: str = Field(
        default="the folder, by the way agreed with it", description="How a referral reaches it."
    )
    emergency: str = Field(min_length=1, description="Whom to telephone in an emergency.")


class Reporter(_Part):
    """Who refers: appears in every referral."""

    company: str = Field(default="", description="The reporting company's name.")
    first_name: str = Field(default="", description="The reporting person's first name.")
    last_name: str = Field(default="", description="The reporting person's last name.")
    email: str = Field(default="", description="The reporting person's mail address.")
    phone: str = Field(default="", description="The reporting person's telephone number.")
    service: str = Field(default="", description="The name of the service users know.")
    contact_first_name: str = Field(
        default="", description="Whom the authority may ask back, if somebody else: first name."
    )
    contact_last_name: str = Field(default="", description="The same person's last name.")
    contact_email: str = Field(default="", description="The same person's mail address.")
    contact_phone: str = Field(default="", description="The same person's telephone number.")
    terms_url: str | None = Field(default=None, description="Address of the terms of service.")
    legal_url: str | None = Field(default=None, description="Where to serve legal process.")


class Provider(_Part):
    """Who the operator is before the law. Countries in two letters (ISO 3166-1)."""

    country: Country | None = Field(
        default=None, description="Where the operator is established; none: no law is applied."
    )
    offers_in: tuple[Country, ...] = Field(
        default=(), description="Other countries where the service is offered."
    )
    hosts_in: tuple[Country, ...] = Field(default=(), description="Where content is hosted.")
    refers_to: tuple[str, ...] = Field(
        default=("ncmec",), description="Authorities told of every incident, whatever is owed."
    )


class Obligation(_Part):
    """What the operator's counsel puts in an obligation's place: one table for each, by its id."""

    checked_by: str = Field(min_length=1, description="Who checked it.")
    checked_on: date = Field(description="When.")
    owed: bool = Field(default=True, description="Whether it binds the operator at all.")
    warn_hours: float | None = Field(
        default=None, gt=0, description="Hours until a warning; none: as shipped."
    )
    due_hours: float | None = Field(
        default=None, gt=0, description="Hours until the alarm; none: as shipped."
    )
    urgent_due_hours: float | None = Field(
        default=None, gt=0, description="The same where a child may be in danger; none: as shipped."
    )
    keep_days: int | None = Field(
        default=None, gt=0, description="Days to preserve from the filing; none: as shipped."
    )


class Witness(_Part):
    """An outside witness that signs the audit log's checkpoints (c2sp.org/tlog-witness)."""

    url: str = Field(description="Where it takes checkpoints, without /add-checkpoint.")
    key: str = Field(description="Its key as it gives it: NAME+HASH+KEY, of kind 0x04.")


class Checkpoints(_Part):
    """How often the audit log's checkpoint is handed to the witnesses."""

    every_minutes: float = Field(default=60, gt=0, description="Minutes between two of them.")


class Mail(_Part):
    """The mail server and the people who are told of alarms."""

    host: str = Field(description="The mail server.")
    port: int = Field(default=587, gt=0, le=65535, description="Its port.")
    security: Literal["tls", "starttls", "none"] = Field(
        default="starttls", description="tls, starttls, or none: only to this same machine."
    )
    username: str = Field(default="", description="The account there; empty: no sign-in.")
    password: SecretStr = Field(default=SecretStr(""), description="Its password.")
    sender: str = Field(description="The address mail is sent from.")
    to: tuple[str, ...] = Field(min_length=1, description="The addresses it goes to.")
    ca_file: Path | None = Field(
        default=None, description="Certificates to trust; none: those of the machine."
    )


class Alarms(_Part):
    """When something is alarmed about, and who is told (docs/reference/alarms.md)."""

    list_age_hours: float = Field(default=48, gt=0, description="A list is older than this.")
    queue_age_hours: float = Field(default=24, gt=0, description="A case waits longer than this.")
    silence_minutes: float = Field(
        default=60, gt=0, description="No upload for so long, at the least."
    )
    silence_factor: float = Field(
        default=10, ge=1, description="And for so many times the usual gap between uploads."
    )
    undecodable_share: float = Field(
        default=0.2, gt=0, le=1, description="More than this share of the newest 200 uploads."
    )
    duty_age_minutes: float = Field(default=30, gt=0, description="Something owed is this late.")
    worker_silence_minutes: float = Field(
        default=15, gt=0, description="No worker of a lane was alive for so long."
    )
    witness_age_hours: float = Field(
        default=24, gt=0, description="A witness has not signed for so long."
    )
    disk_free: float = Field(
        default=0.1, ge=0, lt=1, description="Less than this share of a disk is free."
    )
    remind_hours: float = Field(
        default=24, gt=0, description="Tell again of what nobody has acknowledged."
    )
    pause_minutes: float = Field(
        default=15, ge=0, description="Least time between two messages on one channel."
    )
    webhook_url: str | None = Field(
        default=None, description="Where signed messages about alarms go."
    )
    pulse_url: str | None = Field(
        default=None,
        description="Posted to once a minute as a sign of life; who answers there calls people "
        "when it stays away.",
    )


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
