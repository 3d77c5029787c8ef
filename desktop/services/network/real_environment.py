"""The environment of a session on this computer."""

from collections.abc import Callable
from functools import partial

from desktop.oauth.clock import SystemClock
from desktop.services.network.connector import Connector
from desktop.services.network.environment import Environment
from desktop.services.network.http_client import find_system_proxy
from desktop.services.secrets.indexed_keystore import system_keystore
from desktop.services.secrets.shared_lock import shared_lock
from desktop.services.system.paths import locks_folder
from desktop.services.system.worker import Worker


def real_environment(
    worker: Worker,
    *,
    find_proxy: Callable[[str], str] = find_system_proxy,
) -> Environment:
    """Make the environment of this computer; `worker` makes the calls that block."""
    clock = SystemClock()
    lock = partial(shared_lock, locks_folder(), clock=clock)
    keystore = system_keystore()
    connector = Connector(keystore, worker, find_proxy=find_proxy)
    return Environment(keystore, connector, clock, lock)
