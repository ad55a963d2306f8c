"""A German letter is German from the subject to the last line, of whatever it tells."""

import pytest

from partner_network.notifications import letters
from partner_network.notifications.rules.kinds import Kind
from partner_network.notifications.rules.registry import KINDS
from tests.languages import leaks
from tests.notifications.samples import SAMPLES
from tests.notifications.test_letters import SETTINGS, html_of, message, to

TYPED = [value for value in SAMPLES.values() if type(value) is str and " " in value]
"""What people wrote themselves is in their language."""


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_no_letter_says_anything_in_english_to_whom_reads_german(kind: Kind) -> None:
    letter = letters.single(SETTINGS, to("de", "Europe/Berlin"), message(kind, roles="Leser"))

    read = (
        f"<p>{letter.subject}</p>",
        f"<p>{letter.text.replace(SETTINGS.base_url, '')}</p>",
        html_of(letter),
    )

    assert [said for one in read for said in leaks.english_in(one, TYPED)] == []
