"""What people read for roles and for what roles and keys allow, and how they are told that they may not."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from partner_network.kernel import sentences
from partner_network.kernel.sentences import Sentence

NETWORK = Sentence("The network")
"""What stands where a brand would, for the people of the operator."""
_ROLES = (
    Sentence("owner"), Sentence("marketer"), Sentence("finance"), Sentence("developer"), Sentence("viewer"),
    Sentence("manager"), Sentence("admin"),
)  # fmt: skip
ROLES: Mapping[str, Sentence] = MappingProxyType({str(word): word for word in _ROLES})
_VERBS = (
    Sentence("manage brands"), Sentence("invite members"), Sentence("read members"),
    Sentence("manage members"), Sentence("manage API keys"), Sentence("manage programs"),
    Sentence("read programs"), Sentence("invite partners"), Sentence("accept partnerships"),
    Sentence("read partnerships"), Sentence("draft agreements"), Sentence("sign agreements"),
    Sentence("read agreements"), Sentence("end partnerships"),
    Sentence("manage creatives"), Sentence("read creatives"),
    Sentence("manage links"), Sentence("read links"), Sentence("manage codes"),
    Sentence("report conversions"), Sentence("read conversions"), Sentence("read reports"),
    Sentence("read money"), Sentence("prepare statements"), Sentence("approve statements"),
    Sentence("read payouts"),
    Sentence("fund payouts"), Sentence("connect payouts"), Sentence("manage payouts"),
    Sentence("browse data"), Sentence("reset second factors"), Sentence("read audit trail"),
    Sentence("erase people"), Sentence("manage customers"), Sentence("try terms"),
    Sentence("hold commissions"), Sentence("adjust commissions"), Sentence("contest clawbacks"),
    Sentence("decide contests"), Sentence("read credits"), Sentence("redeem credits"),
    Sentence("list charities"), Sentence("load exchange rates"),
    Sentence("object to statements"), Sentence("answer objections"), Sentence("set approval limits"),
)  # fmt: skip
VERBS: Mapping[str, Sentence] = MappingProxyType({str(word): word for word in _VERBS})


def why_person_may_not(
    verb: str, *, at_brand: Iterable[str], at_operator: Iterable[str], scopes: Sequence[str]
) -> Sentence:
    """Say who may do what this person may not."""
    able = [Sentence("{role} of the brand", role=ROLES[role]) for role in sorted(at_brand)]
    able += [Sentence("{role} of the network", role=ROLES[role]) for role in sorted(at_operator)]
    if not able:
        return Sentence(
            "Only machines {verb}: send an API key with the scope {scopes}.",
            verb=VERBS[verb],
            scopes=sentences.one_of(scopes),
        )
    return Sentence(
        "You may not {verb}; ask a person who is {able}.", verb=VERBS[verb], able=sentences.one_of(able)
    )


def why_key_may_not(verb: str, scopes: Sequence[str]) -> Sentence:
    """Say which scope a key lacks, or that a person must do this."""
    if scopes:
        return Sentence(
            "This API key lacks the scope {scopes}; make a key that has it.", scopes=sentences.one_of(scopes)
        )
    return Sentence("No API key may {verb}; a person signs in for that.", verb=VERBS[verb])


def factor_needed(verb: str) -> Sentence:
    """Say that the password alone is not enough for this."""
    return Sentence(
        "To {verb} you need your second factor in this session; give it, or set one up, and try again.",
        verb=VERBS[verb],
    )
