"""The figures that a page shows of a commission are those that its engine wrote."""

from datetime import date

import msgspec
from msgspec.structs import replace

from partner_network.agreements.quality_terms import Quality, QualityStep
from partner_network.commissions.rules.facts import Measure
from partner_network.receipts.commission.arithmetic import Figures
from tests.commissions import cast

STAYED = Quality("stayed", "sales", "month", 1, 1, 1, (QualityStep(0, 1_300_000),))


def test_a_multiplier_of_quality_says_how_many_customers_it_went_by() -> None:
    measure = Measure("stayed", date(2026, 3, 1), 3, 1)
    component = replace(cast.SALES, invoice_ppm=(1_000_000,))
    (target,) = cast.rows(
        [cast.order("a", 1_000, measures=(measure,))], cast.terms(component, quality=(STAYED,))
    )
    written = msgspec.json.encode(target, enc_hook=lambda exact: f"{exact.numerator}/{exact.denominator}")
    figures = msgspec.json.decode(written, type=Figures)
    assert figures.holds
    assert [figures.measure_of(name) for name, _ in figures.multiplied] == [None, measure]
