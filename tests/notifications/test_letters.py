"""Messages as letters: each kind in each language, as HTML and as text, whatever people are called."""

import re
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from partner_network.gateways.mailer import letter as mail
from partner_network.gateways.mailer import paper
from partner_network.gateways.mailer.letter import Letter
from partner_network.identity import letters as identity
from partner_network.identity.letters import Reader
from partner_network.languages import spoken
from partner_network.languages.spoken import Language
from partner_network.notifications import letters, wording
from partner_network.notifications.letters import Addressee
from partner_network.notifications.queries import Message
from partner_network.notifications.rules import leaving
from partner_network.notifications.rules.kinds import Kind
from partner_network.notifications.rules.registry import KINDS
from partner_network.notifications.rules.values import Value
from partner_network.settings import Settings
from tests.doors import OPERATOR
from tests.gateways.post import AT, LETTER_ID, MAIL_FROM, read
from tests.notifications.samples import SAMPLES

ME = UUID(int=7)
HTTPS = "https://partners.encore.example"


class _Words(HTMLParser):
    """Collects what a reader of the HTML sees, and where it leads."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._hidden += tag in {"style", "title", "script"}
        self.links += [value for name, value in attrs if name == "href" and value]

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"style", "title", "script"}

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.seen.append(data)


def words_of(html: str) -> _Words:
    parser = _Words()
    parser.feed(re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL))
    return parser


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def settings_at(base_url: str) -> Settings:
    return Settings(
        database_url=None,
        role_urls={},
        data_folder=Path("/nowhere"),
        base_url=base_url,
        secret_key=b"s" * 32,
        sandbox=False,
        stripe_secret_key="sk_test_x",
        stripe_webhook_secret="whsec_x",
        stripe_api_base=None,
        s3_bucket=None,
        s3_endpoint_url=None,
        country_header=None,
        operator=OPERATOR,
    )


SETTINGS = settings_at(HTTPS)


def to(language: Language = "en", zone: str = "UTC") -> Addressee:
    return Addressee(ME, Reader("olivia@needle.example", "Olivia", language, zone))


def names_in(kind: Kind) -> set[str]:
    """The values that a kind's sentences, facts and pages need."""
    patterns = (kind.subject, *kind.says, kind.page, kind.page_at_operator)
    found = {name for one in patterns for name in re.findall(r"\{(\w+)\}", getattr(one, "pattern", one))}
    return found | {name for _, name in kind.facts}


def message(kind: Kind, **more: Value) -> Message:
    said = {name: value for name, value in {**SAMPLES, **more}.items() if name in names_in(kind)}
    side = min(kind.sides)
    brand_id = UUID(int=3) if side == "brand" else None
    return Message(UUID(int=9), side, brand_id, kind.key, said, datetime(2026, 10, 31, tzinfo=UTC), None)


def html_of(one: Letter) -> str:
    assert one.html is not None, "run node assets/build.mjs"
    return one.html


@pytest.mark.parametrize("language", spoken.LANGUAGES)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_each_kind_says_in_html_and_in_text_the_same_facts_in_each_language(
    kind: Kind, language: Language
) -> None:
    told = message(kind)
    one = letters.single(SETTINGS, to(language), told)
    with spoken.speaking(language):
        said = wording.said(kind, told.side, told.said)
    html = words_of(html_of(one))

    facts = [part for fact in said.facts for part in fact]
    for part in (said.subject, *said.paragraphs, *facts, said.button):
        assert plain(part) in plain("".join(html.seen)), part
        assert plain(part) in plain(one.text), part
    assert set(html.links) == set(re.findall(r"^https://\S+$", one.text, re.MULTILINE))
    assert f'lang="{language}"' in html_of(one)
    assert wording._MISSING not in (one.subject, *facts)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - a sample lacks nothing


def test_a_letter_is_written_in_its_readers_language_and_by_their_clock() -> None:
    one = letters.single(SETTINGS, to("de", "Europe/Berlin"), message(KINDS["new-device"]))

    assert one.subject == "Ein neues Gerät kannte Ihr Passwort"
    assert "Wann: 22. November 2026, 10:30 MEZ" in one.text


@pytest.mark.parametrize(
    "name",
    [
        '<script>alert("1")</script>',
        "{{ 7 * 7 }} {% raw %} {# x #}",
        "\u202eshalom שלום עליכם",
        '🎷🎸 & sons\' "best"',
        "x" * 1_000,
        "line\r\nBcc: all@example.com",
    ],
)
def test_names_stay_text_in_html_in_text_and_in_headers(name: str) -> None:
    told = message(KINDS["agreement-to-sign"], advertiser=name, number=name, program=name)
    one = letters.single(SETTINGS, to(), told)
    sent = mail.message_of(one, LETTER_ID, mail_from=MAIL_FROM, at=AT)

    html = words_of(html_of(one))
    assert "script" not in html.tags
    assert name.replace("\r\n", "\n") in unescape("".join(html.seen)).replace("\r\n", "\n")
    assert name in one.text
    assert len(one.subject) <= mail.SUBJECT_CHARACTERS_MAX
    assert read(sent.content)["Bcc"] is None


