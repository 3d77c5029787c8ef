"""A speech server that writes down what a screen reader says, in place of Speech Dispatcher.

Its protocol is SSIP, https://htmlpreview.github.io/?https://github.com/brailcom/speechd: a line for
each command, answers that begin with a number, and a dot below each text to be said.
"""

import contextlib
import html
import itertools
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

_END_OF_TEXT = "."
_MARKUP = re.compile("<[^>]*>")  # SSML, which tells the position in the text
_SAID = ("225-1", "225 OK MESSAGE QUEUED")
_ANSWERS = {
    "HISTORY GET CLIENT_ID": ("245-1", "245 OK CLIENT ID SENT"),
    "LIST OUTPUT_MODULES": ("250-dummy", "250 OK MODULES LISTED"),
    "LIST SYNTHESIS_VOICES": ("249-dummy\ten\tnone", "249 OK VOICES LISTED"),
    "LIST VOICES": ("249-MALE1", "249 OK VOICES LISTED"),
    "GET OUTPUT_MODULE": ("251-dummy", "251 OK GET RETURNED"),
    "GET LANGUAGE": ("251-en", "251 OK GET RETURNED"),
}


@dataclass(slots=True)
class Speech:
    """What was said, oldest first, and the indexes of what was interrupted."""

    said: list[str] = field(default_factory=list)
    interrupted: set[int] = field(default_factory=set)

    @property
    def transcript(self) -> str:
        """Return what was said, one text on a line."""
        marks = (" (interrupted)" if n in self.interrupted else "" for n in itertools.count())
        return "\n".join(f"{text}{mark}" for text, mark in zip(self.said, marks, strict=False))


@contextlib.contextmanager
def run_speech(address: Path) -> Iterator[Speech]:
    """Serve a screen reader on the socket `address` until the end of the block."""
    speech = Speech()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(address))
        server.listen()
        serving = threading.Thread(target=_serve, args=(server, speech), daemon=True)
        serving.start()
        try:
            yield speech
        finally:
            server.shutdown(socket.SHUT_RDWR)
            serving.join()


def _serve(server: socket.socket, speech: Speech) -> None:
    with contextlib.suppress(OSError):  # the end of the block
        while True:
            client, _ = server.accept()
            threading.Thread(target=_answer, args=(client, speech), daemon=True).start()


def _answer(client: socket.socket, speech: Speech) -> None:
    with (
        contextlib.suppress(OSError),  # it ended without a goodbye
        client,
        client.makefile("rw", encoding="utf-8", newline="\r\n") as lines,
    ):
        for line in lines:
            _obey(line.strip(), lines, speech)


def _obey(command: str, lines: IO[str], speech: Speech) -> None:
    verb = command.partition(" ")[0].upper()
    if verb == "SPEAK":
        _send(lines, "230 OK RECEIVING DATA")
        speech.said.append(_read_text(lines))
        _send(lines, *_SAID)
    elif verb in {"CHAR", "KEY"}:  # keys that are pressed
        _send(lines, *_SAID)
    elif verb in {"CANCEL", "STOP"}:
        speech.interrupted.update({len(speech.said) - 1} - {-1})
        _send(lines, "210 OK CANCELED")
    else:
        _send(lines, *_ANSWERS.get(command, ("200 OK",)))


def _send(lines: IO[str], *answers: str) -> None:
    lines.write("".join(f"{each}\n" for each in answers))
    lines.flush()


def _read_text(lines: IO[str]) -> str:
    taken = itertools.takewhile(lambda each: each.strip() != _END_OF_TEXT, lines)
    marked = " ".join(each.strip() for each in taken)
    return html.unescape(_MARKUP.sub("", marked)).strip()
