"""How Stripe says no: status, type, code and words of each refusal the simulator knows."""

from partner_network.sandbox.stripe_simulator.forms import Json

DOCUMENTED_AT = "https://stripe.com/docs/error-codes/"


class RefusedError(Exception):
    """A refusal in Stripe's form.

    `stored` tells whether the idempotency layer keeps it: Stripe keeps what the endpoint decided, not what
    failed validation, conflicted or was throttled before the endpoint ran. A refusal undoes the work of its
    request unless it `leaves_traces`.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        stored: bool = False,
        leaves_traces: bool = False,
        details: Json | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.kind = kind
        self.code = code
        self.param = param
        self.stored = stored
        self.leaves_traces = leaves_traces
        self.details = details or {}

    def body(self, *, version: str) -> Json:
        """Write the refusal as API v1 or v2 does."""
        if version == "v2":
            return {"error": {"type": self.kind, "code": self.code or self.kind, "message": self.message}}
        error: Json = {"message": self.message, "type": self.kind}
        if self.code is not None:
            error |= {"code": self.code, "doc_url": DOCUMENTED_AT + self.code.replace("_", "-")}
        if self.param is not None:
            error["param"] = self.param
        return {"error": error | self.details}


def missing(param: str) -> RefusedError:
    """A required parameter is not there."""
    return RefusedError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def unknown(param: str) -> RefusedError:
    """A parameter that Stripe, or this simulator, does not take."""
    return RefusedError(f"Received unknown parameter: {param}", code="parameter_unknown", param=param)


def no_such(noun: str, object_id: str, *, param: str, status: int = 400) -> RefusedError:
    """An id that leads nowhere."""
    return RefusedError(
        f"No such {noun}: '{object_id}'", status=status, code="resource_missing", param=param, stored=True
    )


def no_key() -> RefusedError:
    """A request without a key."""
    return RefusedError(
        "You did not provide an API key. You need to provide your API key in the Authorization header,"
        " using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
        status=401,
    )


def bad_key(key: str) -> RefusedError:
    """A key that is no secret test key; live keys above all."""
    return RefusedError(f"Invalid API Key provided: {key[:8]}{'*' * 8}", status=401)


def no_route(method: str, path: str) -> RefusedError:
    """An address that Stripe does not have or the simulator does not play."""
    return RefusedError(
        f"Unrecognized request URL ({method}: {path}). If you are trying to list objects, remove the trailing"
        " slash. If you are trying to retrieve an object, make sure you passed a valid (non-empty) identifier"
        " in your code.",
        status=404,
    )


def key_reused(key: str) -> RefusedError:
    """An idempotency key that came before with other parameters."""
    return RefusedError(
        "Keys for idempotent requests can only be used with the same parameters they were first used with."
        f" Try using a key other than '{key}' if you meant to execute a different request.",
        kind="idempotency_error",
    )


def key_reused_elsewhere(key: str, endpoint: str) -> RefusedError:
    """An idempotency key that came before at another endpoint."""
    return RefusedError(
        "Keys for idempotent requests can only be used for the same endpoint they were first used for"
        f" ('{endpoint}'). Try using a key other than '{key}' if you meant to execute a different request.",
        kind="idempotency_error",
    )


def key_in_use(key: str) -> RefusedError:
    """A second request while the first one with its key still runs."""
    return RefusedError(
        "There is currently another in-progress request using this Idempotent Key (that probably means you"
        f" submitted twice, and the other request is still going through): {key}. Please try again later.",
        status=409,
        code="idempotency_key_in_use",
    )


def too_many_requests() -> RefusedError:
    """Stripe's throttle."""
    return RefusedError(
        "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
        status=429,
        code="rate_limit",
    )


def no_access(account: str) -> RefusedError:
    """The platform lost its connection to an account."""
    return RefusedError(
        f"The provided key does not have access to account '{account}' (or that account does not exist)."
        " Application access may have been revoked.",
        status=403,
        code="account_invalid",
    )


def stripe_broke(*, stored: bool = True) -> RefusedError:
    """Stripe failed; inside an endpoint the 500 is stored and replayed like any other answer."""
    return RefusedError(
        "Sorry! There was an error while talking to one of our backends. Support has been notified.",
        status=500,
        kind="api_error",
        stored=stored,
    )


def balance_too_low() -> RefusedError:
    """A transfer of more than is available in its currency."""
    return RefusedError(
        "You have insufficient available funds in your Stripe account. Try adding funds directly to your"
        " available balance by creating Charges using the 4000000000000077 test card. See:"
        " https://stripe.com/docs/testing#available-balance",
        code="balance_insufficient",
        stored=True,
    )


def capability_not_active() -> RefusedError:
    """A transfer to an account that may not receive any now."""
    return RefusedError(
        "Your destination account needs to have at least one of the following capabilities enabled:"
        " transfers, crypto_transfers, legacy_payments",
        code="insufficient_capabilities_for_transfer",
        stored=True,
    )


def destination_balance_too_low() -> RefusedError:
    """A reversal of more than the connected account still has."""
    return RefusedError(
        "Insufficient funds in the connected account to reverse this transfer. The account's available"
        " balance must cover the amount that is taken back.",
        code="balance_insufficient",
        stored=True,
    )


def account_closed(account: str) -> RefusedError:
    """A change to an account that was closed."""
    return RefusedError(f"The account '{account}' is closed.", code="account_closed", stored=True)
