"""Removing secrets from the words of a server, however it writes them."""

import base64
import hashlib
import html
import json
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.oauth.errors import ErrorResponse
from desktop.oauth.redaction.index import SecretForms
from desktop.oauth.redaction.known_secrets import REDACTED, KnownSecrets
from desktop.oauth.redaction.spelling import letters_of, visible_of
from tests.oauth.harness import fuzzed

SECRET = 'rt-7Yq/Kx+Zp9 w~Lm2=Nb4&Vc"6Td<Qs1\\Hg8'  # punctuation that every encoding changes
PLAIN = "Zk3Qw8Lr5Tn1Vb7Xc9Mh2Pd6"


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def every(character_as: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: "".join(map(character_as, text))


def in_fours(text: str) -> list[str]:
    return [text[at : at + 4] for at in range(0, len(text), 4)]


SPELLINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "lower case": str.lower,
    "upper case": str.upper,
    "percent": lambda text: quote(text, safe=""),
    "percent in lower case": lambda text: quote(text, safe="").lower(),
    "form": quote_plus,
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "percent three times": lambda text: quote(quote(quote(text, safe=""), safe=""), safe=""),
    "every character percent": every(lambda c: f"%{ord(c):02x}"),
    "base64": base64_of,
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 in lines": lambda text: base64.encodebytes(text.encode() * 3).decode(),
    "base64 in percent": lambda text: quote(base64_of(text), safe=""),
    "basic, first alignment": lambda text: base64_of(f"abc{text}"),
    "basic, second alignment": lambda text: base64_of(f"client:{text}"),
    "basic, third alignment": lambda text: base64_of(f"client-1:{text}; and more"),
    "basic, encoded first": lambda text: base64_of(f"client-1:{quote(text, safe='')}"),
    "base64 twice": lambda text: base64_of(base64_of(text)),
    "base64url twice": lambda text: base64_of(base64_of(text).rstrip("=")).rstrip("="),
    "basic in base64": lambda text: base64_of(base64_of(f"client-1:{text}")),
    "hex": lambda text: text.encode().hex(),
    "hex in upper case": lambda text: text.encode().hex().upper(),
    "hex with colons": lambda text: text.encode().hex(":"),
    "json": lambda text: json.dumps(text)[1:-1],
    "json in json": lambda text: json.dumps(json.dumps(text)),
    "json escapes": every(lambda c: f"\\u{ord(c):04X}"),
    "javascript escapes": every(lambda c: f"\\x{ord(c):02x}"),
    "javascript code points": every(lambda c: f"\\u{{{ord(c):x}}}"),
    "python escapes": every(lambda c: f"\\U{ord(c):08x}"),
    "octal escapes": every(lambda c: f"\\{ord(c):03o}"),
    "javascript percent": every(lambda c: f"%u{ord(c):04X}"),
    "hex bytes": every(lambda c: f"0x{ord(c):02X}, "),
    "base32": lambda text: base64.b32encode(text.encode()).decode().rstrip("="),
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
    "hex of UTF-16": lambda text: text.encode("utf-16-le").hex(),
    "html": html.escape,
    "html numbers": every(lambda c: f"&#{ord(c)};"),
    "html numbers with zeros": every(lambda c: f"&#{ord(c):010d};"),
    "html numbers in hex": every(lambda c: f"&#x{ord(c):X};"),
    "html in percent": lambda text: quote(html.escape(text), safe=""),
    "beginning": lambda text: text[:12],
    "end": lambda text: text[-12:],
    "end of the percent form": lambda text: quote(text, safe="")[-16:],
    "beginning of the base64 form": lambda text: base64_of(text)[:11],
    "without the middle": lambda text: f"{text[:12]}…{text[-12:]}",
    "list of bytes": lambda text: str(list(text.encode())),
    "bytes in lines": lambda text: "\n".join(map(str, text.encode())),
    "reversed": lambda text: text[::-1],
    "in fours with spaces": lambda text: " ".join(in_fours(text)),
    "in fours with hyphens": lambda text: "-".join(in_fours(text)),
    "in fours in lines": lambda text: "\r\n".join(in_fours(text)),
    "in fours as a list": lambda text: json.dumps(in_fours(text)),
    "in fours with tags": lambda text: "<wbr>".join(in_fours(text)),
    "with tags": lambda text: "</b ><br /><B>".join(map(html.escape, text)),
    "with spaces": " ".join,
    "with line breaks": "\r\n".join,
    "with hidden characters": "\u200b\u202e\u00ad".join,
    "with blank letters": "\u3164".join,
    "with combining marks": every(lambda c: f"{c}\u0301"),
    "full width": every(lambda c: chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c),
    "quoted pairs": every(lambda c: f"\\{c}" if c not in "bfnrtux" else c),
}


