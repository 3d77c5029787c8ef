import re
from collections.abc import Callable

import httpx
import pytest

from tests.demo.bench import PAGE, Bench, assert_error, csrf_token

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


def title(page: httpx.Response) -> str:
    found = re.search(r"<h1>([^<]+)</h1>", page.text)
    assert found, page.text
    return found[1]


async def decide(bench: Bench, page: httpx.Response, user_code: str, word: str) -> httpx.Response:
    return await bench.submit(page, f"{PAGE}/approval", user_code=user_code, decision=word)


async def test_the_root_leads_to_the_code_page(bench: Bench) -> None:
    page = await bench.browser.get("/")
    assert (page.url.path, title(page)) == (PAGE, "Enter the code")


async def test_the_code_of_the_link_is_filled_in_and_escaped(bench: Bench) -> None:
    page = await bench.browser.get(PAGE, params={"user_code": 'WDJB-MJHT"><script>'})
    assert 'value="WDJB-MJHT&#34;&gt;&lt;script&gt;"' in page.text
    assert "<script" not in page.text
    assert title(page) == "Check the code"


async def test_an_approval_gives_the_client_its_token(bench: Bench) -> None:
    issued = await bench.device()
    page = await bench.open_approval(issued["user_code"])
    assert title(page) == "Approve this sign-in?"
    done = await decide(bench, page, issued["user_code"], "approve")
    assert (title(done), done.url.path) == ("Approved", f"{PAGE}/result")
    assert "collects its token" in done.text
    assert (await bench.poll(issued["device_code"])).status_code == 200
    again = await bench.browser.get(done.url)
    assert "You can close this page, XDR Login has your token." in again.text


async def test_a_denial_reaches_the_client(bench: Bench) -> None:
    issued = await bench.device()
    page = await bench.open_approval(issued["user_code"])
    done = await decide(bench, page, issued["user_code"], "deny")
    assert title(done) == "Declined"
    assert_error(await bench.poll(issued["device_code"]), 400, "access_denied")


async def test_the_approval_page_says_what_is_asked_in_plain_words(bench: Bench) -> None:
    issued = await bench.device(scope="response enrich admin")
    bench.clock.advance(70)
    page = await bench.open_approval(issued["user_code"])
    text = re.sub(r"\s+", " ", page.text)
    assert "XDR Login asked a minute ago. It must show this code." in text
    assert "Approve only if you started this yourself" in text
    assert "Run response actions: block, isolate, quarantine" in text
    assert '<code class="chip high">response</code>' in text
    assert '<code class="chip">enrich:read</code>' in text
    assert "1 high impact" in text
    assert "Asked for, but not yours to give: <code>admin</code>" in text
    assert "You are signed in as dana@northwind.example" in text
    assert "Demo server: nothing here is real." in text


async def test_the_code_is_spelled_out_for_screen_readers(bench: Bench) -> None:
    code = (await bench.device())["user_code"]
    page = await bench.open_approval(code)
    assert f'aria-label="Code: {", ".join(code).replace("-", "dash")}"' in page.text


async def test_with_nothing_to_grant_only_denying_is_offered(bench: Bench) -> None:
    page = await bench.open_approval((await bench.device(scope="admin"))["user_code"])
    assert 'id="approve"' not in page.text
    assert 'id="deny"' in page.text


async def test_case_dashes_and_spaces_do_not_matter(bench: Bench) -> None:
    code = (await bench.device())["user_code"]
    typed = f" {code[:4].lower()} {code[5:].lower()} "
    page = await bench.submit(await bench.browser.get(PAGE), PAGE, user_code=typed)
    assert page.url.params["user_code"] == code


async def test_a_wrong_code_is_said_beside_the_field(bench: Bench) -> None:
    page = await bench.submit(await bench.browser.get(PAGE), PAGE, user_code="BBBB-BBBB")
    assert page.status_code == 400
    assert 'aria-invalid="true" aria-describedby="problem hint"' in page.text
    assert "That code is not known. Compare it with the one in the app." in page.text


async def test_guessing_codes_is_stopped_for_a_minute(bench: Bench) -> None:
    code = (await bench.device())["user_code"]
    page = await bench.browser.get(PAGE)
    for _ in range(10):
        page = await bench.submit(page, PAGE, user_code="BBBB-BBBB")
    stopped = await bench.submit(page, PAGE, user_code=code)
    assert (stopped.status_code, title(stopped)) == (429, "Too many wrong codes")
    bench.clock.advance(60)
    assert title(await bench.open_approval(code)) == "Approve this sign-in?"


async def test_looking_at_results_is_no_way_around_the_stop(bench: Bench) -> None:
    await bench.open_approval((await bench.device())["user_code"])
    statuses = [
        (await bench.browser.get(f"{PAGE}/result", params={"user_code": "BBBB"})).status_code
        for _ in range(11)
    ]
    assert statuses == [404] * 10 + [429]


