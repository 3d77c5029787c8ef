"""The recipes for other tools.

Nothing here installs PowerShell, Bruno, newman, Ansible or Terraform: Bruno alone has 500 packages.
Their tests are skipped where they are missing.
"""

import json
import re
from pathlib import Path
from textwrap import indent

from tests.recipes.conftest import Analyst, Recipes
from tests.rigs.requirements import skip_without
from tests.xdr_login.conftest import FakeApi

WHOAMI = "/iroh/profile/whoami"


def statuses(analyst: Analyst, path: str) -> list[int]:
    return [each.status for each in analyst.server.history() if each.path == path]


def run_in(analyst: Analyst, folder: Path, recipe: str) -> str:
    """Run a recipe for the shell in `folder`, and return everything it prints."""
    done = analyst.run("bash", "-c", f'cd "{folder}"\n{recipe}')
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    assert analyst.token() not in output
    return output


# PowerShell


def test_powershell_calls_with_the_token(
    analyst: Analyst, recipes: Recipes, tmp_path: Path
) -> None:
    skip_without("pwsh")
    code = analyst.local(recipes.only("PowerShell", "powershell"))
    code = code.replace("Token = $token", "Token = $token; AllowUnencryptedAuthentication = $true")
    script = tmp_path / "hunt.ps1"
    script.write_text(code)
    done = analyst.run("pwsh", "-NoProfile", "-NonInteractive", "-File", str(script))
    assert (done.returncode, done.stderr) == (0, "")
    assert "dana@northwind.example" in done.stdout


# Bruno and Postman

REQUEST = """\
meta {
  name: %s
  type: http
  seq: 1
}

get {
  url: %s
  body: none
  auth: none
}
"""


def test_bruno_gives_the_token_to_the_service_only(
    analyst: Analyst, recipes: Recipes, tmp_path: Path, other_api: FakeApi
) -> None:
    skip_without("bru")
    service = analyst.server.url
    script = recipes.only("Bruno", "js").replace("https://visibility.amp.cisco.com", service)
    (tmp_path / "bruno.json").write_text('{"version": "1", "name": "hunt", "type": "collection"}')
    (tmp_path / "collection.bru").write_text(f"script:pre-request {{\n{indent(script, '  ')}}}\n")
    (tmp_path / "who.bru").write_text(REQUEST % ("who", "{{host}}" + WHOAMI))
    (tmp_path / "foreign.bru").write_text(REQUEST % ("foreign", f"{other_api.url}/x"))
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "here.bru").write_text(f"vars {{\n  host: {service}\n}}\n")
    before = len(statuses(analyst, WHOAMI))
    command = recipes.only("Bruno", "sh").strip()
    run_in(analyst, tmp_path, f"{command} --env here --reporter-json report.json")
    assert statuses(analyst, WHOAMI)[before:] == [200]
    assert other_api.tokens == [None]
    report = (tmp_path / "report.json").read_text()
    assert "dana@northwind.example" in report
    assert analyst.token() not in report
    analyst.server.inject(f"redirect:{other_api.url}/stolen", path=WHOAMI)
    run_in(analyst, tmp_path, f"{command} --env here who.bru")
    assert statuses(analyst, WHOAMI)[before:] == [200, 307]
    assert other_api.tokens == [None]


def test_newman_reads_the_token_from_the_pipe(
    analyst: Analyst, recipes: Recipes, tmp_path: Path, other_api: FakeApi
) -> None:
    skip_without("newman", "jq")
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    request = {"method": "GET", "url": f"{analyst.server.url}{WHOAMI}"}
    collection = {
        "info": {"name": "hunt", "schema": schema},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}"}]},
        "item": [{"name": "who", "request": request}],
    }
    (tmp_path / "hunt.postman_collection.json").write_text(json.dumps(collection))
    before = len(statuses(analyst, WHOAMI))
    run_in(analyst, tmp_path, recipes.only("Postman", "sh"))
    analyst.server.inject(f"redirect:{other_api.url}/stolen", path=WHOAMI)
    run_in(analyst, tmp_path, recipes.only("Postman", "sh"))
    assert statuses(analyst, WHOAMI)[before:] == [200, 307]
    assert other_api.tokens == []


# Ansible and Terraform

SHOW = """\
    - ansible.builtin.debug:
        msg: "{{ incidents.json | map(attribute='title') }}"
"""

USE = """
resource "terraform_data" "use" {
  provisioner "local-exec" {
    command     = "printf %s \\"$${#TOKEN}\\" > length"
    environment = { TOKEN = var.xdr_token }
  }
}
"""


def test_ansible_looks_the_token_up_for_each_task(
    analyst: Analyst, recipes: Recipes, tmp_path: Path
) -> None:
    skip_without("ansible-playbook")
    book = analyst.local(recipes.only("Ansible", "yaml"))
    (tmp_path / "hunt.yaml").write_text(book + SHOW)
    output = run_in(analyst, tmp_path, "ansible-playbook -vvv hunt.yaml")
    assert output.count("Impossible travel of a user") == 2


def test_terraform_gets_strings_from_the_program(analyst: Analyst, recipes: Recipes) -> None:
    skip_without("jq")
    data, _ = (each.text for each in recipes.blocks("Terraform") if each.language == "hcl")
    found = re.search(r"(?s)\[\"sh\", \"-c\", <<-EOT\n(.*)  EOT", data)
    assert found
    # As the provider `external` does: JSON on stdin, and an object of strings from stdout.
    done = analyst.run("sh", "-c", found[1], typed="{}")
    answer = json.loads(done.stdout)
    assert set(answer) == {"id", "title"}
    assert all(isinstance(each, str) for each in answer.values())


def test_terraform_keeps_the_ephemeral_token_out_of_its_state(
    analyst: Analyst, recipes: Recipes, tmp_path: Path
) -> None:
    skip_without("terraform")
    _, variable = (each.text for each in recipes.blocks("Terraform") if each.language == "hcl")
    (tmp_path / "main.tf").write_text(variable + USE)
    run_in(analyst, tmp_path, "terraform init")
    run_in(analyst, tmp_path, recipes.only("Terraform", "sh").strip() + " -auto-approve")
    assert (tmp_path / "length").read_text() == str(len(analyst.token()))
    state = (tmp_path / "terraform.tfstate").read_text()
    assert "terraform_data" in state
    assert analyst.token() not in state


def test_terraform_finds_its_files_well_formed(
    analyst: Analyst, recipes: Recipes, tmp_path: Path
) -> None:
    skip_without("terraform")
    for number, block in enumerate(recipes.blocks("Terraform")):
        if block.language == "hcl":
            (tmp_path / f"{number}.tf").write_text(block.text)
    run_in(analyst, tmp_path, "terraform fmt -check -diff")
