import re
from collections.abc import Callable

import httpx
import pytest

from tests.demo.harness import PAGE, Harness, assert_error, request_key

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


def title(page: httpx.Response) -> str:
    found = re.search(r"<h1>([^<]+)</h1>", page.text)
    assert found, page.text
    return found[1]


async def decide(harness: Harness, page: httpx.Response, word: str) -> httpx.Response:
    form = {"request_key": request_key(page), "decision": word}
    return await harness.browser.post(f"{PAGE}/approval", data=form)


async def test_the_root_leads_to_the_code_page(harness: Harness) -> None:
    page = await harness.browser.get("/")
    assert (page.url.path, title(page)) == (PAGE, "Enter the code")


async def test_the_code_of_the_link_is_filled_in_and_escaped(harness: Harness) -> None:
    page = await harness.browser.get(PAGE, params={"user_code": 'WDJB-MJHT"><script>'})
    assert 'value="WDJB-MJHT&#34;&gt;&lt;script&gt;"' in page.text
    assert "<script" not in page.text
    assert title(page) == "Check the code"


async def test_an_approval_gives_the_client_its_token(harness: Harness) -> None:
    issued = await harness.device()
    page = await harness.open_approval(issued["user_code"])
    assert title(page) == "Approve this sign-in?"
    done = await decide(harness, page, "approve")
    assert (title(done), done.url.path) == ("Approved", f"{PAGE}/approval")
    assert "XDR Login receives its token in a moment. You can close this page." in done.text
    assert (await harness.poll(issued["device_code"])).status_code == 200
    again = await harness.browser.get(done.url)
    assert "XDR Login has your token. You can close this page." in again.text


async def test_a_denial_reaches_the_client(harness: Harness) -> None:
    issued = await harness.device()
    page = await harness.open_approval(issued["user_code"])
    done = await decide(harness, page, "deny")
    assert title(done) == "Denied"
    assert_error(await harness.poll(issued["device_code"]), 400, "access_denied")


async def test_the_approval_page_says_what_is_asked_in_plain_words(harness: Harness) -> None:
    issued = await harness.device(scope="response enrich admin")
    harness.clock.advance(70)
    page = await harness.open_approval(issued["user_code"])
    text = re.sub(r"\s+", " ", page.text)
    assert "XDR Login requested it a minute ago. Check that it shows this code." in text
    assert "Approve only if you started this yourself" in text
    assert "Run response actions: block, isolate, quarantine" in text
    assert '<code class="chip high">response</code>' in text
    assert '<code class="chip">enrich:read</code>' in text
    assert "1 high impact" in text
    assert "Requested, but you don't have: <code>admin</code>" in text
    assert "You are signed in as dana@northwind.example" in text
    assert "This is a demo server. Nothing here is real." in text


async def test_the_code_is_spelled_out_for_screen_readers(harness: Harness) -> None:
    code = (await harness.device())["user_code"]
    page = await harness.open_approval(code)
    assert f'aria-label="Code: {", ".join(code).replace("-", "dash")}"' in page.text


async def test_with_nothing_to_grant_only_denying_is_offered(harness: Harness) -> None:
    page = await harness.open_approval((await harness.device(scope="admin"))["user_code"])
    assert 'id="approve"' not in page.text
    assert 'id="deny"' in page.text


async def test_case_dashes_and_spaces_do_not_matter(harness: Harness) -> None:
    code = (await harness.device())["user_code"]
    typed = f" {code[:4].lower()} {code[5:].lower()} "
    assert title(await harness.open_approval(typed)) == "Approve this sign-in?"


async def test_a_wrong_code_is_said_beside_the_field(harness: Harness) -> None:
    page = await harness.open_approval("BBBB-BBBB")
    assert page.status_code == 404
    assert 'aria-invalid="true" aria-describedby="problem hint"' in page.text
    assert "Unknown code. It may have expired. Compare it with the one in the app." in page.text


async def test_a_form_works_once(harness: Harness) -> None:
    page = await harness.open_approval((await harness.device())["user_code"])
    assert (await decide(harness, page, "deny")).status_code == 200
    again = await decide(harness, page, "approve")
    assert (again.status_code, title(again)) == (403, "This page is out of date")


async def test_a_form_decides_about_the_code_on_its_page(harness: Harness) -> None:
    mine, theirs = await harness.device(), await harness.device()
    page = await harness.open_approval(mine["user_code"])
    await harness.open_approval(theirs["user_code"])
    form = {"request_key": request_key(page), "decision": "approve"}
    await harness.browser.post(f"{PAGE}/approval", data=form | {"user_code": theirs["user_code"]})
    assert_error(await harness.poll(theirs["device_code"]), 400, "authorization_pending")
    assert (await harness.poll(mine["device_code"])).status_code == 200


async def test_a_form_is_good_for_ten_minutes(harness_with: Callable[..., Harness]) -> None:
    harness = harness_with(code_lifetime=3000)
    page = await harness.open_approval((await harness.device())["user_code"])
    harness.clock.advance(600)
    assert (await decide(harness, page, "approve")).status_code == 403


@pytest.mark.parametrize("key", [{}, {"request_key": "guessed"}])
async def test_a_form_without_a_good_key_is_refused(harness: Harness, key: dict[str, str]) -> None:
    issued = await harness.device()
    form = {"user_code": issued["user_code"], "decision": "approve"}
    answer = await harness.browser.post(f"{PAGE}/approval", data=form | key)
    assert answer.status_code == 403
    assert_error(await harness.poll(issued["device_code"]), 400, "authorization_pending")


async def test_a_decision_that_is_neither_decides_nothing(harness: Harness) -> None:
    issued = await harness.device()
    page = await harness.open_approval(issued["user_code"])
    assert (await decide(harness, page, "maybe")).status_code == 403
    assert_error(await harness.poll(issued["device_code"]), 400, "authorization_pending")


async def test_a_code_that_expires_on_the_page_says_so(harness: Harness) -> None:
    code = (await harness.device())["user_code"]
    harness.clock.advance(599)
    page = await harness.open_approval(code)
    harness.clock.advance(1)
    assert title(await decide(harness, page, "approve")) == "This code has expired"


async def test_a_decided_code_leads_to_its_outcome(harness: Harness) -> None:
    code = (await harness.device())["user_code"]
    await decide(harness, await harness.open_approval(code), "deny")
    assert title(await harness.open_approval(code)) == "Denied"


async def test_an_undecided_code_has_no_outcome_yet(harness: Harness) -> None:
    code = (await harness.device())["user_code"]
    await harness.open_approval(code)
    page = await harness.browser.get(f"{PAGE}/approval", params={"user_code": code})
    assert title(page) == "Approve this sign-in?"


async def test_pages_are_fenced_in(harness: Harness) -> None:
    code = (await harness.device())["user_code"]
    headers = (await harness.open_approval(code)).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "kind"), [("/static/demo.css", "text/css"), ("/static/favicon.svg", "image/svg+xml")]
)
async def test_what_pages_refer_to_is_there(harness: Harness, path: str, kind: str) -> None:
    assert path in (await harness.browser.get(PAGE)).text
    answer = await harness.browser.get(path)
    assert answer.headers["content-type"].startswith(kind)