@pytest.mark.parametrize("secret", [SECRET, PLAIN])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_of_a_secret_is_removed(spelling: str, secret: str) -> None:
    written = SPELLINGS[spelling](secret)
    struck = KnownSecrets(secret).strike(f"Bad value: {written} (!)")
    assert struck.startswith("Bad value: ")
    assert struck.endswith(" (!)")
    assert REDACTED in struck
    left = struck.removeprefix("Bad value: ").replace(REDACTED, "")
    # The encoded words around a secret stay.
    around = 27 if spelling.startswith("basic") else 6 if spelling.endswith("twice") else 2
    assert len(letters_of(left)) <= around


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=12, max_size=60),
    st.sampled_from(sorted(SPELLINGS)),
)
@fuzzed
def test_no_secret_stays_whole(secret: str, spelling: str) -> None:
    secret = f"Zk3Qw8Lr{secret}"  # not only punctuation, and no word
    if spelling == "javascript escapes":
        secret = secret.encode("ascii", "ignore").decode()
    assert secret not in KnownSecrets(secret).strike(f"a {secret} b")
    struck = KnownSecrets(secret).strike(SPELLINGS[spelling](secret))
    assert letters_of(secret) not in letters_of(struck)


def test_a_word_around_a_secret_stays() -> None:
    struck = KnownSecrets(PLAIN).strike(f"xx{PLAIN}yy and {PLAIN}.")
    assert struck == "xx[redacted]yy and [redacted]."


@pytest.mark.parametrize("part", [SECRET[:8], SECRET[-8:], SECRET[:9], "k8Q~4Vb7", "ref-resh"])
def test_eight_characters_at_an_end_are_removed_with_their_punctuation(part: str) -> None:
    secrets = KnownSecrets(SECRET, "k8Q~4Vb7/xT2&Lw", "ref-resh-token")
    struck = secrets.strike(f"x {part} y, refresh")
    assert struck.startswith("x [redacted]")
    assert struck.endswith(" y, refresh")
    assert part[:8] not in struck


def test_all_secrets_of_a_profile_are_removed() -> None:
    secrets = KnownSecrets(PLAIN, None, SECRET)
    assert secrets.strike(f"{SECRET}, {PLAIN}") == "[redacted], [redacted]"


@pytest.mark.parametrize(
    "text",
    [
        "Invalid refresh token",
        "Client authentication failed: the client secret is wrong",
        "device_code",
        f"less than eight: {PLAIN[:7]}",
        "%zz &nosuch; \\q 100%",
        "",
        "\ud83d half of a character",
    ],
)
def test_other_words_stay(text: str) -> None:
    secrets = KnownSecrets(PLAIN, "northwind-client-secret-1", "my-refresh-token", "password")
    assert secrets.strike(text) == text


def test_a_made_up_secret_is_removed_and_ordinary_words_in_it_are_not() -> None:
    secrets = KnownSecrets("ref-resh-token", "client-secret")
    text = "The refresh token ref-resh-token and the client secret client-secret are wrong"
    struck = "The refresh token [redacted] and the client secret [redacted] are wrong"
    assert secrets.strike(text) == struck


@pytest.mark.parametrize("secret", ["hunter2", "p@ss!", "§$%&/()=", "1234"])
def test_a_short_secret_is_removed_whole(secret: str) -> None:
    known = KnownSecrets(secret)
    for written in (secret, secret.upper(), quote(secret, safe=""), html.escape(secret)):
        assert known.strike(f"Bad {written}.") == "Bad [redacted]."


