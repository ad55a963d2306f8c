"""Customers as hashes know them: by a pseudonym that is nobody's once its key is destroyed."""

import hashlib
import secrets
from typing import TypeAlias
from uuid import UUID

import msgspec

from partner_network.conversions.rules import reports
from partner_network.conversions.rules.reports import ReportedConversion, ReportedTouch

KEY_BYTES = 32
OfCustomer: TypeAlias = ReportedConversion | ReportedTouch
"""A report whose content names a customer."""


class Customer(msgspec.Struct, frozen=True):
    """A customer of one brand; one that was erased has no key, and nobody's id any more."""

    id: UUID
    pseudonym: bytes
    key: bytes | None

    def pseudonym_as(self, external_id: str) -> bytes:
        """Return the pseudonym this customer would have under that id; an erased one keeps the one it has.

        So a report about an erased customer that comes again is still known as the same, since all of it but
        the customer can be compared.
        """
        return self.pseudonym if self.key is None else pseudonym_of(external_id, self.key)


def new_customer(customer_id: UUID, external_id: str) -> Customer:
    """Return a customer not seen before, under a key of its own."""
    key = secrets.token_bytes(KEY_BYTES)
    return Customer(customer_id, pseudonym_of(external_id, key), key)


def pseudonym_of(external_id: str, key: bytes) -> bytes:
    """Return what stands for an advertiser's id of a customer; without the key it cannot be tried out."""
    return hashlib.sha256(key + external_id.encode()).digest()


def content_hash(report: OfCustomer, pseudonym: bytes) -> bytes:
    """Return the hash of all that a report says, with the pseudonym in place of the customer's id."""
    return reports.content_hash(msgspec.structs.replace(report, customer_id=pseudonym.hex()))
