"""The pages of trials: choose whose orders, type terms or upload them, and see what came out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_409_CONFLICT,
    HTTP_422_UNPROCESSABLE_ENTITY,
)
from litestar.types import ControllerRouterHandler

from partner_network.agreements import queries as agreements
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from partner_network.kernel.sentences import Sentence
from partner_network.receipts.trials import actions, fields, queries, rules, typed
from partner_network.receipts.trials.queries import Subject
from partner_network.receipts.trials.rules import Question
from partner_network.receipts.web import trials_form, trials_shown
from partner_network.receipts.web.trials_form import How, Typing

FIRST_TERMS = """\
[[commission.components]]
name = "sales"
event = "sale"
tiers = [{ from = 0, rate_ppm = 50_000 }]

[settlement]
currency = "EUR"
time_zone = "Europe/Berlin"
"""
NEW_TIER, NEW_COMPONENT = "tier-", "component"
_NUMBERS = frozenset(str(number) for number in range(100))


@get("/trials", guards=[guards.must_try_terms], include_in_schema=False)
async def list_trials(member: NamedDependency[Member], request: Request[Any, Any, Any]) -> Response[Any]:
    """List the trials of one's brand, the newest first, or give them as a file."""
    return await trials_shown.all_of(member, request.query_params)


@get("/trials/new", guards=[guards.must_try_terms], include_in_schema=False)
async def begin_trial(member: NamedDependency[Member], request: Request[Any, Any, Any]) -> Template:
    """Ask whose past is to be looked at, then show its terms in a form, ready to be changed.

    The address may name a program or partnership (``about``), an ``agreement`` or a ``trial`` to begin with.
    """
    query = request.query_params
    how: How = "text" if query.get("how") == "text" else "form"
    if trial := query.get("trial"):
        past = await queries.trial_of(member, addresses.in_path("try", trial))
        about, terms, days = _about(past.program_id, past.partnership_id), past.terms_toml, past.days
    elif agreement := query.get("agreement"):
        drafted = await agreements.agreement_of(member, addresses.in_path("agr", agreement))
        about, terms, days = _about(drafted.program_id, drafted.partnership_id), drafted.terms_toml, None
    else:
        about, terms, days = query.get("about", ""), None, None
    if not about:
        return Template("receipts/trials_choice.html", context={"choices": await queries.choices_of(member)})
    subject = await _subject(member, about)
    terms = terms or _terms_of(subject, part=query.get("part", ""))
    typing = trials_form.begun(about, terms, how=how, days=days, with_policy=not _is_partner(member, subject))
    return await _form(member, typing, subject)


@post("/trials", guards=[guards.must_try_terms], include_in_schema=False)
async def ask_trial(member: NamedDependency[Member], request: Request[Any, Any, Any]) -> Redirect | Template:
    """Take what was typed or uploaded: ask for the trial, or show the form again, longer or as text."""
    sent = await request.form()
    try:
        typing = await trials_form.sent(list(sent.multi_items()))
    except InvalidError as error:
        # A file that is no text, or a changed copy of the terms: the form begins anew.
        about = str(sent.get("about", ""))
        subject = await _subject(member, about)
        typing = trials_form.begun(about, _terms_of(subject), how="text")
        return await _form(member, typing, subject, error.sentence_of or {"": error.sentence})
    go = str(sent.get("go", ""))
    if go not in {"", "try"}:
        return await _changed(member, typing, go)
    return await _asked(member, typing)


async def _changed(member: Member, typing: Typing, go: str) -> Template:
    """Show the form as text, the text as a form, or more rows, with what was typed."""
    if go == "form":
        subject = await _subject(member, typing.about)
        try:
            shown = trials_form.as_form(typing, with_policy=not _is_partner(member, subject))
            return await _form(member, shown, subject)
        except InvalidError as error:
            return await _form(member, typing, mistakes=error.sentence_of)
    if go == "text":
        return await _form(member, trials_form.as_text(typing))
    if go == NEW_COMPONENT:
        return await _form(member, trials_form.with_another_component(typing))
    component = go.removeprefix(NEW_TIER)
    more = {int(component): trials_form.ROWS_MORE} if component in _NUMBERS else {}
    return await _form(member, msgspec.structs.replace(typing, more_rows=more))


