"""One request as the verbs see it, and how they read its parameters."""

import re
from typing import cast

import msgspec

from partner_network.sandbox.stripe_simulator import refusals
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import PLATFORM, State

API_VERSION = "2026-10-28.endive"
LARGEST_AMOUNT = 99_999_999
CURRENCIES = frozenset(
    {
        "aed", "ars", "aud", "bgn", "brl", "cad", "chf", "clp", "cny", "cop", "czk", "dkk", "egp", "eur",
        "gbp", "hkd", "huf", "idr", "ils", "inr", "isk", "jpy", "krw", "kwd", "mad", "mxn", "myr", "nok",
        "nzd", "pen", "php", "pln", "qar", "ron", "rsd", "sar", "sek", "sgd", "thb", "try", "twd", "uah",
        "usd", "uyu", "vnd", "zar",
    }
)  # fmt: skip


class Settings(msgspec.Struct, frozen=True):
    """What the command line chose."""

    port: int
    fee_ppm: int = 0
    webhook_url: str | None = None
    webhook_secret: str | None = None


class Call(msgspec.Struct, frozen=True):
    """A request that passed the door: its parameters are decoded, its key is a test key."""

    state: State
    settings: Settings
    params: Json
    request_id: str
    idempotency_key: str | None = None
    object_id: str = ""
    part_id: str = ""
    account: str = PLATFORM

    def now(self) -> int:
        """Tell the time by Stripe's clock."""
        return self.state.now()

    def takes(self, *names: str) -> None:
        """Refuse every parameter but these, as Stripe refuses those it does not know."""
        for name, value in self.params.items():
            if name not in names:
                raise refusals.unknown(name)
            if value == "":
                raise RefusedError(
                    f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset"
                    f" a parameter; however '{name}' cannot be unset. You should remove '{name}' from your"
                    " request or supply a non-empty value.",
                    code="parameter_invalid_empty",
                    param=name,
                )

    def text(self, name: str) -> str | None:
        """Read an optional text."""
        value = self.params.get(name)
        if value is not None and not isinstance(value, str):
            raise RefusedError(f"Invalid string: {value}", param=name)
        return value

    def required_text(self, name: str) -> str:
        """Read a text that must be there."""
        value = self.text(name)
        if value is None:
            raise refusals.missing(name)
        return value

    def flag(self, name: str) -> bool:
        """Read true or false; false when absent."""
        value = self.text(name) or "false"
        if value not in {"true", "false"}:
            raise RefusedError(f"Invalid boolean: {value}", param=name)
        return value == "true"

    def integer(self, name: str, *, default: int, at_least: int, at_most: int) -> int:
        """Read a whole number within bounds."""
        text = self.text(name)
        if text is None:
            return default
        if not re.fullmatch(r"-?\d{1,18}", text):
            raise RefusedError(f"Invalid integer: {text}", code="parameter_invalid_integer", param=name)
        number = int(text)
        if not at_least <= number <= at_most:
            bound = (
                f"greater than or equal to {at_least}"
                if number < at_least
                else f"less than or equal to {at_most}"
            )
            raise RefusedError(f"This value must be {bound}.", code="parameter_invalid_integer", param=name)
        return number

    def amount(self) -> int:
        """Read the required amount, in minor units."""
        self.required_text("amount")
        return self.integer("amount", default=0, at_least=1, at_most=LARGEST_AMOUNT)

    def amount_up_to(self, most: int) -> int:
        """Read an optional amount, in minor units; all that is left when absent."""
        return self.integer("amount", default=most, at_least=1, at_most=LARGEST_AMOUNT)

    def currency(self) -> str:
        """Read the required currency, in lower case."""
        currency = self.required_text("currency").lower()
        if currency not in CURRENCIES:
            supported = ", ".join(sorted(CURRENCIES))
            raise RefusedError(
                f"Invalid currency: {currency}. Stripe currently supports these currencies: {supported}",
                param="currency",
            )
        return currency

    def table(self, name: str) -> dict[str, str]:
        """Read a nested table of texts, such as metadata; an empty value unsets its key."""
        value = self.params.get(name, {})
        if not isinstance(value, dict):
            raise RefusedError("Invalid object", param=name)
        return {key: text for key, text in cast("dict[str, str]", value).items() if text != ""}

    def tree(self, name: str) -> Json:
        """Read a nested table whose values may be tables themselves."""
        value = self.params.get(name, {})
        if not isinstance(value, dict):
            raise RefusedError("Invalid object", param=name)
        return cast("Json", value)

    def texts(self, name: str) -> list[str]:
        """Read a list of texts, such as `expand`."""
        value = self.params.get(name, [])
        if not isinstance(value, list):
            raise RefusedError("Invalid array", param=name)
        return [str(item) for item in cast("list[object]", value)]
