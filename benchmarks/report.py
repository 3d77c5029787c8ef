"""The results of benchmarks, and how they are printed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """A median of `runs`; the goal is a ratio if there is a `baseline`, otherwise in `unit`."""

    name: str
    unit: str
    value: float
    baseline: float | None
    ratio: float | None
    goal: float
    runs: int

    @property
    def reached(self) -> bool:
        return (self.value if self.ratio is None else self.ratio) <= self.goal


def table(measurements: list[Measurement]) -> str:
    """Format one line for each measurement."""
    lines = [f"{'':40} {'median':>10} {'baseline':>10} {'ratio':>7} {'goal':>7}"]
    for one in measurements:
        baseline = "" if one.baseline is None else f"{one.baseline:.1f}"
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        mark = "" if one.reached else "  MISSED"
        value = f"{one.value:.1f} {one.unit}"
        lines.append(f"{one.name:40} {value:>10} {baseline:>10} {ratio:>7} {one.goal:>7}{mark}")
    return "\n".join(lines) + "\n"
