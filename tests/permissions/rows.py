"""Each route of the web app, who may take it, and whose data it names: what the code must agree with.

A row says who is let in; `expected` turns it, with the table of permissions, into the answer each principal
gets. A word in braces in a path or a body stands for an object that Tune House and its partner share.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, cast

from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Verb

Who = Verb | Literal["anyone", "people", "people of a brand", "people of the operator"]
Answer = Literal["in", "sign in first", "refused", "not there"]
Names = Literal[
    "nothing", "shared", "advertiser's", "partner's", "program", "one person's", "what is not there"
]
"""What the address or body names: nothing, what both brands share, what one of them has for itself, or what
the advertiser's program shows to its partners; or what is one person's, and none of these."""


class Row(NamedTuple):
    """Who is let in: by a verb or whoever; only people of one side; and whose object is named."""

    who: Who
    names: Names = "nothing"
    side: Literal["any", "brand", "operator"] = "any"
    json: object = None
    form: Mapping[str, str] | None = None
    machines: bool = False
    """Whether a machine with the verb's scope is let in."""
    members_only: bool = False
    """Whether the brand named must be one's own, for the operator's people too."""
    file: bool = False
    """Whether a file is sent along."""
    ends_session: bool = False


def read(who: Who, names: Names = "nothing", **more: Any) -> Row:
    """Make a row of a read that machines may do too."""
    return Row(who, names, machines=True, **more)


REASON = {"reason": "We sell no records any more"}
HASH = {"content_hash": "{agreement_hash}"}
SIGN_OFF = {"content_hash": "{statement_hash}", "reason": "As agreed"}
INVITED = {"email": "new@x.example", "role": "viewer", "brand": "{brand}"}
KEY = {"name": "shop", "scopes": ["reports:read"]}
CODE = {"code": "000000"}
LINK = {"partnership": "{partnership}", "name": "Start", "destination_url": "https://tune-house.test/"}
GIVEN = {"partnership": "{partnership}", "code": "SUMMER10"}
TRIAL = {"program": "{program}", "from": "2026-01-01", "to": "2026-02-01", "terms": "[program.attribution]"}
DRAFT = {
    "partnership": "{partnership}",
    "contract": "cross-promotion",
    "contract_version": "2026-11",
    "terms": "",
}

