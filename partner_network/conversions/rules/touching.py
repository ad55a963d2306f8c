"""Whose a reported touch is: found from what it names and what the brand has, or said why it cannot be."""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

import msgspec

from partner_network.conversions.rules.reports import Mistake, ReportedTouch
from partner_network.kernel.sentences import Sentence
from partner_network.links.codes import rules as codes
from partner_network.links.codes.rules import Code

StoredKind = Literal["view", "code", "self_report"]
Evidence = Literal["cookie", "code", "self_report"]
EVIDENCE_OF: Mapping[StoredKind, Evidence] = {"view": "cookie", "code": "code", "self_report": "self_report"}


class Placed(msgspec.Struct, frozen=True):
    """The program in which a touch stands, and the partnership and partner that it is evidence for."""

    program_id: UUID
    partnership_id: UUID | None = None
    partner_id: UUID | None = None


class Known(msgspec.Struct, frozen=True):
    """What a brand has that touches may name: programs and codes by name, partners in its programs."""

    programs: Mapping[str, UUID]
    """By slug and by shown id."""
    only_program: UUID | None
    codes: Mapping[str, Code]
    """By what was typed."""
    partnerships: Mapping[tuple[UUID, str], tuple[UUID, UUID]]
    """Partnership and partner, by program and by the partner's slug or shown id."""


def kind_of(report: ReportedTouch) -> StoredKind:
    """Return the kind under which a touch is stored: a visit without a partner is a view of the shop."""
    return "view" if report.kind == "direct" else report.kind


def place(report: ReportedTouch, known: Known) -> Placed | Mistake:
    """Return where a touch stands, or the field that cannot be right with what to do about it."""
    if report.program is not None and report.program not in known.programs:
        return "program", Sentence("You have no program {program!r}.", program=report.program)
    named = None if report.program is None else known.programs[report.program]
    if report.kind == "code":
        return _by_code(report, named, known)
    program_id = named or known.only_program
    if program_id is None:
        return "program", Sentence("Name one of your programs: {programs}.", programs=_slugs(known))
    if report.kind == "direct":
        return Placed(program_id)
    found = known.partnerships.get((program_id, report.partner or ""))
    if found is None:
        return (
            "partner",
            Sentence("No brand {partner!r} promotes that program.", partner=report.partner or ""),
        )
    return Placed(program_id, *found)


def _by_code(report: ReportedTouch, named: UUID | None, known: Known) -> Placed | Mistake:
    code = known.codes.get(report.code or "")
    if code is None or not codes.holds(code, report.at):
        return (
            "code",
            Sentence("The code {code!r} was nobody's then; give it to a partner first.", code=report.code),
        )
    if named not in {None, code.program_id}:
        return (
            "program",
            Sentence(
                "The code {code!r} belongs to another program; leave the program out.", code=report.code
            ),
        )
    return Placed(code.program_id, code.partnership_id, code.partner_id)


def _slugs(known: Known) -> str:
    return ", ".join(sorted(name for name in known.programs if not name.startswith("prg_")))
