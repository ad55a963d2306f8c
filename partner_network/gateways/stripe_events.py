"""Read what Stripe sends us: events of API v1 with their object, thin ones of v2 that only name it."""

from datetime import UTC, datetime
from typing import Literal

import msgspec
import stripe

from partner_network.gateways.stripe_answers import Event, SnapshotEvent
from partner_network.kernel.errors import InvalidError


class _Kind(msgspec.Struct, frozen=True):
    object: str = "event"


class RelatedObject(msgspec.Struct, frozen=True):
    """What a thin event is about."""

    id: str | None = None


class ThinEvent(msgspec.Struct, frozen=True):
    """An event of API v2 as Stripe delivers it, as far as we read it."""

    id: str
    object: Literal["v2.core.event"]
    type: str
    created: datetime
    related_object: RelatedObject | None = None


def verified(payload: bytes, signature: str, secrets: str) -> Event:
    """Read a webhook that Stripe signed within the last five minutes, by wall time.

    ``secrets`` are those of our endpoints at Stripe, divided by commas: what is thin comes through an
    endpoint of its own.
    Errors: InvalidError when no signature fits, when it is too old, or when the payload is no event.
    """
    try:
        _must_be_signed(payload, signature, [one.strip() for one in secrets.split(",")])
        if msgspec.json.decode(payload, type=_Kind).object == "event":
            return _snapshot(msgspec.json.decode(payload, type=SnapshotEvent))
        return _thin(msgspec.json.decode(payload, type=ThinEvent))
    except stripe.SignatureVerificationError as forged:
        raise InvalidError("This webhook was not signed by Stripe with our secret, or long ago.") from forged
    except (msgspec.MsgspecError, UnicodeDecodeError) as unreadable:
        raise InvalidError("This webhook is no Stripe event.") from unreadable


def _must_be_signed(payload: bytes, signature: str, secrets: list[str]) -> None:
    *others, last = secrets
    for secret in others:
        try:
            stripe.WebhookSignature.verify_header(
                payload, signature, secret, stripe.Webhook.DEFAULT_TOLERANCE
            )
        except stripe.SignatureVerificationError:
            continue
        return
    stripe.WebhookSignature.verify_header(payload, signature, last, stripe.Webhook.DEFAULT_TOLERANCE)


def _snapshot(event: SnapshotEvent) -> Event:
    created = datetime.fromtimestamp(event.created, UTC)
    object_id = event.data.object.id
    return Event(event.id, event.type, object_id, created, account=event.account)


def _thin(event: ThinEvent) -> Event:
    related = event.related_object
    return Event(
        id=event.id,
        type=event.type,
        object_id=None if related is None else related.id,
        created=event.created.astimezone(UTC),
    )