async def _asked(member: Member, typing: Typing) -> Redirect | Template:
    subject = await _subject(member, typing.about)
    said = trials_form.said(typing, await _today())
    if said.mistakes or said.days is None:
        return await _form(member, typing, subject, said.mistakes)
    question = Question(subject.program_id, subject.partnership_id, said.days, said.terms)
    try:
        trial_id = await actions.ask_trial(member, question)
    except InvalidError as error:
        return await _form(member, typing, subject, error.sentence_of or {"": error.sentence})
    except ForbiddenError as error:
        if not error.sentence_of:
            raise
        return await _form(member, typing, subject, error.sentence_of)
    except ConflictError as error:
        return await _form(member, typing, subject, {"": error.sentence}, HTTP_409_CONFLICT)
    return Redirect(f"/trials/{ids.shown('try', trial_id)}", status_code=303)


@get("/trials/{trial:str}", guards=[guards.must_try_terms], include_in_schema=False)
async def show_trial(
    trial: FromPath[str], member: NamedDependency[Member], request: Request[Any, Any, Any]
) -> Response[Any]:
    """Show how far a trial is, or what came out; or give that as a file."""
    found = await queries.trial_of(member, addresses.in_path("try", trial))
    if request.query_params.get("format") == "csv":
        return trials_shown.file_of(found)
    return await trials_shown.page_of(member, found)


@get("/trials/{trial:str}/progress", guards=[guards.must_try_terms], include_in_schema=False)
async def show_progress(trial: FromPath[str], member: NamedDependency[Member]) -> Template:
    """Show how far a trial is, for the page that waits; once it is done the page loads itself anew."""
    found = await queries.trial_of(member, addresses.in_path("try", trial))
    headers = {} if found.finished_at is None else {"hx-refresh": "true"}
    return Template("receipts/trials_progress.html", context={"trial": found}, headers=headers)


async def _form(
    member: Member,
    typing: Typing,
    subject: Subject | None = None,
    mistakes: Mapping[str, str] | None = None,
    status: int | None = None,
) -> Template:
    subject = subject or await _subject(member, typing.about)
    return Template(
        "receipts/trials_form.html",
        context={
            "subject": subject,
            "typing": typing,
            "is_partner": _is_partner(member, subject),
            "errors": mistakes or {},
            "labels": _labels(mistakes or {}),
            "fields": fields,
            "presets": _presets(),
            "components": [
                (at, typed.row_count(typing.form, at) + typing.more_rows.get(at, trials_form.ROWS_TO_SPARE))
                for at in range(typed.component_count(typing.form))
            ],
            "months_max": rules.MONTHS_MAX,
        },
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if mistakes else HTTP_200_OK),
    )


def _is_partner(member: Member, subject: Subject) -> bool:
    return member.brand_id is not None and member.brand_id == subject.partner_id


def _labels(mistakes: Mapping[str, str]) -> dict[str, str]:
    """Return what each input at fault is called; what has no input of its own keeps its path."""
    return {path: trials_shown.label_of(path) for path in mistakes if path}


def _presets() -> Sequence[tuple[str, Sentence]]:
    return [(preset, trials_shown.PRESET_WORDS[preset]) for preset in rules.PRESETS]


async def _subject(member: Member, about: str) -> Subject:
    if about.startswith("prt_"):
        return await queries.subject_of(member, None, addresses.in_path("prt", about))
    if about.startswith("prg_"):
        return await queries.subject_of(member, addresses.in_path("prg", about), None)
    raise NotFoundError("Choose a program or a partnership first.")


def _terms_of(subject: Subject, *, part: str = "") -> str:
    """Return the terms that a form begins with: those signed, or of a program its policy alone."""
    if subject.partnership_id is None and part != "all" and subject.policy_toml is not None:
        return subject.policy_toml
    terms = subject.terms_toml or FIRST_TERMS
    return terms if subject.policy_toml is None else trials_form.under_policy(terms, subject.policy_toml)


def _about(program_id: UUID, partnership_id: UUID | None) -> str:
    return ids.shown("prg", program_id) if partnership_id is None else ids.shown("prt", partnership_id)


async def _today() -> date:
    return (await clock.now()).astimezone(UTC).date()


ROUTES: Sequence[ControllerRouterHandler] = (list_trials, begin_trial, ask_trial, show_trial, show_progress)
