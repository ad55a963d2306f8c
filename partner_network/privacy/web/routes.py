"""All doors of this slice, for the composition root."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from partner_network.privacy.web import opt_out

ROUTES: Sequence[ControllerRouterHandler] = (
    opt_out.show_opt_out,
    opt_out.choose,
)
