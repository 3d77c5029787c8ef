"""The processors that Linux packages are built for, as each format names them."""

import platform
from dataclasses import dataclass

from builder.product import product


@dataclass(frozen=True, slots=True)
class Processor:
    """One processor: its name for the kernel, rpm and AppImages, its name for Debian, and more."""

    name: str
    debian: str
    loader: str
    """The loader, which every program requires and no package has to name."""

    @property
    def library_folders(self) -> tuple[str, ...]:
        """Return the folders with the libraries of the system, in Debian and elsewhere."""
        return (f"/lib/{self.name}-linux-gnu", f"/usr/lib/{self.name}-linux-gnu", "/lib64")

    def newest(self, library: str) -> str:
        """Return the newest version of `glibc` or `glibcxx` that a bundle may require."""
        limits = product().limits
        return str(limits.get(f"{library}_{self.name}", limits[library]))


PROCESSORS = {
    each.name: each
    for each in (
        Processor("x86_64", "amd64", "ld-linux-x86-64.so.2"),
        Processor("aarch64", "arm64", "ld-linux-aarch64.so.1"),
    )
}


def this_processor() -> Processor:
    """Return the processor of this computer; raise `ValueError` if there are no packages for it."""
    name = platform.machine()
    if name not in PROCESSORS:
        known = " and ".join(PROCESSORS)
        raise ValueError(f"Packages can be built on {known}, not on {name}.")
    return PROCESSORS[name]
