"""The application under /api/v1. OpenAPI is its contract.

Annotations are evaluated here, not postponed: FastAPI reads the dependencies that close over
the platform from them.
"""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, FastAPI, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from tutela import __version__
from tutela.access.gate import Principal, require
from tutela.access.refusals import Refusal
from tutela.access.roles import Permission
from tutela.api import problem, upload
from tutela.api.audit import add_audit
from tutela.api.shapes import (
    Amended,
    AppealIn,
    AppealShape,
    Asked,
    AttachmentShape,
    CaseShape,
    CaseWhole,
    DecisionShape,
    DeliveryShape,
    FeedbackIn,
    FindingIn,
    FlagIn,
    FlagShape,
    FollowIn,
    HeldShape,
    ItemAnswer,
    ItemShape,
    LeaseShape,
    ListShape,
    ReasonIn,
    ReferralShape,
    SubmittedIn,
)
from tutela.cases import case as cases_on_record
from tutela.cases.attachment import attach
from tutela.content import item as items_on_record
from tutela.decisions import decision as decisions_on_record
from tutela.decisions.decision import Finding, Grounds
from tutela.decisions.labels import Observed
from tutela.errors import NotSignedIn, UsageError
from tutela.platform.held_by_list import held_only_by
from tutela.referrals.draft import Nature

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from pydantic import BaseModel

    from tutela.bootstrap import Platform

_bearer = HTTPBearer(auto_error=False, description="An API token made by `tutela tokens issue`.")
_KEY_LENGTH = 255

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": text,
        "content": {problem.MEDIA_TYPE: {"schema": problem.Problem.model_json_schema()}},
    }
    for status, text in {
        400: "The request is put together wrongly.",
        401: "No valid token.",
        403: "The token does not allow this.",
        404: "No such thing.",
        409: "It contradicts what already stands.",
        413: "Too large.",
        408: "The body did not arrive in time.",
        422: "The content cannot be accepted.",
        429: "Too many requests: wait as long as Retry-After says, and keep the item back.",
        503: "Not available now: nothing was changed; keep the item from publication.",
    }.items()
}


