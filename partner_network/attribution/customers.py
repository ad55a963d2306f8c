"""What a facts file says of its customers: who is new, which order it is, and when the first one was."""

from bisect import bisect_right
from collections import defaultdict
from datetime import datetime

from partner_network.attribution.facts_file import ConversionRow, FactsFile, Programs


class Customers:
    """What the file says of each customer: the sales in order, so that first order and number are known."""

    def __init__(self, facts: FactsFile) -> None:
        self._programs = Programs(facts)
        self._first: dict[str, ConversionRow] = {}
        self._sales: dict[tuple[str | None, str], list[tuple[datetime, str]]] = defaultdict(list)
        for row in sorted(facts.conversions, key=lambda row: (row.at, row.id)):
            if row.customer:
                self._first.setdefault(row.customer, row)
                if row.event == "sale":
                    self._sales[self._programs.of(row), row.customer].append((row.at, row.id))

    def is_new(self, row: ConversionRow) -> bool:
        """Tell whether the conversion says so, or no earlier one of its customer is in the file."""
        if row.new_customer is not None:
            return row.new_customer
        return not row.customer or self._first[row.customer] is row

    def order_number(self, row: ConversionRow) -> int:
        """Return how many sales its customer made in the program up to its place, at least 1."""
        if not row.customer:
            return 1
        return max(1, bisect_right(self._sales_of(row), (row.at, row.id)))

    def first_order_at(self, row: ConversionRow) -> datetime | None:
        """Return when its customer's first sale in its program was, if it was by this conversion's place."""
        sales = self._sales_of(row) if row.customer else [(row.at, row.id)] * (row.event == "sale")
        return sales[0][0] if sales and sales[0] <= (row.at, row.id) else None

    def _sales_of(self, row: ConversionRow) -> list[tuple[datetime, str]]:
        return self._sales[self._programs.of(row), row.customer or ""]
