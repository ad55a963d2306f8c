"""Which tax a company charges which other, by what both are on a day; and which numbers can be theirs."""

from datetime import date

import msgspec
import pytest

from partner_network.brands import form_1099, tax_ids, tax_profiles, taxes
from partner_network.brands.tax_profiles import NewTaxProfile
from partner_network.brands.taxes import Taxed, TaxProfile, TaxStatus, Treatment
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

GERMAN = TaxProfile("Nadel GmbH", "Weg 1", "DE", "standard", date(2026, 2, 1), 190_000, "DE136695976")
FRENCH = msgspec.structs.replace(GERMAN, country="FR", tax_rate_ppm=200_000, vat_id="FR40303265045")
AMERICAN = msgspec.structs.replace(
    GERMAN, country="US", status="non_eu", tax_rate_ppm=0, vat_id=None, tax_number="91-1144442"
)
BRITISH = msgspec.structs.replace(GERMAN, country="GB", tax_rate_ppm=200_000, vat_id="GB980780684")
SMALL = msgspec.structs.replace(GERMAN, status="small_business", tax_rate_ppm=0)


@pytest.mark.parametrize(
    ("seller", "buyer", "treatment", "rate_ppm"),
    [
        (GERMAN, GERMAN, "standard", 190_000),
        (GERMAN, FRENCH, "reverse_charge", 0),
        (GERMAN, msgspec.structs.replace(FRENCH, vat_id=None), "standard", 190_000),
        (GERMAN, AMERICAN, "outside", 0),
        (GERMAN, BRITISH, "outside", 0),
        (BRITISH, BRITISH, "standard", 200_000),
        (BRITISH, GERMAN, "outside", 0),
        (AMERICAN, AMERICAN, "outside", 0),
        (SMALL, GERMAN, "exempt", 0),
        (SMALL, FRENCH, "exempt", 0),
    ],
)
def test_a_service_is_taxed_by_what_both_companies_are(
    seller: TaxProfile, buyer: TaxProfile, treatment: Treatment, rate_ppm: int
) -> None:
    assert (taxes.treatment(seller, buyer), taxes.rate_ppm(seller, buyer)) == (treatment, rate_ppm)


def test_a_rate_holds_from_its_day_and_what_was_before_stays() -> None:
    before = msgspec.structs.replace(GERMAN, valid_from=date.min, tax_rate_ppm=160_000)
    later = msgspec.structs.replace(GERMAN, valid_from=date(2026, 7, 1), tax_rate_ppm=210_000)
    seller, buyer = Taxed(before, (GERMAN, later)), Taxed(GERMAN)

    rates = [
        taxes.rate_on(seller, buyer, day)
        for day in (date(2026, 1, 31), date(2026, 2, 1), date(2026, 6, 30), date(2026, 7, 1))
    ]

    assert rates == [160_000, 190_000, 190_000, 210_000]


def test_of_two_profiles_for_one_day_the_later_recorded_one_holds() -> None:
    mended = msgspec.structs.replace(GERMAN, tax_rate_ppm=70_000)

    assert taxes.in_force([GERMAN, mended], date(2026, 3, 1)) == mended
    assert taxes.in_force([GERMAN, mended], date(2026, 1, 31)) is None


@pytest.mark.parametrize(
    ("typed", "country", "kept"),
    [
        ("de 136 695 976", "DE", "DE136695976"),
        ("FR40303265045", "FR", "FR40303265045"),
        ("EL094259216", "GR", "EL094259216"),
        ("ATU13585627", "AT", "ATU13585627"),
        ("GB980780684", "GB", "GB980780684"),
        ("980780684", "GB", "GB980780684"),
    ],
)
def test_a_vat_number_is_kept_with_the_letters_of_its_country(typed: str, country: str, kept: str) -> None:
    found = tax_ids.vat_id_of(typed, country)

    assert found == kept
    assert not isinstance(found, Sentence)


@pytest.mark.parametrize(
    ("typed", "country"),
    [("DE136695977", "DE"), ("FR40303265045", "DE"), ("GR094259216", "GR"), ("GB980780685", "GB")],
)
def test_a_mistyped_vat_number_is_refused(typed: str, country: str) -> None:
    assert isinstance(tax_ids.vat_id_of(typed, country), Sentence)


def test_in_the_united_states_the_number_is_an_ein() -> None:
    assert tax_ids.tax_number_of("911144442", "US") == "91-1144442"
    assert isinstance(tax_ids.tax_number_of("07-1144442", "US"), Sentence)


@pytest.mark.parametrize(
    ("status", "country", "vat_id", "field"),
    [
        ("standard", "DE", "", "vat_id"),
        ("non_eu", "DE", "DE136695976", "status"),
        ("small_business", "DE", "", "tax_number"),
        ("some", "DE", "DE136695976", "status"),
    ],
)
def test_a_status_asks_for_its_number(status: TaxStatus, country: str, vat_id: str, field: str) -> None:
    typed = NewTaxProfile("A GmbH", "Weg 1", country, status, vat_id, "", "19", "2026-03-01")

    with pytest.raises(InvalidError) as refused:
        tax_profiles.checked(typed, earliest=date(2026, 3, 1))

    assert list(refused.value.fields or {}) == [field]


@pytest.mark.parametrize(
    ("minor", "year", "currency", "said"),
    [
        (59_999, 2025, "USD", "not reached"),
        (60_000, 2025, "USD", "reached"),
        (199_999, 2026, "USD", "not reached"),
        (200_000, 2026, "USD", "reached"),
        (900_000, 2026, "EUR", "does not apply"),
        (900_000, 2031, "USD", "not published yet"),
    ],
)
def test_a_year_is_reported_from_its_published_threshold_on(
    minor: int, year: int, currency: str, said: str
) -> None:
    assert form_1099.reached(minor, year=year, currency=currency) == said


def test_every_threshold_names_where_it_was_published() -> None:
    assert all("26 U.S.C. 6041(a)" in one.source for one in form_1099.thresholds().values())
