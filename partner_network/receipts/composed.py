"""One receipt with everything around it, for whoever asks: what its page and its JSON are made of."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from uuid import UUID

import msgspec

from partner_network.attribution.receipt import Weighed
from partner_network.database.connections import Connection
from partner_network.kernel import money
from partner_network.receipts.queries import revisions, surroundings
from partner_network.receipts.queries.revisions import Reported
from partner_network.receipts.queries.surroundings import GivenBack, Paid, Signed
from partner_network.receipts.rules import changes, cited, seen
from partner_network.receipts.rules.changes import Change
from partner_network.receipts.rules.seen import Revision, Seen, Viewer

NO_TOUCH = "unattributed"


class Composed(msgspec.Struct, frozen=True, dict=True):
    """A receipt as one viewer sees it; nothing in it is another partner's but hashes."""

    reported: Reported
    viewer: Viewer
    seen: Seen
    revisions: Sequence[Revision]
    """Those that concern the viewer, the newest first."""
    names: Mapping[str, str]
    agreements: Mapping[str, Signed]
    paid: Sequence[Paid] | None
    """None for whoever may not read money."""
    refunds: Sequence[GivenBack]

    @property
    def is_current(self) -> bool:
        """Tell whether this is the decision that stands."""
        return self.seen.revision.rev == self.reported.rev

    @property
    def outcome(self) -> str:
        """Who gets it: to a partner, whether it does itself and nothing of others."""
        has_credit = bool(self.seen.credits)
        if self.viewer is not None:
            return "credited" if has_credit else "not_credited"
        return "attributed" if has_credit else NO_TOUCH

    @cached_property
    def refunded_minor(self) -> int:
        """What was given back, as far as the viewer may know."""
        return sum(one.net_minor for one in self.refunds)

    @cached_property
    def shares(self) -> Mapping[str, int]:
        """Return by touch the part of the net after refunds, in whole minor units. Source: MONEY, 3.5."""
        credits_ = self.seen.revision.decision.credits
        if not credits_:
            return {}
        net = max(self.reported.net_minor - self.refunded_minor, 0)
        parts = money.largest_remainder(net, [credit.weight for credit in credits_])
        return {credit.touch: parts[n] for n, credit in self.seen.credits}

    @property
    def parts(self) -> Sequence[tuple[str, Fraction, int]]:
        """Return each partner's weight and its part of the net after refunds, over all its credits."""
        found: dict[str, tuple[Fraction, int]] = {}
        for _, credit in self.seen.credits:
            weight, minor = found.get(credit.partner, (Fraction(0), 0))
            found[credit.partner] = (weight + credit.weight, minor + self.shares[credit.touch])
        return [(partner, *part) for partner, part in found.items()]

    def clause(self, candidate: Weighed) -> tuple[str, UUID | None] | None:
        """Return the clause behind a candidate's reason, and the agreement that it is read in."""
        signed = self.agreements.get(candidate.touch.partner or "")
        known = signed or next(iter(self.agreements.values()), None)
        if known is None:
            return None
        named = cited.clauses_in(candidate.reason)
        number = named[-1] if named else self._settled(candidate, known)
        return None if number is None else (number, known.id)

    def _settled(self, candidate: Weighed, signed: Signed) -> str | None:
        return cited.clause_of(signed.contract, cited.term_of(candidate, self.reported.event))

    def clause_of_money(self, one: Paid) -> str | None:
        """Return the clause that a commission follows from."""
        signed = self.agreements.get(one.partner)
        return None if signed is None else cited.clause_of(signed.contract, one.clause)

    def changed(self, revision: Revision) -> Sequence[Change] | None:
        """Return what a revision changed for the viewer; None for the first."""
        place = self.revisions.index(revision)
        if place + 1 == len(self.revisions):
            return None
        return changes.changes(self.revisions[place + 1], revision, self.viewer)


async def receipt_for(
    connection: Connection,
    conversion_id: UUID,
    asking_brand: UUID | None,
    *,
    rev: int | None = None,
    reads_money: bool = True,
) -> Composed:
    """Return a receipt: all of it to the advertiser and the operator (no brand), its own part to a partner.

    Errors: NotFoundError for anybody else, for a revision that does not concern who asks, and while the
    conversion waits for its first decision.
    """
    reported = await revisions.reported(connection, conversion_id, asking_brand)
    viewer = revisions.viewer_of(reported, asking_brand)
    known = await revisions.revisions_of(connection, conversion_id, viewer)
    wanted = next((one for one in known if rev in {None, one.rev}), None)
    if wanted is None:
        raise revisions.nothing_here()
    shown = seen.seen_by(wanted, viewer)
    partners = shown.partners
    return Composed(
        reported=reported,
        viewer=viewer,
        seen=shown,
        revisions=known,
        names=await surroundings.names_of(connection, partners),
        agreements=await surroundings.agreements_of(
            connection, reported.program_id, partners, reported.occurred_at
        ),
        paid=await surroundings.commissions_on(connection, conversion_id, viewer) if reads_money else None,
        refunds=await surroundings.refunds_of(connection, conversion_id),
    )
