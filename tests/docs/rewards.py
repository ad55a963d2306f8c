"""The worked tables of docs/algorithms/rewards.md, computed again."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID, uuid5

from partner_network.agreements import terms_reading
from partner_network.commissions.rules import plan as plans
from partner_network.commissions.rules.facts import Order, Refund
from partner_network.rewards.rules import credit, moves, perks, targets
from partner_network.rewards.rules.moves import Move, State
from partner_network.rewards.rules.perks import Counted
from partner_network.rewards.rules.targets import Earned

Rows = list[tuple[str, ...]]
NOBODY = UUID(int=0)
ORDERED = datetime(2026, 3, 10, 12, tzinfo=UTC)


def _order(at: datetime, net: int, refunds: tuple[Refund, ...] = (), share: str = "1") -> Order:
    weight = Fraction(share)
    shared = (weight, 1 - weight) if weight < 1 else (weight,)
    return Order(
        id=at.isoformat(),
        event="sale",
        at=at,
        recorded_at=at,
        customer="ada",
        currency="EUR",
        net_minor=net,
        weights=shared,
        own=(0,),
        refunds=refunds,
    )


def faces(terms_toml: str, rows: Rows) -> Rows:
    """Compute what one order grants, by what was refunded, shared and bought later."""
    terms = terms_reading.read_terms(terms_toml)
    plan = plans.plan_of([plans.dated(str(NOBODY), terms)])
    found: Rows = []
    for refunded, after_days, share, later, *_ in rows:
        at = ORDERED + timedelta(days=int(after_days))
        refunds = (Refund(id="r", at=at, net_minor=int(refunded)),) if int(refunded) else ()
        earned = Earned(NOBODY, NOBODY, _order(ORDERED, 10_000, refunds, share), int(later))
        wanted = targets.rewards_of([earned], NOBODY, plan, {str(NOBODY): terms.rewards})
        by_name = {one.key[3]: str(one.credit.face_minor) for one in wanted}
        found.append((refunded, after_days, share, later, by_name["welcome"], by_name["back"]))
    return found


def lives(terms_toml: str, rows: Rows) -> Rows:
    """Compute what becomes of one credit, move by move."""
    welcome = terms_reading.read_terms(terms_toml).rewards[0]
    steps = credit.worth_steps(welcome, ORDERED)
    state, found = State(), list[tuple[str, ...]]()
    redemptions: dict[int, UUID] = {}
    for written, kind, amount, *_ in rows:
        at = datetime.fromisoformat(written)
        (move,) = _moves(state, kind, int(amount or 0), at, redemptions=redemptions, steps=steps)
        assert move.kind == kind
        assert move.at == at
        state = moves.after(state, move)
        found.append((written, kind, amount, str(move.change_minor), str(move.left_minor)))
    return found


def _moves(
    state: State,
    kind: str,
    amount: int,
    at: datetime,
    *,
    redemptions: dict[int, UUID],
    steps: tuple[credit.Worth, ...],
) -> list[Move]:
    if kind == "redeemed":
        redemptions[amount] = uuid5(NOBODY, str(at))
        return [moves.redeemed(state, amount, redemptions[amount], at)]
    if kind == "returned":
        return [moves.returned(state, redemptions[amount], at)]
    face = state.face_minor if kind == "lost" else amount
    return moves.due(state, face, ORDERED, steps, at)


def granted(terms_toml: str, rows: Rows) -> Rows:
    """Compute which orders of a partner grant a perk, and until when it holds."""
    terms = terms_reading.read_terms(terms_toml)
    plan = plans.plan_of([plans.dated(str(NOBODY), terms)])
    counted: list[Counted] = []
    for written, net, refunded, *_ in rows:
        at = datetime.fromisoformat(written)
        refunds = (Refund(id="r", at=at, net_minor=int(refunded)),) if int(refunded) else ()
        counted.append(Counted(uuid5(NOBODY, written), _order(at, int(net), refunds)))
    reached = perks.perks_of(counted, plan, {str(NOBODY): terms.rewards})
    by_order = {one.conversion_id: one for one in reached.values()}
    found: Rows = []
    for written, net, refunded, *_ in rows:
        one = by_order.get(uuid5(NOBODY, written))
        spans = ("", "") if one is None else (_shown(one.granted_at), _shown(one.ends_at))
        found.append((written, net, refunded, *spans))
    return found


def _shown(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
