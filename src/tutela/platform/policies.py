"""Laying down more care for a list or a label, and taking it back with a second person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutela.access import set_up
from tutela.access.second_person import Verb
from tutela.audit.entry import Action
from tutela.decisions.policy import Rule, list_policies, rules
from tutela.errors import InvalidInput
from tutela.storage.database import serialise

if TYPE_CHECKING:
    from tutela.access.approvals import Approvals
    from tutela.audit.entry import Actor
    from tutela.audit.log import AuditLog

_LONGEST = 100


class Policies:
    """The rules of one instance."""

    def __init__(self, audit: AuditLog, approvals: Approvals) -> None:
        self._audit = audit
        self._approvals = approvals

    def all(self) -> tuple[Rule, ...]:
        """Return every rule that was laid down."""
        with self._audit.database.reading() as connection:
            return rules(connection)

    def lay_down(self, actor: Actor, rule: Rule) -> None:
        """Put a rule in force in place of the one for the same list and label.

        More care is anybody's to ask for who manages lists; less needs a second person. Raises
        `SecondPersonNeeded`, `InvalidInput`.
        """
        if not rule.list_name or len(rule.label) > _LONGEST:
            raise InvalidInput(
                "The list or the label cannot be taken.", "Choose a list; keep the label short."
            )
        with self._audit.change(actor) as change:
            serialise(change.connection, "list_policies")
            same = (list_policies.c.list_name == rule.list_name) & (
                list_policies.c.label == rule.label
            )
            found = (
                one
                for one in rules(change.connection)
                if (one.list_name, one.label) == (rule.list_name, rule.label)
            )
            if rule.loosens(next(found, Rule(rule.list_name, rule.label))):
                waived = None if set_up.is_closed(change.connection) else set_up.WAIVED
                self._approvals.use(
                    change, Verb.LIST_TRUST, rule.list_name, terms(rule), waived=waived
                )
            change.connection.execute(list_policies.delete().where(same))
            if rule.look or rule.twice:
                change.connection.execute(
                    list_policies.insert().values(
                        list_name=rule.list_name,
                        label=rule.label,
                        look=rule.look,
                        twice=rule.twice,
                        set_by=str(actor),
                        set_at=change.now,
                    )
                )
            change.record(
                Action.LIST_POLICY_SET,
                rule.list_name,
                label=rule.label,
                look=rule.look,
                twice=rule.twice,
            )


def terms(rule: Rule) -> str:
    """Return what a second person confirms."""
    asked = [name for name, on in (("look", rule.look), ("twice", rule.twice)) if on]
    return f"policy {rule.label or 'every label'}: {' '.join(asked) or 'none'}"
