"""Lengths of time in words, the same in window and terminal."""


def format_duration(seconds: float) -> str:
    """`seconds` in words for a sentence: "45 seconds", "3 minutes", "2 hours"."""
    whole = max(1, round(seconds))
    for size, unit in ((3600, "hour"), (60, "minute")):
        if whole >= 2 * size:
            return f"{round(whole / size)} {unit}s"
    return f"{whole} second{'s' if whole != 1 else ''}"


def format_countdown(seconds: float) -> str:
    """`seconds` as a countdown: "9:41", "1:02:03". Rounded up, so that 0:00 means it is over."""
    whole = max(0, -int(-seconds // 1))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
