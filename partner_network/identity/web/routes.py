"""All doors of this slice, for the composition root."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from partner_network.identity.web import brands, people, sign_in

ROUTES: Sequence[ControllerRouterHandler] = (
    sign_in.show_sign_in,
    sign_in.sign_in_by_form,
    sign_in.sign_out_by_form,
    sign_in.show_brand_choice,
    sign_in.choose_brand,
    sign_in.create_session,
    sign_in.read_session,
    sign_in.switch_session,
    sign_in.delete_session,
    people.list_members,
    people.invite_member,
    people.list_api_keys,
    people.issue_api_key,
    people.revoke_api_key,
    brands.create_brand,
    brands.list_brands,
    brands.read_brand,
)
