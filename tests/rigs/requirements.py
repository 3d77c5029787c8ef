"""What a rig is made of, and what happens when a part is missing."""

import os
import shutil
import sys
from typing import NoReturn

import pytest


def require(rig: str, *programs: str) -> None:
    """Skip the test unless every program is on PATH; on a Linux CI fail it instead."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        skip_or_fail(f"the {rig} rig needs {', '.join(missing)}")


def require_linux(rig: str) -> None:
    """Skip the test where the rig's programs do not exist at all."""
    if sys.platform != "linux":
        pytest.skip(f"the {rig} rig is made of Linux programs")


def skip_or_fail(reason: str) -> NoReturn:
    """Skip with the reason, or fail where everything is expected to be there."""
    if is_linux_ci():
        pytest.fail(f"{reason}, and on this CI nothing may be missing", pytrace=False)
    pytest.skip(reason)


def is_linux_ci() -> bool:
    """Tell whether this is a CI on Linux, where `dev.py test` installs every part."""
    return sys.platform == "linux" and os.environ.get("CI", "").lower() in {"1", "true"}
