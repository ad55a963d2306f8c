"""One's own messages: the page, the count in every page's head, the API, and nobody else's."""

from uuid import UUID

import pytest

from partner_network.database import connections
from partner_network.kernel import ids
from partner_network.notifications import queries
from partner_network.notifications.actions import tell
from tests.doors import Network
from tests.notifications.cast import HELD, cast_of, tell_held


async def id_for(network: Network, email: str) -> str:
    found: UUID = await network.owner.fetchval(
        "SELECT n.id FROM notifications n JOIN members m ON m.id = n.member_id WHERE m.email = $1", email
    )
    return ids.shown("msg", found)


async def test_a_message_stands_on_its_readers_page_and_is_counted_in_the_head(network: Network) -> None:
    await tell_held(await cast_of(network))
    olivia = await network.signed_in("olivia@needle.example")

    page = (await olivia.get("/notifications")).text

    assert "A payout of $1,250.00 to Needle is held" in page
    assert "The reason: The bank refuses it." in page
    assert "1 unread message" in (await olivia.get("/account/password")).text


async def test_opening_a_message_marks_it_read_and_leads_to_its_object(network: Network) -> None:
    await tell_held(await cast_of(network))
    olivia = await network.signed_in("olivia@needle.example")
    finn = await network.signed_in("finn@operator.example")

    hers = await olivia.get(f"/notifications/{await id_for(network, 'olivia@needle.example')}")
    his = await finn.get(f"/notifications/{await id_for(network, 'finn@operator.example')}")

    assert hers.headers["location"] == "/payout-account"
    assert his.headers["location"] == "/admin/payouts/pay_1"
    assert "0 unread messages" in (await olivia.get("/notifications")).text
    assert "is held" not in (await olivia.get("/notifications?show=unread")).text


async def test_messages_are_marked_read_one_by_one_and_all_at_once(network: Network) -> None:
    cast = await cast_of(network)
    for fact in ("1", "2", "3"):
        await tell_held(cast, fact)
    olivia = await network.signed_in("olivia@needle.example")
    first = (await olivia.get("/api/v1/notifications")).json()["items"][0]

    assert (await olivia.post(f"/api/v1/notifications/{first['id']}/reading")).status_code == 204
    assert len((await olivia.get("/api/v1/notifications?unread=true")).json()["items"]) == 2
    assert (await olivia.post("/api/v1/notification-readings")).status_code == 204
    assert (await olivia.get("/api/v1/notifications?unread=true")).json()["items"] == []


async def test_the_api_pages_through_messages_the_newest_first_in_the_language_asked_for(
    network: Network,
) -> None:
    cast = await cast_of(network)
    for count in range(5):
        await tell_held(cast, str(count), number=f"S-{count}")
    olivia = await network.signed_in("olivia@needle.example")

    page = (await olivia.get("/api/v1/notifications?limit=2")).json()
    rest = (await olivia.get(f"/api/v1/notifications?limit=200&after={page['next']}")).json()

    assert (len(page["items"]), len(rest["items"])) == (2, 3)
    assert rest["next"] is None
    assert {one["kind"] for one in (*page["items"], *rest["items"])} == {"payout-held"}
    assert page["items"][0]["path"] == "/payout-account"


@pytest.mark.parametrize("who", ["ned@needle.example", "gina@groove.example", "finn@operator.example"])
async def test_nobody_reads_opens_or_marks_the_message_of_another(network: Network, who: str) -> None:
    await tell_held(await cast_of(network))
    hers = await id_for(network, "olivia@needle.example")
    other = await network.signed_in(who)

    assert (await other.get(f"/notifications/{hers}")).status_code == 404
    assert (await other.post(f"/notifications/{hers}/reading")).status_code == 404
    assert (await other.post(f"/api/v1/notifications/{hers}/reading")).status_code == 404
    assert hers not in (await other.get("/api/v1/notifications")).text
    await other.post("/api/v1/notification-readings")
    owners = await network.owner.fetchval(
        "SELECT count(*) FROM notifications n JOIN members m ON m.id = n.member_id "
        "WHERE m.email = 'olivia@needle.example' AND n.read_at IS NULL"
    )
    assert owners == 1


async def test_the_database_itself_shows_a_person_their_own_rows_alone(network: Network) -> None:
    cast = await cast_of(network)
    await tell_held(cast)

    async with queries.looking_as(cast.olivia) as connection:
        rows = await connection.fetch("SELECT member_id FROM notifications")
        assert {row["member_id"] for row in rows} == {cast.olivia}
        assert await connection.execute("UPDATE notifications SET read_at = now()") == "UPDATE 1"
    for eyes in (cast.needle, "operator", None):
        async with connections.transaction(eyes=eyes) as connection:
            assert await connection.fetch("SELECT * FROM notifications") == []


async def test_a_message_for_another_of_ones_companies_asks_to_go_on_for_that_one(network: Network) -> None:
    cast = await cast_of(network)
    await network.person("olivia@needle.example", cast.groove, ["finance"])
    async with connections.transaction(eyes=cast.needle) as connection:
        await tell.notify(connection, "payment-failed", "1", tell.brand(cast.groove), said=HELD)
    olivia = await network.signed_in("olivia@needle.example")
    message = await id_for(network, "olivia@needle.example")

    asked = (await olivia.get(f"/notifications/{message}")).text

    assert "A message for Groove" in asked
    assert ids.shown("bnd", cast.groove) in asked
    assert f'value="/notifications/{message}"' in asked
    assert "1 unread message waits at another of your companies" in (await olivia.get("/notifications")).text


async def test_names_with_markup_stay_text_on_the_page(network: Network) -> None:
    cast = await cast_of(network)
    await tell_held(cast, payee='<img src=x onerror="alert(1)">', reason="\u202eevil & co")
    olivia = await network.signed_in("olivia@needle.example")

    page = (await olivia.get("/notifications")).text

    assert "&lt;img src=x onerror=&#34;alert(1)&#34;&gt;" in page
    assert "<img src=x" not in page
