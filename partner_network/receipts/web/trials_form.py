"""The form of a trial: what stands in it, and what was typed into it, by form, text or file."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, cast

import msgspec
from litestar.datastructures import UploadFile

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.languages import spoken
from partner_network.receipts.trials import plain, reading, rules, typed, writing
from partner_network.receipts.trials.rules import PRESETS, Days, Preset

How = Literal["form", "text"]
FIRST_PRESET: Preset = "last_90_days"
ROWS_TO_SPARE = 1
"""How many empty rows follow a component's tiers, to be filled without asking for them."""
ROWS_MORE = 4
"""How many there are once more were asked for."""


class Typing(msgspec.Struct, frozen=True, kw_only=True):
    """A trial's form as it stands: whose terms, how they are given, and what was typed so far."""

    about: str
    how: How = "form"
    period: str = FIRST_PRESET
    starts_on: str = ""
    ends_on: str = ""
    base: str = ""
    """The terms file that the form began with: it holds what the form does not show."""
    text: str = ""
    form: Mapping[str, Sequence[str]] = {}
    more_rows: Mapping[int, int] = {}
    """How many empty rows a component's tiers have beyond the usual."""


class Said(msgspec.Struct, frozen=True):
    """What a form asks for, or what is wrong with each of its inputs."""

    days: Days | None
    terms: str
    mistakes: Mapping[str, str]


def begun(
    about: str, terms: str, *, how: How = "form", days: Days | None = None, with_policy: bool = True
) -> Typing:
    """Return the form with terms filled in. Errors: InvalidError for terms that cannot be read."""
    return msgspec.structs.replace(
        _showing(Typing(about=about), terms, how, with_policy=with_policy),
        period=FIRST_PRESET if days is None else "other",
        starts_on="" if days is None else days.starts_on.isoformat(),
        ends_on="" if days is None else days.ends_on.isoformat(),
    )


def under_policy(terms: str, policy: str) -> str:
    """Return terms under the program's newest policy, where they were signed under an older one."""
    tried, newest = reading.read(terms), reading.read(policy)
    if tried.terms is None or tried.program in {None, newest.program}:
        return terms
    return writing.toml_of({**plain.document_of(tried), **plain.document_of(newest)})


async def sent(fields: Sequence[tuple[str, object]]) -> Typing:
    """Return the form as it was sent; a file that was chosen takes the place of the text."""
    texts: dict[str, list[str]] = {}
    uploaded = ""
    for name, value in fields:
        if isinstance(value, UploadFile):
            uploaded = uploaded or _decoded(await value.read())
        elif isinstance(value, str):
            # A browser sends every line's end as two characters; a file has one.
            texts.setdefault(name, []).append(value.replace("\r\n", "\n"))
    how = "text" if _one(texts, "how") == "text" else "form"
    typing = Typing(
        about=_one(texts, "about"),
        how=how,
        period=_one(texts, "period") or "other",
        starts_on=_one(texts, "from"),
        ends_on=_one(texts, "to"),
        base=_one(texts, "base"),
        text=uploaded or _one(texts, "terms"),
    )
    if how == "text":
        return typing
    form, base = typed.tidied({name: texts[name] for name in texts if "." in name}, _document(typing.base))
    return msgspec.structs.replace(typing, form=form, base=writing.toml_of(base))


def said(typing: Typing, today: date) -> Said:
    """Return what the form asks for, with all that is wrong at once."""
    days, mistakes = _days(typing, today)
    terms, wrong = _terms(typing)
    return Said(days, terms, {**mistakes, **wrong})


def as_text(typing: Typing) -> Typing:
    """Return the form's terms as text, to change there what the form does not show."""
    return msgspec.structs.replace(typing, how="text", text=_terms(typing)[0])


def as_form(typing: Typing, *, with_policy: bool = True) -> Typing:
    """Return the text's terms as a form. Errors: InvalidError for a text that cannot be read."""
    return _showing(typing, typing.text, "form", with_policy=with_policy)


def with_another_component(typing: Typing) -> Typing:
    """Return the form with one more component, still empty."""
    at = typed.component_count(typing.form)
    blank = {
        "name": "", "event": "sale", "match.customer": "any", "structure": "flat", "metric": "net_amount",
        "period": "month", "recurring_months": "12", "min_order_minor": "0", "decay_ppm_per_day": "0",
        "tiers[0].from": "0", "tiers[0].rate_ppm": "", "tiers[0].amount_minor": "",
    }  # fmt: skip
    new = {f"{typed.COMPONENTS}[{at}].{key}": [value] for key, value in blank.items()}
    return msgspec.structs.replace(typing, form={**typing.form, **new})


def _showing(typing: Typing, terms: str, how: How, *, with_policy: bool) -> Typing:
    if how == "text" and with_policy:
        return msgspec.structs.replace(typing, how=how, text=terms)
    document = plain.document_of(reading.read(terms))
    if not with_policy and len(document) > 1:
        # A partner's trial leaves the program's policy as it is: its form has no inputs for it.
        document.pop("program", None)
    if how == "text":
        return msgspec.structs.replace(typing, how=how, text=writing.toml_of(document))
    mark = "," if spoken.present() == "de" else "."
    base = writing.toml_of(document)
    return msgspec.structs.replace(typing, how=how, base=base, form=typed.form_of(document, mark=mark))


def _terms(typing: Typing) -> tuple[str, Mapping[str, str]]:
    if typing.how == "text":
        return typing.text, _mistakes_in(typing.text)
    document, mistakes = typed.document_of(typing.form, _document(typing.base))
    text = writing.toml_of(document)
    # What was typed wrongly is missing in the file, which then misses it too: told once.
    more = {
        path: why
        for path, why in _mistakes_in(text).items()
        if not any(known.startswith(path) or path.startswith(_follows_from(known)) for known in mistakes)
    }
    return text, {**mistakes, **more}


def _follows_from(path: str) -> str:
    """Return what may look wrong only because a key under it is missing: a tier's, all tiers; else itself."""
    before, tiers, _ = path.partition(".tiers")
    return before + tiers


def _mistakes_in(terms: str) -> Mapping[str, str]:
    try:
        rules.must_be_small(terms)
        reading.read(terms)
    except InvalidError as error:
        return error.sentence_of or {"terms": error.sentence}
    return {}


def _days(typing: Typing, today: date) -> tuple[Days | None, Mapping[str, str]]:
    if typing.period in PRESETS and typing.period != "other":
        return rules.days_of(cast("Preset", typing.period), today), {}
    days, mistakes = dict[str, date](), dict[str, str]()
    for name, text in (("from", typing.starts_on), ("to", typing.ends_on)):
        try:
            days[name] = date.fromisoformat(text)
        except ValueError:
            mistakes[name] = Sentence("Write a day, such as {day}.", day="2026-07-01")
    if mistakes:
        return None, mistakes
    asked = Days(days["from"], days["to"])
    return asked, rules.mistakes_in(asked, today)


def _document(base: str) -> dict[str, Any]:
    return plain.document_of(reading.read(base))


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        why = Sentence("This file is no text; choose a terms file, such as TERMS.toml.")
        raise InvalidError(why, fields={"file": why}) from None


def _one(texts: Mapping[str, Sequence[str]], name: str) -> str:
    return texts.get(name, ("",))[0]