@pytest.mark.parametrize("secret", ["abc", "a    b", ""])
def test_what_is_too_short_is_no_secret(secret: str) -> None:
    assert KnownSecrets(secret).strike("abc, a    b, ab") == "abc, a    b, ab"


def test_what_is_public_stays() -> None:
    secrets = KnownSecrets("northwind-7Hq2Lm9Xc4Vt", "a.northwind.7Hq2Lm9Xc4Vt")
    secrets.add_public("https://a.northwind.example/oauth")
    text = "Unknown client at a.northwind.example: northwind-7Hq2Lm9Xc4Vt"
    assert secrets.strike(text) == "Unknown client at a.northwind.example: [redacted]"


def test_only_recent_public_texts_are_kept() -> None:
    secrets = KnownSecrets("northwind-7Hq2Lm9Xc4Vt")
    secrets.add_public("northwind")
    for number in range(63):
        secrets.add_public(f"text {number}")
    assert secrets.strike("northwind") == "northwind"
    secrets.add_public("one more")
    assert secrets.strike("northwind") == REDACTED


@pytest.mark.parametrize("code", ["authorization_pending", "invalid_client", "Slow_Down "])
def test_an_error_code_stays_whatever_the_secret_is(code: str) -> None:
    secrets = KnownSecrets("authorization_pending-1", "slow_down", "invalid_client")
    assert secrets.strike(code) == code


def test_a_forgotten_secret_is_known_no_more() -> None:
    secrets = KnownSecrets("correct-horse-battery", "another-long-secret")
    secrets.forget("correct-horse-battery", "never-known-at-all")
    assert secrets.strike("correct-horse-battery") == "correct-horse-battery"
    assert secrets.strike("another-long-secret") == "[redacted]"


def test_only_recent_secrets_are_kept() -> None:
    secrets = KnownSecrets()
    others = [hashlib.sha256(bytes([number])).hexdigest() for number in range(20)]
    for other in others:
        secrets.add(other, PLAIN)
    assert secrets.strike(f"{PLAIN}, {others[-1]}") == "[redacted], [redacted]"
    assert secrets.strike(others[0]) == others[0]
    assert len(secrets._forms) == 12


# JSON


def test_names_and_texts_at_any_depth_lose_secrets() -> None:
    members = {PLAIN: 1, "a": [{"b": {"c": f"x {PLAIN}", PLAIN: None}}], "n": 5, "t": True}
    struck = {REDACTED: 1, "a": [{"b": {"c": "x [redacted]", REDACTED: None}}], "n": 5, "t": True}
    assert KnownSecrets(PLAIN).strike_members(members) == struck


def test_a_document_that_is_no_object_loses_secrets() -> None:
    secrets = KnownSecrets(PLAIN)
    assert secrets.strike_document([{"message": PLAIN}, 1]) == [{"message": REDACTED}, 1]
    assert secrets.strike_document({"access_token": PLAIN}) == {"access_token": PLAIN}


def test_the_tokens_of_an_answer_stay() -> None:
    members = dict.fromkeys(("access_token", "refresh_token", "id_token", "device_code"), PLAIN)
    assert KnownSecrets(PLAIN).strike_members(members) == members


def test_a_secret_of_digits_does_not_stay_as_a_number() -> None:
    members = {
        "sub": 123456789012,
        "all": [123456789012.0, 12345678],
        "expires_in": 4711,
        "ok": True,
    }
    struck = {"sub": REDACTED, "all": [REDACTED, 12345678], "expires_in": 4711, "ok": True}
    secrets = KnownSecrets("123456789012", "4711")
    assert secrets.strike_members(members) == struck
    assert secrets.strike_shown(members) == struck


def test_in_what_is_only_shown_no_piece_stays() -> None:
    members = {"access_token": PLAIN, "iss": f"https://{PLAIN[:9]}/", "user_code": [PLAIN]}
    struck = {"access_token": REDACTED, "iss": "https://[redacted]/", "user_code": [REDACTED]}
    assert KnownSecrets(PLAIN).strike_shown(members) == struck


