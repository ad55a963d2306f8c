"""What two brands read and sign."""

import hashlib
from datetime import UTC, datetime
from io import BytesIO

import msgspec
import pypdf
import pytest

from partner_network.agreements import documents
from partner_network.gateways import pdf
from partner_network.kernel.errors import InvalidError, NotFoundError

TERMS = """\
valid_from = "2026-12-01"
[windows]
click_days = 45
[[commission.components]]
name = "sales"
event = "sale"
tiers = [{ from = 0, rate_ppm = 50_000 }, { from = 1_000_000, rate_ppm = 102_500 }]
cap_minor = { order = 50_050 }
[settlement]
currency = "USD"   # <not> & markup
time_zone = "America/New_York"
"""
PARTIES = documents.Parties(
    advertiser=documents.Party("Bluebird", "Bluebird Records Inc.", ("418 Mercer Street", "New York")),
    partner=documents.Party("Needle", "Needle & Groove LLC", ("77 Water Street", "Brooklyn")),
    operator=documents.Party("Crossway", "Crossway Networks Ltd.", ("1 Harbour Square", "Dublin")),
    program="Record Club",
    governing_law="the State of New York",
    courts="New York County",
)
UNSIGNED = documents.AgreementDocument("agr_01jd8x6v", "cross-promotion", "2026-11", TERMS, PARTIES)
SIGNED = msgspec.structs.replace(
    UNSIGNED,
    signatures=(
        documents.Signature(
            "Bluebird",
            "Martha Quill",
            "Owner",
            datetime(2026, 11, 21, 14, 3, 22, tzinfo=UTC),
            "203.0.113.0/24",
        ),
        documents.Signature(
            "Needle", "Tomás Okafor", "Owner", datetime(2026, 11, 22, 9, 41, 5, tzinfo=UTC), "2001:db8::/48"
        ),
    ),
)


def hash_of(document: documents.AgreementDocument) -> str:
    return documents.content_hash(
        document.contract_name, document.contract_version, document.terms_toml, document.parties
    )


def test_the_fingerprint_of_a_known_agreement_never_changes() -> None:
    assert hash_of(UNSIGNED) == "dad4a87a1a2b30827c9ca951c097c51c4a6bd30b7e673862ddd8724f090c4b06"


def test_anyone_can_recompute_the_fingerprint_from_the_plain_text() -> None:
    text = documents.unsigned_text("cross-promotion", "2026-11", TERMS, PARTIES)
    assert hashlib.sha256(text.encode()).hexdigest() == hash_of(UNSIGNED)
    assert text.startswith("Agreement text, form 1\nContract cross-promotion, version 2026-11\n")
    assert "\n3.2 Window of Clicks. A Click counts if it lies less than 45 (forty-five) days before" in text
    assert text.endswith(TERMS)


def test_neither_the_number_nor_the_signatures_are_part_of_the_fingerprint() -> None:
    assert hash_of(msgspec.structs.replace(SIGNED, number="agr_other")) == hash_of(UNSIGNED)


@pytest.mark.parametrize(
    "changed",
    [
        msgspec.structs.replace(UNSIGNED, terms_toml=TERMS.replace("45", "44")),
        msgspec.structs.replace(UNSIGNED, terms_toml=TERMS.replace("# <not>", "# not")),
        msgspec.structs.replace(
            UNSIGNED,
            parties=msgspec.structs.replace(PARTIES, advertiser=PARTIES.partner, partner=PARTIES.advertiser),
        ),
        msgspec.structs.replace(UNSIGNED, parties=msgspec.structs.replace(PARTIES, courts="Kings County")),
        msgspec.structs.replace(
            UNSIGNED,
            parties=msgspec.structs.replace(
                PARTIES, partner=msgspec.structs.replace(PARTIES.partner, name="Needle 2")
            ),
        ),
    ],
)
def test_whatever_else_changes_changes_the_fingerprint(changed: documents.AgreementDocument) -> None:
    assert hash_of(changed) != hash_of(UNSIGNED)


def test_the_ends_of_lines_do_not_change_the_fingerprint() -> None:
    assert hash_of(msgspec.structs.replace(UNSIGNED, terms_toml=TERMS.replace("\n", "\r\n"))) == hash_of(
        UNSIGNED
    )


def test_a_contract_that_was_never_published_cannot_be_signed() -> None:
    with pytest.raises(NotFoundError, match="no contract"):
        documents.content_hash("cross-promotion", "../cross-promotion/2026-11", TERMS, PARTIES)
    with pytest.raises(NotFoundError, match="no contract"):
        documents.content_hash("..", "contracts", TERMS, PARTIES)


def test_terms_that_cannot_be_run_cannot_be_printed() -> None:
    with pytest.raises(InvalidError, match="currency"):
        documents.agreement_html(
            msgspec.structs.replace(UNSIGNED, terms_toml=TERMS.replace('"USD"', '"ABC"'))
        )


def test_amounts_and_rates_stand_in_figures_and_in_words() -> None:
    text = documents.unsigned_text("cross-promotion", "2026-11", TERMS, PARTIES)
    assert "| 10.25 % | ten point two five per cent" in text
    assert "at most $500.50 (five hundred 50/100 US dollars) for one order" in text


def test_an_unsigned_copy_says_so_twice() -> None:
    assert documents.agreement_html(UNSIGNED).count("Not signed yet") == 2


@pytest.fixture(scope="module")
def printed() -> pypdf.PdfReader:
    return pypdf.PdfReader(BytesIO(pdf.render(documents.agreement_html(SIGNED))))


def test_the_printed_agreement_shows_text_signatures_and_fingerprint(printed: pypdf.PdfReader) -> None:
    text = " ".join(" ".join(page.extract_text() for page in printed.pages).split())
    for words in (
        "Needle & Groove LLC",
        "45 (forty-five) days",
        "Martha Quill",
        "21 November 2026, 14:03:22 UTC from 203.0.113.0/24",
        "Tomás Okafor",
        hash_of(SIGNED),
        'currency = "USD" # <not> & markup',
    ):
        assert words in text


def test_every_page_but_the_cover_says_which_agreement_and_which_page_it_is(printed: pypdf.PdfReader) -> None:
    pages = [page.extract_text() for page in printed.pages]
    assert len(pages) > 5
    for number, page in enumerate(pages, 1):
        assert f"{number} of {len(pages)}" in page
        assert "agr_01jd8x6v" in page


def test_the_pdf_carries_the_terms_and_the_signed_text_as_files(printed: pypdf.PdfReader) -> None:
    text = documents.unsigned_text("cross-promotion", "2026-11", TERMS, PARTIES)
    assert {name: contents[0].decode() for name, contents in printed.attachments.items()} == {
        "terms.toml": TERMS,
        "agreement.txt": text,
    }


def test_the_pdf_is_dated_by_its_last_signature_and_tagged_for_screen_readers(
    printed: pypdf.PdfReader,
) -> None:
    assert printed.metadata is not None
    assert printed.metadata.creation_date == datetime(2026, 11, 22, 9, 41, 5, tzinfo=UTC)
    assert printed.metadata.title == "Cross-promotion agreement agr_01jd8x6v"
    assert printed.root_object.raw_get("/MarkInfo").get_object() == {"/Marked": True}
    assert printed.root_object["/Lang"] == "en"
