"""Code that makes a call with another tool; it fetches the token when it runs.

The code never contains the token, and passes it on through a pipe or within the process, so that no
list of processes shows it.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from desktop.services.model.api_calls import Language
from desktop.services.model.copy_formats import powershell_quoted, sh_quoted
from desktop.services.token.api_call import Body, Call

PROGRAM = "xdr-login"


def render_call(language: Language, call: Call, *, profile_id: str) -> str:
    """Write code that makes `call` with a token of the profile, and follows no redirects.

    The curl command is for POSIX shells. Python 3 and Node.js need no other packages.
    """
    return _WRITERS[language](call, profile_id)


def _curl(call: Call, profile_id: str) -> str:
    # Every process can read arguments, so the header comes from the pipe: `@-` (curl 7.55).
    lines = [
        f"{PROGRAM} token --profile {sh_quoted(profile_id)} --format header |",
        "  curl --silent --show-error --globoff --header @-",
        "    --head" if call.method == "HEAD" else f"    --request {call.method}",
    ]
    lines += [f"    --header {sh_quoted(f'{name}: {value}')}" for name, value in call.headers]
    if call.body is not None:
        lines.append(f"    {_curl_body(call.body)}")
    lines.append(f"    --url {sh_quoted(call.address)}")
    head, *rest = lines
    return f"{head}\n" + " \\\n".join(rest) + "\n"


def _curl_body(body: Body) -> str:
    if body.file:
        return f"--data-binary {sh_quoted(f'@{_as_path(body.file)}')}"
    return f"--data-raw {sh_quoted(body.text)}"  # "@" does not mean a file here


def _powershell(call: Call, profile_id: str) -> str:
    # Windows PowerShell 5.1 accepts the media type of the body as a parameter only.
    named = [each for each in call.headers if each[0].lower() != "content-type"]
    types = [value for name, value in call.headers if name.lower() == "content-type"]
    lines = [
        f"$token = {PROGRAM} token --profile {powershell_quoted(profile_id)}",
        f"if ($LASTEXITCODE) {{ throw '{PROGRAM} returned no token.' }}",
        '$headers = @{ "Authorization" = "Bearer $token" }',
        *(
            f"$headers[{powershell_quoted(name)}] = {powershell_quoted(value)}"
            for name, value in _merged_headers(named)
        ),
        f"Invoke-RestMethod -Method {call.method.capitalize()} -MaximumRedirection 0 `",
    ]
    if call.body is not None:
        lines.append(f"  -ContentType {powershell_quoted(types[0])} `")
        lines.append(f"  {_powershell_body(call.body)} `")
    lines.append(f"  -Headers $headers -Uri {powershell_quoted(call.address)}")
    return "\n".join(lines) + "\n"


def _powershell_body(body: Body) -> str:
    if body.file:
        return f"-InFile {powershell_quoted(body.file)}"
    return f"-Body {powershell_quoted(body.text)}"


def _python(call: Call, profile_id: str) -> str:
    headers = "".join(
        f"    {name!r}: {value!r},\n" for name, value in _merged_headers(call.headers)
    )
    data = ""
    if call.body is not None:
        source = f"Path({call.body.file!r}).read_bytes()"
        data = f", data={source if call.body.file else repr(call.body.text.encode())}"
    path = "from pathlib import Path\n" if call.body and call.body.file else ""
    return f"""\
import subprocess
import urllib.error
import urllib.request
{path}
token = subprocess.run(
    [{PROGRAM!r}, "token", "--profile", {profile_id!r}],
    check=True, stdout=subprocess.PIPE, text=True,
).stdout.strip()
headers = {{
{headers}}}
url = {call.address!r}
request = urllib.request.Request(url, method={call.method!r}, headers=headers{data})
# Not one of `headers`: a redirect would carry those to another server.
request.add_unredirected_header("Authorization", f"Bearer {{token}}")
try:
    answer = urllib.request.urlopen(request)
except urllib.error.HTTPError as error:
    answer = error
with answer:
    print(answer.read().decode())
"""


def _javascript(call: Call, profile_id: str) -> str:
    headers = "".join(
        f"    {json.dumps(name)}: {json.dumps(value)},\n"
        for name, value in _merged_headers(call.headers)
    )
    body = ""
    if call.body is not None:
        source = f"readFileSync({json.dumps(call.body.file)})"
        body = f"  body: {source if call.body.file else json.dumps(call.body.text)},\n"
    reads = 'import { readFileSync } from "node:fs";\n' if call.body and call.body.file else ""
    arguments = json.dumps(["token", "--profile", profile_id])
    return f"""\
// Save this as a file that ends in .mjs, and run it with Node.js 18 or later.
import {{ execFileSync }} from "node:child_process";
{reads}
const token = execFileSync({json.dumps(PROGRAM)}, {arguments}, {{ encoding: "utf8" }}).trim();
const answer = await fetch({json.dumps(call.address)}, {{
  method: {json.dumps(call.method)},
  redirect: "error",
  headers: {{
    "Authorization": `Bearer ${{token}}`,
{headers}  }},
{body}}});
console.log(await answer.text());
"""


def _merged_headers(
    headers: tuple[tuple[str, str], ...] | list[tuple[str, str]],
) -> list[tuple[str, str]]:
    """Join the values of each name (RFC 9110 section 5.3)."""
    gathered: dict[str, tuple[str, list[str]]] = {}
    for name, value in headers:
        gathered.setdefault(name.lower(), (name, []))[1].append(value)
    return [(name, ", ".join(values)) for name, values in gathered.values()]


def _as_path(file: str) -> str:
    return f"./{file}" if file == "-" else file  # "@-" would read stdin


_WRITERS: dict[Language, Callable[[Call, str], str]] = {
    Language.CURL: _curl,
    Language.POWERSHELL: _powershell,
    Language.PYTHON: _python,
    Language.JAVASCRIPT: _javascript,
}
