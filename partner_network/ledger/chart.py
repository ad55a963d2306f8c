"""The chart of accounts: a code and a name for each kind of account, as the operator's books have them."""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast, get_args

import msgspec

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.ledger.rules import AccountKind

CODE_LETTERS_MAX = 20
NAME_LETTERS_MAX = 100


class Line(msgspec.Struct, frozen=True):
    """How the operator's books call a kind of account."""

    code: str
    name: str


Chart: TypeAlias = Mapping[AccountKind, Line]

DEFAULT: Chart = {
    "cash": Line("1000", "Cash at Stripe"),
    "recv": Line("1100", "Receivable from advertisers"),
    "clawback_due": Line("1150", "Clawbacks due from partners"),
    "chargeback": Line("1190", "Payments taken back by advertisers' banks"),
    "prepaid": Line("2000", "Prepaid by advertisers"),
    "pay_pending": Line("2100", "Commissions not matured"),
    "pay_held": Line("2110", "Commissions held"),
    "pay_disputed": Line("2120", "Commissions disputed"),
    "pay": Line("2130", "Commissions payable"),
    "pay_funded": Line("2200", "Commissions funded"),
    "payout_clearing": Line("2210", "Payouts under way"),
    "clawback_owed": Line("2300", "Clawbacks owed to advertisers"),
    "own": Line("3000", "The operator's own money"),
    "stripe_fees": Line("6000", "Stripe's fees"),
    "writeoff": Line("6100", "Clawbacks written off"),
    # Units of their own beside the books of money.
    "credit_granted": Line("9000", "Credit granted by advertisers"),
    "credit_customers": Line("9100", "Credit of customers"),
    "credit_partner": Line("9110", "Credit of partners"),
}


def read_chart(text: str) -> Chart:
    """Read a chart: a table `[accounts.KIND]` with `code` and `name` for each kind.

    Errors: InvalidError naming the first kind that is unknown, missing or not given properly, or two with
        one code.
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidError(Sentence("The chart of accounts is no TOML: {error}.", error=str(error))) from None
    tables = given.get("accounts")
    if set(given) != {"accounts"} or not isinstance(tables, dict):
        raise InvalidError("The chart of accounts holds tables [accounts.KIND] and nothing else.")
    of_kind = cast("dict[str, Any]", tables)
    kinds: Sequence[AccountKind] = get_args(AccountKind)
    for unknown in sorted(set(of_kind) - set(kinds)):
        raise InvalidError(
            Sentence(
                "The chart of accounts names {kind!r}; the ledger has: {kinds}.",
                kind=unknown,
                kinds=", ".join(kinds),
            )
        )
    chart = {kind: _line(kind, of_kind.get(kind)) for kind in kinds}
    _must_differ(chart)
    return chart


def _line(kind: str, given: object) -> Line:
    if given is None:
        raise InvalidError(
            Sentence("The chart of accounts has no code for {kind!r}; add [accounts.{kind}].", kind=kind)
        )
    line = cast("dict[str, object]", given) if isinstance(given, dict) else {}
    code, name = line.get("code"), line.get("name")
    if (
        set(line) != {"code", "name"}
        or not _is_text(code, CODE_LETTERS_MAX)
        or not _is_text(name, NAME_LETTERS_MAX)
    ):
        raise InvalidError(
            Sentence(
                "[accounts.{kind}] needs `code` and `name`, texts of up to {code} and {name} letters.",
                kind=kind,
                code=CODE_LETTERS_MAX,
                name=NAME_LETTERS_MAX,
            )
        )
    return Line(str(code), str(name))


def _is_text(given: object, letters_max: int) -> bool:
    return isinstance(given, str) and 0 < len(given.strip()) <= letters_max and given.isprintable()


def _must_differ(chart: Chart) -> None:
    kind_of: dict[str, str] = {}
    for kind, line in chart.items():
        if line.code in kind_of:
            raise InvalidError(
                Sentence(
                    "The chart of accounts gives {one!r} and {other!r} the same code, {code}; change one.",
                    code=line.code,
                    one=kind_of[line.code],
                    other=kind,
                )
            )
        kind_of[line.code] = kind
