"""All doors of this slice, for the composition root."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from partner_network.identity.web import account_people, api_keys, api_keys_page, brands, people, sign_in
from partner_network.identity.web.factors import api, giving, passkeys, security

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
    giving.show_second_factor,
    giving.give_by_form,
    giving.give_as_program,
    security.show_security,
    security.start_authenticator,
    security.show_key,
    security.confirm_authenticator,
    security.renew_codes,
    security.remove,
    api.list_factors,
    api.start_totp,
    api.confirm_totp,
    api.remove_factor,
    api.renew_recovery_codes,
    api.reset_factors,
    passkeys.ask_passkey,
    passkeys.add_by_form,
    passkeys.add_as_program,
    people.list_members,
    people.invite_member,
    people.list_invitations,
    people.withdraw_invitation,
    people.send_invitation_again,
    people.change_roles,
    people.remove_member,
    *account_people.ROUTES,
    api_keys.list_api_keys,
    api_keys.issue_api_key,
    api_keys.rotate_api_key,
    api_keys.revoke_api_key,
    api_keys_page.show_api_keys,
    api_keys_page.make_api_key,
    api_keys_page.rotate_by_form,
    api_keys_page.revoke_by_form,
    brands.create_brand,
    brands.list_brands,
    brands.read_brand,
)
