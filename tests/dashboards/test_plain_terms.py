from partner_network.agreements import terms_reading
from partner_network.dashboards.web.plain_terms import terms_in_plain_words
from tests.builders import QUALITY, TERMS


def test_quality_is_said_step_by_step_with_its_clause() -> None:
    terms = terms_reading.read_terms(TERMS.format(structure="graduated", rate_ppm=1, bonus=QUALITY))
    (said,) = [plain for plain in terms_in_plain_words(terms) if plain.about == "Quality “stayed”"]
    assert said.clause == "4.11"
    assert said.says.replace("\xa0", " ") == (
        "times 1 from 0 %, times 1.1 from 90 % of the customers who bought again within 1 month, "
        "measured every month"
    )
