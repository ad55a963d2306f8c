"""Choose among qualifying touches as a program's policy says: code policy, evidence, model, exact weights."""

import decimal
from collections.abc import Sequence
from decimal import Decimal

from partner_network.agreements.terms import ProgramPolicy
from partner_network.database.connections import Connection
from partner_network.receipts.what_if import reaching
from partner_network.receipts.what_if.touching import Qualifying

_ONE_TOUCH = {"last_click": "DESC", "last_non_direct": "DESC", "first_click": "ASC"}
_QUALIFYING, _TAKING_PART, _DECAYED = "trial_qualifying", "trial_taking_part", "trial_decayed"
_PPM = 1_000_000


async def choose(connection: Connection, qualifying: Qualifying, raw: str, *, is_new: bool) -> None:
    """Put the credits of a policy's conversions, as if nothing bound them, into a table, new or old.

    Of conversions and clicks alone the one touch that decides is found in a single pass.
    """
    into = f"CREATE TEMPORARY TABLE {raw} ON COMMIT DROP AS" if is_new else f"INSERT INTO {raw}"
    model = qualifying.policy.model
    if model in _ONE_TOUCH and not qualifying.has_touches:
        select = _one_touch(f"({qualifying.select}) e", _ONE_TOUCH[model])
        await connection.execute(f"{into} {select}", *qualifying.arguments)
        return
    await connection.execute(f"DROP TABLE IF EXISTS {_QUALIFYING}, {_TAKING_PART}, {_DECAYED}")
    await connection.execute(
        f"CREATE TEMPORARY TABLE {_QUALIFYING} ON COMMIT DROP AS {qualifying.select}", *qualifying.arguments
    )
    taking_part = _taking_part(qualifying.policy) if qualifying.has_touches else _QUALIFYING
    if model in _ONE_TOUCH:
        await connection.execute(f"{into} {_one_touch(taking_part, _ONE_TOUCH[model])}")
        if model == "last_click":
            await _give_way_to_direct(connection, qualifying, raw)
        return
    await connection.execute(
        f"""CREATE TEMPORARY TABLE {_TAKING_PART} ON COMMIT DROP AS
            SELECT id, partnership_id, touch_id, at, row_number() OVER whole AS place,
                count(*) OVER (PARTITION BY id) AS many
            FROM {taking_part} WINDOW whole AS (PARTITION BY id ORDER BY at, recorded_at, touch_id)"""
    )
    if model == "time_decay":
        await _decay(connection, qualifying.policy.half_life_days)
    await connection.execute(f"{into} {_weighed(qualifying.policy)}")


def _one_touch(touches: str, order: str) -> str:
    return f"""SELECT DISTINCT ON (id) id, partnership_id, touch_id, at AS touched_at,
            1::numeric AS numerator, 1::numeric AS denominator
        FROM {touches} ORDER BY id, rank, at {order}, recorded_at {order}, touch_id {order}"""


def _taking_part(policy: ProgramPolicy) -> str:
    """Return the qualifying touches that take part; claimed ones only as the program says."""
    may_claim = {
        "always": "true",
        "never": "false",
        "tie_only": "NOT tracks_any",
        "click_required": "tracks_own",
    }[policy.code_policy]
    return f"""(SELECT * FROM (
            SELECT *, bool_or(NOT is_claimed) OVER (PARTITION BY id) AS tracks_any,
                bool_or(NOT is_claimed) OVER (PARTITION BY id, partnership_id) AS tracks_own
            FROM {_QUALIFYING}) q WHERE NOT is_claimed OR {may_claim}) e"""


async def _give_way_to_direct(connection: Connection, qualifying: Qualifying, raw: str) -> None:
    """Take credits back where the customer came directly after the touch that won, by the winner's terms."""
    await connection.execute(
        f"""DELETE FROM {raw} c USING trial_orders o, {_QUALIFYING} q, touches k, {reaching.as_table(6)}
            WHERE o.id = c.id AND q.id = c.id AND q.touch_id = c.touch_id
                AND o.occurred_at >= $2 AND o.occurred_at < $3
                AND r.partnership_id = c.partnership_id
                AND r.bucket = width_bucket(o.occurred_at, $4::timestamptz[])
                AND o.occurred_at >= r.starts_at AND o.occurred_at < r.ends_at
                AND k.channel = 'direct' AND k.customer_id = o.customer_id AND k.conversion_id IS NULL
                AND k.program_id = $1 AND ($5 OR k.consent <> 'denied')
                AND k.at <= o.occurred_at AND k.at > o.occurred_at - r.direct
                AND (k.recorded_at < r.locked_at OR k.recorded_at <= o.recorded_at)
                AND (k.at, k.recorded_at, k.id) > (q.at, q.recorded_at, q.touch_id)""",
        qualifying.program_id,
        qualifying.starts_at,
        qualifying.ends_at,
        qualifying.reaches.buckets,
        "no_consent" not in qualifying.policy.exclusions,
        *qualifying.reaches.columns,
    )


