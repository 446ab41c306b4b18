"""The composition root: settings in, a platform out. The only place that names adapters."""

from tutela.bootstrap.adapters import (
    NCMEC,
    authorities_of,
    channels_of,
    host_of,
    key_service_of,
    pulse_of,
)
from tutela.bootstrap.composing import open_platform
from tutela.bootstrap.platform import Part, Platform
from tutela.bootstrap.terms import book_of, parsing_pool, parsing_terms, provider_of

__all__ = [
    "NCMEC",
    "Part",
    "Platform",
    "authorities_of",
    "book_of",
    "channels_of",
    "host_of",
    "key_service_of",
    "open_platform",
    "parsing_pool",
    "parsing_terms",
    "provider_of",
    "pulse_of",
]
