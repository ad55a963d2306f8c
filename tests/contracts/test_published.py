"""What is published never changes, and every term has its clause."""

import hashlib
import re
import tomllib
from functools import cache
from typing import Any, cast, get_args

import msgspec
import pytest

from partner_network.agreements import contracts, documents, plain_text, terms_reading
from partner_network.agreements.terms import Terms
from partner_network.kernel import errors
from partner_network.statements import clauses as statement_clauses
from partner_network.statements.rules import LineKind

VERSIONS = [(name, version) for name in contracts.names() for version in contracts.versions_of(name)]
Document = dict[str, Any]

PARTY = documents.Party("A", "A Inc.", ("1 Street", "Town"))
PARTIES = documents.Parties(PARTY, PARTY, PARTY, "Program", "Ireland", "Dublin")


def read(*path: str) -> Document:
    return tomllib.loads(contracts.CONTRACTS.joinpath(*path).read_text(encoding="utf-8"))


def test_a_published_folder_never_changes() -> None:
    published = {
        str(path.relative_to(contracts.CONTRACTS)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(contracts.CONTRACTS.rglob("*"))
        if path.is_file() and len(path.relative_to(contracts.CONTRACTS).parts) > 1
    }
    listed = {
        f"{folder}/{name}": digest
        for folder, files in read("published.toml").items()
        for name, digest in files.items()
    }
    assert published == listed


def test_what_was_named_later_is_settled_by_a_clause_of_the_published_text() -> None:
    named = read("named_later.toml")
    assert set(named) == {f"{name}/{version}" for name, version in VERSIONS}
    for folder, clauses in named.items():
        contract = contracts.published(*folder.split("/"))
        for subject, number in clauses.items():
            assert f'clause("{number}")' in contract.template
            assert contracts.clause_of(contract, subject) == number


LATER: dict[str, Document] = {
    "2026-12": {
        "quality": {
            "name": "stay",
            "component": "leads",
            "period": "quarter",
            "cohort_months": 6,
            "within_months": 3,
            "least_customers": 20,
            "steps": [{"from_ppm": 0, "multiplier_ppm": 800_000}],
        },
        "rewards": {"name": "welcome", "kind": "customer_credit", "event": "sale", "amount_minor": 500},
    },
    "2027-01": {
        "donations": {"name": "trees", "event": "sale", "charity": "trees", "rate_ppm": 5_000},
    },
}
"""What contracts after the first brought: one of each, by the version that brought it."""


def example(version: str = VERSIONS[-1][1]) -> Document:
    """Terms in which every optional block is there, so that every key has something to say."""
    brought = {key: [one] for since, ones in LATER.items() if since <= version for key, one in ones.items()}
    terms = _first_example()
    if quality := brought.pop("quality", None):
        terms["commission"]["quality"] = quality
    return {**terms, **brought}


def _first_example() -> Document:
    return {
        "valid_from": "2026-12-01",
        "commission": {
            "components": [
                {"name": "sales", "event": "sale", "tiers": [{"from": 0, "rate_ppm": 50_000}]},
                {"name": "leads", "event": "lead", "tiers": [{"from": 0, "rate_ppm": 10_000}]},
            ],
            "bonuses": [
                {
                    "name": "fifty",
                    "kind": "first_n",
                    "event": "sale",
                    "metric": "count",
                    "n": 50,
                    "period": "quarter",
                    "amount_minor": 2_500,
                }
            ],
            "boosts": [
                {
                    "name": "friday",
                    "component": "leads",
                    "from": "2026-11-27",
                    "until": "2026-12-01",
                    "multiplier_ppm": 1_500_000,
                    "cap_minor": 100_000,
                }
            ],
        },
        "settlement": {"currency": "EUR", "time_zone": "Europe/Berlin"},
    }


def merged(base: Document, over: Document) -> Document:
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            result[key] = merged(cast("Document", old), cast("Document", value))
        elif isinstance(old, list) and isinstance(value, list) and old and isinstance(old[0], dict):
            result[key] = [merged(cast("Document", old[0]), one) for one in cast("list[Document]", value)]
        else:
            result[key] = value
    return result


def terms_of(document: Document) -> Terms:
    return terms_reading.from_json(msgspec.json.encode(document))


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_the_defaults_of_the_file_are_those_of_the_schema(name: str, version: str) -> None:
    defaults = read(name, version, "terms.toml")
    assert terms_of(merged(defaults, example(version))) == terms_of(example(version))


LADDERS = ("tiers", "steps", "worth", "growth")


def leaves(value: object, path: str = "") -> set[str]:
    """Return the paths of all keys; a list of tables counts once, tiers and plain lists are one key."""
    if isinstance(value, dict):
        table = cast("Document", value)
        return {leaf for key, inner in table.items() for leaf in leaves(inner, f"{path}.{key}".strip("."))}
    if isinstance(value, list) and value and isinstance(value[0], dict) and not path.endswith(LADDERS):
        return leaves(value[0], path)
    return {path}


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_each_key_of_the_terms_names_one_clause_and_no_other_key_does(name: str, version: str) -> None:
    every_key = leaves(msgspec.json.decode(terms_reading.to_json(terms_of(example(version)))))
    assert set(contracts.published(name, version).clause_of_term) == every_key


@cache
def clauses(name: str, version: str, terms_json: bytes) -> dict[str, str]:
    """Return the words of each clause, its items and tables included, by number."""
    contract = contracts.published(name, version)
    text = plain_text.plain_text(
        documents.clauses_html(contract, PARTIES, terms_reading.from_json(terms_json))
    )
    words: dict[str, str] = {}
    number = ""
    for line in text.splitlines():
        begins = re.match(r"(\d+(?:\.\d+)?) ", line)
        number = begins[1] if begins else number
        words[number] = words.get(number, "") + line + "\n"
    return words


def words_of(name: str, version: str, document: Document) -> dict[str, str]:
    return clauses(name, version, terms_reading.to_json(terms_of(document)))


PERK: Document = {
    "kind": "perk",
    "amount_minor": None,
    "perk": "enhanced_analytics",
    "from": 1_000,
    "metric": "count",
}
CHANGED: list[tuple[str, object, Document]] = [
    ("valid_from", "2027-01-01", {}),
    ("program.attribution.model", "linear", {}),
    ("program.attribution.half_life_days", 9, {"model": "time_decay"}),
    ("program.attribution.position_ppm", [300_000, 400_000, 300_000], {"model": "position_based"}),
    ("program.attribution.evidence", ["code", "click_id"], {}),
    ("program.attribution.code_policy", "never", {}),
    ("program.attribution.binding_months", 6, {}),
    ("program.attribution.customers", "new_only", {}),
    ("program.attribution.exclusions", ["bot"], {}),
    ("windows.click_days", 45, {}),
    ("windows.view_days", 1, {}),
    ("windows.events.lead", 7, {}),
    ("windows.events.sale", 8, {}),
    ("windows.events.activation", 9, {}),
    ("windows.run_off_days", 0, {}),
    ("commission.combine", "sum", {}),
    ("commission.components.name", "everything", {}),
    ("commission.components.event", "lead", {}),
    ("commission.components.match.categories", ["vinyl", "tape"], {}),
    ("commission.components.match.skus", ["LP-1"], {}),
    ("commission.components.match.customer", "new", {}),
    ("commission.components.min_order_minor", 1_000, {}),
    ("commission.components.structure", "flat", {}),
    ("commission.components.metric", "count", {"structure": "retroactive"}),
    ("commission.components.period", "year", {}),
    ("commission.components.tiers", [{"from": 0, "rate_ppm": 50_001}], {}),
    ("commission.components.tiers", [{"from": 0, "amount_minor": 70}], {"structure": "flat"}),
    ("commission.components.recurring_months", 0, {}),
    ("commission.components.invoice_ppm", [1_000_000, 500_000], {}),
    ("commission.components.decay_ppm_per_day", 10_000, {}),
    ("commission.components.cap_minor.order", 5_000, {}),
    ("commission.components.cap_minor.customer", 6_000, {}),
    ("commission.components.cap_minor.period", 7_000, {}),
    ("commission.bonuses.name", "first", {}),
    ("commission.bonuses.kind", "milestone", {}),
    ("commission.bonuses.event", "activation", {}),
    ("commission.bonuses.metric", "net_amount", {"kind": "milestone"}),
    ("commission.bonuses.n", 51, {}),
    ("commission.bonuses.period", "month", {}),
    ("commission.bonuses.amount_minor", 2_501, {}),
    ("commission.bonuses.refund_frees_place", True, {}),
    ("commission.boosts.name", "cyber", {}),
    ("commission.boosts.component", "sales", {}),
    ("commission.boosts.from", "2026-11-26", {}),
    ("commission.boosts.until", "2026-12-02", {}),
    ("commission.boosts.multiplier_ppm", 2_000_000, {}),
    ("commission.boosts.cap_minor", 100_001, {}),
    ("commission.boosts.stacking", "multiply", {}),
    ("commission.quality.name", "come-back", {}),
    ("commission.quality.component", "sales", {}),
    ("commission.quality.period", "month", {}),
    ("commission.quality.cohort_months", 12, {}),
    ("commission.quality.within_months", 6, {}),
    ("commission.quality.least_customers", 21, {}),
    ("commission.quality.steps", [{"from_ppm": 0, "multiplier_ppm": 900_000}], {}),
    ("rewards.name", "hello", {}),
    ("rewards.kind", "partner_credit", {}),
    ("rewards.event", "lead", {}),
    ("rewards.match.categories", ["vinyl", "tape"], {}),
    ("rewards.match.skus", ["LP-1"], {}),
    ("rewards.match.customer", "new", {}),
    ("rewards.amount_minor", 501, {}),
    ("rewards.rate_ppm", 10_000, {"amount_minor": None, "rate_ppm": 20_000}),
    ("rewards.valid_days", 365, {}),
    ("rewards.worth", [{"after_days": 180, "ppm": 500_000}], {}),
    ("rewards.growth", [{"orders": 3, "ppm": 1_500_000}], {}),
    ("rewards.perk", "lead_routing", PERK),
    ("rewards.metric", "net_amount", PERK),
    ("rewards.period", "year", PERK),
    ("rewards.from", 1_001, PERK),
    ("settlement.currency", "USD", {}),
    ("settlement.time_zone", "Asia/Tokyo", {}),
    ("settlement.period", "quarter", {}),
    ("settlement.hold_days", 14, {}),
    ("settlement.lock.months", 2, {}),
    ("settlement.lock.days", 3, {}),
    ("settlement.minimum_payout_minor", 0, {}),
    ("donations.name", "forests", {}),
    ("donations.event", "lead", {"rate_ppm": None, "amount_minor": 50}),
    ("donations.charity", "woods", {}),
    ("donations.rate_ppm", 6_000, {}),
    ("donations.amount_minor", 51, {"rate_ppm": None, "amount_minor": 50}),
    ("donations.match.categories", ["vinyl", "tape"], {}),
    ("donations.match.skus", ["LP-1"], {}),
    ("donations.match.customer", "new", {}),
    ("donations.period", "year", {}),
    ("donations.cap_minor", 10_000, {}),
    ("settlement.clawback.mode", "line_only", {}),
    ("settlement.clawback.max_age_days", 90, {}),
    ("settlement.clawback.max_share_ppm", 250_000, {}),
    ("settlement.clawback.contest_days", 7, {}),
    ("settlement.late_policy", "as_of_receipt", {}),
    ("settlement.netting", "none", {}),
    ("settlement.notice_days", 60, {}),
]


def with_value(document: Document, path: str, value: object) -> Document:
    """Return the terms with one key set; in a list of tables, that of the first."""
    head, _, rest = path.partition(".")
    if not rest:
        return {**document, head: value}
    inner: object = document.get(head, {})
    if isinstance(inner, list):
        first, *others = cast("list[Document]", inner)
        return {**document, head: [with_value(first, rest, value), *others]}
    return {**document, head: with_value(cast("Document", inner), rest, value)}


SETTLED = [
    (name, version, *changed)
    for name, version in VERSIONS
    for changed in CHANGED
    if changed[0] in contracts.published(name, version).clause_of_term
]


@pytest.mark.parametrize(
    ("name", "version", "path", "value", "beside"),
    SETTLED,
    ids=[f"{version} {path}={value}" for _, version, path, value, _ in SETTLED],
)
def test_a_changed_term_changes_the_words_of_its_clause(
    name: str, version: str, path: str, value: object, beside: Document
) -> None:
    before = example(version)
    for key, needed in beside.items():
        before = with_value(before, f"{path.rpartition('.')[0]}.{key}", needed)
    number = contracts.published(name, version).clause_of_term[path]
    after = with_value(before, path, value)
    assert words_of(name, version, before)[number] != words_of(name, version, after)[number]


def test_the_changes_above_cover_every_key() -> None:
    assert {path for path, _, _ in CHANGED} == leaves(
        msgspec.json.decode(terms_reading.to_json(terms_of(example())))
    )


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_every_clause_of_the_version_before_keeps_its_number_and_its_key(name: str, version: str) -> None:
    before = [one for one in contracts.versions_of(name) if one < version][-1:]
    contract = contracts.published(name, version)
    for older in (contracts.published(name, one) for one in before):
        assert older.clause_of_term.items() <= contract.clause_of_term.items()
        assert older.clause_of_table.items() <= contract.clause_of_table.items()
        assert older.clause_of_line.items() <= contract.clause_of_line.items()
        first = _first_example()
        said, said_before = words_of(name, version, first), words_of(name, older.version, first)
        assert said_before.keys() <= said.keys()
        assert {number for number in said_before if said[number] != said_before[number]} <= {"6"}


def test_terms_that_a_contract_cannot_settle_are_refused_by_key_and_contract() -> None:
    terms = terms_reading.to_json(terms_of(example()))
    contracts.must_settle(contracts.published("cross-promotion", "2027-01"), terms)
    with pytest.raises(errors.InvalidError) as refused:
        contracts.must_settle(contracts.published("cross-promotion", "2026-11"), terms)
    assert str(refused.value) == (
        "The contract cross-promotion 2026-11 has no clause for commission.quality, donations, rewards; "
        "choose a later version, or leave it out."
    )
    contracts.must_settle(
        contracts.published("cross-promotion", "2026-11"), terms_reading.to_json(terms_of(_first_example()))
    )


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_every_clause_that_is_cited_exists_and_numbers_run_without_gaps(name: str, version: str) -> None:
    contract = contracts.published(name, version)
    numbers = [number for number in words_of(name, version, example()) if number]
    cited = {
        *contract.clause_of_term.values(),
        *contract.clause_of_table.values(),
        *contract.clause_of_line.values(),
    }
    assert cited <= set(numbers)
    sections = [number for number in numbers if "." not in number]
    assert sections == [str(n + 1) for n in range(len(sections))]
    for section in sections:
        inside = [number for number in numbers if number.startswith(f"{section}.")]
        assert inside == [f"{section}.{n + 1}" for n in range(len(inside))]


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_figures_that_the_text_fixes_stand_in_their_clause(name: str, version: str) -> None:
    words = words_of(name, version, example())
    for figure in read(name, version, "clauses.toml")["figures"].values():
        assert f"({figure['value']})" in words[figure["clause"]]


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_the_parties_and_the_law_are_filled_in_and_escaped(name: str, version: str) -> None:
    odd = documents.Parties(
        documents.Party("<i>", "<script>alert(1)</script> & Co.", ("1 Street",)),
        PARTY,
        PARTY,
        "Program",
        "Ireland",
        "Dublin",
    )
    contract = contracts.published(name, version)
    html = documents.clauses_html(contract, odd, terms_of(example()))
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Co." in html
    assert "The law of Ireland applies" in plain_text.plain_text(html)


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_every_kind_of_line_on_a_statement_has_its_clause(name: str, version: str) -> None:
    for kind in get_args(LineKind):
        assert statement_clauses.clause_of_line(kind, None, (name, version)), kind


@pytest.mark.parametrize(
    ("cited", "clause"),
    [
        ("windows.click_days", "3.2"),
        ("commission.components[0]", "4.2"),
        ("commission.components[12].cap_minor.order", "4.6"),
        ("commission.bonuses[1]", "6.1"),
        ("recovered", "5.4"),
    ],
)
def test_what_a_revision_cites_leads_to_its_clause(cited: str, clause: str) -> None:
    assert contracts.clause_of(contracts.published("cross-promotion", "2026-11"), cited) == clause


def test_a_citation_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"no clause of cross-promotion 2026-11 settles 'windows\.x'"):
        contracts.clause_of(contracts.published("cross-promotion", "2026-11"), "windows.x")
