"""What forms say of inputs that are missing, in the words of every form."""

from collections.abc import Mapping

from partner_network.kernel.sentences import Sentence

FILL_IN = Sentence("Fill this in.")
CHOOSE = Sentence("Choose one.")


def missing(typed: Mapping[str, str]) -> dict[str, str]:
    """Return what to say of each input that was left empty."""
    return {name: FILL_IN for name, text in typed.items() if not text.strip()}
