"""By which order a bonus was first earned: the one place that knows."""


def earned_by(bonus: str) -> str:
    """Return SQL for the order that first earned a bonus, NULL for what is no bonus or where it is hidden.

    ``bonus`` is the alias of its row of `commissions`. The order is the one that the first revision names
    last, which dates the bonus; one that adjustments alone pay names none, and stands on what was adjusted.
    """
    names_it = "r.inputs -> 'conversions' ->> -1 = e.order_id || chr(1) || e.event"
    return f"""(SELECT e.id FROM partnerships h
        JOIN conversions e ON e.program_id = h.program_id AND e.occurred_at = {bonus}.earned_at
        JOIN commission_revisions r ON r.commission_id = {bonus}.id AND r.rev = 1
        WHERE h.id = {bonus}.partnership_id AND {bonus}.kind = 'bonus' AND ({names_it} OR EXISTS (
            SELECT FROM adjustments x WHERE x.conversion_id = e.id AND x.partnership_id = h.id
                AND x.bonus = {bonus}.component))
        ORDER BY {names_it} DESC, e.order_id COLLATE "C" LIMIT 1)"""
