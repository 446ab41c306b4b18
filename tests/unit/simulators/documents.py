"""Documents for the simulated CyberTipline: the smallest it takes, and ones with every field."""

from __future__ import annotations

SMALL_REPORT = b"""<?xml version="1.0" encoding="UTF-8"?>
<report><incidentSummary>
<incidentType>Child Pornography (possession, manufacture, and distribution)</incidentType>
<incidentDateTime>2026-03-01T10:00:00+01:00</incidentDateTime></incidentSummary>
<reporter><reportingPerson><email>safety@example.org</email></reportingPerson></reporter>
<personOrUserReported><screenName>&lt;b&gt;tester&lt;/b&gt;</screenName></personOrUserReported>
</report>"""

_CONTACT = """<firstName>Test</firstName><lastName>Person</lastName>
<phone type="Mobile" verified="true" verificationDate="2026-01-01T00:00:00Z"
 countryCallingCode="+44" extension="12">020 7946 0000</phone>
<email type="Work" verified="false" verificationDate="2026-01-01T00:00:00Z">a@example.org</email>
<address type="Home"><address>1 Test Road</address><city>Testtown</city><zipCode>00000</zipCode>
<state>CA</state><nonUsaState>Test County</nonUsaState><country>GB</country></address>"""

_PERSON = f"""{_CONTACT}<age>40</age><ageAssertionDiscrepancy>false</ageAssertionDiscrepancy>
<dateOfBirth>1986-01-01</dateOfBirth>"""

_IP = """<ipCaptureEvent><ipAddress>192.0.2.1</ipAddress><eventName>Upload</eventName>
<dateTime>2026-03-01T10:00:00Z</dateTime><possibleProxy>false</possibleProxy><port>40123</port>
</ipCaptureEvent>"""

_DEVICE = """<deviceId><idType>IMEI</idType><idValue>000000000000000</idValue>
<eventName>Login</eventName><dateTime>2026-03-01T10:00:00Z</dateTime></deviceId>"""

_ACCOUNT = f"""<espIdentifier>a-1</espIdentifier><espService>Example Social</espService>
<compromisedAccount>false</compromisedAccount><screenName>tester</screenName>
<displayName>Tester</displayName><profileUrl>https://example.org/tester</profileUrl>
<profileBio>A tester.</profileBio>{_IP}{_DEVICE}"""

_LOCATION = """<estimatedLocation verified="false" timestamp="2026-03-01T10:00:00Z">
<city>Testtown</city><region>Test County</region><countryCode>GB</countryCode>
</estimatedLocation>"""

_ASSOCIATED = f"""<associatedAccount accountType="Linked" thirdPartyUser="false">
<platform>Example Mail</platform><firstName>Test</firstName><middleName>M</middleName>
<lastName>Person</lastName><approximateAge>40</approximateAge>
<ageAssertionDiscrepancy>false</ageAssertionDiscrepancy><phone>020 7946 0001</phone>
<email>b@example.org</email><allEmailsReported>true</allEmailsReported>
<address><city>Testtown</city></address><espService>Example Mail</espService>
<espIdentifier>m-1</espIdentifier><profileUrl>https://example.org/m</profileUrl>
<screenName>mailer</screenName><displayName>Mailer</displayName><profileBio>Mail.</profileBio>
<groupIdentifier>g-1</groupIdentifier>{_IP}{_DEVICE}<additionalInfo>None.</additionalInfo>
</associatedAccount>"""

_INCIDENTS = (
    """<webPageIncident thirdPartyHostedContent="false"><url>https://example.org/p/1</url>
    <additionalInfo>a</additionalInfo></webPageIncident>""",
    """<emailIncident><emailAddress type="Home">c@example.org</emailAddress><content>x</content>
    <additionalInfo>a</additionalInfo></emailIncident>""",
    """<newsgroupIncident><name>test.group</name><emailAddress>c@example.org</emailAddress>
    <content>x</content><additionalInfo>a</additionalInfo></newsgroupIncident>""",
    """<chatImIncident><chatClient>Chat</chatClient><chatRoomName>Room</chatRoomName>
    <content>x</content><additionalInfo>a</additionalInfo></chatImIncident>""",
    """<onlineGamingIncident><gameName>Game</gameName><console>Console</console>
    <content>x</content><additionalInfo>a</additionalInfo></onlineGamingIncident>""",
    """<cellPhoneIncident><phoneNumber type="Mobile">020 7946 0002</phoneNumber>
    <latitude>51.5</latitude><longitude>-0.1</longitude><additionalInfo>a</additionalInfo>
    </cellPhoneIncident>""",
    """<nonInternetIncident><locationName>Place</locationName><incidentAddress><city>Testtown</city>
    </incidentAddress><additionalInfo>a</additionalInfo></nonInternetIncident>""",
    f"""<peer2peerIncident><client>Client</client>{_IP}<fileNames>f</fileNames>
    <additionalInfo>a</additionalInfo></peer2peerIncident>""",
)

