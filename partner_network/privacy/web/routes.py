"""All doors of this slice, for the composition root."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from partner_network.privacy.web import account, customers, opt_out

ROUTES: Sequence[ControllerRouterHandler] = (
    opt_out.show_opt_out,
    opt_out.choose,
    account.show_privacy,
    account.download_export,
    account.close_by_form,
    account.show_closed,
    account.read_personal_data,
    account.close_account,
    account.erase_member,
    account.erase_by_form,
    customers.export_customer,
    customers.erase_customer,
    customers.list_erasures,
)
