"""The code's own words, as far as pages show them, for the language files."""

from __future__ import annotations

from tutela.console.sentences import _, marked

CODE_WORDS = (
    marked("known"), marked("near"), marked("noticed"), marked("unscreened"), marked("possible"),
    marked("open"), marked("decided"),
    marked("drafted"), marked("approved"), marked("opening"), marked("files"), marked("details"),
    marked("finishing"), marked("by hand"), marked("questioning"), marked("sending"),
    marked("filed"), marked("acknowledged"), marked("withdrawn"), marked("alarmed"),
    marked("facts"), marked("sketch"), marked("tiny"), marked("reveal"), marked("larger"),
    marked("colour"), marked("original"),
    marked("hold"), marked("remove"), marked("restore"), marked("tell"), marked("answer"),
    marked("none"), marked("held"), marked("removed"), marked("released"),
    marked("user"), marked("moderator"), marked("trusted flagger"), marked("classifier"),
    marked("authority"),
    marked("critical"), marked("warning"), marked("upheld"), marked("reversed"),
    marked("asked"), marked("confirmed"), marked("refused"), marked("used"), marked("over"),
    marked("supplement"), marked("correction"), marked("withdrawal"),
    marked("match"), marked("clean"), marked("abusive"), marked("not abusive"),
    marked("empty"), marked("no frames"), marked("unknown type"), marked("truncated"),
    marked("corrupt"),
    marked("too many bytes"), marked("too many pixels"), marked("too many frames"),
    marked("too much work"), marked("unsupported"), marked("looks failed"),
    marked("decoder crashed"), marked("decoder failed"), marked("timed out"),
    marked("too much cpu time"), marked("too much memory"), marked("too much output"),
    marked("confinement violated"),
)  # fmt: skip
"""Words of the code that pages show; a test says which are missing."""


def plain(word: object) -> str:
    """Return a code word as people write it."""
    return _(str(word).replace("_", " "))
