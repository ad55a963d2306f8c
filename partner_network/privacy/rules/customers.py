"""What is kept about customers and visitors: people without an account, known by numbers alone."""

from partner_network.privacy.rules.holdings import Holding, columns

_AS_LONG_AS_MONEY = "as long as the books: commissions cite it"

HOLDINGS = (
    Holding(
        table="customers",
        about="customers",
        holds="the advertiser's own id of somebody who bought, a pseudonym made of it, and since when",
        ground="legitimate interest",
        kept="until the advertiser asks for its erasure; then a pseudonym is left that nobody can undo",
        erasure="pseudonymise",
        columns=columns("external_id", "id", "pseudonym"),
    ),
    Holding(
        table="customer_keys",
        about="customers",
        holds="the key that makes a customer's pseudonym",
        ground="legitimate interest",
        kept="until the customer is erased",
        erasure="delete",
        columns=columns("customer_id", "pseudonym_key"),
    ),
    Holding(
        table="identifications",
        about="customers",
        holds="which customer stands behind a click",
        ground="legitimate interest",
        kept=_AS_LONG_AS_MONEY,
        erasure="keep",
        columns=columns("customer_id", "click_id"),
    ),
    Holding(
        table="conversions",
        about="customers",
        holds="orders as the advertiser reported them: its order id, time, amounts, articles",
        ground="legal duty",
        kept=_AS_LONG_AS_MONEY,
        erasure="keep",
        columns=columns("customer_id", "click_id"),
    ),
    Holding(
        table="touches",
        about="customers",
        holds="how else a customer was reached: a code, a partner named or seen, a direct visit; and when",
        ground="legitimate interest",
        kept=_AS_LONG_AS_MONEY,
        erasure="keep",
        columns=columns("customer_id", "touch_id"),
    ),
    Holding(
        table="refunds",
        about="customers",
        holds="what was given back on an order, when and for which reason",
        ground="legal duty",
        kept=_AS_LONG_AS_MONEY,
        erasure="keep",
    ),
    Holding(
        table="test_facts",
        about="customers",
        holds="what machines report with a test key: orders and customers made up, or copies of real ones",
        ground="legitimate interest",
        kept="30 days",
        erasure="keep",
        columns=columns("body"),
    ),
    Holding(
        table="clicks",
        about="visitors",
        holds="when a link was followed, from which network (/24 or /48) and country; a mark for one day",
        ground="legitimate interest",
        kept="network, country and the partner's notes: 13 months; the rest names nobody, and stays",
        erasure="keep",
        columns=columns("visitor_key", "network_prefix", "country", "subs"),
    ),
    Holding(
        table="stripe_events",
        about="members and visitors",
        holds="what Stripe told us; it may name the person behind a company's account",
        ground="legal duty",
        kept="the content 400 days after it was handled, then only that it came",
        erasure="keep",
        columns=columns("payload"),
    ),
)