@pytest.mark.parametrize(
    "name",
    [
        *("token_endpoint", "verification_uri", "verification_url", "verification_uri_complete"),
        *("jwks_uri", "issuer", "iss", "user_code"),
    ],
)
def test_of_an_address_with_a_secret_nothing_stays(name: str) -> None:
    secrets = KnownSecrets(SECRET)
    for spelling in ("raw", "percent twice", "hex", "base64url", "basic, third alignment"):
        address = f"https://login.example/x?y={SPELLINGS[spelling](SECRET)}&z"
        assert secrets.strike_members({name: address}) == {name: REDACTED}


def test_an_address_with_a_word_of_a_secret_stays() -> None:
    secrets = KnownSecrets("northwind-7Hq2Lm9Xc4Vt", "login")
    members = {"token_endpoint": "https://northwind.login.example/token"}
    assert secrets.strike_members(members) == members


def test_deep_and_long_answers_are_cut() -> None:
    deep: object = "x"
    for _ in range(500):
        deep = [deep]
    members = {"deep": deep, **{str(number): "ab " * 5000 for number in range(200)}}
    found = KnownSecrets(PLAIN).strike_members(members)
    assert sum(len(str(value)) for value in found.values()) < 300_000


def test_an_answer_full_of_secrets_is_removed_whole() -> None:
    found = KnownSecrets(PLAIN).strike_members({"all": [f"{PLAIN} " * 100] * 100})
    assert PLAIN[:8] not in str(found)


# Errors


def test_an_error_and_its_causes_lose_secrets_in_all_their_texts() -> None:
    cause = ValueError(f"cannot read {PLAIN}", 5)
    error = ErrorResponse(f"bad {PLAIN}", host="login.example", description=f"{PLAIN}?", status=400)
    with pytest.raises(ErrorResponse), KnownSecrets(PLAIN).removed_from_errors():
        raise error from cause
    assert (error.error, error.description, error.status) == ("bad [redacted]", "[redacted]?", 400)
    assert str(error) == "bad [redacted] (login.example)"
    assert cause.args == ("cannot read [redacted]", 5)


# Time


@pytest.mark.parametrize(
    "piece",
    [
        *("a", " ", "%", "%41", "%2541", "\\", "\\u0041", "&", "&amp;", "&#x41;", "\u200b", "é"),
        *(PLAIN, f"{PLAIN[:8]}-", PLAIN[:7], "\\uD83D", "%C3", "eyJ", "<a", "<wbr>", "97, "),
        *("\u0323\u0301", "\u0f73", "\\u0323\\u0301"),  # marks, which are put in order
    ],
)
def test_the_time_grows_with_the_text_and_not_faster(piece: str) -> None:
    secrets = KnownSecrets(PLAIN, "a" * 2000, PLAIN * 50)
    secrets.strike("")

    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        taken = []
        for _ in range(3):
            begun = time.process_time()
            secrets.strike(text)
            taken.append(time.process_time() - begun)
        return min(taken)

    assert seconds(8_000) < 12 * seconds(1_000) + 0.01


def test_ascii_is_reduced_like_any_other_text() -> None:
    every_character = "".join(map(chr, range(128)))
    beside_others = "\u0436"  # a letter that is none of ASCII
    assert letters_of(f"{every_character}{beside_others}") == letters_of(every_character) + "\u0436"
    assert visible_of(f"{every_character}{beside_others}") == visible_of(every_character) + "\u0436"


def test_where_pieces_are_is_only_looked_up_for_a_text_with_a_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: SecretForms) -> None:
        raise AssertionError

    monkeypatch.setattr(SecretForms, "places", fail)
    secrets = KnownSecrets(PLAIN)
    answer = {"token_type": "Bearer", "scope": "inspect:read", "user": "Dana Reyes"}
    assert secrets.strike_members(answer) == answer
    with pytest.raises(AssertionError):
        secrets.strike(PLAIN)
