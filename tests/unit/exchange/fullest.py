"""A referral of which everything is known that can be known. None of it is true of anybody."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tutela.content.account import (
    AccountFacts,
    AssociatedAccount,
    Connection,
    Device,
    Event,
    Link,
    Location,
)
from tutela.content.notice import Circumstance, Harm
from tutela.content.person import (
    Address,
    AddressKind,
    Email,
    EmailKind,
    Person,
    Phone,
    PhoneKind,
)
from tutela.content.place import (
    Chat,
    Game,
    Mail,
    Newsgroup,
    Offline,
    PeerToPeer,
    Telephone,
    WebPage,
)
from tutela.content.surroundings import CountryLink, LawEnforcement, LinkBasis
from tutela.decisions.labels import Feature, Subject
from tutela.referrals.draft import Basis, FileStatement, ReferralDraft, ReporterFacts

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
PHONE = Phone("555 0100", PhoneKind.MOBILE, True, AT, "+1", "12")
EMAIL = Email("benign@example.org", EmailKind.RECOVERY, False, AT)
ADDRESS = Address("1 Example Road", "Town", "00000", "CA", "Region", "US", AddressKind.BILLING)
PERSON = Person("Ex", "Ample", (PHONE,), (EMAIL,), (ADDRESS,), 30, True, date(1996, 1, 1))
CONNECTION = Connection("2001:db8::1", 4711, AT, Event.LOGIN, True)
DEVICE = Device("IDFA", "device-2", Event.REGISTRATION, AT)
ASSOCIATED = AssociatedAccount(
    "account-2",
    Link.GUARDIAN,
    "Elsewhere",
    "Service",
    False,
    PERSON,
    "Middle",
    "other name",
    ("Other",),
    ("https://elsewhere.example/u/2",),
    "bio",
    "group-2",
    (CONNECTION,),
    (DEVICE,),
    True,
    "note",
)
ACCOUNT = AccountFacts(
    id="account-1",
    screen_name="screen name",
    display_name="Display",
    profile_url="https://host.example/u/1",
    email="first@example.org",
    phone="555 0101",
    ip="192.0.2.7",
    ip_at=AT,
    port=4711,
    device_id="device-1",
    service="Service",
    person=PERSON,
    display_names=("Former",),
    profile_urls=("https://host.example/u/former",),
    bio="bio",
    connections=(CONNECTION,),
    devices=(DEVICE,),
    compromised=False,
    third_party=False,
    group="group-1",
    school="A school",
    vehicle="A blue bicycle",
    location=Location("Town", "Region", "US", True, AT),
    all_emails_stated=True,
    associated=(ASSOCIATED,),
    note="note",
)
FILE = FileStatement(
    evidence_id="evd_1",
    original_name="a.jpg",
    uploaded_at=AT,
    location="https://host.example/p/1",
    viewed=False,
    publicly_available=True,
    classification="A1",
    hashes=(("MD5", "00" * 16), ("PDQ", "ab" * 32)),
    remark="Matched; not viewed by a person.",
    media_type="image/jpeg",
    size=10,
    depicts=Subject.DRAWN,
    features=tuple(Feature),
    viral=True,
    connection=CONNECTION,
    device=DEVICE,
    exif=(("Make", "Benign"),),
)
GENERATED = FileStatement(
    "evd_2", None, None, None, True, None, None, (), "…", depicts=Subject.GENERATED
)
DRAFT = ReferralDraft(
    harm=Harm.ENTICEMENT,
    occurred_at=AT,
    occurred_at_remark="The time of receipt.",
    urgent_reason="a child in danger",
    reporter=ReporterFacts(
        company="Example",
        first_name="Ex",
        last_name="Ample",
        email="s@example.org",
        phone="+1 555",
        service="Example",
        terms_url="https://t.example",
        legal_url="https://l.example",
        contact_first_name="Con",
        contact_last_name="Tact",
        contact_email="c@example.org",
        contact_phone="+1 556",
    ),
    subject=ACCOUNT,
    files=(FILE, GENERATED),
    remark="2 files.",
    circumstances=tuple(Circumstance),
    places=(
        WebPage(("https://host.example/p/1",), True, "note"),
        Mail((EMAIL,), "content", "note"),
        Newsgroup("group", (EMAIL,), "content", "note"),
        Chat("client", "room", "content", "note"),
        Game("game", "console", "content", "note"),
        Telephone(PHONE, 1.5, -2.25, "note"),
        Offline("a place", (ADDRESS,), "note"),
        PeerToPeer("client", (CONNECTION,), "names", "note"),
    ),
    law_enforcement=LawEnforcement("Agency", "case 1", PERSON, True, False, True, "US"),
    links=(CountryLink("GB", LinkBasis.VICTIM_LOCATION),),
    bases=(Basis("gb.66-uk", "s. 66(1)", ("Because.",)),),
    recipients=(ACCOUNT,),
    victims=(ACCOUNT,),
    prior_receipts=("100", "101"),
    batched=True,
)
