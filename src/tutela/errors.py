"""The error tree: what happened, what to do, and how each surface reports it."""

from typing import ClassVar


class TutelaError(Exception):
    """Root of every error Tutela raises on purpose.

    `what` says what happened, `remedy` what the reader can do about it. Neither names a
    person, a path inside evidence, or a hash value.
    """

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "Something went wrong"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what} {remedy}")
        self.what = what
        self.remedy = remedy


class UsageError(TutelaError):
    """The request or command line is put together wrongly."""

    code = "usage"
    title = "The request is put together wrongly"
    exit_code = 2
    http_status = 400


class InvalidInput(TutelaError):
    """The request is well formed but its content cannot be accepted."""

    code = "invalid-input"
    title = "The content cannot be accepted"
    exit_code = 4
    http_status = 422


class NotFound(TutelaError):
    """No such thing, or not visible to the asker."""

    code = "not-found"
    title = "No such thing"
    exit_code = 5
    http_status = 404


class Destroyed(NotFound):
    """The evidence was there and was destroyed, on record."""

    code = "destroyed"
    title = "This evidence was destroyed"
    http_status = 410


class Conflict(TutelaError):
    """The request contradicts what already stands."""

    code = "conflict"
    title = "This contradicts what already stands"
    exit_code = 6
    http_status = 409


class LeaseLost(Conflict):
    """Somebody else holds the work now."""

    code = "lease-lost"
    title = "The work is no longer yours"


class Overtaken(Conflict):
    """Another page of the same person has written what this one has not seen."""

    code = "overtaken"
    title = "Another page has other words"


class NotSignedIn(TutelaError):
    """No valid credentials came with the request."""

    code = "not-signed-in"
    title = "Sign in first"
    exit_code = 7
    http_status = 401


class Refused(TutelaError):
    """Known caller, but the role does not allow this."""

    code = "refused"
    title = "Not allowed"
    exit_code = 7
    http_status = 403


class ExposureSpent(Refused):
    """The person has seen what their budget allows in a day."""

    code = "exposure-spent"
    title = "Enough for today"


class StoppedForToday(Refused):
    """The person has stopped for today."""

    code = "stopped-for-today"
    title = "You have stopped for today"


class SecondPersonNeeded(Refused):
    """Another person must confirm it first."""

    code = "second-person-needed"
    title = "This needs a second person"


class TooLarge(TutelaError):
    """More bytes than the limit."""

    code = "too-large"
    title = "Too large"
    exit_code = 4
    http_status = 413


class TooManyAttempts(TutelaError):
    """A guard against guessing has closed for a while."""

    code = "too-many-attempts"
    title = "Too many attempts"
    exit_code = 7
    http_status = 429


class TooManyRequests(TutelaError):
    """A caller comes more often than the settings allow."""

    code = "too-many-requests"
    title = "Too many requests"
    exit_code = 7
    http_status = 429


class TooSlow(TutelaError):
    """The body of a request took longer to arrive than the settings allow."""

    code = "too-slow"
    title = "Too slow"
    exit_code = 4
    http_status = 408


class Tampered(TutelaError):
    """A proof does not hold: log, evidence, list or index was altered."""

    code = "tampered"
    title = "A proof does not hold"
    exit_code = 8


class IndexInvalid(Tampered):
    """A file of the index on disk is damaged, foreign or of another version."""

    code = "index-invalid"
    title = "The index on disk cannot be used"


class Unavailable(TutelaError):
    """Something this instance needs cannot be reached or opened now."""

    code = "unavailable"
    title = "Not available now"
    exit_code = 9
    http_status = 503


class Unconfined(Unavailable):
    """The kernel does not confine the processes that parse untrusted bytes."""

    code = "unconfined"
    title = "Decoding would not be confined"


class CounterpartyFailed(Unavailable):
    """An outside party did not answer, or answered that it cannot now. Worth retrying."""

    code = "counterparty-failed"
    title = "The other side did not answer"


class AddressRefused(CounterpartyFailed):
    """A counterparty's name leads to an address that no call may go to. Tried again."""

    code = "address-refused"
    title = "The other side's name leads astray"


class CounterpartyRefused(TutelaError):
    """An outside party refused for a reason that retrying does not mend."""

    code = "counterparty-refused"
    title = "The other side refused"
    exit_code = 10
    http_status = 502


class SettingsInvalid(TutelaError):
    """The settings or the home folder do not make a working instance."""

    code = "settings-invalid"
    title = "The settings do not work"
    exit_code = 11


class UnauditedChange(TutelaError):
    """A state change was about to be committed without an audit entry. A bug in Tutela."""

    code = "unaudited-change"
    title = "A change had no audit entry"
    exit_code = 70