def test_several_messages_become_one_letter_that_names_the_newest_and_counts_the_others() -> None:
    told = [
        msgspec.structs.replace(
            message(KINDS["payout-paid"], number=f"S-{n}", amount=SAMPLES["amount"]), id=UUID(int=n)
        )
        for n in range(1, 26)
    ]
    told.append(message(KINDS["payment-needed"]))

    one = letters.together(SETTINGS, to(), told)

    assert one.subject == "26 messages for you"
    assert one.text.index("Please pay in $1,250.00") < one.text.index("$1,250.00 from Groove has arrived")
    assert one.text.count("/notifications/msg_") == letters.TOLD_TOGETHER_MAX
    assert "6 more wait on your page." in one.text
    assert one.unsubscribe is not None
    token = one.unsubscribe.rpartition("/")[2]
    assert leaving.read_token(token, SETTINGS.keyring).kinds == ("payment-needed", "payout-paid")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_a_mail_program_shows_its_button_where_a_kind_can_be_switched_off(kind: Kind) -> None:
    one = letters.single(SETTINGS, to(), message(kind))
    sent = read(mail.message_of(one, LETTER_ID, mail_from=MAIL_FROM, at=AT).content)

    if kind.is_fixed:
        assert sent["List-Unsubscribe"] is sent["List-Unsubscribe-Post"] is None
        assert "cannot be switched off" in one.text
    else:
        address = str(sent["List-Unsubscribe"]).strip("<>")
        assert address.startswith(f"{HTTPS}/unsubscribe/")
        assert address in one.text
        assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert leaving.read_token(address.rpartition("/")[2], SETTINGS.keyring).kinds == (kind.key,)


def test_without_an_encrypted_address_there_is_no_one_click_header_but_still_a_link() -> None:
    one = letters.single(settings_at("http://127.0.0.1:8000"), to(), message(KINDS["payout-paid"]))
    sent = read(mail.message_of(one, LETTER_ID, mail_from=MAIL_FROM, at=AT).content)

    assert sent["List-Unsubscribe"] is None
    assert "http://127.0.0.1:8000/unsubscribe/" in one.text


def test_letters_about_the_same_statement_lie_in_one_thread() -> None:
    sent = [
        read(
            mail.message_of(
                letters.single(SETTINGS, to(), message(KINDS[key])), LETTER_ID, mail_from=MAIL_FROM, at=AT
            ).content
        )
        for key in ("statement-approved", "statement-to-approve", "agreement-to-sign")
    ]

    threads = [str(one["References"]) for one in sent]
    assert threads[0] == threads[1] != threads[2]
    assert re.fullmatch(r"<[\w.-]+@encore\.example>", threads[0])


def test_no_letter_fetches_anything_or_tells_that_it_was_read() -> None:
    html = html_of(letters.single(SETTINGS, to(), message(KINDS["payout-paid"])))

    assert not re.search(r"\bsrc=|url\(|@import|<img|<link|<script|http-equiv=\"refresh", html)
    assert set(re.findall(r"https?://[^/\"]+", re.sub(r"xmlns\S*", "", html))) <= {HTTPS}
    assert '<meta name="color-scheme" content="light dark">' in html


def test_the_letters_of_an_account_have_the_same_sheet_and_speak_german() -> None:
    reader = Reader("ned@needle.example", "Ned <b>", "de", "Europe/Berlin")
    changed = identity.password_changed(SETTINGS, reader, at=AT)
    reset = identity.password_reset(SETTINGS, reader, token="abc_DEF-1", minutes=60)
    with spoken.speaking("de"):
        invited = identity.invitation(
            SETTINGS,
            to="x@y.example",
            token="tok",
            inviter="Olivia",
            place=None,
            role="finance",
            expires_at=AT,
        )

    assert "am 22. November 2026, 10:30 MEZ geändert" in changed.text
    assert "Ned &lt;b&gt;" in html_of(changed)
    assert f"Neues Passwort setzen:\n{HTTPS}/reset-password/abc_DEF-1\n" in reset.text
    assert f'href="{HTTPS}/reset-password/abc_DEF-1"' in html_of(reset)
    assert invited.subject == "Einladung von Olivia: das Netzwerk selbst"
    assert all(one.unsubscribe is None for one in (changed, reset, invited))


def test_without_the_built_sheet_a_letter_is_plain_text(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(paper, "LAID_OUT", tmp_path)

    one = letters.single(SETTINGS, to(), message(KINDS["payout-paid"]))

    assert one.html is None
    assert "$1,250.00 from Groove has arrived" in one.text
