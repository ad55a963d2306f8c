"""Stripe's errors outside of transfers, said as errors of our own."""

from collections.abc import Generator
from contextlib import contextmanager

import stripe

from partner_network.gateways import stripe_answers
from partner_network.gateways.stripe_answers import DeclinedError, StripeRefusedError, StripeUnreachableError
from partner_network.kernel.errors import NotFoundError
from partner_network.kernel.sentences import Sentence


@contextmanager
def in_our_words() -> Generator[None]:
    """Raise what Stripe says no to, or cannot say, as our own errors, in sentences."""
    try:
        yield
    except stripe.CardError as declined:
        inner = {} if declined.error is None else declined.error.to_dict()
        raise DeclinedError(
            Sentence(
                "Stripe declined the payment: {why} Use another payment method.", why=declined.user_message
            ),
            code=stripe_answers.code_of(declined),
            payment_intent_id=(inner.get("payment_intent") or {}).get("id"),
        ) from declined
    except stripe.StripeError as error:
        code, message = stripe_answers.code_of(error), error.user_message or str(error)
        if stripe_answers.is_unclear(error) or error.http_status in {409, 429}:
            raise StripeUnreachableError(message) from error
        if code in {"resource_missing", "not_found"}:
            raise NotFoundError(Sentence("Stripe does not know it: {why}", why=message)) from error
        raise StripeRefusedError(code, message) from error
