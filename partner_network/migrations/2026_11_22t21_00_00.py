from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t21_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Published exchange rates, and the rate of each order that is in another currency."

SQL = """
-- Loads follow one another under a lock, so a number says all that was known then.
CREATE TABLE rate_loads (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL CHECK (length(source) BETWEEN 1 AND 500),
    loaded_at timestamptz NOT NULL
);
CALL make_append_only('rate_loads');

CREATE TABLE exchange_rates (
    day date NOT NULL,
    base text NOT NULL CHECK (base ~ '^[A-Z]{3}$'),
    quote text NOT NULL CHECK (quote ~ '^[A-Z]{3}$'),
    -- how many major units of `quote` one of `base` was worth, every digit as published
    rate numeric NOT NULL CHECK (rate > 0 AND rate < 'Infinity'),
    load_id bigint NOT NULL REFERENCES rate_loads,
    PRIMARY KEY (day, base, quote),
    CHECK (base <> quote)
);
CREATE INDEX exchange_rates_by_pair ON exchange_rates (base, quote, day);
CALL make_append_only('exchange_rates');

-- What an order is converted at, fixed for good when it is first computed.
CREATE TABLE order_rates (
    conversion_id uuid NOT NULL REFERENCES conversions,
    quote text NOT NULL CHECK (quote ~ '^[A-Z]{3}$'),
    numerator numeric NOT NULL CHECK (numerator > 0 AND numerator = trunc(numerator)),
    denominator numeric NOT NULL CHECK (denominator > 0 AND denominator = trunc(denominator)),
    published_on date NOT NULL,
    how text NOT NULL CHECK (how IN ('direct', 'inverse', 'cross')),
    -- the currency that a cross rate goes through
    via text CHECK (via ~ '^[A-Z]{3}$'),
    -- the newest load that was known
    load_id bigint NOT NULL REFERENCES rate_loads,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (conversion_id, quote),
    CHECK ((how = 'cross') = (via IS NOT NULL))
);
CALL make_append_only('order_rates');

-- Rates are public: every brand may see what its orders were converted at. The operator alone loads them.
GRANT SELECT, INSERT ON rate_loads, exchange_rates TO partner_network_web, partner_network_worker;
GRANT SELECT ON order_rates TO partner_network_web;
GRANT SELECT, INSERT ON order_rates TO partner_network_worker;
CALL wall_off('rate_loads', 'true', 'false');
CALL wall_off('exchange_rates', 'true', 'false');
CALL wall_off('order_rates',
    $$EXISTS (SELECT FROM conversions v WHERE v.id = order_rates.conversion_id)$$, 'false');
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
