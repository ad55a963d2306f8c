"""`[[commission.quality]]`: what is paid goes by how many of the partner's earlier customers stayed."""

from typing import Annotated, Literal

from msgspec import Meta

from partner_network.agreements.term_values import Multiplier, Name, Positive, Share, Table

SomeMonths = Annotated[int, Meta(ge=1, le=1_200)]


class QualityStep(Table, frozen=True):
    """From which share of the customers a multiplier holds: a share is compared with a share."""

    from_ppm: Share
    multiplier_ppm: Multiplier


class Quality(Table, frozen=True):
    """A multiplier on one component, measured at 00:00, in the zone, of the first day of each `period`.

    Measured are the customers whose first sale lies in the `cohort_months` before the last `within_months`;
    who bought again within so many months stayed. Of fewer than `least_customers` nothing follows.
    """

    name: Name
    component: Name
    period: Literal["month", "quarter", "year"]
    cohort_months: SomeMonths
    within_months: SomeMonths
    least_customers: Positive
    steps: Annotated[tuple[QualityStep, ...], Meta(min_length=1, max_length=100)]

    @property
    def identity(self) -> tuple[str, str, int, int]:
        """Return what says whom the rule measures, and for what; steps and the least number may change."""
        return self.component, self.period, self.cohort_months, self.within_months
