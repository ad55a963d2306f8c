"""Terms drawn by lot, as two brands might sign them."""

from hypothesis import strategies as st

_TIERS = {
    "rate": (
        "{ from = 0, rate_ppm = 77_777 }",
        "{ from = 0, rate_ppm = 50_000 }, { from = 10_000, rate_ppm = 80_000 }",
        "{ from = 0, rate_ppm = 100_000 }, { from = 7_501, rate_ppm = 33_333 }",
    ),
    "amount": (
        "{ from = 0, amount_minor = 250 }",
        "{ from = 0, amount_minor = 333 }, { from = 3, amount_minor = 501 }",
    ),
}
_EXTRAS = (
    "",
    "",
    "cap_minor = { period = 2_000 }",
    "cap_minor = { order = 900, customer = 1_500, period = 9_000 }",
    "invoice_ppm = [1_000_000, 500_000]",
    "decay_ppm_per_day = 20_000",
    "min_order_minor = 2_000",
    "recurring_months = 1",
    "recurring_months = 0",
)
_FIRST_N = 'kind = "first_n"\nmetric = "count"\nn = {}\nperiod = "{}"\namount_minor = {}\n'
_MILESTONE = 'kind = "milestone"\nmetric = "{}"\nn = {}\nperiod = "{}"\namount_minor = 700\n'
_FREES = "refund_frees_place = true"
_BONUSES = (
    "",
    "",
    _FIRST_N.format(2, "quarter", 250),
    _FIRST_N.format(3, "month", 99) + _FREES,
    _MILESTONE.format("net_amount", 20_000, "month"),
    _MILESTONE.format("count", 2, "lifetime") + _FREES,
)
_BOOST = """
[[commission.boosts]]
name = "{name}"
component = "sales"
from = "2026-{start}"
until = "2026-{end}"
multiplier_ppm = {multiplier}
cap_minor = {cap}
stacking = "{stacking}"
"""
_SETTLEMENT = """
[settlement]
currency = "USD"
time_zone = "America/New_York"
hold_days = {hold_days}
lock = {{ months = {lock_months}, days = {lock_days} }}
minimum_payout_minor = {minimum}
late_policy = "{late_policy}"
notice_days = {notice_days}

[settlement.clawback]
mode = "{mode}"
max_age_days = {max_age_days}
max_share_ppm = {max_share_ppm}
contest_days = {contest_days}
"""

STREAMS = st.sampled_from(
    [("net_amount", "month"), ("net_amount", "quarter"), ("count", "month"), ("net_amount", "lifetime")]
)
"""What identifies the one component of an agreement across its versions: metric and period."""


@st.composite
def _components(draw: st.DrawFn, stream: tuple[str, str]) -> str:
    metric, period = stream
    if metric == "count":
        structure, paid_by = draw(st.sampled_from(["graduated", "retroactive", "flat"])), "amount"
    else:
        structure, paid_by = draw(
            st.sampled_from(
                [("graduated", "rate"), ("retroactive", "rate"), ("flat", "rate"), ("retroactive", "amount")]
            )
        )
    tiers = _TIERS[paid_by][0] if structure == "flat" else draw(st.sampled_from(_TIERS[paid_by]))
    return f"""[[commission.components]]
name = "sales"
event = "sale"
structure = "{structure}"
metric = "{metric}"
period = "{period}"
tiers = [{tiers}]
{draw(st.sampled_from(_EXTRAS))}
"""


def _settlements() -> st.SearchStrategy[str]:
    return st.builds(
        _SETTLEMENT.format,
        hold_days=st.sampled_from([0, 5, 40]),
        lock_months=st.sampled_from([0, 1]),
        lock_days=st.sampled_from([0, 3]),
        minimum=st.sampled_from([0, 500, 3_000]),
        late_policy=st.sampled_from(["true_up", "as_of_receipt"]),
        notice_days=st.sampled_from([0, 0, 10]),
        mode=st.sampled_from(["recompute", "line_only"]),
        max_age_days=st.sampled_from([20, 180]),
        max_share_ppm=st.sampled_from([333_333, 1_000_000]),
        contest_days=st.sampled_from([0, 10]),
    )


BOOSTS = st.builds(
    _BOOST.format,
    name=st.sampled_from(["winter", "spring"]),
    start=st.sampled_from(["01-10", "02-01"]),
    end=st.sampled_from(["02-20", "04-01"]),
    multiplier=st.sampled_from([1_500_000, 2_000_001]),
    cap=st.sampled_from([150, 100_000]),
    stacking=st.sampled_from(["best", "multiply"]),
)


@st.composite
def terms(draw: st.DrawFn, stream: tuple[str, str], boosts: tuple[str, ...] = ()) -> str:
    """Draw one version of the terms of a stream, with the boosts that run already."""
    bonus = draw(st.sampled_from(_BONUSES))
    # A bonus keeps its kind, metric and period across versions: its name says them.
    named = f'\n[[commission.bonuses]]\nname = "b{_BONUSES.index(bonus)}"\nevent = "sale"\n{bonus}\n'
    return "\n".join([draw(_components(stream)), named if bonus else "", *boosts, draw(_settlements())])
