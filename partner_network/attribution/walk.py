"""Decide a batch in canonical order, so that a customer's first attributed sale can bind the later ones."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from partner_network.agreements.terms import ProgramPolicy
from partner_network.attribution import cases, receipt, rules
from partner_network.attribution.cases import (
    Bond,
    Case,
    Customer,
    Found,
    Known,
    Outcome,
    Partnership,
    PolicyVersion,
)
from partner_network.attribution.facts import Binding, Conversion, Reach
from partner_network.attribution.receipt import Facts
from partner_network.kernel import ids, periods

_ByPartner = Mapping[str | None, Partnership]


def decide_in_order(batch: Sequence[Case], known: Known) -> Iterator[Outcome]:
    """Yield a decision for each case of a batch that is in canonical order.

    Pure. A fact that was recorded at or after a conversion's lock date, and after the conversion itself,
    changes nothing: not as a touch, not as a binding, not as an earlier conversion.
    """
    bonds: dict[Customer, list[Bond]] = {customer: list(found) for customer, found in known.bonds.items()}
    for case, found in zip(batch, known.touches, strict=True):
        version = cases.version_at(known.policies[case.program_id], case.occurred_at)
        bond = None
        if version.policy.binding_months:
            bond = _bond_of(case, bonds.get(case.customer, ()), known.partnerships)
        outcome = _decide(case, found, version, bond, known)
        yield outcome
        if case.event == "sale" and outcome.credits:
            bonds.setdefault(case.customer, []).append(
                Bond(
                    case.id,
                    case.occurred_at,
                    case.recorded_at,
                    outcome.decision.credits,
                    outcome.partnership_of,
                )
            )


def _decide(
    case: Case, found: Sequence[Found], version: PolicyVersion, bond: Bond | None, known: Known
) -> Outcome:
    by_partner = {
        one.touch.partner: known.partnerships[one.partnership_id]
        for one in found
        if one.partnership_id in known.partnerships and one.touch.program == str(case.program_id)
    }
    conversion = Conversion(
        id=case.order_id,
        program=str(case.program_id),
        event=case.event,
        at=case.occurred_at,
        recorded_at=case.recorded_at,
        new_customer=not _is_known_customer(case, known.converted_before.get(case.id), by_partner),
        click_id=None if case.click_id is None else str(case.click_id),
        binding=None if bond is None else _binding(bond, version.policy, known.partnerships),
    )
    facts = Facts(
        conversion=conversion,
        customer=case.customer_pseudonym,
        currency=case.currency,
        net_minor=case.net_minor,
        policy=version.policy,
        policy_version=version.number,
        reaches={
            partner: _reach(by_partner, case.occurred_at, partner)
            for partner in sorted({one.touch.partner for one in found if one.touch.partner is not None})
        },
        touches=tuple(rules.distinct(one.touch for one in found)),
    )
    decision = receipt.decide_again(facts)
    if bond is not None and decision.bound_to is not None:
        return Outcome(case, version, facts, decision, bond.conversion_id, bond.partnership_of)
    return Outcome(case, version, facts, decision, None, {one.touch.id: one.partnership_id for one in found})


def _reach(by_partner: _ByPartner, at: datetime, partner: str) -> Reach | None:
    partnership = by_partner.get(partner)
    return None if partnership is None else partnership.reach_at(at)


def _bond_of(case: Case, bonds: Sequence[Bond], partnerships: Mapping[UUID, Partnership]) -> Bond | None:
    """Return the customer's first attributed sale, of those that were recorded in time for this case."""
    for bond in bonds:
        terms = _first_partnership(bond, partnerships).terms_at(case.occurred_at)
        if bond.recorded_at <= case.recorded_at or (
            terms is not None and bond.recorded_at < cases.locked_at(terms, case.occurred_at)
        ):
            return bond
    return None


def _binding(bond: Bond, policy: ProgramPolicy, partnerships: Mapping[UUID, Partnership]) -> Binding | None:
    """Return for how long a sale binds, by the calendar of its first partner's agreement."""
    terms = _first_partnership(bond, partnerships).terms_at(bond.occurred_at)
    if terms is None:
        return None
    zone = periods.zone_named(terms.settlement.time_zone)
    return Binding(
        ids.shown("cnv", bond.conversion_id),
        bond.occurred_at,
        periods.add_months(bond.occurred_at, policy.binding_months, zone),
        bond.credits,
    )


def _first_partnership(bond: Bond, partnerships: Mapping[UUID, Partnership]) -> Partnership:
    return partnerships[bond.partnership_of[bond.credits[0].touch]]


def _is_known_customer(case: Case, known_since: datetime | None, by_partner: _ByPartner) -> bool:
    """Tell whether an earlier conversion of the customer was recorded in time."""
    if known_since is None or known_since <= case.recorded_at:
        return known_since is not None
    terms = [partnership.terms_at(case.occurred_at) for partnership in by_partner.values()]
    locks = [cases.locked_at(one, case.occurred_at) for one in terms if one is not None]
    return bool(locks) and known_since < max(locks)