def _weighed(policy: ProgramPolicy) -> str:
    """Return the SELECT of weights, those of one conversion over one denominator; touches of no weight go."""
    if policy.model == "time_decay":
        numerator, denominator, touches = "raw", "whole", _DECAYED
    elif policy.model == "position_based":
        first, middle, last = policy.position_ppm
        numerator = f"""CASE WHEN many <= 2 THEN 1 WHEN place = 1 THEN {first}::numeric * (many - 2)
            WHEN place = many THEN {last}::numeric * (many - 2) ELSE {middle} END"""
        denominator = f"CASE WHEN many <= 2 THEN many ELSE {_PPM}::numeric * (many - 2) END"
        touches = _TAKING_PART
    else:
        numerator, denominator, touches = "1", "many", _TAKING_PART
    return f"""SELECT * FROM (
            SELECT id, partnership_id, touch_id, at AS touched_at, ({numerator})::numeric AS numerator,
                ({denominator})::numeric AS denominator FROM {touches}) w WHERE numerator > 0"""


_DIGIT_BITS = 12
_DIGITS = 4
_PLACES = 80
_SCALE_BITS = 64
_DAY_MICROSECONDS = 86_400_000_000
_EXACT = decimal.Context(prec=_PLACES + 20)


async def _decay(connection: Connection, half_life_days: int) -> None:
    """Give each touch `2^64 * 2^(-age / half-life)`, half to even, and the conversion's sum of them.

    An age in microseconds is read as digits of twelve bits, and the power is the product of one factor for
    each, of 80 places: more than the 60 digits of the rule, and it is irrational but where the age is whole
    half-lives, so both round alike. After 65 half-lives it is a half at most, which goes to even: nothing.
    When every touch is so old that all are nothing, the last one takes all.
    """
    half_life = half_life_days * _DAY_MICROSECONDS
    levels = [_factors(level, half_life) for level in range(_DIGITS)]
    await connection.execute("DROP TABLE IF EXISTS trial_factors")
    await connection.execute(
        "CREATE TEMPORARY TABLE trial_factors (level integer, digit bigint, factor numeric) ON COMMIT DROP"
    )
    await connection.copy_records_to_table(
        "trial_factors",
        records=[(level, n, factor) for level, many in enumerate(levels) for n, factor in enumerate(many)],
    )
    await connection.execute("ANALYZE trial_factors")
    age = "(extract(epoch FROM o.occurred_at - t.at) * 1000000)::bigint"
    joins = "".join(
        f""" JOIN trial_factors f{n} ON f{n}.level = {n} AND f{n}.digit = {_digit(n)}"""
        for n in range(_DIGITS)
    )
    power = f"round(f3.factor * f2.factor, {_PLACES}) * round(f1.factor * f0.factor, {_PLACES})"
    await connection.execute(
        f"""CREATE TEMPORARY TABLE {_DECAYED} ON COMMIT DROP AS
            SELECT id, partnership_id, touch_id, at,
                CASE WHEN total > 0 THEN raw WHEN place = many THEN 1 ELSE 0 END AS raw,
                CASE WHEN total > 0 THEN total ELSE 1 END AS whole
            FROM (SELECT *, sum(raw) OVER (PARTITION BY id) AS total FROM (
                SELECT a.*, CASE WHEN age >= {65 * half_life} THEN 0
                    ELSE round({power} * {2**_SCALE_BITS}) END AS raw
                FROM (SELECT t.*, {age} AS age FROM {_TAKING_PART} t JOIN trial_orders o ON o.id = t.id) a
                {joins}) p) s"""
    )


def _digit(level: int) -> str:
    shifted = f"(a.age >> {_DIGIT_BITS * level})"
    return shifted if level == _DIGITS - 1 else f"{shifted} & {2**_DIGIT_BITS - 1}"


def _factors(level: int, half_life: int) -> Sequence[Decimal]:
    """Return 2 to minus (digit / half-life) for each digit of a level; the highest holds ten years."""
    many = 2**_DIGIT_BITS if level < _DIGITS - 1 else 5_000
    step = _EXACT.power(Decimal(2), _EXACT.divide(Decimal(-(2 ** (_DIGIT_BITS * level))), Decimal(half_life)))
    found = [Decimal(1)]
    for _ in range(many - 1):
        found.append(_EXACT.multiply(found[-1], step))
    return found
