"""Whoever is erased whenever, and whatever is reported after it, everything stays proved."""

import random
from pathlib import Path

import pytest

from partner_network.dashboards.verification import proof
from partner_network.database import connections
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import ConflictError, NotFoundError
from partner_network.privacy.actions import erase_customers, erase_members
from tests import builders
from tests.builders import Cast
from tests.conftest import FreshDatabase
from tests.dashboards.random_life import Pair, RandomLife, lived


class ForgetfulLife(RandomLife):
    """A life in which customers and members are erased between all that happens else."""

    def __init__(self, seed: int, most_hours: int) -> None:
        super().__init__(seed, most_hours)
        self._who = random.Random(-seed)  # noqa: S311 - the same erasures for the same seed
        self.erased = 0

    async def _something(self, cast: Cast) -> None:
        await super()._something(cast)
        if self._who.random() < 0.15:
            await self._erase_customer(cast, self._who.choice(sorted(cast.partnerships)))
        if self._who.random() < 0.03:
            await self._erase_member(cast)

    async def _erase_customer(self, cast: Cast, pair: Pair) -> None:
        owner = cast.owners[pair[0]]
        try:
            await erase_customers.erase_customer(owner, cast.brands[pair[0]], f"c{self._who.randrange(8)}")
        except NotFoundError:
            return
        self.erased += 1

    async def _erase_member(self, cast: Cast) -> None:
        """Let somebody take over, and erase whoever they follow."""
        n = self.erased
        which = self._who.choice(["preparer", "approver", *sorted(cast.owners)])
        before = getattr(cast, which) if which in {"preparer", "approver"} else cast.owners[which]
        admin = Member(
            before.id, "Ann", "ann@network.test", None, frozenset({"admin"}), has_given_factor=True
        )
        if which in cast.owners:
            with pytest.raises(ConflictError, match="only owner"):
                await erase_members.erase_member(admin, before.id)
        role = "owner" if which in cast.owners else "finance"
        heir = await builders.person(f"heir{n}@{which}.test", before.brand_id, role)
        if which in cast.owners:
            cast.owners[which] = heir
        else:
            setattr(cast, which, heir)
        await erase_members.erase_member(admin, before.id)
        self.erased += 1


async def _stays_proved(seed: int, most_hours: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    life = ForgetfulLife(seed, most_hours)
    async with lived(life, folder, monkeypatch) as cast:
        kinds = [kind async for kind in proof.verify(cast.stripe)]
    assert kinds[-1].difference is None
    assert life.erased > 3
    assert await connections.pool().fetchval("SELECT count(*) FROM erasures") == life.erased


async def test_a_network_that_forgets_is_proved(
    database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database.name
    await _stays_proved(3, 60, tmp_path, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200, 206))
async def test_a_busy_network_that_forgets_is_proved(
    database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    assert database.name
    await _stays_proved(seed, 9, tmp_path, monkeypatch)
