"""Read the operator's chart of accounts from the file that the settings name."""

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.ledger import chart
from partner_network.ledger.chart import Chart
from partner_network.settings import Settings


def chart_of(settings: Settings) -> Chart:
    """Return the operator's own chart, or ours where no file is named. Errors: InvalidError."""
    if settings.chart_file is None:
        return chart.DEFAULT
    try:
        text = settings.chart_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidError(
            Sentence(
                "PARTNER_NETWORK_CHART names {path}, which cannot be read: {error}.",
                path=str(settings.chart_file),
                error=type(error).__name__,
            )
        ) from None
    return chart.read_chart(text)
