import hashlib
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from partner_network import cli
from partner_network.agreements import terms_reading
from partner_network.attribution import clauses, deciding, facts_file, receipt
from partner_network.attribution.deciding import TermsOf
from partner_network.receipts import explaining

TERMS = '[settlement]\ncurrency = "EUR"\ntime_zone = "Europe/Berlin"\n'
LINEAR = TERMS + '[program.attribution]\nmodel = "linear"\n'
CLICK = {"id": "t1", "partner": "ann", "customer": "kim", "at": "2026-03-20T10:00:00Z"}
SALE = {
    "id": "A",
    "event": "sale",
    "customer": "kim",
    "at": "2026-03-30T12:00:00Z",
    "currency": "EUR",
    "net_minor": 1_001,
}
FACTS = {
    "touches": [
        {**CLICK, "id": "t0", "at": "2026-02-27T10:00:00Z"},
        CLICK,
        {**CLICK, "id": "t2", "partner": "bob", "at": "2026-03-28T09:00:00Z"},
    ],
    "conversions": [SALE],
    "refunds": [{"id": "r", "conversion": "A", "at": "2026-04-30T12:00:00Z", "net_minor": 300}],
}


class Shell:
    """Types the command and reads what it prints."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def explain(self, *terms: Path, facts: Path) -> tuple[int, str, str]:
        typed = ["explain", *(word for path in terms for word in ("--terms", str(path)))]
        code = cli.main([*typed, "--facts", str(facts)])
        printed = self._capsys.readouterr()
        return code, printed.out, printed.err

    def refused(self, facts: object = FACTS, terms: str | bytes = TERMS) -> str:
        written = facts if isinstance(facts, str | bytes) else json.dumps(facts)
        code, out, err = self.explain(self.file("t.toml", terms), facts=self.file("f.json", written))
        assert (code, out, err.count("\n")) == (cli.CANNOT, "", 1)
        return err.removesuffix("\n").replace(str(self.folder), "")


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, capsys)


def explained(facts: dict[str, Any], *terms: str) -> list[dict[str, Any]]:
    read = facts_file.read_facts(json.dumps(facts))
    files = [terms_reading.read_terms(text) for text in terms or (TERMS,)]
    found = explaining.explain(read, files, clauses.newest())
    return json.loads(msgspec.json.encode(found))["decisions"]


def test_the_answer_is_one_document_of_every_decision(shell: Shell) -> None:
    code, out, err = shell.explain(
        shell.file("t.toml", LINEAR), facts=shell.file("f.json", json.dumps(FACTS))
    )
    assert (code, err, out[-1]) == (cli.DONE, "", "\n")
    answer = json.loads(out)
    assert re.fullmatch("[0-9a-f]{64}", answer["decisions"][0].pop("root"))
    assert answer == {
        "decisions": [
            {
                "conversion": "A",
                "model": "linear",
                "credits": [
                    {"partner": "ann", "touch": "t1", "weight": "1/2", "amount_minor": 351},
                    {"partner": "bob", "touch": "t2", "weight": "1/2", "amount_minor": 350},
                ],
                "candidates": [
                    {
                        "touch": "t0",
                        "partner": "ann",
                        "verdict": "excluded",
                        "reason": "clicked 31 d 02 h before the sale; the window in clause 3.2 is 30 d",
                    },
                    {
                        "touch": "t1",
                        "partner": "ann",
                        "verdict": "credited",
                        "reason": "clicked 10 d 02 h before the sale, 1 of 2: weight 1/2 (clause 3.8)",
                    },
                    {
                        "touch": "t2",
                        "partner": "bob",
                        "verdict": "credited",
                        "reason": "clicked 2 d 03 h before the sale, 2 of 2: weight 1/2 (clause 3.8)",
                    },
                ],
            }
        ]
    }


def test_the_root_is_that_of_the_receipt_made_from_the_same_facts() -> None:
    terms = terms_reading.read_terms(LINEAR)
    facts = facts_file.read_facts(json.dumps(FACTS))
    one = next(deciding.decide_all(facts, TermsOf(lambda _: terms, clauses=clauses.newest())))
    made = explaining.facts_of(one, 1)
    assert made is not None
    salt = hashlib.sha256(b"partner-network explain\nA").digest()
    root = receipt.root_of(made, receipt.decide_again(made), salt).hex()
    assert root == explained(FACTS, LINEAR)[0]["root"]
    assert receipt.decode(receipt.encode(made)) == made


def test_stated_credits_are_shown_as_stated_and_have_no_receipt() -> None:
    stated = {**SALE, "credits": [{"partner": "bob", "weight": "1/3"}, {"partner": "ann", "weight": "2/3"}]}
    assert explained({**FACTS, "conversions": [stated]}) == [
        {
            "conversion": "A",
            "model": None,
            "credits": [
                {"partner": "ann", "touch": None, "weight": "2/3", "amount_minor": 467},
                {"partner": "bob", "touch": None, "weight": "1/3", "amount_minor": 234},
            ],
            "candidates": [],
            "root": None,
        }
    ]


def test_amounts_are_of_what_refunds_left() -> None:
    undone = {"id": "u", "conversion": "A", "at": "2026-05-01T12:00:00Z", "cancels": "r"}
    old = {"id": "o", "conversion": "A", "at": "2026-09-26T12:00:00Z", "net_minor": 500}
    refund = FACTS["refunds"][0]
    for refunds, left in [([], 1_001), ([refund], 701), ([refund, undone], 1_001), ([refund, old], 701)]:
        one = explained({**FACTS, "refunds": refunds})[0]
        assert [(part["touch"], part["amount_minor"]) for part in one["credits"]] == [("t2", left)]


def test_each_conversion_is_decided_by_the_terms_of_its_time(shell: Shell) -> None:
    sales = [{**SALE, "id": name, "at": f"2026-03-{day}T12:00:00Z"} for name, day in (("A", 29), ("B", 30))]
    later = 'valid_from = "2026-03-30"\n' + LINEAR
    both = explained({**FACTS, "conversions": sales, "refunds": []}, later, TERMS)
    assert [(one["conversion"], one["model"], len(one["credits"])) for one in both] == [
        ("A", "last_click", 1),
        ("B", "linear", 2),
    ]
    only = explained({**FACTS, "conversions": sales, "refunds": []}, later)
    assert [(one["model"], one["credits"]) for one in only] == [("linear", []), ("linear", [])]
    assert only[0]["candidates"][2]["reason"] == "the partner had no agreement"
    assert only[1]["candidates"][2]["reason"] == (
        "the partnership was not active yet; it began on 2026-03-29T22:00:00+00:00 (clause 3.7)"
    )
    files = [shell.file("a.toml", later), shell.file("b.toml", TERMS)]
    assert shell.explain(*files, facts=shell.file("f.json", json.dumps(FACTS)))[0] == cli.DONE


def test_the_order_of_rows_and_files_changes_no_byte(shell: Shell) -> None:
    turned = {noun: rows[::-1] * 2 for noun, rows in FACTS.items()}
    a, b = shell.file("a.toml", 'valid_from = "2026-03-30"\n' + LINEAR), shell.file("b.toml", TERMS)
    one = shell.explain(a, b, facts=shell.file("f.json", json.dumps(FACTS)))
    assert one == shell.explain(b, a, facts=shell.file("g.json", json.dumps(turned)))


def test_ten_thousand_touches_of_one_customer_are_explained() -> None:
    touches = [{**CLICK, "id": f"t{n:05}", "partner": f"p{n % 9}"} for n in range(10_000)]
    (one,) = explained({"touches": touches, "conversions": [SALE]}, LINEAR)
    assert len(one["candidates"]) == len(one["credits"]) == 10_000
    assert sum(part["amount_minor"] for part in one["credits"]) == 1_001


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"conversions": [{**SALE, "at": "yesterday"}]}, "facts: conversions[0].at: invalid RFC3339"),
        ({"conversions": [{**SALE, "at": "2026-03-30T12:00:00"}]}, "facts: conversions[0].at: "),
        ({"conversions": [{**SALE, "net_minor": 1.5}]}, "facts: conversions[0].net_minor: write a whole"),
        ({"conversions": [{**SALE, "net_minor": 10**30}]}, "facts: conversions[0].net_minor: "),
        ({"conversions": [{**SALE, "net_minor": float("nan")}]}, "facts: conversions[0].net_minor: write a"),
        ({"conversions": [{**SALE, "a\nb": 1}]}, "facts: conversions[0].a b: is no key of the facts"),
        ({"conversions": [{**SALE, "id": ""}]}, "facts: conversions[0].id: "),
        ({"conversions": [{**SALE, "id": "\ud800"}]}, "facts: conversions[0].id: holds half a character"),
        ({"conversions": {}}, "facts: conversions: expected `array`, got `object`"),
        ([], "facts: expected `object`, got `array`"),
        ({**FACTS, "touches": [CLICK, {**CLICK, "partner": "bob"}]}, "facts: touches[1].id: 't1' is there"),
        ({**FACTS, "conversions": []}, "facts: refunds[0].conversion: there is no conversion 'A'"),
        (
            {**FACTS, "refunds": [{**FACTS["refunds"][0], "net_minor": 1_002}]},
            "facts: refunds[0].net_minor: Order 'A' is refunded for more",
        ),
        (
            {**FACTS, "refunds": [{**FACTS["refunds"][0], "cancels": "x"}]},
            "facts: refunds[0].cancels: conversion 'A' has no refund 'x'",
        ),
        (
            {**FACTS, "conversions": [{**SALE, "lines": [{"id": "l", "net_minor": 1}]}]},
            "facts: conversions[0].lines: The lines of order 'A' do not sum",
        ),
        ('{"touches": [], "touches": []}', "facts: touches: is there twice"),
        ('{"conversions": [{"id": "A", "id": "A"}]}', "facts: conversions[0].id: is there twice"),
        (
            {"conversions": [{**SALE, "at": "9999-12-31T12:00:00Z"}]},
            "facts: conversions[0].at: lies outside of the years 1900 to 9000",
        ),
        (
            {"conversions": [{**SALE, "credits": [{"partner": "ann", "weight": "1" * 5_000}]}]},
            "facts: conversions[0].credits[0].weight: expected `str` of length <= 200",
        ),
        (
            {"conversions": [{**SALE, "credits": [{"partner": "ann", "weight": "1/2"}]}]},
            "facts: conversions[0].credits: the weights of 'A' do not sum to 1",
        ),
        (
            {"touches": [{**CLICK, "recorded_at": "0001-01-01T00:00:00+14:00"}]},
            "facts: touches[0].recorded_at: lies outside",
        ),
        (
            {
                **FACTS,
                "refunds": [
                    *FACTS["refunds"],
                    *(
                        {**FACTS["refunds"][0], "id": f"r{n}", "cancels": f"r{n - 1}" if n else "r"}
                        for n in range(20_000)
                    ),
                ],
            },
            "facts: refunds: undo each other too many times over",
        ),
        ("{", "facts: The facts are no JSON: Expecting property name"),
        ("", "facts: The facts are no JSON: "),
        ("[" * 200_000, "facts: The facts are nested too deeply."),
        ('{"touches": [' + "9" * 5_000 + "]}", "facts: The facts hold a number with too many digits."),
        (b'{"touches": "\xff"}', "facts: /f.json: byte 13 is no UTF-8"),
    ],
)
def test_facts_that_cannot_be_are_told_in_one_line_by_their_path(
    shell: Shell, facts: object, told: str
) -> None:
    assert shell.refused(facts).startswith(told)


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        ("", "terms: settlement: is required"),
        ("a = ", "terms: The terms are no TOML: "),
        (TERMS + "[windows]\nclick_days = nan\n", "terms: windows.click_days: write a whole number"),
        (TERMS + "[windows]\nclick_days = -1\n", "terms: windows.click_days: expected `int` >= 0"),
        (TERMS + "[windows]\nclick_days = 1\nclick_days = 2\n", "terms: The terms are no TOML: "),
        (TERMS.replace("Berlin", "Nowhere"), "terms: settlement.time_zone: "),
        (TERMS + '[program.attribution]\nmodel = "best"\n', "terms: program.attribution.model: invalid enum"),
        (TERMS + "a = " + "[" * 100_000, "terms: nested too deeply"),
        (TERMS + "[windows]\nclick_days = " + "9" * 5_000, "terms: a number has too many digits"),
        (TERMS + "[windows]\nclick_days = " + "9" * 30, "terms: windows.click_days: "),
        ("valid_from = 0001-01-01\n" + TERMS, "terms: valid_from: no calendar reaches that far"),
        (b"\xff", "terms: /t.toml: byte 0 is no UTF-8"),
    ],
)
def test_terms_that_cannot_be_are_told_in_one_line_by_their_path(
    shell: Shell, terms: str | bytes, told: str
) -> None:
    assert shell.refused(terms=terms).startswith(told)


def test_a_file_that_is_not_there_or_is_a_folder_is_told_by_its_name(shell: Shell) -> None:
    terms, facts = shell.file("t.toml", TERMS), shell.file("f.json", "{}")
    for wrong, why in [("none", "No such file or directory"), (".", "Is a directory")]:
        path = shell.folder / wrong
        assert shell.explain(terms, facts=path) == (cli.CANNOT, "", f"facts: {path}: {why}\n")
        assert shell.explain(path, facts=facts) == (cli.CANNOT, "", f"terms: {path}: {why}\n")


def test_two_terms_of_one_day_are_refused(shell: Shell) -> None:
    terms = [shell.file("a.toml", TERMS), shell.file("b.toml", LINEAR)]
    code, out, err = shell.explain(*terms, facts=shell.file("f.json", "{}"))
    assert (code, out) == (cli.CANNOT, "")
    assert err == "terms: The terms 'always' and 'always' are valid at the same time.\n"


def test_of_several_terms_the_one_at_fault_is_named(shell: Shell) -> None:
    terms = [shell.file("a.toml", TERMS), shell.file("b.toml", "x = 1")]
    assert shell.explain(*terms, facts=shell.file("f.json", "{}"))[2].startswith(f"terms {terms[1]}: ")
