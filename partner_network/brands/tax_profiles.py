"""A tax profile as somebody typed it, and whether it can be one: pure."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import cast

import msgspec

from partner_network.brands import rules, tax_ids, taxes
from partner_network.brands.taxes import TaxProfile, TaxStatus
from partner_network.kernel import sentences
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

_COUNTRY = re.compile(r"[A-Z]{2}")
_PPM_PER_PERCENT = 10_000
_PERCENT_MAX = 100


class NewTaxProfile(msgspec.Struct):
    """What stands in the form; the rate is in percent, the day in ISO 8601."""

    legal_name: str = ""
    address: str = ""
    country: str = ""
    status: str = "standard"
    vat_id: str = ""
    tax_number: str = ""
    tax_rate: str = ""
    valid_from: str = ""


def checked(new: NewTaxProfile, *, earliest: date) -> TaxProfile:
    """Return the profile. Errors: InvalidError, which names every field that is wrong, and why."""
    wrong: dict[str, Sentence] = {}

    def kept(field: str, found: str | Sentence) -> str:
        if isinstance(found, Sentence):
            wrong[field] = found
        return found

    country = new.country.strip().upper()
    if not _COUNTRY.fullmatch(country):
        wrong["country"] = Sentence("two capital letters of ISO 3166, such as DE")
    if new.status not in taxes.STATUSES:
        wrong["status"] = Sentence("one of those offered")
    vat_id = new.vat_id and country and kept("vat_id", tax_ids.vat_id_of(new.vat_id, country))
    number = new.tax_number and country and kept("tax_number", tax_ids.tax_number_of(new.tax_number, country))
    wrong |= rules.wrong_on_paper(legal_name=new.legal_name, address=new.address)
    wrong |= _missing_numbers(new, country)
    rate_ppm = _rate_ppm(new, wrong)
    valid_from = _day(new.valid_from, earliest, wrong)
    if wrong:
        told = sentences.told(wrong.items())
        raise InvalidError(Sentence("The tax profile cannot be kept: {told}.", told=told), fields=wrong)
    return TaxProfile(
        legal_name=new.legal_name.strip(),
        address=new.address.strip().replace("\r\n", "\n"),
        country=country,
        status=cast("TaxStatus", new.status),
        valid_from=valid_from,
        tax_rate_ppm=rate_ppm,
        vat_id=vat_id or None,
        tax_number=number or None,
    )


def _missing_numbers(new: NewTaxProfile, country: str) -> dict[str, Sentence]:
    if new.status == "standard" and country in taxes.EU and not new.vat_id.strip():
        return {"vat_id": Sentence("is required of a company in the European Union that charges tax")}
    if new.status == "non_eu" and country in taxes.EU:
        return {"status": Sentence("this country is in the European Union")}
    if not new.vat_id.strip() and not new.tax_number.strip():
        return {"tax_number": Sentence("is required where there is no VAT number")}
    return {}


def _rate_ppm(new: NewTaxProfile, wrong: dict[str, Sentence]) -> int:
    """Return the rate in parts per million; typed in percent, with a point or a comma."""
    if new.status != "standard":
        return 0
    try:
        percent = Decimal(new.tax_rate.strip().replace(",", ".").removesuffix("%").strip())
        ppm = percent * _PPM_PER_PERCENT
        if 0 <= percent <= _PERCENT_MAX and ppm == int(ppm):
            return int(ppm)
    except (InvalidOperation, ValueError):
        pass
    wrong["tax_rate"] = Sentence("0 to 100 percent, such as 19")
    return 0


def _day(typed: str, earliest: date, wrong: dict[str, Sentence]) -> date:
    try:
        day = date.fromisoformat(typed.strip())
    except ValueError:
        wrong["valid_from"] = Sentence("a day, such as {day}", day=earliest.isoformat())
        return earliest
    if day < earliest:
        wrong["valid_from"] = Sentence(
            "not before {day}: what has ended was taxed by the profile before", day=earliest.isoformat()
        )
    return day
