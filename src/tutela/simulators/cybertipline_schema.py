"""The CyberTipline's XML Schema, written from the API's documentation, as its simulator judges it.

Each type is a line of `name`, mark (`?` none or one, `*` any number, nothing: exactly one) and,
after a colon, its type; the order is the order in the document.
"""

from __future__ import annotations

from lxml import etree

_INCIDENTS = (
    "Child Pornography (possession, manufacture, and distribution)",
    "Child Sex Trafficking",
    "Child Sex Tourism",
    "Child Sexual Molestation",
    "Misleading Domain Name",
    "Misleading Words or Digital Images on the Internet",
    "Online Enticement of Children for Sexual Acts",
    "Unsolicited Obscene Material Sent to a Child",
)

_WORDS: dict[str, tuple[str, ...]] = {
    "IncidentType": _INCIDENTS,
    "EventName": ("Login", "Registration", "Purchase", "Upload", "Other", "Unknown"),
    "Relevance": ("Reported", "Supplemental Reported"),
    "Class": ("A1", "A2", "B1", "B2"),
    "PhoneType": ("Mobile", "Home", "Business", "Work", "Fax", "Internet", "Recovery"),
    "EmailType": ("Home", "Work", "Business", "Recovery"),
    "AddressType": ("Home", "Business", "Billing", "Shipping", "Technical"),
    "AccountType": ("Billing", "Linked", "Business", "Creator", "Parent/Guardian", "Other"),
    "PairType": ("EXIF", "HASH"),
    "BatchReason": ("VIRAL_POTENTIAL_MEME",),
}

_LENGTHS = (20, 50, 64, 100, 255, 256, 300, 2056, 2083, 3000)

_PLAIN = {
    "text": "xs:string",
    "when": "xs:dateTime",
    "truth": "xs:boolean",
    "date": "xs:date",
}

_SHAPES: dict[str, str] = {
    "Report": "batchedReport?:Batched incidentSummary:Summary internetDetails*:Internet "
    "lawEnforcement?:Law reporter:Reporter personOrUserReported?:Reported "
    "intendedRecipient*:Recipient victim*:Victim additionalInfo?:text",
    "Batched": "@reason:BatchReason",
    "Summary": "incidentType:IncidentType platform?:s256 escalateToHighPriority?:s3000 "
    "reportAnnotations?:ReportNotes incidentDateTime:when incidentDateTimeDescription?:s3000",
    "ReportNotes": "sextortion?:Empty csamSolicitation?:Empty minorToMinorInteraction?:Empty "
    "spam?:Empty sadisticOnlineExploitation?:Empty informational?:Empty",
    "Web": "@thirdPartyHostedContent:truth url*:s2083 additionalInfo?:text",
    "EmailIncident": "emailAddress*:Email content?:text additionalInfo?:text",
    "Newsgroup": "name?:s255 emailAddress*:Email content?:text additionalInfo?:text",
    "Chat": "chatClient?:s255 chatRoomName?:s255 content?:text additionalInfo?:text",
    "Gaming": "gameName?:s255 console?:s255 content?:text additionalInfo?:text",
    "CellPhone": "phoneNumber?:Phone latitude?:text longitude?:text additionalInfo?:text",
    "NonInternet": "locationName?:s255 incidentAddress*:Address additionalInfo?:text",
    "Peer2Peer": "client?:s255 ipCaptureEvent*:Capture fileNames?:text additionalInfo?:text",
    "Law": "@fleaCountry:text agencyName:s255 caseNumber?:s100 officerContact?:Contact "
    "reportedToLe?:truth servedLegalProcessDomestic?:truth servedLegalProcessInternational?:truth",
    "Reporter": "reportingPerson:Person contactPerson?:Contact companyTemplate?:text "
    "termsOfService?:text legalURL?:s2083",
    "Contact": "firstName?:s100 lastName?:s100 phone*:Phone email*:Email address*:Address",
    "Person": "firstName?:s100 lastName?:s100 phone*:Phone email*:Email address*:Address "
    "age?:Age ageAssertionDiscrepancy?:truth dateOfBirth?:date",
    "Address": "@type:AddressType address?:s255 city?:s100 zipCode?:s20 state?:text "
    "nonUsaState?:s100 country?:text",
    "Capture": "ipAddress:text eventName?:EventName dateTime?:when possibleProxy?:truth port?:Port",
    "Device": "idType:s255 idValue:s2083 eventName?:EventName dateTime?:when",
    "Location": "@verified:truth @timestamp:when city?:text region?:text countryCode?:text",
    "Associated": "@accountType:AccountType @thirdPartyUser:truth platform?:s256 "
    "firstName?:s100 middleName?:s100 lastName?:s100 approximateAge?:Age "
    "ageAssertionDiscrepancy?:truth phone*:Phone email*:Email allEmailsReported?:truth "
    "address*:Address espService?:s100 espIdentifier?:s255 profileUrl*:s2083 screenName?:s256 "
    "displayName*:text profileBio?:text groupIdentifier?:s255 ipCaptureEvent*:Capture "
    "deviceId*:Device additionalInfo?:text",
    "Reported": "personOrUserReportedPerson?:Person vehicleDescription?:s300 espIdentifier?:s255 "
    "espService?:s100 compromisedAccount?:truth screenName?:s256 displayName*:text "
    "profileUrl*:s2083 profileBio?:text ipCaptureEvent*:Capture deviceId*:Device "
    "thirdPartyUserReported?:truth priorCTReports*:text groupIdentifier?:s255 "
    "estimatedLocation?:Location allEmailsReported?:truth associatedAccount*:Associated "
    "additionalInfo?:text",
    "Recipient": "intendedRecipientPerson?:Person espIdentifier?:s255 espService?:s100 "
    "compromisedAccount?:truth screenName?:s256 displayName*:text profileUrl*:s2083 "
    "profileBio?:text ipCaptureEvent*:Capture deviceId*:Device priorCTReports*:text "
    "groupIdentifier?:s255 estimatedLocation?:Location allEmailsReported?:truth "
    "additionalInfo?:text",
    "Victim": "victimPerson:Person espIdentifier?:s255 espService?:s100 "
    "compromisedAccount?:truth screenName?:s256 displayName*:text profileUrl*:s2083 "
    "profileBio?:text ipCaptureEvent*:Capture deviceId*:Device schoolName?:s255 "
    "priorCTReports*:text estimatedLocation?:Location allEmailsReported?:truth "
    "associatedAccount*:Associated additionalInfo?:text",
    "FileDetails": "reportId:text fileId:text originalFileName?:s2056 "
    "uploadedToEspTimestamp?:when locationOfFile?:s2083 fileViewedByEsp?:truth "
    "exifViewedByEsp?:truth publiclyAvailable?:truth fileRelevance?:Relevance "
    "fileAnnotations?:FileNotes industryClassification?:Class originalFileHash*:Hash "
    "ipCaptureEvent?:Capture deviceId*:Device details*:Details additionalInfo*:text",
    "FileNotes": "animeDrawingVirtualHentai?:Empty potentialMeme?:Empty viral?:Empty "
    "possibleSelfProduction?:Empty physicalHarm?:Empty violenceGore?:Empty bestiality?:Empty "
    "liveStreaming?:Empty infant?:Empty generativeAi?:Empty",
    "Details": "nameValuePair+:Pair",
    "Pair": "@type:PairType name:s64 value:text",
    "Empty": "",
}

