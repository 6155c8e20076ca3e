"""Hooks: who may speak through one, and for how long."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from standardwebhooks import Webhook

from daltonify_core.errors import InvalidQuery
from daltonify_core.releases.hook import HookKind
from daltonify_core.releases.profile import ArtistProfile
from daltonify_core.use_cases.keep_hooks import MOST_HOOKS, ROTATION, KeepHooks, is_bearer, signing_secret
from tests.fakes.memory_releases import MemoryArtists
from tests.fakes.set_clock import SetClock

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
KEY = b"NEVERLOGME the key from which signing secrets are made"
ME = "A" * 22


class World:
    """One registered artist and predictable randomness."""

    def __init__(self) -> None:
        self.clock = SetClock(NOON)
        self.artists = MemoryArtists()
        self.artists.add(ArtistProfile(ME, "Me", NOON))
        ids, tokens = count(1), count(1)
        self.hooks = KeepHooks(
            self.artists, KEY, lambda: f"{next(ids):032x}", lambda: f"NEVERLOGME-{next(tokens)}", self.clock
        )


@pytest.fixture
def world() -> World:
    return World()


def test_a_signed_hook_keeps_no_secret_and_knows_it_all_the_same(world):
    made = world.hooks.add(ME, HookKind.SIGNED, "distributor")
    stored = world.artists.hook(made.hook.hook_id)
    assert stored == made.hook
    assert made.secret not in repr(stored)
    assert made.secret == signing_secret(KEY, stored, 1)
    assert signing_secret(KEY, stored, 2) != made.secret
    assert signing_secret(b"another key", stored, 1) != made.secret


def test_the_reference_library_takes_the_secret(world):
    secret = world.hooks.add(ME, HookKind.SIGNED).secret
    signed = Webhook(secret).sign("message", datetime.now(UTC), "{}")
    assert signed.startswith("v1,")


def test_of_a_bearer_token_the_hash_is_kept(world):
    made = world.hooks.add(ME, HookKind.BEARER)
    stored = world.artists.hook(made.hook.hook_id)
    assert made.secret.startswith("dlt_")
    assert "NEVERLOGME" not in repr(stored)
    assert is_bearer(stored, made.secret, 1)
    assert not is_bearer(stored, f"{made.secret} ", 1)
    assert not is_bearer(stored, "\ud800", 1)


def test_nothing_shows_a_secret_by_accident(world):
    assert "NEVERLOGME" not in repr(world.hooks.add(ME, HookKind.BEARER))


@pytest.mark.parametrize("kind", HookKind)
def test_two_secrets_are_good_during_a_rotation_and_one_after_it(world, kind):
    first = world.hooks.add(ME, kind)
    hook_id = first.hook.hook_id
    second, third = world.hooks.rotate(hook_id), world.hooks.rotate(hook_id)
    assert len({first.secret, second.secret, third.secret}) == 3
    hook = world.artists.hook(hook_id)

    def good(now: datetime) -> list[bool]:
        generations = hook.generations(now)
        if kind is HookKind.BEARER:
            return [is_bearer(hook, one.secret, len(generations)) for one in (first, second, third)]
        return [one.secret in [signing_secret(KEY, hook, each) for each in generations] for one in
                (first, second, third)]  # fmt: skip

    assert good(NOON + ROTATION - timedelta(seconds=1)) == [False, True, True]
    assert good(NOON + ROTATION) == [False, False, True]


@pytest.mark.parametrize("kind", HookKind)
def test_a_revoked_hook_opens_to_nothing_and_stays_revoked(world, kind):
    made = world.hooks.add(ME, kind)
    revoked = world.hooks.revoke(made.hook.hook_id)
    assert revoked.generations(NOON) == ()
    assert not is_bearer(revoked, made.secret, 2)
    for again in (world.hooks.rotate, world.hooks.revoke):
        with pytest.raises(InvalidQuery, match="revoked"):
            again(made.hook.hook_id)


def test_only_registered_artists_have_hooks_and_not_too_many(world):
    with pytest.raises(InvalidQuery, match="artists add"):
        world.hooks.add("B" * 22, HookKind.SIGNED)
    hooks = [world.hooks.add(ME, HookKind.SIGNED).hook for _ in range(MOST_HOOKS)]
    with pytest.raises(InvalidQuery, match="Revoke"):
        world.hooks.add(ME, HookKind.SIGNED)
    world.hooks.revoke(hooks[0].hook_id)
    assert world.hooks.add(ME, HookKind.SIGNED)


def test_a_hook_without_a_rotation_has_one_secret(world):
    hook = world.hooks.add(ME, HookKind.SIGNED).hook
    assert hook.generations(NOON) == (1,)
    assert replace(hook, previous_until=NOON + ROTATION).generations(NOON) == (1,)
