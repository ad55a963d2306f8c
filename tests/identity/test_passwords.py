from partner_network.identity import passwords

PASSWORD = "correct horse battery staple"


async def test_a_password_is_kept_as_argon2id_at_the_recommended_cost_or_more() -> None:
    stored = await passwords.hash_of(PASSWORD)

    kind, costs = stored.split("$")[1], stored.split("$")[3]
    figures = dict(part.split("=") for part in costs.split(","))
    assert kind == "argon2id"
    assert int(figures["m"]) * int(figures["t"]) >= 19_456 * 2  # what OWASP asks for
    assert await passwords.is_right(PASSWORD, stored)
    assert not await passwords.is_right(PASSWORD + "!", stored)


async def test_an_account_that_does_not_exist_has_no_right_password_but_a_hash_to_check() -> None:
    assert not await passwords.is_right(PASSWORD, None)


async def test_an_endless_password_is_not_hashed() -> None:
    assert not await passwords.is_right("x" * 1_000_000, None)