_TEXT_WITH: dict[str, tuple[str, str]] = {
    "Phone": (
        "s50",
        "type:PhoneType verified:truth verificationDate:when countryCallingCode:text extension:text",
    ),
    "Email": ("s255", "type:EmailType verified:truth verificationDate:when"),
    "Hash": ("text", "hashType:s64"),
}

_ONE_OF = {
    "Internet": "webPageIncident:Web emailIncident:EmailIncident newsgroupIncident:Newsgroup "
    "chatImIncident:Chat onlineGamingIncident:Gaming cellPhoneIncident:CellPhone "
    "nonInternetIncident:NonInternet peer2peerIncident:Peer2Peer"
}

_MARKS = {
    "?": 'minOccurs="0"',
    "*": 'minOccurs="0" maxOccurs="unbounded"',
    "+": 'maxOccurs="unbounded"',
}


def text() -> str:
    """Return the schema document."""
    parts = ['<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">']
    parts += [
        '<xs:element name="report" type="Report"/>',
        '<xs:element name="fileDetails" type="FileDetails"/>',
        _simple("Age", '<xs:minInclusive value="0"/><xs:maxInclusive value="150"/>', "xs:int"),
        _simple("Port", '<xs:minInclusive value="1"/><xs:maxInclusive value="65535"/>', "xs:int"),
    ]
    parts += [_simple(f"s{n}", f'<xs:maxLength value="{n}"/>') for n in _LENGTHS]
    for name, words in _WORDS.items():
        parts.append(_simple(name, "".join(f'<xs:enumeration value="{one}"/>' for one in words)))
    parts += [_complex(name, shape, "sequence") for name, shape in _SHAPES.items()]
    parts += [_complex(name, shape, "choice") for name, shape in _ONE_OF.items()]
    for name, (base, attributes) in _TEXT_WITH.items():
        inner = "".join(_attribute(one) for one in attributes.split())
        parts.append(
            f'<xs:complexType name="{name}"><xs:simpleContent><xs:extension base="{_type(base)}">'
            f"{inner}</xs:extension></xs:simpleContent></xs:complexType>"
        )
    return "".join((*parts, "</xs:schema>"))


def schema() -> etree.XMLSchema:
    """Return the compiled schema."""
    return etree.XMLSchema(etree.fromstring(text()))


def _simple(name: str, limits: str, base: str = "xs:string") -> str:
    return (
        f'<xs:simpleType name="{name}"><xs:restriction base="{base}">{limits}'
        "</xs:restriction></xs:simpleType>"
    )


def _complex(name: str, shape: str, order: str) -> str:
    words = shape.split()
    elements = "".join(_element(one) for one in words if not one.startswith("@"))
    attributes = "".join(_attribute(one[1:]) for one in words if one.startswith("@"))
    return (
        f'<xs:complexType name="{name}"><xs:{order}>{elements}</xs:{order}>'
        f"{attributes}</xs:complexType>"
    )


def _element(word: str) -> str:
    name, _, kind = word.partition(":")
    marked = name[-1] if name[-1] in _MARKS else ""
    return (
        f'<xs:element name="{name.rstrip("?*+")}" type="{_type(kind)}" {_MARKS.get(marked, "")}/>'
    )


def _attribute(word: str) -> str:
    name, _, kind = word.partition(":")
    return f'<xs:attribute name="{name}" type="{_type(kind)}"/>'


def _type(kind: str) -> str:
    return _PLAIN.get(kind, kind)