async def test_a_csrf_token_works_once(bench: Bench) -> None:
    page = await bench.browser.get(PAGE)
    form = {"csrf_token": csrf_token(page), "user_code": "BBBB-BBBB"}
    assert (await bench.browser.post(PAGE, data=form)).status_code == 400
    again = await bench.browser.post(PAGE, data=form)
    assert (again.status_code, title(again)) == (403, "This page is out of date")


async def test_a_csrf_token_is_bound_to_its_session(bench_with: Callable[..., Bench]) -> None:
    bench = bench_with()
    issued = await bench.device()
    page = await bench.open_approval(issued["user_code"])
    bench.browser.cookies.clear()
    answer = await decide(bench, page, issued["user_code"], "approve")
    assert answer.status_code == 403
    assert_error(await bench.poll(issued["device_code"]), 400, "authorization_pending")


async def test_a_csrf_token_is_bound_to_the_code_on_its_page(bench: Bench) -> None:
    mine, theirs = await bench.device(), await bench.device()
    page = await bench.open_approval(mine["user_code"])
    answer = await decide(bench, page, theirs["user_code"], "approve")
    assert answer.status_code == 403
    assert_error(await bench.poll(theirs["device_code"]), 400, "authorization_pending")


async def test_a_csrf_token_of_another_form_is_refused(bench: Bench) -> None:
    code = (await bench.device())["user_code"]
    await bench.open_approval(code)
    page = await bench.browser.get(PAGE)
    assert (await decide(bench, page, code, "approve")).status_code == 403


async def test_a_csrf_token_lives_ten_minutes(bench_with: Callable[..., Bench]) -> None:
    bench = bench_with(code_lifetime=3000)
    code = (await bench.device())["user_code"]
    page = await bench.open_approval(code)
    bench.clock.advance(600)
    assert (await decide(bench, page, code, "approve")).status_code == 403


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/sign-in", f"{PAGE}/approval"])
async def test_a_form_without_csrf_token_is_refused(bench: Bench, path: str) -> None:
    answer = await bench.browser.post(path, data={"user_code": "BBBB-BBBB", "decision": "approve"})
    assert answer.status_code == 403


async def test_a_decision_that_is_neither_decides_nothing(bench: Bench) -> None:
    issued = await bench.device()
    page = await bench.open_approval(issued["user_code"])
    assert (await decide(bench, page, issued["user_code"], "maybe")).status_code == 403
    assert_error(await bench.poll(issued["device_code"]), 400, "authorization_pending")


@pytest.mark.parametrize("step", ["approval", "result"])
async def test_nothing_is_shown_before_signing_in(bench: Bench, step: str) -> None:
    code = (await bench.device())["user_code"]
    page = await bench.browser.get(f"{PAGE}/{step}", params={"user_code": code})
    assert (page.url.path, title(page)) == (f"{PAGE}/sign-in", "Sign in")
    assert "Continue as dana@northwind.example" in page.text


async def test_signing_in_changes_the_session_id(bench: Bench) -> None:
    await bench.browser.get(PAGE)
    before = bench.browser.cookies["demo_session_8000"]
    await bench.open_approval((await bench.device())["user_code"])
    assert bench.browser.cookies["demo_session_8000"] != before


async def test_a_session_ends_after_an_hour(bench_with: Callable[..., Bench]) -> None:
    bench = bench_with(code_lifetime=9000)
    code = (await bench.device())["user_code"]
    await bench.open_approval(code)
    bench.clock.advance(3600)
    page = await bench.browser.get(f"{PAGE}/approval", params={"user_code": code})
    assert title(page) == "Sign in"


async def test_a_code_that_expires_on_the_page_says_so(bench: Bench) -> None:
    code = (await bench.device())["user_code"]
    bench.clock.advance(599)
    page = await bench.open_approval(code)
    bench.clock.advance(1)
    assert title(await decide(bench, page, code, "approve")) == "This code has expired"


async def test_a_decided_code_leads_to_its_outcome(bench: Bench) -> None:
    code = (await bench.device())["user_code"]
    await decide(bench, await bench.open_approval(code), code, "deny")
    assert title(await bench.open_approval(code)) == "Declined"


async def test_an_undecided_code_has_no_outcome_yet(bench: Bench) -> None:
    code = (await bench.device())["user_code"]
    await bench.open_approval(code)
    page = await bench.browser.get(f"{PAGE}/result", params={"user_code": code})
    assert title(page) == "Approve this sign-in?"


async def test_pages_are_fenced_in(bench: Bench) -> None:
    headers = (await bench.browser.get(PAGE)).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    cookie = headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert f"Path={PAGE}" in cookie


@pytest.mark.parametrize(
    ("path", "kind"), [("/demo.css", "text/css"), ("/favicon.svg", "image/svg+xml")]
)
async def test_what_pages_refer_to_is_there(bench: Bench, path: str, kind: str) -> None:
    assert path in (await bench.browser.get(PAGE)).text
    answer = await bench.browser.get(path)
    assert answer.headers["content-type"].startswith(kind)
