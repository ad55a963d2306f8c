"""Notices as they are read."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct


class PartnershipNotice(Struct, frozen=True, gc=False):
    """What one party said to end a partnership."""

    id: UUID
    partnership_id: UUID
    agreement_id: UUID
    clause: str
    given_for: UUID
    given_by: UUID
    by_operator: bool
    given_at: datetime
    for_good_cause: bool
    reason: str
    ends_at: datetime
    withdrawn_at: datetime | None
