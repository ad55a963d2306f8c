"""What each commission shall come to, with all that a revision says about it: pure."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from uuid import UUID

import msgspec

from partner_network.commissions.queries import Fact, Stream
from partner_network.commissions.rules.facts import BonusTarget, Target, Targets
from partner_network.kernel import periods


class Wanted(msgspec.Struct, frozen=True, gc=False):
    """What one commission shall come to, with the instants that date it and the figures that explain it."""

    kind: str
    conversion_id: UUID | None
    agreement_id: UUID
    component: str
    period: str
    minor: int
    clause: str
    earned_at: datetime
    matures_at: datetime
    inputs: str
    charity_id: UUID | None = None


def wanted_by(stream: Stream, facts: Sequence[Fact], computed: Targets) -> list[Wanted]:
    """Return what the targets of these facts ask for, one row each."""
    by_order = {fact.order.id: fact for fact in facts}
    versions = {version.key: version for version in stream.plan.versions}

    def matures_at(earned_at: datetime, key: str) -> datetime:
        settlement = versions[key].settlement
        return periods.matures_at(earned_at, settlement.hold_days, settlement.lock, versions[key].zone)

    wanted = [
        Wanted(
            "donation" if target.charity else "commission",
            by_order[target.conversion].conversion_id,
            UUID(target.version),
            target.component,
            target.period,
            target.minor,
            target.clause,
            by_order[target.conversion].order.at,
            matures_at(by_order[target.conversion].order.at, target.version),
            _explained(target),
            stream.charities[target.charity] if target.charity else None,
        )
        for target in (*computed.commissions, *computed.donations)
    ]
    wanted += [
        Wanted(
            "bonus",
            None,
            UUID(bonus.version),
            bonus.bonus,
            bonus.period,
            bonus.minor,
            bonus.clause,
            bonus.earned_at,
            matures_at(bonus.earned_at, bonus.version),
            _explained(bonus),
        )
        for bonus in computed.bonuses
    ]
    return wanted


def _explained(target: Target | BonusTarget) -> str:
    def exact(value: object) -> str:
        if isinstance(value, Fraction):
            return f"{value.numerator}/{value.denominator}"
        raise TypeError(f"{type(value).__name__} has no place in a revision's inputs")

    return msgspec.json.encode(target, enc_hook=exact).decode()