FULL_REPORT = f"""<?xml version="1.0" encoding="UTF-8"?>
<report><batchedReport reason="VIRAL_POTENTIAL_MEME"/>
<incidentSummary><incidentType>Child Sex Trafficking</incidentType><platform>Example</platform>
<escalateToHighPriority>A test.</escalateToHighPriority>
<reportAnnotations><sextortion/><csamSolicitation/><minorToMinorInteraction/><spam/>
<sadisticOnlineExploitation/><informational/></reportAnnotations>
<incidentDateTime>2026-03-01T10:00:00Z</incidentDateTime>
<incidentDateTimeDescription>When it was uploaded.</incidentDateTimeDescription></incidentSummary>
{"".join(f"<internetDetails>{incident}</internetDetails>" for incident in _INCIDENTS)}
<lawEnforcement fleaCountry="GB"><agencyName>Agency</agencyName><caseNumber>1</caseNumber>
<officerContact>{_CONTACT}</officerContact><reportedToLe>false</reportedToLe>
<servedLegalProcessDomestic>false</servedLegalProcessDomestic>
<servedLegalProcessInternational>false</servedLegalProcessInternational></lawEnforcement>
<reporter><reportingPerson>{_PERSON}</reportingPerson><contactPerson>{_CONTACT}</contactPerson>
<companyTemplate>Example</companyTemplate><termsOfService>Terms.</termsOfService>
<legalURL>https://example.org/legal</legalURL></reporter>
<personOrUserReported><personOrUserReportedPerson>{_PERSON}</personOrUserReportedPerson>
<vehicleDescription>None.</vehicleDescription>{_ACCOUNT}
<thirdPartyUserReported>false</thirdPartyUserReported><priorCTReports>100000001</priorCTReports>
<groupIdentifier>g-1</groupIdentifier>{_LOCATION}<allEmailsReported>true</allEmailsReported>
{_ASSOCIATED}<additionalInfo>None.</additionalInfo></personOrUserReported>
<intendedRecipient><intendedRecipientPerson>{_PERSON}</intendedRecipientPerson>{_ACCOUNT}
<priorCTReports>100000001</priorCTReports><groupIdentifier>g-1</groupIdentifier>{_LOCATION}
<allEmailsReported>true</allEmailsReported><additionalInfo>None.</additionalInfo>
</intendedRecipient>
<victim><victimPerson>{_PERSON}</victimPerson>{_ACCOUNT}<schoolName>School</schoolName>
<priorCTReports>100000001</priorCTReports>{_LOCATION}<allEmailsReported>true</allEmailsReported>
{_ASSOCIATED}<additionalInfo>None.</additionalInfo></victim>
<additionalInfo>A test of every field.</additionalInfo></report>""".encode()

FULL_FILE_DETAILS = f"""<?xml version="1.0" encoding="UTF-8"?>
<fileDetails><reportId>100000001</reportId><fileId>00000000000000000000000000000000</fileId>
<originalFileName>picture.png</originalFileName>
<uploadedToEspTimestamp>2026-03-01T10:00:00Z</uploadedToEspTimestamp>
<locationOfFile>https://example.org/media/1</locationOfFile>
<fileViewedByEsp>true</fileViewedByEsp><exifViewedByEsp>false</exifViewedByEsp>
<publiclyAvailable>false</publiclyAvailable><fileRelevance>Reported</fileRelevance>
<fileAnnotations><animeDrawingVirtualHentai/><potentialMeme/><viral/><possibleSelfProduction/>
<physicalHarm/><violenceGore/><bestiality/><liveStreaming/><infant/><generativeAi/>
</fileAnnotations><industryClassification>B2</industryClassification>
<originalFileHash hashType="MD5">900150983cd24fb0d6963f7d28e17f72</originalFileHash>
{_IP}{_DEVICE}<details><nameValuePair type="EXIF"><name>Make</name><value>Test</value>
</nameValuePair></details><additionalInfo>None.</additionalInfo></fileDetails>""".encode()


def file_details(report: int, file_id: str) -> bytes:
    """Return the smallest details of a file."""
    return (
        f"<fileDetails><reportId>{report}</reportId><fileId>{file_id}</fileId>"
        "<fileViewedByEsp>true</fileViewedByEsp></fileDetails>"
    ).encode()
