"""What the queue asks of attribution."""

from partner_network.attribution import actions

DECIDE = "attribution.decide"


async def decide() -> None:
    """Decide everything that waits, a batch to a transaction."""
    while await actions.decide_pending():
        pass
