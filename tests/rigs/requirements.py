"""Programs that rigs require, and what happens if one is missing."""

import os
import shutil
import sys
from typing import NoReturn

import pytest


def require(rig: str, *programs: str) -> None:
    """Skip the test unless all programs are on PATH; on a Linux CI, fail it."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        skip_or_fail(f"the {rig} rig requires {', '.join(missing)}")


def skip_without(*programs: str) -> None:
    """Skip the test, also on a CI, unless all programs are on PATH; nothing installs them."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed")


def require_linux(rig: str) -> None:
    """Skip the test on systems for which the rig's programs don't exist."""
    if sys.platform != "linux":
        pytest.skip(f"the {rig} rig requires Linux")


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the test, or fail it where everything must be installed."""
    if is_linux_ci():
        pytest.fail(f"{reason}; nothing may be missing on this CI", pytrace=False)
    pytest.skip(reason)


def is_linux_ci() -> bool:
    """Return whether this is a CI on Linux, where `dev.py test` installs everything."""
    return sys.platform == "linux" and os.environ.get("CI", "").lower() in {"1", "true"}
