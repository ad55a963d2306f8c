"""What the queue asks of trials."""

import msgspec

from partner_network.receipts.trials import computing
from partner_network.receipts.trials.actions import TRY, TryTerms

__all__ = ["TRY", "try_terms"]


async def try_terms(payload: bytes) -> None:
    """Compute one trial."""
    await computing.compute_trial(msgspec.json.decode(payload, type=TryTerms).trial_id)