ROWS: Mapping[str, Row] = {
    # whoever comes
    "GET /sign-in": Row("anyone"),
    "POST /sign-in": Row("anyone", form={"email": "", "password": ""}),
    "POST /api/v1/sessions": Row("anyone", json={}),
    "GET /invitations/{token}": Row("anyone"),
    "POST /invitations/{token}": Row("anyone", form={}),
    "POST /api/v1/invitations/acceptance": Row("anyone", json={}),
    "GET /forgotten-password": Row("anyone"),
    "POST /forgotten-password": Row("anyone", form={}),
    "GET /reset-password": Row("anyone"),
    "GET /reset-password/{token}": Row("anyone"),
    "POST /reset-password/{token}": Row("anyone", form={}),
    "POST /api/v1/password-resets": Row("anyone", json={}),
    "POST /api/v1/password-resets/completion": Row("anyone", json={}),
    "GET /files/{key}": Row("anyone"),
    "POST /language": Row("anyone", form={}),
    "POST /appearance": Row("anyone", form={}),
    "GET /privacy/opt-out": Row("anyone"),
    "POST /privacy/opt-out": Row("anyone", form={}),
    "GET /privacy/closed": Row("anyone"),
    "GET /unsubscribe/{token}": Row("anyone"),
    "POST /unsubscribe/{token}": Row("anyone"),
    "GET /health/live": Row("anyone"),
    "GET /health/ready": Row("anyone"),
    "GET /metrics": Row("anyone"),
    "POST /stripe/webhooks": Row("anyone"),
    "GET /api/v1/schema": Row("anyone"),
    "GET /api/v1/schema/openapi.json": Row("anyone"),
    "GET /api/v1/schema/{path}": Row("anyone"),
    "GET /assets/{file_path}": Row("anyone"),
    # every person, about themselves
    "GET /": Row("people"),
    "GET /brand-choice": Row("people"),
    "POST /brand-choice": Row(
        "people", "advertiser's", form={"brand": "{brand}"}, members_only=True, ends_session=True
    ),
    "POST /sign-out": Row("people", ends_session=True),
    "GET /api/v1/sessions/current": Row("people"),
    "PUT /api/v1/sessions/current": Row(
        "people", "advertiser's", json={"brand": "{brand}"}, members_only=True, ends_session=True
    ),
    "DELETE /api/v1/sessions/current": Row("people", ends_session=True),
    "GET /kept-form": Row("people"),
    "POST /kept-form": Row("people"),
    "POST /kept-form/dismissal": Row("people"),
    "GET /account/password": Row("people"),
    "POST /account/password": Row("people", form={}),
    "PUT /api/v1/password": Row("people", json={}),
    "GET /account/preferences": Row("people"),
    "POST /account/preferences": Row("people", form={}),
    "GET /api/v1/preferences": Row("people"),
    "PUT /api/v1/preferences": Row("people", json={}),
    "GET /account/sessions": Row("people"),
    "POST /account/sessions/others/revocation": Row("people"),
    "POST /account/sessions/{session_id}/revocation": Row("people"),
    "GET /api/v1/sessions": Row("people"),
    "DELETE /api/v1/sessions": Row("people"),
    "DELETE /api/v1/sessions/{session_id}": Row("people"),
    "GET /account/privacy": Row("people"),
    "GET /account/privacy/export": Row("people"),
    "POST /account/privacy/closing": Row("people", form={}),
    "GET /api/v1/personal-data": Row("people"),
    "POST /api/v1/account-closings": Row("people", json={}),
    "GET /notifications": Row("people"),
    "GET /notifications/{message}": Row("people", "one person's"),
    "POST /notifications/reading": Row("people"),
    "POST /notifications/{message}/reading": Row("people", "one person's"),
    "GET /api/v1/notifications": Row("people"),
    "POST /api/v1/notifications/{message}/reading": Row("people", "one person's"),
    "POST /api/v1/notification-readings": Row("people"),
    "GET /account/notifications": Row("people"),
    "POST /account/notifications": Row("people", form={"digest_at": "07:00"}),
    "GET /api/v1/notification-choices": Row("people"),
    "PUT /api/v1/notification-choices": Row("people", json={"digest_at": "07:00"}),
    "GET /second-factor": Row("people"),
    "POST /second-factor": Row("people", form={"code": ""}),
    "POST /api/v1/sessions/current/second-factor": Row("people", json={}),
    "GET /account/second-factors": Row("people"),
    "POST /account/second-factors/authenticators": Row("people", form={"name": "Telephone"}),
    "GET /account/second-factors/authenticators/{factor}": Row("people", "one person's"),
    "POST /account/second-factors/authenticators/{factor}": Row("people", "one person's", form=CODE),
    "POST /account/second-factors/factors/{factor}/removal": Row("people", "one person's"),
    "POST /account/second-factors/passkeys": Row("people", form={"passkey": "{}"}),
    "POST /account/second-factors/recovery-codes": Row("people", form={}),
    "GET /api/v1/second-factors": Row("people"),
    "POST /api/v1/second-factors": Row("people", json={"name": "Telephone"}),
    "POST /api/v1/second-factors/{factor}/confirmation": Row("people", "one person's", json=CODE),
    "DELETE /api/v1/second-factors/{factor}": Row("people", "one person's"),
    "POST /api/v1/recovery-codes": Row("people"),
    "POST /api/v1/passkey-challenges": Row("people", json={"use": "authentication"}),
    "POST /api/v1/passkeys": Row("people", json={}),
    "DELETE /api/v1/members/{person}/second-factors": Row("reset second factors"),
    "GET /account/people/everybody": Row("erase people"),
    "POST /account/people/{person}/second-factors-reset": Row("reset second factors"),
    "POST /account/people/{person}/erasure": Row("erase people", form={}),
    "POST /account/people/customer-language": Row(
        "manage members", side="brand", form={"customer_language": "de"}
    ),
    # the portal
    "GET /agreements": Row("read agreements", side="brand"),
    "GET /agreements/{agreement}": Row("read agreements", "shared", side="brand"),
    # led on to the API's door, which decides
    "GET /agreements/{agreement}/document": read("read agreements"),
    "POST /agreements/{agreement}/signatures": Row(
        "sign agreements", "shared", side="brand", form={**HASH, "agreed": "yes"}
    ),
    "POST /partnerships/{partnership}/answer": Row(
        "accept partnerships", "partner's", side="brand", form={"answer": "accept"}
    ),
    "GET /partnerships/{partnership}": Row("read partnerships", "shared", side="brand"),
    "POST /partnerships/{partnership}/end": Row("end partnerships", "shared", side="brand", form=REASON),
    "POST /partnerships/{partnership}/end/withdrawal": Row("end partnerships", "shared", side="brand"),
    "GET /creatives": Row("read creatives", side="brand"),
    "GET /creatives/{creative}/file": read("read creatives"),
    "GET /links": Row("read links", side="brand"),
    # a partnership that is not one's own is a mistake in the form, told on it
    "POST /links": Row("manage links", side="brand", form=LINK),
    "POST /links/{link}/end": Row("manage links", "partner's"),
    "GET /codes": Row("read links", side="brand"),
    "POST /codes": Row("manage codes", side="brand", form=GIVEN),
    "POST /codes/{code}/end": Row("manage codes", "advertiser's"),
    "GET /links/{link}/qr": Row("read links", "shared", side="brand"),
    "GET /links/{link}/qr/svg": Row("read links", "shared", side="brand"),
    "GET /links/{link}/qr/png": Row("read links", "shared", side="brand"),
    "GET /conversions": Row("read reports", side="brand"),
    "GET /conversions/{conversion_id}": Row("read reports", "shared", side="brand"),
    "GET /missing-orders": Row("read reports", side="brand"),
    "GET /developers": Row("manage API keys", side="brand"),
    "GET /conversions/{conversion_id}/commission": Row("read money", "shared", side="brand"),
    "POST /conversions/{conversion_id}/clawbacks/{clawback_id}/contest": Row(
        "contest clawbacks", "shared", side="brand", form={"reason": "She kept it"}
    ),
    "GET /held": Row("read money", side="brand"),
    "POST /held/{clawback_id}/contest": Row(
        "contest clawbacks", "what is not there", side="brand", form={"reason": "She kept it"}
    ),
    "GET /balances": Row("read money", side="brand"),
    "GET /promises": Row("read money", side="brand"),
    "GET /statements": Row("read money", side="brand"),
    "GET /statements/{statement}": Row("read money", "shared", side="brand"),
    "GET /statements/{statement}/{kind}": read("read money"),
    "GET /statements/preview": Row("read money", side="brand"),
    "GET /statements/{statement}/lines/{line}/objection": Row("object to statements", "shared", side="brand"),
    "POST /statements/{statement}/lines/{line}/objection": Row(
        "object to statements", "shared", side="brand", form={"reason": "It was never delivered"}
    ),
    "GET /statements/{statement}/trace": Row("read money", "shared", side="brand"),
    "GET /statements/{statement}/lines/{line}/trace": Row("read money", "shared", side="brand"),
    "GET /payouts/{payout}/trace": Row("read money", "shared", side="brand"),
    "POST /fundings": Row("fund payouts", side="brand", form={}),
    "GET /payments": Row("read money", side="brand"),
    "POST /payments": Row("fund payouts", side="brand", form={}),
    "POST /payments/{payment}/end": Row("fund payouts", "what is not there", side="brand", form={}),
    "GET /payment-method": Row("fund payouts", side="brand"),
    "POST /payment-method": Row("fund payouts", side="brand", form={}),
    "GET /payout-account": Row("connect payouts", side="brand"),
    "POST /payout-account": Row("connect payouts", side="brand", form={}),
    "GET /payout-account/refresh": Row("connect payouts", side="brand"),
    "GET /payout-account/return": Row("connect payouts", side="brand"),
    "GET /tax": Row("connect payouts", side="brand"),
    "GET /tax/paid-by-year.csv": Row("connect payouts", side="brand"),
    "POST /tax/profiles": Row("connect payouts", side="brand", form={}),
    "POST /tax/self-billing/{brand}": Row("connect payouts", side="brand", form={}),
    "POST /tax/self-billing/{brand}/end": Row("connect payouts", side="brand", form={}),
    "GET /account/api-keys": Row("manage API keys"),
    "POST /account/api-keys": Row("manage API keys", form={}),
    "POST /account/api-keys/{key}/rotation": Row("manage API keys", "advertiser's", form={}),
    "POST /account/api-keys/{key}/end": Row("manage API keys", "advertiser's", form={}),
    # trials of other terms
    "GET /trials": Row("try terms"),
    "GET /trials/new": Row("try terms"),
    "POST /trials": Row("try terms", "advertiser's", form={"about": "{program}", "how": "text"}),
    "GET /trials/{trial}": Row("try terms", "advertiser's"),
    "GET /trials/{trial}/progress": Row("try terms", "advertiser's"),
    "GET /api/v1/trials": read("try terms"),
    "POST /api/v1/trials": read("try terms", "advertiser's", json=TRIAL),
    "GET /api/v1/trials/{trial}": read("try terms", "advertiser's"),
    "GET /api/v1/trials/{trial}/bars": read("try terms", "advertiser's"),
    # the back office
    "GET /admin": Row("people of the operator"),
    "GET /admin/agreements/{agreement}": Row("people of the operator", "shared"),
    "GET /admin/brands": Row("people of the operator"),
    "GET /admin/brands/new": Row("manage brands", side="operator"),
    "POST /admin/brands": Row("manage brands", side="operator", form={}),
    "GET /admin/brands/{brand}": Row("people of the operator", "shared"),
    "POST /admin/brands/{brand}/owners": Row("invite members", "shared", side="operator", form={}),
    "GET /admin/programs/new": Row("manage programs", side="operator"),
    "POST /admin/programs": Row("manage programs", side="operator", form={}),
    "GET /admin/programs/{program}/policy": Row("manage programs", "shared", side="operator"),
    "POST /admin/programs/{program}/policy": Row("manage programs", "shared", side="operator", form={}),
    "GET /admin/rates": Row("read money", side="operator"),
    "POST /admin/rates": Row("load exchange rates", side="operator", form={"x": ""}),
    "GET /admin/charities": Row("people of the operator"),
    "POST /admin/charities": Row("list charities", side="operator", form={"brand": ""}),
    "POST /admin/charities/{charity}/delisting": Row("list charities", "what is not there", side="operator"),
    "GET /admin/programs": Row("people of the operator"),
    "GET /admin/partnerships": Row("people of the operator"),
    "GET /admin/partnerships/{partnership}": Row("people of the operator", "shared"),
    "GET /admin/partnerships/{partnership}/agreements/new": Row(
        "draft agreements", "shared", side="operator"
    ),
    "POST /admin/partnerships/{partnership}/agreements": Row(
        "draft agreements", "shared", side="operator", form={}
    ),
    "GET /admin/invitations/new": Row("invite partners", side="operator"),
    "POST /admin/invitations": Row("invite partners", side="operator", form={}),
    "GET /admin/conversions": Row("read reports", side="operator"),
    "GET /admin/conversions/{conversion_id}": Row("read reports", "shared", side="operator"),
    "GET /admin/missing-orders": Row("read reports", side="operator"),
    "GET /admin/conversions/{conversion_id}/commission": Row("read money", "shared", side="operator"),
    "GET /admin/held": Row("read money", side="operator"),
    "POST /admin/conversions/{conversion_id}/commissions/{commission_id}/hold": Row(
        "hold commissions", "shared", side="operator", form={"reason": "Odd"}
    ),
    "POST /admin/conversions/{conversion_id}/commissions/{commission_id}/release": Row(
        "hold commissions", "shared", side="operator", form={"reason": "Fine"}
    ),
    "POST /admin/conversions/{conversion_id}/commissions/{commission_id}/adjustments": Row(
        "adjust commissions", "shared", side="operator", form={"amount": "1", "reason": "Agreed"}
    ),
    "POST /admin/conversions/{conversion_id}/clawbacks/{clawback_id}/decision": Row(
        "decide contests", "shared", side="operator", form={"outcome": "declined", "reason": "Seen"}
    ),
    "POST /admin/partnerships/{partnership}/end": Row(
        "end partnerships", "shared", side="operator", form=REASON
    ),
    "POST /admin/partnerships/{partnership}/end/withdrawal": Row(
        "end partnerships", "shared", side="operator"
    ),
    "POST /admin/partnerships/{partnership}/hold": Row(
        "hold commissions", "shared", side="operator", form={"reason": "Odd"}
    ),
    "POST /admin/partnerships/{partnership}/release": Row(
        "hold commissions", "shared", side="operator", form={"reason": "Fine"}
    ),
    "GET /admin/statements": Row("read money", side="operator"),
    "GET /admin/statements/{statement}": Row("read money", "shared", side="operator"),
    "POST /admin/statements/{statement}/preparation": Row(
        "prepare statements", "shared", side="operator", form=SIGN_OFF
    ),
    "POST /admin/statements/{statement}/approval": Row(
        "approve statements", "shared", side="operator", form=SIGN_OFF
    ),
    "POST /admin/statements/{statement}/objections/{line}/answer": Row(
        "answer objections",
        "what is not there",
        side="operator",
        form={"outcome": "declined", "reason": "Seen"},
    ),
    "GET /admin/statements/preview": Row("read money", side="operator"),
    "GET /admin/approvals": Row("read money", side="operator"),
    "POST /admin/approvals": Row("approve statements", side="operator", form={"reason": "As agreed"}),
    "GET /admin/approval-limits": Row("read money", side="operator"),
    "POST /admin/approval-limits": Row("set approval limits", side="operator", form={}),
    "POST /admin/closings": Row("prepare statements", side="operator"),
    "GET /admin/ledger": Row("read money", side="operator"),
    "GET /admin/ledger/accounts": Row("read money", side="operator"),
    "GET /admin/ledger/accounts/{account}": Row("read money", side="operator"),
    "GET /admin/ledger/journal": Row("read money", side="operator"),
    "GET /admin/promises": Row("read money", side="operator"),
    "GET /admin/payouts/{payout}/trace": Row("read money", "shared", side="operator"),
    "GET /admin/statements/{statement}/trace": Row("read money", "shared", side="operator"),
    "GET /admin/statements/{statement}/lines/{line}/trace": Row("read money", "shared", side="operator"),
    "GET /admin/paid-by-year": Row("read money", side="operator"),
    "GET /admin/fundings": Row("read payouts", side="operator"),
    "GET /admin/fundings/{funding}": Row("read payouts", "what is not there", side="operator"),
    "GET /admin/payouts": Row("read payouts", side="operator"),
    "GET /admin/payouts/{payout}": Row("read payouts", "shared", side="operator"),
    "POST /admin/payouts/{payout}/release": Row(
        "manage payouts", "shared", side="operator", form={"reason": "Mended"}
    ),
    "GET /admin/write-offs": Row("read payouts", side="operator"),
    "POST /admin/write-offs/{clawback_id}/proposal": Row(
        "manage payouts", "what is not there", side="operator", form={"reason": "Our mistake"}
    ),
    "POST /admin/write-offs/{clawback_id}/decision": Row(
        "manage payouts",
        "what is not there",
        side="operator",
        form={"decision": "declined", "reason": "Theirs"},
    ),
    "GET /admin/returns": Row("read payouts", side="operator"),
    "POST /admin/returns": Row("manage payouts", side="operator", form={}),
    "POST /admin/returns/{ask}": Row(
        "manage payouts",
        "what is not there",
        side="operator",
        form={"decision": "declined", "reason": "Spent"},
    ),
    "GET /admin/cases": Row("read payouts", side="operator"),
    "POST /admin/cases/{case}/owner": Row("manage payouts", "what is not there", side="operator"),
    "POST /admin/cases/{case}/closing": Row(
        "manage payouts", "what is not there", side="operator", form={"reason": "Cleared up"}
    ),
    "GET /admin/failed-jobs": Row("people of the operator"),
    "POST /admin/failed-jobs/{job}/retry": Row("browse data", side="operator"),
    # the audit trail
    "GET /audit": Row("read audit trail", side="brand"),
    "GET /admin/audit": Row("read audit trail", side="operator"),
    "GET /api/v1/audit-records": Row("read audit trail"),
    "GET /api/v1/audit-head": Row("read audit trail"),
    # people, brands and keys
    "GET /api/v1/members": Row("read members"),
    "GET /account/people": Row("read members"),
    "POST /account/people/{person}/roles": Row(
        "manage members", "advertiser's", form={"role": "owner"}, members_only=True
    ),
    "PATCH /api/v1/members/{person}": Row(
        "manage members", "advertiser's", json={"roles": ["owner"]}, members_only=True
    ),
    "POST /api/v1/invitations": Row("invite members", "advertiser's", json=INVITED),
    "GET /api/v1/invitations": Row("invite members"),
    "POST /account/people/invitations": Row("invite members", form={}),
    "POST /api/v1/invitations/{invitation}/letter": Row("invite members", "advertiser's"),
    "POST /account/people/invitations/{invitation}/letter": Row("invite members", "advertiser's"),
    "DELETE /api/v1/invitations/{invitation}": Row("invite members", "advertiser's"),
    "POST /account/people/invitations/{invitation}/withdrawal": Row("invite members", "advertiser's"),
    # who is not there is removed already
    "POST /account/people/{person}/removal": Row("manage members"),
    "DELETE /api/v1/members/{person}": Row("manage members"),
    "GET /api/v1/brands": Row("read members"),
    "POST /api/v1/brands": Row("manage brands", json={}),
    "GET /api/v1/brands/{brand}": Row("read members", "advertiser's"),
    "PUT /api/v1/brands/{brand}/customer-language": Row(
        "manage members", "advertiser's", json={"customer_language": "de"}
    ),
    "GET /api/v1/api-keys": Row("manage API keys"),
    "POST /api/v1/api-keys": Row("manage API keys", json=KEY),
    "POST /api/v1/api-keys/{key}/rotation": Row("manage API keys", "advertiser's", json={}),
    "DELETE /api/v1/api-keys/{key}": Row("manage API keys", "advertiser's"),
    # people and customers who ask to be forgotten
    "POST /api/v1/members/{person}/erasure": Row("erase people"),
    "POST /api/v1/customer-exports": read("manage customers", json={}),
    "POST /api/v1/customer-erasures": read("manage customers", json={}),
    "GET /api/v1/customer-erasures": read("manage customers"),
    # programs and partnerships
    "GET /api/v1/programs": read("read programs"),
    "POST /api/v1/programs": Row("manage programs", json={}),
    "GET /api/v1/programs/{program}": read("read programs", "program"),
    "POST /api/v1/programs/{program}/versions": Row("manage programs", "advertiser's", json={"policy": ""}),
    "GET /api/v1/partnerships": read("read partnerships"),
    "POST /api/v1/partnerships": Row(
        "invite partners", "advertiser's", json={"program": "{program}", "partner": "{partner}"}
    ),
    "GET /api/v1/partnerships/{partnership}": read("read partnerships", "shared"),
    "GET /api/v1/partnerships/{partnership}/end": read("read partnerships", "shared"),
    "POST /api/v1/partnerships/{partnership}/end": Row("end partnerships", "shared", json=REASON),
    "POST /api/v1/partnerships/{partnership}/end/withdrawal": Row("end partnerships", "shared", json={}),
    "POST /api/v1/partnerships/{partnership}/answer": Row(
        "accept partnerships", "partner's", json={"answer": "accept"}
    ),
    "POST /api/v1/partnerships/{partnership}/mirror": Row(
        "invite partners", "shared", json={"mirror": "{partnership}"}
    ),
    "GET /api/v1/agreements": read("read agreements"),
    "POST /api/v1/agreements": Row("draft agreements", "advertiser's", json=DRAFT),
    "GET /api/v1/agreements/{agreement}": read("read agreements", "shared"),
    "GET /api/v1/agreements/{agreement}/text": read("read agreements", "shared"),
    "GET /api/v1/agreements/{agreement}/document": read("read agreements", "shared"),
    "POST /api/v1/agreements/{agreement}/signatures": Row("sign agreements", "shared", json=HASH),
    # creatives and links
    "GET /api/v1/creatives": read("read creatives"),
    "GET /api/v1/creatives/{creative}": read("read creatives", "program"),
    "GET /api/v1/creatives/{creative}/file": read("read creatives", "program"),
    "DELETE /api/v1/creatives/{creative}": Row("manage creatives", "advertiser's"),
    "POST /api/v1/programs/{program}/creatives": Row(
        "manage creatives", "advertiser's", form={"title": "A banner"}, file=True
    ),
    "GET /api/v1/links": read("read links", side="brand"),
    "POST /api/v1/links": read("manage links", "partner's", json=LINK),
    "DELETE /api/v1/links/{link}": read("manage links", "partner's"),
    "GET /api/v1/codes": read("read links", side="brand"),
    "POST /api/v1/codes": read("manage codes", "advertiser's", json=GIVEN),
    "DELETE /api/v1/codes/{code}": read("manage codes", "advertiser's"),
    # facts
    "GET /api/v1/conversions": read("read conversions"),
    "GET /api/v1/conversions/{conversion}": read("read conversions", "advertiser's"),
    "POST /api/v1/conversions": read("report conversions", json={}),
    "POST /api/v1/identifications": read("report conversions", json={}),
    "POST /api/v1/touches": read("report conversions", json={}),
    "POST /api/v1/refunds": read("report conversions", json={}),
    "GET /api/v1/conversions/{conversion_id}/receipt": read("read reports", "shared"),
    "GET /api/v1/conversions/{conversion_id}/commissions": read("read money", "shared"),
    # without a question: refused for that, by a rule and not by a right
    "GET /api/v1/missing-orders": read("read reports"),
    # credit and perks
    "GET /rewards": Row("read credits", side="brand"),
    "GET /api/v1/credits": read("read credits", side="brand"),
    "GET /api/v1/credits/redemptions": read("read credits", side="brand"),
    "POST /api/v1/credits/redemptions": read("redeem credits", json={}),
    "POST /api/v1/credits/cancellations": read("redeem credits", json={}),
    # money
    "GET /api/v1/balances": read("read money"),
    "GET /api/v1/statements": read("read money"),
    "GET /api/v1/previews": read("read money"),
    "GET /api/v1/previews/{account}": read("read money", "shared"),
    "GET /api/v1/statements/{statement_id}": read("read money", "shared"),
    "GET /api/v1/statements/{statement_id}/documents/{kind}": read("read money", "shared"),
    "POST /api/v1/statements/{statement_id}/preparation": Row("prepare statements", "shared", json=SIGN_OFF),
    "POST /api/v1/statements/{statement_id}/approval": Row("approve statements", "shared", json=SIGN_OFF),
    "POST /api/v1/closings": Row("prepare statements"),
    "GET /api/v1/write-offs": Row("read payouts", side="operator"),
    "POST /api/v1/clawbacks/{clawback_id}/write-off": Row(
        "manage payouts", "what is not there", side="operator", json={"reason": "Our mistake"}
    ),
    "POST /api/v1/clawbacks/{clawback_id}/write-off/decision": Row(
        "manage payouts",
        "what is not there",
        side="operator",
        json={"decision": "declined", "reason": "Theirs"},
    ),
    "GET /api/v1/earnings": read("read money", side="brand"),
    "GET /api/v1/funding-need": read("read payouts"),
    "GET /api/v1/fundings": read("read payouts", side="brand"),
    "POST /api/v1/fundings": Row("fund payouts", json={}),
    "POST /api/v1/fundings/{funding}/end": Row("fund payouts", "what is not there"),
    "PUT /api/v1/payment-method": Row("fund payouts", json={}),
    "GET /api/v1/payout-account": Row("connect payouts"),
    "POST /api/v1/payout-account": Row("connect payouts"),
    "GET /api/v1/payouts": read("read payouts"),
    "GET /api/v1/promises": read("read money"),
    "GET /api/v1/promise-steps": read("read money"),
    "GET /api/v1/payouts/{payout}/trace": read("read money", "shared"),
    "GET /api/v1/statements/{statement_id}/trace": read("read money", "shared"),
    "GET /api/v1/statements/{statement_id}/lines/{line}/trace": read("read money", "shared"),
}
OUTSIDE_THE_TABLE = {
    "nothing_here": "whatever has no route of its own is not there for anybody",
    "browse": "Piccolo Admin is an app of its own; tests/admin/test_data_browser.py walks it",
}


