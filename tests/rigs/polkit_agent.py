"""An agent that answers polkit's questions in place of a person: `python polkit_agent.py ANSWER`.

Started as root in the session x1. It prints `registered`, and each call with its action.
"""

import sys

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    new_error,
    new_method_call,
    new_method_return,
)
from jeepney.io.blocking import DBusConnection, open_dbus_connection

AUTHORITY = DBusAddress(
    "/org/freedesktop/PolicyKit1/Authority",
    "org.freedesktop.PolicyKit1",
    "org.freedesktop.PolicyKit1.Authority",
)


def main(answer: str) -> None:
    """Serve until the bus ends."""
    connection = open_dbus_connection("SYSTEM")
    session = ("unix-session", {"session-id": ("s", "x1")})
    body = (session, "C.UTF-8", "/agent")
    call = new_method_call(AUTHORITY, "RegisterAuthenticationAgent", "(sa{sv})ss", body)
    reply = connection.send_and_get_reply(call)
    if reply.header.message_type is MessageType.error:
        sys.exit(f"not accepted: {reply.body}")
    say("registered")
    while True:
        try:
            message = connection.receive()
        except ConnectionError:
            return
        if message.header.message_type is MessageType.method_call:
            handle(connection, message, answer)


def handle(connection: DBusConnection, message: Message, answer: str) -> None:
    """Handle BeginAuthentication or CancelAuthentication."""
    member = message.header.fields[HeaderFields.member]
    say(f"{member} {message.body[0]}" if member == "BeginAuthentication" else str(member))
    if member != "BeginAuthentication" or answer == "approve":
        if member == "BeginAuthentication":
            cookie, (identity, *_others) = message.body[4], message.body[5]
            body = (0, cookie, identity)
            connection.send(
                new_method_call(AUTHORITY, "AuthenticationAgentResponse2", "us(sa{sv})", body)
            )
        connection.send(new_method_return(message))
    elif answer == "deny":
        connection.send(new_method_return(message))
    elif answer == "dismiss":
        connection.send(new_error(message, "org.freedesktop.PolicyKit1.Error.Cancelled"))


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
