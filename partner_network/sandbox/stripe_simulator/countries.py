"""Countries that a platform in the United States reaches, and the currency of their banks."""

from collections.abc import Mapping

# As Stripe's page on cross-border payouts and its list of supported countries say; the sets move with time.
CURRENCIES: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "AT", "BE", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IE", "IT", "LT", "LU", "LV", "MT",
            "NL", "PT", "SI", "SK",
        ),
        "eur",
    ),
    "AU": "aud", "BG": "bgn", "BR": "brl", "CA": "cad", "CH": "chf", "CZ": "czk", "DK": "dkk", "GB": "gbp",
    "HK": "hkd", "HU": "huf", "IN": "inr", "JP": "jpy", "LI": "chf", "MX": "mxn", "MY": "myr", "NO": "nok",
    "NZ": "nzd", "PL": "pln", "RO": "ron", "SE": "sek", "SG": "sgd", "TH": "thb", "US": "usd",
}  # fmt: skip