_WHO_REACHES: Mapping[Names, frozenset[str]] = {
    "nothing": frozenset({"advertiser", "partner", "other", "operator"}),
    "shared": frozenset({"advertiser", "partner", "operator"}),
    "program": frozenset({"advertiser", "partner", "operator"}),
    "advertiser's": frozenset({"advertiser", "operator"}),
    "partner's": frozenset({"partner", "operator"}),
    "one person's": frozenset(),
    "what is not there": frozenset(),
}


def expected(side: str, role: str, row: Row, *, has_factor: bool = True) -> Answer:
    """Say what a principal is answered."""
    if row.who == "anyone":
        return "in"
    if side == "nobody":
        return "sign in first"
    if role == "machine":
        if not row.machines or not permissions.scopes_with(cast("Verb", row.who)):
            return "refused"
    elif not _is_let_in(side, role, row, has_factor=has_factor):
        return "refused"
    reaches = side in _WHO_REACHES[row.names] and not (row.members_only and side == "operator")
    return "in" if reaches else "not there"


def _is_let_in(side: str, role: str, row: Row, *, has_factor: bool) -> bool:
    of_operator = side == "operator"
    if row.side == ("brand" if of_operator else "operator"):
        return False
    if row.who in {"people", "people of a brand", "people of the operator"}:
        return row.who == "people" or of_operator == (row.who == "people of the operator")
    verb = cast("Verb", row.who)
    permission = permissions.MAY[verb]
    if verb in permissions.NEEDS_SECOND_FACTOR and not has_factor:
        return False
    return role in (permission.at_operator if of_operator else permission.at_brand)