def _multipart(context: "type[BaseModel]") -> dict[str, Any]:
    """Return how OpenAPI describes a file and its context in one request."""
    stated = context.model_json_schema(ref_template="#/components/schemas/{model}")
    schema = {
        "type": "object",
        "required": ["file", "context"],
        "properties": {"file": {"type": "string", "format": "binary"}, "context": stated},
    }
    content = {"schema": schema, "encoding": {"context": {"contentType": "application/json"}}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": content}}}


def api_app(platform: "Platform") -> FastAPI:
    """Return the API of one platform; mount it at /api/v1."""
    app = FastAPI(
        title="Tutela",
        version=__version__,
        summary="Screen uploads, decide cases, follow referrals.",
        servers=[{"url": "/api/v1"}],
        root_path_in_servers=False,
        responses=_PROBLEMS,
        # Their pages load scripts from another origin.
        docs_url=None,
        redoc_url=None,
    )
    problem.install(app)
    _add_items(app, platform)
    _add_cases(app, platform)
    _add_referrals(app, platform)
    _add_lists(app, platform)
    add_audit(app, platform, Depends(_allowed(platform, Permission.AUDIT_READ)))
    _describe(app)
    needs(app)
    return app


def needs(app: FastAPI) -> "dict[tuple[str, str], Permission]":
    """Return the permission that each route declares. Raises where one declares none.

    So that a route that forgot its guard does not serve at all.
    """
    found: dict[tuple[str, str], Permission] = {}
    for route in app.routes:
        if not isinstance(route, APIRoute):
            continue
        guards = [
            guard
            for each in route.dependant.dependencies
            if isinstance(guard := getattr(each.call, "need", None), Permission)
        ]
        if len(guards) != 1:
            raise UnguardedRoute(f"{route.path} declares {len(guards)} permissions; give it one")
        found |= {(method, route.path): guards[0] for method in route.methods or ()}
    return found


class UnguardedRoute(RuntimeError):
    """A route does not say who may call it."""


def _allowed(
    platform: "Platform", permission: Permission
) -> "Callable[..., Coroutine[Any, Any, Principal]]":
    """Return the dependency that lets in only tokens with the permission; refusals are audited."""

    async def check(
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Principal:
        if credentials is None:
            await run_in_threadpool(platform.refusals.note, Refusal.TOKEN_MISSING)
            raise NotSignedIn("No token came with the request.", "Send `Authorization: Bearer …`.")
        principal = await run_in_threadpool(platform.tokens.authenticate, credentials.credentials)
        await run_in_threadpool(require, platform.audit, principal, permission)
        return principal

    check.need = permission  # type: ignore[attr-defined]
    return check


def _add_items(app: FastAPI, platform: "Platform") -> None:
    may_submit = Depends(_allowed(platform, Permission.ITEM_SUBMIT))
    may_read = Depends(_allowed(platform, Permission.CASE_READ))

    @app.post("/items", status_code=200, openapi_extra=_multipart(upload.Context), tags=["items"])
    async def submit_item(
        request: Request,
        caller: Annotated[Principal, may_submit],
        idempotency_key: Annotated[
            str | None, Header(description="The same key repeats the first answer.")
        ] = None,
    ) -> ItemAnswer:
        """Screen one upload: verdict and hold in one round trip."""
        if idempotency_key is not None and not 0 < len(idempotency_key) <= _KEY_LENGTH:
            raise UsageError(
                "The Idempotency-Key has a wrong length.", f"Use 1 to {_KEY_LENGTH} characters."
            )
        submission = await upload.submission(request, platform.settings.limits.max_bytes)
        answer = await run_in_threadpool(
            platform.intake.submit, caller.actor, submission, idempotency_key
        )
        return ItemAnswer.of(answer)

    @app.post("/items/{item_id}/context", tags=["items"])
    def amend_item(
        item_id: str, told: upload.AmendedContext, caller: Annotated[Principal, may_submit]
    ) -> Amended:
        """Say what the host platform knows of an item now; drafts that wait will say it."""
        return Amended(changed=platform.referring.amend(caller.actor, item_id, told.amendment()))

    @app.post("/items/{item_id}/appeals", tags=["items"])
    def appeal(
        item_id: str, told: AppealIn, caller: Annotated[Principal, may_submit]
    ) -> AppealShape:
        """Put an account's appeal against a removal before somebody who did not decide it."""
        made = platform.appealing.receive(caller.actor, item_id, told.id, told.text)
        return AppealShape.of(made)

    @app.get("/items/{item_id}", tags=["items"], dependencies=[may_read])
    def read_item(item_id: str) -> ItemShape:
        """Return one item as it stands."""
        with platform.database.reading() as connection:
            return ItemShape.of(items_on_record.load(connection, item_id))


def _add_cases(app: FastAPI, platform: "Platform") -> None:
    may_read = Depends(_allowed(platform, Permission.CASE_READ))
    may_decide = Depends(_allowed(platform, Permission.CASE_DECIDE))

    @app.get("/cases", tags=["cases"], dependencies=[may_read])
    def list_cases(limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> tuple[CaseShape, ...]:
        """Return the cases that wait for a person, first things first."""
        return tuple(CaseShape.of(row.case) for row in platform.queue.waiting(limit))

    @app.get("/cases/{case_id}", tags=["cases"], dependencies=[may_read])
    def read_case(case_id: str) -> CaseWhole:
        """Return one case with its items and decisions."""
        with platform.database.reading() as connection:
            return CaseWhole(
                case=CaseShape.of(cases_on_record.load(connection, case_id)),
                items=tuple(
                    ItemShape.of(item) for item in cases_on_record.items_of(connection, case_id)
                ),
                decisions=tuple(
                    DecisionShape.of(decision)
                    for decision in decisions_on_record.of_case(connection, case_id)
                ),
            )

    @app.post("/cases/{case_id}/claim", tags=["cases"])
    def claim_case(case_id: str, caller: Annotated[Principal, may_decide]) -> LeaseShape:
        """Take a case, so that nobody else decides it meanwhile."""
        lease = platform.queue.claim(caller.actor, case_id)
        return LeaseShape(case_id=case_id, token=lease.token, until=lease.until)

    @app.post(
        "/cases/{case_id}/attachments",
        status_code=201,
        openapi_extra=_multipart(upload.AttachmentContext),
        tags=["cases"],
    )
    async def attach_file(
        case_id: str, request: Request, caller: Annotated[Principal, may_decide]
    ) -> AttachmentShape:
        """Put a file with a case: a chat, an account record. It is referred as supplemental."""
        data, stated = await upload.attached(request, platform.settings.limits.max_bytes)
        made = await run_in_threadpool(
            attach,
            platform.audit,
            platform.vault,
            caller.actor,
            case_id,
            data,
            stated.name,
            stated.about,
            stated.kind,
            platform.referring.draft_anew,
        )
        return AttachmentShape.of(made)

    @app.get("/cases/{case_id}/decisions", tags=["cases"], dependencies=[may_read])
    def list_decisions(case_id: str) -> tuple[DecisionShape, ...]:
        """Return a case's decisions, oldest first; the last one stands."""
        with platform.database.reading() as connection:
            cases_on_record.load(connection, case_id)
            found = decisions_on_record.of_case(connection, case_id)
        return tuple(DecisionShape.of(decision) for decision in found)

    @app.post("/cases/{case_id}/decisions", status_code=201, tags=["cases"])
    def decide_case(
        case_id: str, finding: FindingIn, caller: Annotated[Principal, may_decide]
    ) -> DecisionShape:
        """Decide a claimed case: remove and refer, or restore."""
        said_by = "reviewer" if finding.grounds is not Grounds.LISTED_COPY else "list"
        decision = platform.casework.decide(
            caller.actor,
            case_id,
            finding.lease,
            finding.size,
            Finding(
                finding.outcome,
                finding.grounds,
                Observed(finding.subject, finding.age, finding.conduct, said_by, finding.features),
                finding.note,
                finding.urgent_reason,
                finding.harm,
                finding.circumstances,
            ),
        )
        return DecisionShape.of(decision)

    @app.post("/cases/{case_id}/undo", tags=["cases"])
    def undo_decision(case_id: str, caller: Annotated[Principal, may_decide]) -> LeaseShape:
        """Take one's own decision back before anything of it has left; the case is held again."""
        lease = platform.casework.undo(caller.actor, case_id)
        return LeaseShape(case_id=case_id, token=lease.token, until=lease.until)


def _add_referrals(app: FastAPI, platform: "Platform") -> None:
    may_read = Depends(_allowed(platform, Permission.CASE_READ))
    may_decide = Depends(_allowed(platform, Permission.CASE_DECIDE))
    may_approve = Depends(_allowed(platform, Permission.REFERRAL_APPROVE))

    @app.get("/referrals", tags=["referrals"], dependencies=[may_read])
    def list_referrals() -> tuple[ReferralShape, ...]:
        """Return the referrals, oldest first."""
        return tuple(ReferralShape.of(one) for one in platform.register.all())

    @app.post("/referrals/{referral_id}/approve", tags=["referrals"])
    def approve_referral(
        referral_id: str, caller: Annotated[Principal, may_approve]
    ) -> ReferralShape:
        """Let a drafted referral go out."""
        platform.referring.approve(caller.actor, referral_id)
        return ReferralShape.of(platform.register.load(referral_id))

    @app.post("/referrals/{referral_id}/ask", tags=["referrals"])
    def ask_host(referral_id: str, caller: Annotated[Principal, may_decide]) -> Asked:
        """Ask the host platform, by a signed order, for what a draft lacks."""
        return Asked(wanted=platform.referring.ask(caller.actor, referral_id))

    @app.post("/referrals/{referral_id}/following", status_code=201, tags=["referrals"])
    def follow_referral(
        referral_id: str, told: FollowIn, caller: Annotated[Principal, may_decide]
    ) -> ReferralShape:
        """Draft a supplement, a correction or the withdrawal of a filed referral."""
        nature = Nature(told.nature.value)
        made = platform.referring.follow(caller.actor, referral_id, nature, told.reason)
        return ReferralShape.of(platform.register.load(made))

    @app.post("/referrals/{referral_id}/submitted", tags=["referrals"])
    def submit_by_hand(
        referral_id: str, told: SubmittedIn, caller: Annotated[Principal, may_approve]
    ) -> ReferralShape:
        """Record that a person filed it by hand, and under which number."""
        platform.referring.submitted(caller.actor, referral_id, told.receipt)
        return ReferralShape.of(platform.register.load(referral_id))

    @app.post("/referrals/{referral_id}/feedback", tags=["referrals"])
    def keep_feedback(
        referral_id: str, told: FeedbackIn, caller: Annotated[Principal, may_approve]
    ) -> ReferralShape:
        """Keep what the authority answered to a filed referral."""
        platform.referring.acknowledge(caller.actor, referral_id, told.said)
        return ReferralShape.of(platform.register.load(referral_id))


def _list_shape(platform: "Platform", name: str) -> ListShape:
    sampling = platform.watch.sampling
    said = platform.lists.standing(name, sampling)
    return ListShape.of(platform.lists.show(name), said, sampling)


def _add_lists(app: FastAPI, platform: "Platform") -> None:
    may_list = Depends(_allowed(platform, Permission.LIST_MANAGE))

    @app.get("/lists", tags=["lists"], dependencies=[may_list])
    def list_lists() -> tuple[ListShape, ...]:
        """Return the hash lists, those that are switched off too."""
        sampling = platform.watch.sampling
        return tuple(
            ListShape.of(one, platform.lists.standing(one.name, sampling), sampling)
            for one in platform.lists.lists()
        )

    @app.get("/lists/pending", tags=["lists"], dependencies=[may_list])
    def list_pending() -> tuple[DeliveryShape, ...]:
        """Return the files that wait for a person before they act, oldest first."""
        return tuple(DeliveryShape.of(one) for one in platform.lists.waiting())

    @app.post("/lists/pending/{delivery_id}/accept", tags=["lists"])
    def accept_delivery(
        delivery_id: str, told: ReasonIn, caller: Annotated[Principal, may_list]
    ) -> ListShape:
        """Put in force what waits."""
        report = platform.lists.accept(caller.actor, delivery_id, told.reason)
        return _list_shape(platform, report.name)

    @app.post("/lists/pending/{delivery_id}/refuse", status_code=204, tags=["lists"])
    def refuse_delivery(
        delivery_id: str, told: ReasonIn, caller: Annotated[Principal, may_list]
    ) -> None:
        """Throw away what waits."""
        platform.lists.refuse(caller.actor, delivery_id, told.reason)

    @app.get("/lists/flagged", tags=["lists"], dependencies=[may_list])
    def list_flagged() -> tuple[FlagShape, ...]:
        """Return the entries that wait because they would match something ordinary."""
        return tuple(FlagShape.of(name, one) for name, one in platform.lists.flagged())

    @app.post("/lists/{list_id}/flagged/accept", status_code=204, tags=["lists"])
    def accept_entry(list_id: str, told: FlagIn, caller: Annotated[Principal, may_list]) -> None:
        """Let a flagged entry act."""
        name = platform.lists.named(list_id)
        platform.lists.accept_flag(caller.actor, name, told.entry_id, told.reason)

    @app.post("/lists/{list_id}/flagged/refuse", status_code=204, tags=["lists"])
    def refuse_entry(list_id: str, told: FlagIn, caller: Annotated[Principal, may_list]) -> None:
        """Have a flagged entry never act."""
        name = platform.lists.named(list_id)
        platform.lists.refuse_flag(caller.actor, name, told.entry_id, told.reason)

    @app.post("/lists/{list_id}/off", tags=["lists"])
    def switch_list_off(
        list_id: str, told: ReasonIn, caller: Annotated[Principal, may_list]
    ) -> tuple[HeldShape, ...]:
        """Have a list match nothing, at once; return the undecided items that only it holds."""
        name = platform.lists.named(list_id)
        platform.lists.switch_off(caller.actor, name, told.reason)
        with platform.database.reading() as connection:
            held = held_only_by(connection, name)
        return tuple(
            HeldShape(item_id=one.item_id, case_id=one.case_id, entry_id=one.entry_id)
            for one in held
        )

    @app.post("/lists/{list_id}/on", tags=["lists"])
    def switch_list_on(list_id: str, caller: Annotated[Principal, may_list]) -> ListShape:
        """Have a list match again."""
        name = platform.lists.named(list_id)
        platform.lists.switch_on(caller.actor, name)
        return _list_shape(platform, name)


def _describe(app: FastAPI) -> None:
    """Put the shapes that only the upload names into the OpenAPI document."""
    plain = app.openapi

    def whole() -> dict[str, Any]:
        document = plain()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for context in (upload.Context, upload.AttachmentContext):
            nested = context.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(nested.get("$defs", {}))
        schemas.setdefault("Problem", problem.Problem.model_json_schema())
        return document

    app.openapi = whole  # type: ignore[method-assign]
