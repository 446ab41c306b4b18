"""The console's words for what the code names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutela.access.preferences import Theme
from tutela.access.second_person import Verb
from tutela.audit.entry import Action
from tutela.cases import availability
from tutela.cases.case import CaseKind
from tutela.cases.passing import Way
from tutela.cases.priority import HEAD_START, Reason
from tutela.cases.viewing import Fidelity
from tutela.content.notice import Circumstance, Harm
from tutela.decisions.decision import Grounds, Outcome
from tutela.decisions.labels import Age, Conduct, Feature, Subject
from tutela.hashlists.sudden import Doubt
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from collections.abc import Iterable

VERBS = {
    Verb.VIEW_ORIGINAL: "look at the whole picture",
    Verb.EXPORT: "export evidence",
    Verb.DESTROY: "destroy evidence",
    Verb.LIST_TRUST: "change how far a list is trusted",
    Verb.ROLE_GRANT: "grant a role",
    Verb.SIGN_IN_RESET: "give an enrolled person a new sign-in",
    Verb.PSEUDONYM: "learn who is behind a pseudonym",
    Verb.REFERRAL_EXPORT: "write a referral or its letters to files",
}

RUNGS = {
    Fidelity.SKETCH: "edges only",
    Fidelity.TINY: "grey, blurred",
    Fidelity.REVEAL: "a spot at a time",
    Fidelity.LARGER: "grey, 256 pixels",
    Fidelity.COLOUR: "colour, 512 pixels",
    Fidelity.ORIGINAL: "the whole picture",
}

THEMES = {
    Theme.SYSTEM: "as the system has it",
    Theme.LIGHT: "light",
    Theme.DARK: "dark",
}

OUTCOMES = {
    Outcome.ABUSIVE: "Abusive",
    Outcome.NOT_ABUSIVE: "Not abusive",
}
EFFECTS = {
    Outcome.ABUSIVE: "The host removes the files, and a referral is drafted.",
    Outcome.NOT_ABUSIVE: "The host restores the files.",
}
GROUNDS = {
    Grounds.LISTED_COPY: "Copy of a listed file; no look needed",
    Grounds.VIEWED: "I looked in colour",
    Grounds.CONTEXT: "The context shows it",
    Grounds.DECIDED_BEFORE: "Decided so before; see what is like it",
    Grounds.WRONG_MATCH: "The match is wrong",
    Grounds.LAWFUL_CONTENT: "The content is lawful",
    Grounds.UNREADABLE_BUT_HARMLESS: "Unreadable, but harmless",
}

REASONS = {
    Reason.DANGER: "danger now",
    Reason.CONTACT: "a child in contact",
    Reason.TRUSTED: "trusted notice",
    Reason.REPEAT: "repeat account",
    Reason.NEW: "on no list",
    Reason.NEAR: "near copy",
    Reason.UNREADABLE: "unreadable",
    Reason.POSSIBLE: "only possible",
}
WAYS = {
    Way.SKIPPED: "skipped by",
    Way.HANDED_OVER: "handed over by",
    Way.SECOND_OPINION: "a second opinion is asked by",
    Way.ESCALATED: "danger now, says",
}

TROUBLES = availability.TOLD

HARMS = {
    Harm.DEPICTION: "depiction of abuse",
    Harm.ENTICEMENT: "enticement of a child",
    Harm.TRAFFICKING: "trafficking of a child",
    Harm.TOURISM: "travel to abuse a child",
    Harm.MOLESTATION: "abuse off the net",
    Harm.UNSOLICITED: "obscene material sent to a child",
    Harm.MISLEADING_DOMAIN: "misleading domain name",
    Harm.MISLEADING_WORDS: "misleading words or pictures",
}
CIRCUMSTANCES = {
    Circumstance.SEXTORTION: "sextortion",
    Circumstance.SOLICITATION: "asked a child for pictures",
    Circumstance.BETWEEN_MINORS: "between minors",
    Circumstance.SADISTIC: "sadistic exploitation by a group",
    Circumstance.SPAM: "spam",
    Circumstance.INFORMATIONAL: "for information only",
}
FEATURES = {
    Feature.INFANT: "infant or toddler",
    Feature.PHYSICAL_HARM: "physical harm",
    Feature.VIOLENCE: "violence or gore",
    Feature.ANIMAL: "animal",
    Feature.SELF_PRODUCED: "maybe taken by the child",
    Feature.LIVE_STREAM: "from a live stream",
    Feature.MEME: "maybe shared as a joke",
}

# The digit keys: nine facts, and 0 for "cannot tell" everywhere.
OBSERVED = (
    ("subject", "Depiction", ((Subject.REAL, "real", 1), (Subject.DRAWN, "drawn", 2),
                              (Subject.GENERATED, "generated", 3))),
    ("age", "Age of the youngest", ((Age.PREPUBESCENT, "prepubescent", 4),
                                           (Age.PUBESCENT, "pubescent", 5),
                                           (Age.ADULT, "adult", 6))),
    ("conduct", "Gravest conduct", ((Conduct.SEX_ACT, "sex act", 7),
                                         (Conduct.LASCIVIOUS_EXHIBITION, "lascivious", 8),
                                         (Conduct.NONE, "none", 9))),
)  # fmt: skip

DOUBTS = {
    Doubt.GROWTH: "It adds or changes more entries than a day should.",
    Doubt.SHRINKAGE: "It takes away or changes more entries than a day should.",
    Doubt.ENTRIES_CAP: "The list would have more entries than its source may list.",
    Doubt.DAY_CAP: "Its source has added or changed more entries in a day than it may.",
    Doubt.OLDER: "It is older than the newest signed file that was taken.",
}

_CLUSTERS = {
    CaseKind.KNOWN: "Listed copies",
    CaseKind.NEAR: "Near a listed file",
    CaseKind.POSSIBLE: "Perhaps a changed listed file; not held back",
}

_STEPS = ("drafted", "approved", "sending", "filed")
_STEP = {
    State.DRAFTED: 0,
    State.APPROVED: 1,
    State.FILED: 3,
    State.ACKNOWLEDGED: 3,
}
_SENDING = 2
AT_AN_END = frozenset({State.FILED, State.ACKNOWLEDGED, State.WITHDRAWN, State.ALARMED})
STILL = AT_AN_END | {State.DRAFTED, State.BY_HAND}
"""States in which a referral does not move by itself."""


def steps(state: State) -> tuple[tuple[str, str], ...]:
    """Return the steps of a referral, each `done`, `now` or `next`."""
    if state in {State.WITHDRAWN, State.ALARMED}:
        return ((state.value, "now"),)
    at = _STEP.get(state, _SENDING)
    last = at == len(_STEPS) - 1
    return tuple(
        (step, "done" if place < at or (last and place == at) else "now" if place == at else "next")
        for place, step in enumerate(_STEPS)
    )


TIMELINE = {
    Action.CASE_OPENED: "Case opened",
    Action.CASE_GREW: "A file joined",
    Action.CASE_CLAIMED: "Claimed",
    Action.CASE_RELEASED: "Given back",
    Action.CASE_SPLIT: "A file was split off",
    Action.CASE_DECIDED: "Decided",
    Action.CASE_REVERSED: "Reversed",
    Action.CASE_UNDONE: "Undone, before anything left",
    Action.APPEAL_RECEIVED: "The account appealed",
    Action.APPEAL_TAKEN: "Somebody took the appeal",
    Action.APPEAL_ANSWERED: "The appeal was answered",
    Action.LIST_JUDGED: "Its lists were told",
    Action.HOST_ORDER_UNDONE: "Order taken back, unsent",
    Action.CASE_EVIDENCE_UNAVAILABLE: "Evidence unavailable",
    Action.CASE_EVIDENCE_AVAILABLE: "Evidence available again",
    Action.ITEM_SCREENED: "Screened",
    Action.ITEM_HELD: "Held",
    Action.LIST_SAMPLED: "Drawn to be judged",
    Action.HOST_ORDERED: "Order to the host",
    Action.HOST_CONFIRMED: "The host obeyed",
    Action.HOST_REFUSED: "The host refused",
    Action.REFERRAL_DRAFTED: "Referral drafted",
    Action.REFERRAL_APPROVED: "Referral approved",
    Action.REFERRAL_WITHDRAWN: "Referral withdrawn",
    Action.REFERRAL_OPENED: "Report opened at the authority",
    Action.REFERRAL_FILE_SENT: "File sent to the authority",
    Action.REFERRAL_FILED: "Filed: the authority has it",
    Action.REFERRAL_BY_HAND: "Waits for a person to file it",
    Action.REFERRAL_SUBMITTED: "Filed by hand",
    Action.REFERRAL_DUE_SOON: "Due soon",
    Action.REFERRAL_OVERDUE: "Overdue",
    Action.REFERRAL_QUESTIONED: "The authority was asked what it has",
    Action.REFERRAL_RESTARTED: "Begun again",
    Action.REFERRAL_RETRYING: "Waiting to try again",
    Action.REFERRAL_ALARMED: "Stuck: a person must look",
}


def cluster_title(kind: CaseKind, why: str) -> str:
    """Say what the machine says of the files of a cluster."""
    if kind is CaseKind.NOTICED:
        return f"Notice: {HARMS[Harm(why)]}"
    if kind is CaseKind.UNSCREENED:
        return plain(why or "unscreened").capitalize()
    return _CLUSTERS[kind]


def apart(nearest: int, farthest: int) -> str:
    """Say how far files lie from the one that stands for them."""
    if farthest == 0:
        return "no bit away"
    return f"{farthest} bits away" if nearest == farthest else f"{nearest} to {farthest} bits away"


SEVERITIES = {
    "danger": "danger now",
    "contact": "a child in contact",
    "noticed": "noticed, on no list",
    "near": "near a listed file",
    "known": "listed copies",
    "unscreened": "unreadable",
    "possible": "only possible",
}


def severity(word: str) -> str:
    """Say how grave what waits is."""
    return SEVERITIES[word]


def of_part(categories: Iterable[str], part: str) -> list[str]:
    """Return the categories of one part: kind, harm, circumstance or label."""
    return [one for one in categories if one.partition(":")[0] == part]


def category(name: str) -> str:
    """Say what a category that can be opted out of is."""
    part, _, word = name.partition(":")
    if part == "harm":
        return HARMS[Harm(word)]
    if part == "circumstance":
        return CIRCUMSTANCES[Circumstance(word)]
    return SEVERITIES[word] if part == "kind" else word


def plain(word: object) -> str:
    """Return a code word as people write it."""
    return str(word).replace("_", " ")


def head_start(reason: Reason) -> str:
    """Say what a reason is worth in the order of the queue."""
    if reason is Reason.DANGER:
        return "before all others"
    hours = round(HEAD_START[reason].total_seconds() / 3600)
    return (
        f"as if it had waited {hours} h longer"
        if hours > 0
        else f"after what came {-hours} h later"
    )


def short_start(reason: Reason) -> str:
    """Say the same in the room beside a word."""
    if reason is Reason.DANGER:
        return "first"
    hours = round(HEAD_START[reason].total_seconds() / 3600)
    return f"{hours:+d} h".replace("-", "−")  # noqa: RUF001 - a minus as long as the plus
