"""What of a facts file no terms can price, by the path of the key: found before anything is computed."""

from collections.abc import Iterator
from datetime import date

from partner_network.attribution.facts_file import ConversionRow, FactsFile
from partner_network.commissions.rules.plan import Plan
from partner_network.kernel import money
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.reading import Mistake
from partner_network.kernel.sentences import Sentence
from partner_network.receipts.nets import Nets


def in_facts(facts: FactsFile, written: FactsFile, prepared: Plan) -> Iterator[Mistake]:
    """Yield every mistake of the facts, by the place its row has in the file as it was written."""
    yield from _in_rates(written)
    nets, adjusted = Nets(facts, written), {row.conversion for row in facts.adjustments}
    for row in facts.conversions:
        if row.currency not in money.EXPONENT_OF:
            place = written.place_of("conversions", row.id)
            yield (
                f"{place}.currency",
                Sentence("{currency!r} is no active ISO 4217 currency", currency=row.currency),
            )
        begins = prepared.versions[0].valid_from
        if begins is not None and row.at < begins:
            if row.credits or row.id in adjusted:
                place = written.place_of("conversions", row.id)
                yield (
                    f"{place}.at",
                    Sentence("no terms were valid yet; they begin at {at}", at=begins.isoformat()),
                )
            continue
        yield from _in_refunds(row, nets, prepared)
    yield from _in_adjustments(facts, written, prepared)


def _in_refunds(row: ConversionRow, nets: Nets, prepared: Plan) -> Iterator[Mistake]:
    try:
        nets.current(row, prepared.version_at(row.at).settlement.clawback.max_age_days)
    except InvalidError as error:
        yield from error.fields.items()


def _in_adjustments(facts: FactsFile, written: FactsFile, prepared: Plan) -> Iterator[Mistake]:
    by_id = {row.id: row for row in facts.conversions}
    begins = prepared.versions[0].valid_from
    for row in facts.adjustments:
        order = by_id[row.conversion]
        if begins is not None and order.at < begins:
            continue
        version, place = prepared.version_at(order.at), written.place_of("adjustments", row.id)
        if row.bonus is not None:
            if all(ready.bonus.name != row.bonus for ready in version.bonuses.get(order.event, ())):
                yield f"{place}.bonus", Sentence("no bonus of the terms for a {event}", event=order.event)
        elif order.event not in version.components:
            yield (
                f"{place}.conversion",
                Sentence("no component of the terms pays on a {event}", event=order.event),
            )


def _in_rates(written: FactsFile) -> Iterator[Mistake]:
    known: dict[tuple[date, str, str], str] = {}
    for index, row in enumerate(written.rates):
        place = f"rates[{index}]"
        if not row.rate.strip("0."):
            yield f"{place}.rate", Sentence("a rate is above zero")
        elif row.base == row.quote:
            yield f"{place}.quote", Sentence("a rate is between two currencies")
        elif not _is_same(known.setdefault((row.date, row.base, row.quote), row.rate), row.rate):
            why = Sentence("there is another rate {base}/{quote} of that day", base=row.base, quote=row.quote)
            yield f"{place}.rate", why


def _is_same(one: str, other: str) -> bool:
    return one == other or _digits(one) == _digits(other)


def _digits(rate: str) -> tuple[str, str]:
    whole, _, decimals = rate.partition(".")
    return whole.lstrip("0"), decimals.rstrip("0")
