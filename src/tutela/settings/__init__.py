"""Settings: one frozen object, read from `settings.toml` in the home and `TUTELA_…` variables."""

from tutela.settings.custody import AwsKms, Checkpoints, KeyService, Retention, Storage, Witness
from tutela.settings.operator import Obligation, Provider, Reporter
from tutela.settings.outside import AuthorisedPerson, Authority, Exchange, Host, Hotline, Nca
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
from tutela.settings.whole import SETTINGS_FILE, Settings, load, load_apart

__all__ = [
    "SETTINGS_FILE",
    "Alarms",
    "Approval",
    "AuthorisedPerson",
    "Authority",
    "AwsKms",
    "Checkpoints",
    "Decoding",
    "Duties",
    "Exchange",
    "Exposure",
    "Golden",
    "Grace",
    "Host",
    "Hotline",
    "KeyService",
    "Limits",
    "Lists",
    "Mail",
    "Matching",
    "Nca",
    "Obligation",
    "Provider",
    "Rates",
    "Reporter",
    "Retention",
    "Sampling",
    "SecondReview",
    "Settings",
    "SignOn",
    "Storage",
    "TwoPeople",
    "Witness",
    "load",
    "load_apart",
]
