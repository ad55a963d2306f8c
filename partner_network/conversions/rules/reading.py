"""Read a batch of reports, or refuse it whole with the path of every field at fault."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, TypeVar
from uuid import UUID

import msgspec

from partner_network.conversions.rules import refunding
from partner_network.conversions.rules.refunding import Given, RefundedOrder
from partner_network.conversions.rules.reports import (
    MOST_REPORTS,
    REQUIREMENT_OF,
    Mistake,
    Report,
    ReportedRefund,
    content_hash,
    mistakes_in,
)
from partner_network.kernel.errors import ConflictError, InvalidError
from partner_network.kernel.sentences import Sentence

Noun = Literal["conversions", "identifications", "refunds", "touches"]
WORD_OF: Mapping[Noun, Sentence] = {
    "conversions": Sentence("conversions"),
    "identifications": Sentence("identifications"),
    "refunds": Sentence("refunds"),
    "touches": Sentence("touches"),
}
AnyReport = TypeVar("AnyReport", bound=Report)

MOST_MISTAKES = 100
"""More than anybody mends at once; the rest shows when these are mended."""

_WHERE = re.compile(r"(?P<why>.*?)(?: - at `(?:key in )?\$\.?(?P<path>[^`]*)`)?", re.DOTALL)
_FIELD = re.compile(r"Object (?P<how>contains unknown|missing required) field `(?P<name>[^`]*)`")
_DOCUMENTED = Sentence("Send a JSON object with the fields documented.")
_LAST_NAME = re.compile(r"(\w+)(?:\[[^\]]*\])*\Z")


def read_batch(body: bytes, noun: Noun, kind: type[AnyReport]) -> list[AnyReport]:
    """Return the reports in ``{"<noun>": [...]}``; InvalidError names every report that cannot be read."""
    reports: list[AnyReport] = []
    mistakes: list[Mistake] = []
    for n, raw in enumerate(_raw_items(body, noun)):
        try:
            reports.append(msgspec.json.decode(raw, type=kind))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            path, sentence = _mistake_of(error)
            mistakes.append((f"{noun}[{n}]{path and '.'}{path}", sentence))
    refuse(noun, mistakes)
    return reports


def refuse(noun: Noun, mistakes: Sequence[Mistake]) -> None:
    """Raise InvalidError for the mistakes, if there are any."""
    if mistakes:
        path, sentence = mistakes[0]
        raise InvalidError(
            Sentence(
                "None of the {noun} was stored, since some cannot be right. {path}: {sentence}",
                noun=WORD_OF[noun],
                path=path,
                sentence=sentence,
            ),
            fields=dict(mistakes[:MOST_MISTAKES]),
        )


def refuse_mistakes_in(noun: Noun, reported: Sequence[Report], places: Iterable[int], now: datetime) -> None:
    """Raise InvalidError for what cannot be right in the reports at those places of their batch."""
    refuse(
        noun,
        [(f"{noun}[{n}].{field}", why) for n in places for field, why in mistakes_in(reported[n], now)],
    )


def refuse_conflicts(noun: Noun, conflicts: Sequence[Mistake]) -> None:
    """Raise ConflictError for the reports that contradict what is stored, if there are any."""
    if conflicts:
        path, sentence = conflicts[0]
        raise ConflictError(
            Sentence(
                "None of the {noun} was stored. {path}: {sentence}",
                noun=WORD_OF[noun],
                path=path,
                sentence=sentence,
            ),
            fields=dict(conflicts[:MOST_MISTAKES]),
        )


def refuse_unknown_orders(reported: Sequence[ReportedRefund], places: Iterable[int]) -> None:
    """Raise InvalidError for the refunds, given by their places, of orders that are not stored."""
    refuse(
        "refunds",
        [
            (
                f"refunds[{n}].order_id",
                Sentence("No {event} of that order id is stored; report it first.", event=reported[n].event),
            )
            for n in places
        ],
    )


def refuse_what_orders_cannot_bear(
    reported: Sequence[ReportedRefund],
    orders: Mapping[int, RefundedOrder],
    given: dict[UUID, list[Given]],
) -> None:
    """Raise for refunds that their orders, by their places, cannot bear after those ``given`` before.

    Errors: InvalidError for what can never be; ConflictError for more than is left of an order.
    """
    impossible: list[Mistake] = []
    too_much: list[Mistake] = []
    for n in sorted(orders):
        one, order = reported[n], orders[n]
        before = given.setdefault(order.conversion_id, [])
        refund = Given(one.refund_id, one.at, one.net_minor, one.line, one.cancels)
        objection = refunding.objection_to(order, refund, before)
        if objection is None:
            before.append(refund)
        else:
            field, why = objection
            (too_much if field == "net_minor" else impossible).append((f"refunds[{n}].{field}", why))
    refuse("refunds", impossible)
    refuse_conflicts("refunds", too_much)


def repeats_in(noun: Noun, keyed: Iterable[tuple[str, object, Report]]) -> dict[object, bytes]:
    """Return the content hash of each key of a batch, given as (field, key, report).

    Errors: ConflictError when one key comes twice with different content; the same content twice is one
    report.
    """
    hashes: dict[object, bytes] = {}
    conflicts: list[Mistake] = []
    for n, (field, key, report) in enumerate(keyed):
        said = content_hash(report)
        if hashes.setdefault(key, said) != said:
            name: object = getattr(report, field)
            conflicts.append(
                (
                    f"{noun}[{n}].{field}",
                    Sentence("{name!r} comes twice in this batch with different content.", name=name),
                )
            )
    refuse_conflicts(noun, conflicts)
    return hashes


def _raw_items(body: bytes, noun: Noun) -> list[msgspec.Raw]:
    wanted = Sentence(
        "Send a JSON object like {example} with 1 to {most} {noun}.",
        example=f'{{"{noun}": [...]}}',
        most=MOST_REPORTS,
        noun=WORD_OF[noun],
    )
    try:
        whole = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        items = msgspec.json.decode(whole.pop(noun), type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError):
        raise InvalidError(wanted, fields={noun: wanted}) from None
    for other in whole:
        raise InvalidError(
            wanted, fields={other[:100]: Sentence("There is no such field. {wanted}", wanted=wanted)}
        )
    if not 1 <= len(items) <= MOST_REPORTS:
        raise InvalidError(
            wanted, fields={noun: Sentence("These are {count}. {wanted}", count=len(items), wanted=wanted)}
        )
    return items


def _mistake_of(error: Exception) -> Mistake:
    if not isinstance(error, msgspec.ValidationError):
        return "", Sentence("This is no JSON object in UTF-8.")
    where = _WHERE.fullmatch(str(error))
    why, path = (where["why"], where["path"] or "") if where else (str(error), "")
    about = _FIELD.match(why)
    if about:
        path = f"{path}{path and '.'}{about['name']}"
        if about["how"] == "contains unknown":
            return path, Sentence("There is no such field; leave it out.")
        return path, Sentence("This is missing. {wanted}", wanted=_requirement_of(path))
    return path, _requirement_of(path)


def _requirement_of(path: str) -> Sentence:
    name = _LAST_NAME.search(path)
    return REQUIREMENT_OF.get(name[1] if name else "", _DOCUMENTED)
