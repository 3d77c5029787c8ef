"""What window, tray and terminal say about a state; every state must have words everywhere."""

from collections.abc import Iterator
from datetime import datetime

from desktop.cli.sign_in.status import _state_text
from desktop.ipc.agent import _status_members
from desktop.services.model.errors import SessionError
from desktop.services.model.states import AwaitingApproval, Failed, SignedIn, SignedOut, State
from desktop.services.session.sessions import ProfileStatus
from desktop.services.wording.messages import Surface, advice_for
from desktop.services.wording.sign_out_texts import signed_out_message
from desktop.ui.wording import tray_texts, window_texts

# What is said of an error that nobody has described.
_NOT_KNOWN = {advice_for(error).title for error in (RuntimeError(), SessionError())}


def find_missing_words(status: ProfileStatus, at: datetime) -> list[str]:
    """Name the places where a state has no words, or those of an error that nobody expected."""
    return [place for place, text in _texts(status, at) if not _is_said(text)]


def find_missing_advice(error: Exception) -> list[str]:
    """Name the places where an error has no words of its own."""
    return [place for place, text in _advice("error", error) if not _is_said(text)]


def _is_said(text: str) -> bool:
    return bool(text.strip()) and text not in _NOT_KNOWN and "{" not in text


def _texts(status: ProfileStatus, at: datetime) -> Iterator[tuple[str, str]]:
    state = status.state
    yield "row", tray_texts.row_state(state, at)[0]
    yield "tooltip", tray_texts.tooltip(status.profile.name, state, at).partition("\n")[2]
    yield "status", _state_text(_status_members(status))
    for item, label in tray_texts.menu_labels(state, at).items():
        yield f"menu item {item.name}", label.text
    yield from _window_texts(state, at)


def _window_texts(state: State, at: datetime) -> Iterator[tuple[str, str]]:
    match state:
        case AwaitingApproval():
            title, text = window_texts.approval(state)
            yield from (("title", title), ("text", text), ("wait", window_texts.waiting(state)))
            yield "time", window_texts.code_lifetime(state, at)[0]
            if state.trouble is not None:
                yield "trouble", window_texts.trouble(state)
                yield from _advice("trouble", state.trouble)
        case SignedIn():
            yield "ring", window_texts.ring(state, at)[0]
            yield "renewal", window_texts.renewal_status(state, at)
            if state.trouble is not None:
                yield "not renewed", window_texts.not_renewed(state, at)
                yield from _advice("trouble", state.trouble)
            if state.save_error is not None:
                yield "not saved", window_texts.not_saved(state.save_error)
        case SignedOut(removed_at=removed) if removed is not None:
            yield "signed out", signed_out_message(state)
        case Failed():
            yield from _advice("failed", state.error)


def _advice(place: str, error: Exception) -> Iterator[tuple[str, str]]:
    for surface in Surface:
        advice = advice_for(error, surface=surface)
        yield f"{place}, title, {surface.name}", advice.title
        yield f"{place}, text, {surface.name}", advice.text
