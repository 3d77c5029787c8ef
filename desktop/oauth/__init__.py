"""The protocol and nothing else: RFC 8628, 6749, 6750, 7009 and 8414.

Plain functions that take an `httpx.AsyncClient` and a `Clock`. No files, no Qt, no keyring, no
globals. Sending and parsing are separate, so that every parser is a pure function.
"""
