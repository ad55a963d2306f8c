"""Share each conversion's current net, and one million, among its credits by largest remainder."""

from msgspec import Struct

from partner_network.database.connections import Connection

_PPM = 1_000_000


class Shared(Struct, frozen=True):
    """A table of credits with their parts, and whether any conversion has more than one."""

    table: str
    is_split: bool


async def share(connection: Connection, raw: str, table: str) -> Shared:
    """Make a table of credits with their whole parts out of one with weights over one denominator each.

    Each row knows its order too, so that nobody joins them again. Where every conversion has one credit
    alone, it takes all.
    """
    is_split = await connection.fetchval(f"SELECT EXISTS (SELECT FROM {raw} WHERE denominator <> numerator)")
    parts = _SPLIT if is_split else _WHOLE
    await connection.execute(
        f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS {parts.format(raw=raw)}; ANALYZE {table}"
    )
    return Shared(table, bool(is_split))


_ORDER = """o.event, o.occurred_at, o.recorded_at, o.currency, o.net_minor, o.left_minor, o.refund_age,
    o.has_lines, o.order_number, o.first_order_at, o.known_since"""
_WHOLE = f"""SELECT c.*, o.left_minor AS net_part, {_PPM}::bigint AS ppm_part, {_ORDER}
    FROM {{raw}} c JOIN trial_orders o ON o.id = c.id"""
# Denominators are the same within a conversion, so its remainders compare as whole numbers.
_SPLIT = f"""SELECT id, partnership_id, touch_id, touched_at, numerator, denominator,
        (net_floor + (net_place <= left_minor - sum(net_floor) OVER whole)::integer)::bigint AS net_part,
        (ppm_floor + (ppm_place <= {_PPM} - sum(ppm_floor) OVER whole)::integer)::bigint AS ppm_part,
        {_ORDER}
    FROM (
        SELECT f.*, row_number() OVER (
                PARTITION BY id ORDER BY net_rest DESC, partner_id, touch_id) AS net_place,
            row_number() OVER (
                PARTITION BY id ORDER BY ppm_rest DESC, partner_id, touch_id) AS ppm_place
        FROM (
            SELECT c.*, p.partner_id, {_ORDER},
                div(o.left_minor * numerator, denominator) AS net_floor,
                mod(o.left_minor * numerator, denominator) AS net_rest,
                div({_PPM} * numerator, denominator) AS ppm_floor,
                mod({_PPM} * numerator, denominator) AS ppm_rest
            FROM {{raw}} c JOIN trial_orders o ON o.id = c.id
            JOIN partnerships p ON p.id = c.partnership_id) f) o
    WINDOW whole AS (PARTITION BY id)"""
