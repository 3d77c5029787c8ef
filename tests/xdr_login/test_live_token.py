"""`LiveToken`, alone and in the libraries that take a token only as a string."""

import contextvars
import pickle
import sys
from types import SimpleNamespace
from typing import Any

import falconpy
import pytest

from desktop import xdr_login
from tests.xdr_login.conftest import FakeApi, FakeApp

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has named pipes")


def test_whatever_formats_it_gets_the_current_token(app: FakeApp) -> None:
    token = xdr_login.LiveToken()
    app.renew()
    assert f"Bearer {token}" == "Bearer token-2"
    assert f"Bearer {token:>8}" == "Bearer  token-2"
    assert "Bearer {token}".format(token=token) == "Bearer token-2"  # noqa: UP032
    assert "Bearer %s" % token == "Bearer token-2"  # noqa: UP031
    assert "Bearer " + token == "Bearer token-2"
    assert token + "\n" == "token-2\n"
    assert str(token) == "token-2"
    assert type(str(token)) is type("Bearer " + token) is str


def test_everything_else_sees_the_first_token(app: FakeApp) -> None:
    token = xdr_login.LiveToken()
    app.renew()
    assert "".join(["Bearer ", token]) == "Bearer token-1"  # noqa: FLY002
    assert token.encode() == b"token-1"
    assert token == "token-1"
    assert isinstance(token, str)


def test_it_does_not_show_the_token_where_it_is_inspected(app: FakeApp) -> None:
    token = xdr_login.LiveToken("soc", 300)
    assert repr(token) == "LiveToken(profile='soc')"
    again = pickle.loads(pickle.dumps(token))  # noqa: S301
    assert str(again) == app.token
    assert {(each["profile"], each["min_validity"]) for each in app.requests} == {("soc", 300)}


def test_threatresponse_goes_on_after_the_token_has_changed(app: FakeApp, api: FakeApi) -> None:
    library = pytest.importorskip("threatresponse", reason="has no wheel, so it is not pinned")
    environment = dict.fromkeys(("visibility", "private_intel", "global_intel"), api.url)
    client = library.ThreatResponse(token=xdr_login.LiveToken(), environment=environment)
    app.renew()
    api.valid = app.token
    client.inspect.inspect({"content": "example.com"})
    assert api.tokens == ["Bearer token-1", "Bearer token-2"]


def test_falconpy_goes_on_after_the_token_has_changed(app: FakeApp, api: FakeApi) -> None:
    client = falconpy.Hosts(access_token=xdr_login.LiveToken(), base_url=api.url)
    assert client.query_devices_by_filter()["status_code"] == 200
    app.renew()
    api.valid = app.token
    assert client.query_devices_by_filter()["status_code"] == 200
    assert api.tokens == ["Bearer token-1", "Bearer token-2"]


def test_falconpy_finds_it_in_a_context_object(app: FakeApp, api: FakeApi) -> None:
    def query() -> int:
        variable = contextvars.ContextVar[SimpleNamespace]("session")
        variable.set(SimpleNamespace(access_token=xdr_login.LiveToken()))
        client = falconpy.Hosts(base_url=api.url)
        app.renew()
        api.valid = app.token
        answer: Any = client.query_devices_by_filter()
        return int(answer["status_code"])

    assert contextvars.copy_context().run(query) == 200
    assert api.tokens == ["Bearer token-2"]
