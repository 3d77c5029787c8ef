"""The report about a failure, for support."""

import platform
from datetime import datetime

from desktop import __version__
from desktop.oauth import errors
from desktop.services.model.instants import format_instant
from desktop.services.model.profile import Profile
from desktop.services.model.states import Failed
from desktop.services.system.logs import redacted
from desktop.services.wording.messages import advice_for


def failure_report(state: Failed, profile: Profile | None, at: datetime) -> str:
    """Write the report as plain text without secrets."""
    advice = advice_for(state.error, user_code=state.user_code)
    lines = [
        f"XDR Login {__version__} on {platform.platform()}",
        f"Time: {format_instant(at)}",
        f"{advice.title} ({type(state.error).__name__})",
        advice.facts,
        advice.text,
    ]
    if profile is not None:
        lines.insert(
            2, f"Profile: {profile.name}, {profile.provider_label}, client ID {profile.client_id}"
        )
    detail = str(getattr(state.error, "detail", "") or getattr(state.error, "description", ""))
    return redacted("\n".join(filter(None, [*lines, errors.printable(detail)])))
