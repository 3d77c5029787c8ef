"""How many processors this process may use."""

import contextlib
import math
import os
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def count_processors() -> int:
    """Count the processors that affinity and the limits of a container leave, at least one."""
    if hasattr(os, "sched_getaffinity"):  # on Linux only
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 2
    return max(1, min([count, *_container_limits()]))


def _container_limits() -> Iterator[int]:
    """Yield the limit of each control group that this process is in, see cgroups(7)."""
    with contextlib.suppress(OSError):
        for line in MEMBERSHIP.read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            version_1 = "cpu" in controllers.split(",")
            if version_1 or not controllers:
                top = CGROUPS / "cpu" if version_1 else CGROUPS
                group = top / path.lstrip("/")
                for folder in (group, *group.parents):
                    yield from _limit(folder)


def _limit(group: Path) -> Iterator[int]:
    """Yield the processors that a group may use, if it has a limit."""
    with contextlib.suppress(OSError, ValueError):  # "max", where there is none
        if (group / "cpu.max").exists():
            quota, period = (int(each) for each in (group / "cpu.max").read_text("utf-8").split())
        else:
            quota = int((group / "cpu.cfs_quota_us").read_text("utf-8"))
            period = int((group / "cpu.cfs_period_us").read_text("utf-8"))
        if quota > 0:
            yield math.ceil(quota / period)
