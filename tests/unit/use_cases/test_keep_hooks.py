"""Hooks: who may speak through one, and for how long."""

from collections.abc import Callable
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


def meanwhile(world: World, method: str, change: Callable[[], object]) -> None:
    """Somebody else makes a change right before the first call of a method."""
    begun: list[str] = []

    def before(called: str) -> None:
        if called == method and not begun:
            begun.append(called)
            change()

    world.artists.faults.before_call = before


@pytest.mark.parametrize("kind", HookKind)
def test_a_rotation_that_began_before_a_revocation_does_not_revive_the_hook(world, kind):
    made = world.hooks.add(ME, kind)
    hook_id = made.hook.hook_id
    meanwhile(world, "replace_hook", lambda: world.hooks.revoke(hook_id))
    with pytest.raises(InvalidQuery, match="Somebody else"):
        world.hooks.rotate(hook_id)
    assert world.artists.hook(hook_id).revoked_at == NOON
    assert world.artists.hook(hook_id).generations(NOON) == ()


@pytest.mark.parametrize("kind", HookKind)
def test_a_revocation_that_began_before_a_rotation_revokes_the_new_secret_too(world, kind):
    made = world.hooks.add(ME, kind)
    hook_id = made.hook.hook_id
    meanwhile(world, "replace_hook", lambda: world.hooks.rotate(hook_id))
    revoked = world.hooks.revoke(hook_id)
    assert (revoked.generation, revoked.token_hashes) == (2, ())
    assert world.artists.hook(hook_id) == revoked
    assert revoked.generations(NOON) == ()


def test_of_two_rotations_at_once_only_one_shows_a_secret_and_that_one_is_good(world):
    hook_id = world.hooks.add(ME, HookKind.BEARER).hook.hook_id
    shown = []
    meanwhile(world, "replace_hook", lambda: shown.append(world.hooks.rotate(hook_id)))
    with pytest.raises(InvalidQuery, match="Somebody else"):
        world.hooks.rotate(hook_id)
    assert is_bearer(world.artists.hook(hook_id), shown[0].secret, 1)


def test_a_hook_of_an_artist_who_is_removed_meanwhile_is_neither_made_nor_brought_back(world):
    made = world.hooks.add(ME, HookKind.SIGNED)
    meanwhile(world, "replace_hook", lambda: world.artists.remove(ME))
    with pytest.raises(InvalidQuery):
        world.hooks.rotate(made.hook.hook_id)
    world.artists.add(ArtistProfile(ME, "Me", NOON))
    meanwhile(world, "add_hook", lambda: world.artists.remove(ME))
    with pytest.raises(InvalidQuery, match="removed just now"):
        world.hooks.add(ME, HookKind.SIGNED)
    assert world.artists.kept_hooks == {}


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
