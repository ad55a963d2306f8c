"""What people read for the verbs and kinds of the audit trail, and for whoever has no name in it."""

from collections.abc import Mapping
from types import MappingProxyType

from partner_network.identity.rules import audit
from partner_network.kernel.sentences import Sentence

DEEDS: Mapping[str, Sentence] = MappingProxyType(
    {
        "accept": Sentence("accepted"),
        "activate": Sentence("activated"),
        "add factor": Sentence("added"),
        "approve": Sentence("approved"),
        "ask for": Sentence("asked for"),
        "ask to reset": Sentence("asked to reset"),
        "change": Sentence("changed"),
        "create": Sentence("created"),
        "decline": Sentence("declined"),
        "delete": Sentence("deleted"),
        "disable": Sentence("switched off"),
        "draft": Sentence("drafted"),
        "end": Sentence("ended"),
        "erase": Sentence("erased"),
        "export": Sentence("exported"),
        "fail to sign in": Sentence("failed to sign in"),
        "give role": Sentence("gave a role"),
        "hold": Sentence("held"),
        "invite": Sentence("invited"),
        "object": Sentence("objected"),
        "opt out": Sentence("opted out"),
        "pair": Sentence("paired"),
        "pause": Sentence("paused"),
        "prepare": Sentence("prepared"),
        "prove": Sentence("proved"),
        "publish": Sentence("published"),
        "put in force": Sentence("put in force"),
        "release": Sentence("released"),
        "remove factor": Sentence("removed"),
        "reset": Sentence("reset anew"),
        "retry": Sentence("tried again"),
        "revoke": Sentence("revoked"),
        "rotate": Sentence("rotated"),
        "sign": Sentence("signed"),
        "sign in": Sentence("signed in"),
        "sign out": Sentence("signed out"),
        "switch brand": Sentence("changed the brand"),
        "take role": Sentence("took a role"),
        "use recovery code": Sentence("used a recovery code"),
        "withdraw": Sentence("withdrawn"),
    }
)
THINGS: Mapping[str, Sentence] = MappingProxyType(
    {
        "API key": Sentence("API key"),
        "adjustment": Sentence("adjustment"),
        "agreement": Sentence("agreement"),
        "approval limit": Sentence("limit for one approval"),
        "brand": Sentence("brand"),
        "charity": Sentence("charity"),
        "case": Sentence("case about money"),
        "clawback": Sentence("clawback"),
        "closing": Sentence("closing of a month"),
        "code": Sentence("code"),
        "commission": Sentence("commission"),
        "creative": Sentence("creative"),
        "customer": Sentence("customer"),
        "exchange rates": Sentence("exchange rates"),
        "prepaid return": Sentence("prepaid return"),
        "write-off": Sentence("write-off"),
        "export": Sentence("file of data"),
        "funding": Sentence("payment in"),
        "invitation": Sentence("invitation"),
        "job": Sentence("job"),
        "link": Sentence("link"),
        "member": Sentence("member"),
        "notification choices": Sentence("notification choices"),
        "objection": Sentence("objection"),
        "partnership": Sentence("partnership"),
        "password": Sentence("password"),
        "payment method": Sentence("payment method"),
        "payout": Sentence("payout"),
        "payout account": Sentence("payout account"),
        "program": Sentence("program"),
        "recovery codes": Sentence("recovery codes"),
        "second factor": Sentence("second factor"),
        "session": Sentence("session"),
        "self-billing agreement": Sentence("agreement on self-billing"),
        "statement": Sentence("statement"),
        "tax profile": Sentence("tax profile"),
        "webhook": Sentence("webhook"),
    }
)
NAMELESS: Mapping[str, Sentence] = MappingProxyType(
    {
        "worker": Sentence("The worker"),
        "command line": Sentence("The command line"),
        "visitor": Sentence("Somebody not signed in"),
        "member": Sentence("A person who left"),
        "api key": Sentence("An API key"),
    }
)
"""Whoever has no name, or none any more."""
assert set(DEEDS) == set(audit.VERBS)  # noqa: S101  # the table and the type cannot drift apart
assert set(THINGS) == set(audit.KINDS)  # noqa: S101  # the same
