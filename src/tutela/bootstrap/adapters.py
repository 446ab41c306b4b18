"""Who stands outside, as the settings name them: the only place that picks adapters."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tutela.access.single_sign_on import SignOnTerms, SingleSignOn
from tutela.audit.cosignature import CosignatureVerifier
from tutela.errors import CounterpartyFailed, SettingsInvalid
from tutela.evidence import passphrase as passphrases
from tutela.evidence.key_service import KeyFolder, KeyService
from tutela.exchange import wire_names
from tutela.exchange.alarm_webhook import AlarmWebhook
from tutela.exchange.aws_kms import AwsKms, KmsKey
from tutela.exchange.by_hand import NCA
from tutela.exchange.cybertipline import CyberTipline
from tutela.exchange.host_webhook import HostWebhook
from tutela.exchange.identity_provider import IdentityProvider
from tutela.exchange.mail import Mail, MailSecurity, MailServer
from tutela.exchange.nca import Nca, Registration
from tutela.exchange.pulse import HttpPulse
from tutela.exchange.sigv4 import Credentials
from tutela.exchange.tlog_witness import TlogWitness
from tutela.key_files import KeyFiles
from tutela.storage.clock import Clock, utc_now

if TYPE_CHECKING:
    from tutela.access.accounts import Accounts
    from tutela.alarms.telling import Channel
    from tutela.audit.log import AuditLog
    from tutela.audit.witnessing import Witness
    from tutela.content.holds import HostOrder
    from tutela.evidence.passphrase import Passphrase
    from tutela.exchange.answers import Answers
    from tutela.platform.removal import HostPlatform
    from tutela.referrals.authority import Authority
    from tutela.settings import Settings
    from tutela.storage.database import Database

NCMEC = "ncmec"


def key_service_of(
    settings: Settings, clock: Clock = utc_now, passphrase: Passphrase | None = None
) -> KeyService:
    """Return who holds the private evidence keys. Raises `SettingsInvalid`."""
    folder = KeyFiles(settings.keys).evidence_private
    if settings.key_service.kind == "file":
        asked = passphrase or passphrases.found(settings.key_service.passphrase_file)
        return KeyFolder(folder, asked)
    kms = settings.aws_kms
    if kms.url is None or not kms.region or not kms.key:
        raise SettingsInvalid(
            "The settings do not say which key of AWS KMS guards the private keys.",
            "Set url, region and key in [aws_kms], or key_service.kind to `file`.",
        )
    credentials = Credentials(
        kms.access_key,
        kms.secret.get_secret_value(),
        kms.session.get_secret_value() if kms.session else None,
    )
    where = KmsKey(kms.url, kms.region, kms.key)
    return AwsKms(
        folder,
        where,
        credentials,
        clock,
        kms.hold_seconds,
        private=settings.exchange.private_networks,
    )


def witnesses_of(settings: Settings) -> dict[str, tuple[Witness, CosignatureVerifier]]:
    """Return the outside witnesses of the log, by their names."""
    return {
        name: (
            TlogWitness(one.url, settings.exchange.private_networks),
            CosignatureVerifier(one.key),
        )
        for name, one in settings.witnesses.items()
    }


def channels_of(settings: Settings, files: KeyFiles, clock: Clock) -> dict[str, Channel]:
    """Return the ways to tell people of alarms."""
    found: dict[str, Channel] = {}
    private = settings.exchange.private_networks
    if settings.alarms.webhook_url is not None:
        found["webhook"] = AlarmWebhook(
            settings.alarms.webhook_url, files.webhook_secret(), clock, private
        )
    if settings.mail is not None:
        told = settings.mail
        server = MailServer(
            told.host,
            told.port,
            MailSecurity(told.security),
            told.username,
            told.password.get_secret_value(),
            told.sender,
            told.to,
            told.ca_file,
        )
        found["mail"] = Mail(server, settings.instance, settings.address)
    return found


def pulse_of(settings: Settings) -> HttpPulse | None:
    """Return where a sign of life goes, if anywhere."""
    url = settings.alarms.pulse_url
    return HttpPulse(url, settings.exchange.private_networks) if url else None


class _NoHost:
    """Stands where no host platform is configured: orders wait, and say so."""

    def carry_out(self, order: HostOrder) -> None:
        """Refuse for now."""
        raise CounterpartyFailed(
            f"No host platform is configured to {order.verb}.",
            "Set host.webhook_url in the settings.",
        )


def host_of(settings: Settings, files: KeyFiles, clock: Clock) -> HostPlatform:
    """Return the host platform."""
    if settings.host.webhook_url is None:
        return _NoHost()
    return HostWebhook(
        settings.host.webhook_url,
        files.webhook_secret(),
        clock,
        settings.exchange.private_networks,
    )


def authorities_of(settings: Settings, answers: Answers) -> dict[str, Authority]:
    """Return the authorities that can be reached, by their names."""
    found: dict[str, Authority] = {}
    if settings.authority.url is not None:
        found[NCMEC] = CyberTipline(
            settings.authority.url,
            settings.authority.username,
            settings.authority.password.get_secret_value(),
            settings.exchange.private_networks,
            answers,
        )
    if settings.nca.url is not None:
        registration = Registration(
            settings.reporter.company,
            settings.nca.registration,
            {who: one.model_dump() for who, one in settings.nca.authorised.items()},
        )
        found[NCA] = Nca(
            settings.nca.url,
            settings.nca.token.get_secret_value(),
            registration,
            wire_names.read(settings.nca.mapping),
            settings.exchange.private_networks,
            answers,
        )
    return found


def sign_on_of(
    settings: Settings,
    database: Database,
    audit: AuditLog,
    accounts: Accounts,
    key: bytes,
    clock: Clock,
) -> SingleSignOn | None:
    """Return the identity provider that vouches for people, if one does."""
    given = settings.identity_provider
    if given.issuer is None:
        return None
    provider = IdentityProvider(
        given.issuer,
        given.client_id,
        given.client_secret.get_secret_value(),
        clock,
        given.origins,
        settings.exchange.private_networks,
    )
    terms = SignOnTerms(given.roles, given.groups_claim, timedelta(minutes=given.ask_minutes))
    back_to = f"{settings.address}/console/sign-on/back"
    return SingleSignOn(database, audit, accounts, provider, terms, key, back_to, clock)
