"""All doors of this slice, for the composition root."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from partner_network.programs.web import invitations, partnerships, programs

ROUTES: Sequence[ControllerRouterHandler] = (
    programs.create_program,
    programs.list_programs,
    programs.read_program,
    partnerships.invite_partner,
    partnerships.list_partnerships,
    partnerships.read_partnership,
    partnerships.answer_partnership,
    partnerships.pair_partnership,
    invitations.accept_invitation,
    invitations.show_invitation,
    invitations.accept_by_form,
)
