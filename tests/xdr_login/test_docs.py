"""The examples in the docs run, at servers that are made up."""

import gc
import re
import sys
import warnings
from pathlib import Path

import pytest

from desktop import xdr_login
from tests.xdr_login.conftest import FakeApi, FakeApp

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has named pipes")

ROOT = Path(__file__).parents[2]
EXAMPLES = [
    (page, example)
    for page in ("README.md", "docs/python.md")
    for example in re.findall(r"(?s)```python\n(.*?)```", (ROOT / page).read_text("utf-8"))
]
FAMILIES = ("visibility", "private_intel", "global_intel")


@pytest.mark.parametrize(("page", "example"), EXAMPLES)
def test_an_example_runs(
    page: str, example: str, app: FakeApp, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "threatresponse" in example:
        pytest.importorskip("threatresponse", reason="has no wheel, so it is not pinned")
    app.services["private-intel"] = f"{api.url}/ctia"
    for address in (r"https://visibility[.\w]*\.cisco\.com", r"https://private[.\w]*\.cisco\.com"):
        example = re.sub(address, api.url, example)
    families = dict.fromkeys(FAMILIES, api.url)
    example = example.replace("LiveToken())", f"LiveToken(), environment={families})")
    example = example.replace('LiveToken("falcon"))', f'LiveToken("falcon"), base_url="{api.url}")')
    monkeypatch.setitem(sys.modules, "xdr_login", xdr_login)
    with warnings.catch_warnings():
        # The examples leave it to the end of the program to close their connections.
        warnings.simplefilter("ignore", ResourceWarning)
        exec(compile(example, page, "exec"), {})  # noqa: S102 - our own
        gc.collect()
    assert app.count("token") > 0
    assert set(api.tokens) <= {"Bearer token-1"}


def test_every_error_is_documented_with_its_exit_code() -> None:
    text = (ROOT / "docs" / "python.md").read_text("utf-8")
    found = dict(re.findall(r"(?m)^\| `(\w+)`[^|]*\| (\d+) \|", text))
    kinds = {name: getattr(xdr_login, name) for name in xdr_login.__all__}
    errors = {
        name: str(kind.exit_code)
        for name, kind in kinds.items()
        if isinstance(kind, type) and issubclass(kind, xdr_login.XdrLoginError)
    }
    assert found == errors
