"""The console's words for what the code names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutela.access.preferences import Theme
from tutela.access.roles import Role
from tutela.access.roster import Ago
from tutela.access.second_person import Verb
from tutela.audit.entry import Action
from tutela.cases import availability
from tutela.cases.case import CaseKind
from tutela.cases.passing import Way
from tutela.cases.priority import HEAD_START, Reason
from tutela.cases.viewing import Fidelity
from tutela.console.code_words import plain
from tutela.console.sentences import Told, _, marked, ngettext
from tutela.content.notice import Circumstance, Harm
from tutela.decisions.decision import Grounds, Outcome
from tutela.decisions.labels import Age, Conduct, Feature, Subject
from tutela.hashlists.sudden import Doubt
from tutela.referrals.obligations.obligation import Relation, Sureness
from tutela.referrals.referral import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tutela.content.item import ItemMatch

VERBS: Told[Verb] = Told(
    {
        Verb.VIEW_ORIGINAL: marked("look at the whole picture"),
        Verb.EXPORT: marked("export evidence"),
        Verb.DESTROY: marked("destroy evidence"),
        Verb.LIST_TRUST: marked("change how far a list is trusted"),
        Verb.ROLE_GRANT: marked("grant a role"),
        Verb.SIGN_IN_RESET: marked("give an enrolled person a new sign-in"),
        Verb.PSEUDONYM: marked("learn who is behind a pseudonym"),
        Verb.REFERRAL_EXPORT: marked("write a referral or its letters to files"),
    }
)
ROLES: Told[Role] = Told(
    {
        Role.ADMINISTRATOR: marked("administrator"),
        Role.LEAD: marked("lead"),
        Role.REVIEWER: marked("reviewer"),
        Role.AUDITOR: marked("auditor"),
        Role.INTAKE: marked("intake (machine)"),
        Role.MONITOR: marked("monitor (machine)"),
    }
)
AGO: Told[Ago] = Told(
    {
        Ago.NEVER: marked("never"),
        Ago.WEEK: marked("within a week"),
        Ago.MONTH: marked("within a month"),
        Ago.QUARTER: marked("within three months"),
        Ago.LONGER: marked("longer ago"),
    }
)

RUNGS: Told[Fidelity] = Told(
    {
        Fidelity.SKETCH: marked("edges only"),
        Fidelity.TINY: marked("grey, blurred"),
        Fidelity.REVEAL: marked("a spot at a time"),
        Fidelity.LARGER: marked("grey, 256 pixels"),
        Fidelity.COLOUR: marked("colour, 512 pixels"),
        Fidelity.ORIGINAL: marked("the whole picture"),
    }
)

RELATIONS: Told[Relation] = Told(
    {
        Relation.ESTABLISHED: marked("It binds: the operator is established there."),
        Relation.ABROAD: marked("It binds: the service is offered there."),
        Relation.HOSTS: marked("It binds: content is hosted there."),
    }
)
SURENESS: Told[Sureness] = Told(
    {
        Sureness.A: marked("the text was read"),
        Sureness.B: marked("from one source"),
        Sureness.C: marked("general knowledge"),
    }
)
THEMES: Told[Theme] = Told(
    {
        Theme.SYSTEM: marked("as the system has it"),
        Theme.LIGHT: marked("light"),
        Theme.DARK: marked("dark"),
    }
)

OUTCOMES: Told[Outcome] = Told(
    {
        Outcome.ABUSIVE: marked("Abusive"),
        Outcome.NOT_ABUSIVE: marked("Not abusive"),
    }
)
EFFECTS: Told[Outcome] = Told(
    {
        Outcome.ABUSIVE: marked("The host removes the files, and a referral is drafted."),
        Outcome.NOT_ABUSIVE: marked("The host restores the files."),
    }
)
GROUNDS: Told[Grounds] = Told(
    {
        Grounds.LISTED_COPY: marked("Copy of a listed file; no look needed"),
        Grounds.VIEWED: marked("I looked in colour"),
        Grounds.CONTEXT: marked("The context shows it"),
        Grounds.DECIDED_BEFORE: marked("Decided so before; see what is like it"),
        Grounds.WRONG_MATCH: marked("The match is wrong"),
        Grounds.LAWFUL_CONTENT: marked("The content is lawful"),
        Grounds.UNREADABLE_BUT_HARMLESS: marked("Unreadable, but harmless"),
    }
)

REASONS: Told[Reason] = Told(
    {
        Reason.DANGER: marked("danger now"),
        Reason.CONTACT: marked("a child in contact"),
        Reason.TRUSTED: marked("trusted notice"),
        Reason.REPEAT: marked("repeat account"),
        Reason.NEW: marked("on no list"),
        Reason.NEAR: marked("near copy"),
        Reason.UNREADABLE: marked("unreadable"),
        Reason.POSSIBLE: marked("only possible"),
    }
)
WAYS: Told[Way] = Told(
    {
        Way.SKIPPED: marked("skipped by"),
        Way.HANDED_OVER: marked("handed over by"),
        Way.SECOND_OPINION: marked("a second opinion is asked by"),
        Way.ESCALATED: marked("danger now, says"),
    }
)

TROUBLES: Told[availability.Trouble] = Told(availability.TOLD)

HARMS: Told[Harm] = Told(
    {
        Harm.DEPICTION: marked("depiction of abuse"),
        Harm.ENTICEMENT: marked("enticement of a child"),
        Harm.TRAFFICKING: marked("trafficking of a child"),
        Harm.TOURISM: marked("travel to abuse a child"),
        Harm.MOLESTATION: marked("abuse off the net"),
        Harm.UNSOLICITED: marked("obscene material sent to a child"),
        Harm.MISLEADING_DOMAIN: marked("misleading domain name"),
        Harm.MISLEADING_WORDS: marked("misleading words or pictures"),
    }
)
CIRCUMSTANCES: Told[Circumstance] = Told(
    {
        Circumstance.SEXTORTION: marked("sextortion"),
        Circumstance.SOLICITATION: marked("asked a child for pictures"),
        Circumstance.BETWEEN_MINORS: marked("between minors"),
        Circumstance.SADISTIC: marked("sadistic exploitation by a group"),
        Circumstance.SPAM: marked("spam"),
        Circumstance.INFORMATIONAL: marked("for information only"),
    }
)
FEATURES: Told[Feature] = Told(
    {
        Feature.INFANT: marked("infant or toddler"),
        Feature.PHYSICAL_HARM: marked("physical harm"),
        Feature.VIOLENCE: marked("violence or gore"),
        Feature.ANIMAL: marked("animal"),
        Feature.SELF_PRODUCED: marked("maybe taken by the child"),
        Feature.LIVE_STREAM: marked("from a live stream"),
        Feature.MEME: marked("maybe shared as a joke"),
    }
)

# The digit keys: nine facts, and 0 for "cannot tell" everywhere.
OBSERVED = (
    ("subject", marked("Depiction"), (
        (Subject.REAL, marked("real"), 1),
        (Subject.DRAWN, marked("drawn"), 2),
        (Subject.GENERATED, marked("generated"), 3),
    )),
    ("age", marked("Age of the youngest"), (
        (Age.PREPUBESCENT, marked("prepubescent"), 4),
        (Age.PUBESCENT, marked("pubescent"), 5),
        (Age.ADULT, marked("adult"), 6),
    )),
    ("conduct", marked("Gravest conduct"), (
        (Conduct.SEX_ACT, marked("sex act"), 7),
        (Conduct.LASCIVIOUS_EXHIBITION, marked("lascivious"), 8),
        (Conduct.NONE, marked("none"), 9),
    )),
)  # fmt: skip

DOUBTS: Told[Doubt] = Told(
    {
        Doubt.GROWTH: marked("It adds or changes more entries than a day should."),
        Doubt.SHRINKAGE: marked("It takes away or changes more entries than a day should."),
        Doubt.ENTRIES_CAP: marked("The list would have more entries than its source may list."),
        Doubt.DAY_CAP: marked("Its source has added or changed more entries in a day than it may."),
        Doubt.OLDER: marked("It is older than the newest signed file that was taken."),
    }
)

_CLUSTERS: Told[CaseKind] = Told(
    {
        CaseKind.KNOWN: marked("Listed copies"),
        CaseKind.NEAR: marked("Near a listed file"),
        CaseKind.POSSIBLE: marked("Perhaps a changed listed file; not held back"),
    }
)

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


TIMELINE: Told[Action] = Told(
    {
        Action.CASE_OPENED: marked("Case opened"),
        Action.CASE_GREW: marked("A file joined"),
        Action.CASE_CLAIMED: marked("Claimed"),
        Action.CASE_RELEASED: marked("Given back"),
        Action.CASE_SPLIT: marked("A file was split off"),
        Action.CASE_DECIDED: marked("Decided"),
        Action.CASE_REVERSED: marked("Reversed"),
        Action.CASE_UNDONE: marked("Undone, before anything left"),
        Action.APPEAL_RECEIVED: marked("The account appealed"),
        Action.APPEAL_TAKEN: marked("Somebody took the appeal"),
        Action.APPEAL_ANSWERED: marked("The appeal was answered"),
        Action.LIST_JUDGED: marked("Its lists were told"),
        Action.HOST_ORDER_UNDONE: marked("Order taken back, unsent"),
        Action.CASE_EVIDENCE_UNAVAILABLE: marked("Evidence unavailable"),
        Action.CASE_EVIDENCE_AVAILABLE: marked("Evidence available again"),
        Action.ITEM_SCREENED: marked("Screened"),
        Action.ITEM_HELD: marked("Held"),
        Action.LIST_SAMPLED: marked("Drawn to be judged"),
        Action.HOST_ORDERED: marked("Order to the host"),
        Action.HOST_CONFIRMED: marked("The host obeyed"),
        Action.HOST_REFUSED: marked("The host refused"),
        Action.REFERRAL_DRAFTED: marked("Referral drafted"),
        Action.REFERRAL_APPROVED: marked("Referral approved"),
        Action.REFERRAL_WITHDRAWN: marked("Referral withdrawn"),
        Action.REFERRAL_OPENED: marked("Report opened at the authority"),
        Action.REFERRAL_FILE_SENT: marked("File sent to the authority"),
        Action.REFERRAL_FILED: marked("Filed: the authority has it"),
        Action.REFERRAL_BY_HAND: marked("Waits for a person to file it"),
        Action.REFERRAL_SUBMITTED: marked("Filed by hand"),
        Action.REFERRAL_DUE_SOON: marked("Due soon"),
        Action.REFERRAL_OVERDUE: marked("Overdue"),
        Action.REFERRAL_QUESTIONED: marked("The authority was asked what it has"),
        Action.REFERRAL_RESTARTED: marked("Begun again"),
        Action.REFERRAL_RETRYING: marked("Waiting to try again"),
        Action.REFERRAL_ALARMED: marked("Stuck: a person must look"),
    }
)


def cluster_title(kind: CaseKind, why: str) -> str:
    """Say what the machine says of the files of a cluster."""
    if kind is CaseKind.NOTICED:
        return _("Notice: %(harm)s") % {"harm": HARMS[Harm(why)]}
    if kind is CaseKind.UNSCREENED:
        return plain(why or "unscreened").capitalize()
    return _CLUSTERS[kind]


def bits_away(number: int) -> str:
    """Say how far two files lie from each other."""
    return ngettext("%(number)d bit away", "%(number)d bits away", number) % {"number": number}


def apart(nearest: int, farthest: int) -> str:
    """Say how far files lie from the one that stands for them."""
    if farthest == 0:
        return _("no bit away")
    if nearest == farthest:
        return bits_away(farthest)
    numbers = {"nearest": nearest, "farthest": farthest}
    return _("%(nearest)d to %(farthest)d bits away") % numbers


def found(match: ItemMatch) -> str:
    """Say how a file was found on a list."""
    if match.exact:
        return _("exact, %(algorithm)s") % {"algorithm": match.algorithm.upper()}
    return bits_away(match.distance)


def viewed(at: str) -> str:
    """Say as what a file was viewed."""
    if at == Fidelity.FACTS:
        return _("not viewed")
    return _("viewed as %(fidelity)s") % {"fidelity": plain(at)}


def viewed_at_most(at: str) -> str:
    """Say as what files were viewed when one looked closest."""
    if at == Fidelity.FACTS:
        return _("not viewed")
    return _("viewed at most as %(fidelity)s") % {"fidelity": plain(at)}


SEVERITIES: Told[str] = Told(
    {
        "danger": marked("danger now"),
        "contact": marked("a child in contact"),
        "noticed": marked("noticed, on no list"),
        "near": marked("near a listed file"),
        "known": marked("listed copies"),
        "unscreened": marked("unreadable"),
        "possible": marked("only possible"),
    }
)


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


def head_start(reason: Reason) -> str:
    """Say what a reason is worth in the order of the queue."""
    if reason is Reason.DANGER:
        return _("before all others")
    hours = round(HEAD_START[reason].total_seconds() / 3600)
    said = (
        _("as if it had waited %(hours)d h longer")
        if hours > 0
        else _("after what came %(hours)d h later")
    )
    return said % {"hours": abs(hours)}


def short_start(reason: Reason) -> str:
    """Say the same in the room beside a word."""
    if reason is Reason.DANGER:
        return _("first")
    hours = round(HEAD_START[reason].total_seconds() / 3600)
    signed = f"{hours:+d}".replace("-", "−")  # noqa: RUF001 - a minus as long as the plus
    return _("%(number)s h") % {"number": signed}
