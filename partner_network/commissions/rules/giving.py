"""Donations as the engine prices them: like a component of one rate, for which another is paid."""

from partner_network.agreements.donation_terms import Donation
from partner_network.agreements.terms import Component, ComponentCaps, Tier

_FOR_GOOD_MONTHS = 1_200
"""A donation is given on every order of a customer, however long ago the first one was."""


def as_component(donation: Donation) -> Component:
    """Return the component that pays what a donation gives.

    Source: MONEY section 4, flat: `x_i = rate * a_i`, or an amount per action, up to a cap of the period.
    """
    by_action = donation.amount_minor is not None
    return Component(
        name=donation.name,
        event=donation.event,
        tiers=(Tier(0, rate_ppm=donation.rate_ppm, amount_minor=donation.amount_minor),),
        match=donation.match,
        structure="flat",
        metric="count" if by_action else "net_amount",
        period=donation.period,
        recurring_months=_FOR_GOOD_MONTHS,
        cap_minor=ComponentCaps(period=donation.cap_minor),
    )
