"""Loads all profiles of this computer: the administrator's, and the user's own.

An administrator's profile replaces an own one with the same id. The policy's proxy, CA
certificates and locked settings go into every profile, and so does the policy itself: a profile is
never used without it.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.services.configuration.policy_reader import load_policy
from desktop.services.configuration.profile_reader import (
    Profiles,
    describe_clashes,
    load_profiles,
    read_profiles,
)
from desktop.services.model.profile import BrokenPolicy, BrokenProfile, with_policy
from desktop.services.system.paths import profiles_file
from desktop.services.system.translation import translate

if TYPE_CHECKING:
    from desktop.services.model.policy import Policy

_log = logging.getLogger(__name__)


def load_configuration() -> Profiles:
    """Load all profiles. Blocks; raises `BrokenProfile` or `BrokenPolicy`."""
    return load_allowed_profiles(profiles_file(), load_policy())


def load_allowed_profiles(file: Path, policy: Policy) -> Profiles:
    """Load the profiles of `policy`, then those of `file` that it allows. Blocks.

    Raises `BrokenProfile` or `BrokenPolicy`.
    """
    if policy.load_error:
        raise BrokenPolicy(Path(policy.source), policy.load_error)
    fixed = read_profiles(Path(policy.source), {"profiles": policy.profiles})
    own = _load_own_profiles(file, policy)
    taken = policy.profiles.keys()
    good = {**fixed.good, **{id_: each for id_, each in own.good.items() if id_ not in taken}}
    broken = {**fixed.broken, **{id_: e for id_, e in own.broken.items() if id_ not in taken}}
    for id_, detail in describe_clashes(good.values()).items():  # the administrator's come first
        del good[id_]
        broken[id_] = BrokenProfile(file, detail)
    governed = {id_: with_policy(each, policy) for id_, each in good.items()}
    return Profiles(file, governed, broken, policy)


def _load_own_profiles(file: Path, policy: Policy) -> Profiles:
    if not policy.own_profiles:
        return Profiles(file, {}, {})
    try:
        return load_profiles(file)
    except BrokenProfile as error:
        if not policy.profiles:
            raise
        # An error in the user's file does not affect the profiles that everybody has.
        _log.warning("own profiles cannot be read: %s", error)
        return Profiles(file, {}, {translate("all in {file}", file=file.name): error})
