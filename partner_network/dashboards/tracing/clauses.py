"""The words of one numbered clause, as both brands signed them: pure."""

from html.parser import HTMLParser

from partner_network.agreements import contracts, documents, terms_reading
from partner_network.agreements.queries import Agreement


def text_of(agreement: Agreement, number: str) -> str:
    """Return what a numbered clause of an agreement says, filled in; empty where there is none."""
    terms = terms_reading.read_terms(agreement.terms_toml)
    contract = contracts.published(agreement.contract_name, agreement.contract_version)
    found = _Clause(f"c{number}")
    found.feed(documents.clauses_html(contract, agreement.parties, terms))
    found.close()
    return " ".join(found.words.split()).removeprefix(number).strip()


class _Clause(HTMLParser):
    """Keeps the words of the one paragraph that bears the clause's id."""

    def __init__(self, element_id: str) -> None:
        super().__init__(convert_charrefs=True)
        self._id = element_id
        self._is_in = False
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "p":
            self._is_in = dict(attrs).get("id") == self._id

    def handle_endtag(self, tag: str) -> None:
        if tag == "p":
            self._is_in = False

    def handle_data(self, data: str) -> None:
        if self._is_in:
            self.words += data
