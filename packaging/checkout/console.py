"""What setting up prints: one sentence. What the programs said goes to a log."""

import contextlib
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

from checkout import places

AGAIN = "Then run this command again."
DISK_FULL = f"The disk is full. Free about 2 GB. {AGAIN}"
LEAST_SPACE = 100_000_000  # bytes
# What pip, apt-get, dpkg and sudo say, and what to tell people instead. The first match counts:
# a network that fails leads to other errors further down.
REMEDIES = {
    r"No space left on device|don't have enough free space|Disk quota exceeded": DISK_FULL,
    r"dpkg was interrupted": (
        f"An earlier installation was interrupted. Run: sudo dpkg --configure -a\n{AGAIN}"
    ),
    r"Could not get lock|Unable to acquire the dpkg frontend lock|Unable to lock directory": (
        f"Another program is installing packages. Wait until it has finished. {AGAIN}"
    ),
    r"not in the sudoers|may not run sudo|not allowed to (?:execute|run)|incorrect password"
    r"|no password was provided|a (?:password|terminal) is required": (
        "You can't use sudo here. Ask an administrator to install them."
    ),
    r"CERTIFICATE_VERIFY_FAILED|SSLError|certificate verif": (
        "The server's certificate is not trusted. If your network inspects TLS, set PIP_CERT to "
        f"the CA certificate file of your organization. {AGAIN}"
    ),
    r"407 Proxy|ProxyError": f"The proxy refused the connection. Check HTTPS_PROXY. {AGAIN}",
    r"Temporary failure (?:in name resolution|resolving)|Could not (?:resolve|connect)|Name or "
    r"service not known|NewConnectionError|ConnectTimeout|Network is unreachable|Unable to connect"
    r"|Read timed out|Connection (?:refused|timed out|reset|failed)|nodename nor servname"
    r"|getaddrinfo failed": (
        f"The package server can't be reached. Check your network and proxy. {AGAIN}"
    ),
    r"(?<![\w.])(?:40[134]|429|5\d\d) +(?:Client |Server )?"
    r"(?:Error|Unauthorized|Forbidden|Not Found|Too Many|Internal|Bad|Service|Gateway)": (
        "The package server reported an error. Try again later, or use another index or mirror."
    ),
    r"DO NOT MATCH THE HASHES|Hash Sum mismatch": (
        "A download has the wrong checksum and was not installed. Try again, or use another "
        "index or mirror."
    ),
    r"Permission denied|Read-only file system": (
        f"A file can't be written. Check its permissions. {AGAIN}"
    ),
}


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a program that was run for setting up ended."""

    passed: bool
    output: str

    @property
    def remedy(self) -> str:
        """One sentence about why it failed and what to do; empty if the reason is unknown."""
        found = (text for pattern, text in REMEDIES.items() if re.search(pattern, self.output))
        return next(found, "")


def run_logged(command: Sequence[str]) -> CommandResult:
    """Run a program without its output, which goes to the log."""
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = done.stdout.decode("utf-8", "replace")
    log(f"{time.strftime('%Y-%m-%d %H:%M:%S')} $ {shlex.join(command)}\n{output}\n")
    return CommandResult(done.returncode == 0, output)


def explain(what: str, result: CommandResult) -> str:
    """Say what failed, why and what to do."""
    details = f"Details: {(places.CACHE / 'setup.log').relative_to(places.ROOT)}"
    has_space = shutil.disk_usage(places.ROOT).free > LEAST_SPACE  # ensurepip does not say
    return " ".join(filter(None, (what, result.remedy if has_space else DISK_FULL, details)))


def log(text: str) -> None:
    """Append to the log; what failed is explained without it too."""
    with contextlib.suppress(OSError):  # on a full disk
        places.CACHE.mkdir(exist_ok=True)
        with (places.CACHE / "setup.log").open("a", encoding="utf-8", errors="replace") as file:
            file.write(text)


def say(text: str) -> None:
    """Print and flush, so that the order with the output of commands is kept."""
    print(text, flush=True)
