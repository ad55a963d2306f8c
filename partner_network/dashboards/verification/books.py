"""Everything that money depends on, and look-ups in it."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from msgspec import Struct

from partner_network.agreements import terms_reading
from partner_network.agreements.terms import Terms as SignedTerms
from partner_network.attribution.cases import Case
from partner_network.brands.taxes import Taxed
from partner_network.dashboards.verification import fact_rows as facts
from partner_network.dashboards.verification import money_rows as money
from partner_network.dashboards.verification.rows import Rows
from partner_network.dashboards.verification.written import Written

Row = TypeVar("Row", bound=Struct)
Key = TypeVar("Key", bound=Hashable)


class Books(Rows, frozen=True, dict=True, kw_only=True):
    """Rows by table, with look-ups that are made once each."""

    @cached_property
    def taxed(self) -> dict[UUID, Taxed]:
        """What brands are at the tax office, and were."""
        profiles = grouped(self.tax_profiles, lambda one: one.brand_id)
        return {
            brand.id: Taxed(brand.before, tuple(one.profile for one in profiles.get(brand.id, ())))
            for brand in self.brands
        }

    @cached_property
    def slug_of(self) -> dict[UUID, str]:
        """What brands are called."""
        return {brand.id: brand.slug for brand in self.brands}

    @cached_property
    def partnership(self) -> dict[UUID, facts.Partnership]:
        """Partnerships by id."""
        return {one.id: one for one in self.partnerships}

    @cached_property
    def conversion(self) -> dict[UUID, facts.Conversion]:
        """Conversions by id."""
        return {one.id: one for one in self.conversions}

    @cached_property
    def terms_of(self) -> dict[UUID, SignedTerms]:
        """What each agreement says, by its id."""
        return {one.id: terms_reading.read_terms(one.terms_toml) for one in self.agreements}

    @cached_property
    def current_terms(self) -> list[facts.Terms]:
        """The terms that are known to hold, by partnership and in the order in which they hold."""
        known = [row for row in self.terms if row.known_until is None]
        return sorted(known, key=lambda row: (row.partnership_id, row.valid_from is not None, row.valid_from))

    @cached_property
    def instants(self) -> set[tuple[UUID, datetime]]:
        """When something was sold or done in each program."""
        return {(one.program_id, one.occurred_at) for one in self.conversions}

    @cached_property
    def cases(self) -> list[Case]:
        """Every conversion in canonical order."""
        pseudonym = {customer.id: customer.pseudonym.hex() for customer in self.customers}
        found = [
            Case(
                one.id,
                one.program_id,
                one.customer_id,
                one.event,
                one.order_id,
                one.occurred_at,
                one.recorded_at,
                one.click_id,
                one.currency,
                one.net_minor,
                pseudonym[one.customer_id],
            )
            for one in self.conversions
        ]
        return sorted(found, key=lambda case: case.place)

    @cached_property
    def written(self) -> Written:
        """What each entry says by its legs, by key."""
        return Written(self.accounts, self.entry_of_key, self.legs_of)

    @cached_property
    def entry_of_key(self) -> dict[str, money.Entry]:
        """Entries by key."""
        return {entry.key: entry for entry in self.entries}

    @cached_property
    def entry(self) -> dict[int, money.Entry]:
        """Entries by id."""
        return {entry.id: entry for entry in self.entries}

    @cached_property
    def transfer(self) -> dict[int, money.Transfer]:
        """Transfers by id."""
        return {transfer.id: transfer for transfer in self.transfers}

    @cached_property
    def legs_of(self) -> dict[int, list[money.Transfer]]:
        """Transfers by entry, in the order of their legs."""
        return grouped(self.transfers, lambda transfer: transfer.entry_id)

    @cached_property
    def legs_of_commission(self) -> dict[int, list[money.Transfer]]:
        """Posted transfers by the commission they are about, in the order they were made."""
        about = [one for one in self.transfers if one.commission_id is not None and one.phase == "posted"]
        return grouped(sorted(about, key=lambda one: one.id), lambda one: one.commission_id or 0)

    @cached_property
    def holds_of(self) -> dict[int, list[money.Hold]]:
        """Holds by commission, the first one first."""
        return grouped(self.holds, lambda one: one.commission_id)

    @cached_property
    def _listing(self) -> dict[tuple[int, int], UUID]:
        return {(line.account_id, line.transfer_id): line.statement_id for line in self.statement_lines}

    def statement_listing(self, account_id: int, transfer_id: int) -> money.Statement | None:
        """The statement of an account that lists a transfer; None while none does."""
        found = self._listing.get((account_id, transfer_id))
        return None if found is None else self.statement.get(found)

    @cached_property
    def clawback(self) -> dict[int, money.Clawback]:
        """Clawbacks by the transfer that took the money back."""
        return {one.transfer_id: one for one in self.clawbacks}

    def pair_of_clawback(self, clawback: money.Clawback) -> tuple[UUID | None, UUID | None, str]:
        """From whom a clawback is due, to whom, and in what: of tax, as the account that it is booked on."""
        if clawback.commission_id is None:
            account = self.account[self.transfer[clawback.transfer_id].debit_account_id]
            return account.holder_id, account.counterparty_id, account.currency
        commission = self.commission[clawback.commission_id]
        return commission.payee_id, commission.advertiser_id, commission.currency

    @cached_property
    def adjustment(self) -> dict[UUID, facts.Adjustment]:
        """Adjustments by id."""
        return {one.id: one for one in self.adjustments}

    @cached_property
    def preparation(self) -> dict[UUID, money.Preparation]:
        """Who prepared each statement."""
        return {one.statement_id: one for one in self.preparations}

    @cached_property
    def roles_of(self) -> dict[UUID, list[facts.Membership]]:
        """Memberships by member."""
        return grouped(self.memberships, lambda one: one.member_id)

    @cached_property
    def contest_of(self) -> dict[int, money.Contest]:
        """Contests by the clawback they are about."""
        return {one.clawback_id: one for one in self.contests}

    def lies_in(self, commission_id: int, kind: str, *, before: int | None = None) -> int:
        """What of a commission lies in one kind of account, by the transfers below an id or by all."""
        minor = 0
        for leg in self.legs_of_commission.get(commission_id, ()):
            if before is None or leg.id < before:
                minor += leg.amount_minor * (self.account[leg.credit_account_id].kind == kind)
                minor -= leg.amount_minor * (self.account[leg.debit_account_id].kind == kind)
        return minor

    @cached_property
    def account(self) -> dict[int, money.Account]:
        """Accounts by id."""
        return {account.id: account for account in self.accounts}

    @cached_property
    def commission(self) -> dict[int, money.Commission]:
        """Commissions by id."""
        return {one.id: one for one in self.commissions}

    @cached_property
    def revisions_of(self) -> dict[int, list[money.Revision]]:
        """Revisions by commission, oldest first."""
        return grouped(self.revisions, lambda revision: revision.commission_id)

    @cached_property
    def statement(self) -> dict[UUID, money.Statement]:
        """Statements by id."""
        return {one.id: one for one in self.statements}

    @cached_property
    def set_apart(self) -> dict[tuple[UUID | None, UUID | None, str], list[tuple[money.Transfer, int]]]:
        """What came to what is pending, held or disputed, or left it, by payee, payer and currency."""
        kinds = {"pay_pending", "pay_held", "pay_disputed"}
        of = {
            one.id: (one.holder_id, one.counterparty_id, one.currency)
            for one in self.accounts
            if one.kind in kinds
        }
        found: dict[tuple[UUID | None, UUID | None, str], list[tuple[money.Transfer, int]]] = {}
        for one in self.transfers:
            if one.phase == "posted":
                if one.credit_account_id in of:
                    found.setdefault(of[one.credit_account_id], []).append((one, one.amount_minor))
                if one.debit_account_id in of:
                    found.setdefault(of[one.debit_account_id], []).append((one, -one.amount_minor))
        return found

    @cached_property
    def _debits(self) -> dict[int, list[money.Transfer]]:
        moved = [one for one in self.transfers if one.phase in {"posted", "post"}]
        return grouped(moved, lambda transfer: transfer.debit_account_id)

    def debits_of(self, account_id: int) -> list[money.Transfer]:
        """What left an account."""
        return self._debits.get(account_id, [])

    @cached_property
    def _stated(self) -> dict[int, list[tuple[int, int]]]:
        found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for line in self.statement_lines:
            found[line.account_id].append((self.statement[line.statement_id].seq, line.transfer_id))
        return dict(found)

    def stated_until(self, account_id: int, seq: int) -> set[int]:
        """The transfers that the statements of an account list up to one of them."""
        return {transfer_id for at, transfer_id in self._stated.get(account_id, []) if at <= seq}

    @cached_property
    def stated_late(self) -> set[int]:
        """The transfers that a statement lists as late facts."""
        return {line.transfer_id for line in self.statement_lines if line.kind == "late"}

    @cached_property
    def untold(self) -> set[tuple[UUID, UUID]]:
        """Payees and payers of gifts whose terms are not here: an export tells a charity none."""
        return {
            (one.payee_id, one.advertiser_id)
            for one in self.commissions
            if one.charity_id is not None and one.partnership_id not in self.partnership
        }

    def order_name(self, conversion_id: UUID) -> str:
        """Say which order of whom; a charity is told which, and not whose."""
        conversion = self.conversion.get(conversion_id)
        if conversion is None:
            return f"order {conversion_id}"
        return f"{conversion.event} {conversion.order_id} of {self.slug_of[conversion.brand_id]}"


def grouped(rows: Iterable[Row], key: Callable[[Row], Key]) -> dict[Key, list[Row]]:
    """Return rows by a key, in their order."""
    groups: defaultdict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return dict(groups)
