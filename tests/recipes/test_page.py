"""What every recipe on the page has in common."""

import re

import pytest

from tests.recipes.conftest import ROOT, Recipes

PAGE = (ROOT / "docs" / "recipes.md").read_text("utf-8")
HEADINGS = re.findall(r"(?m)^## (.+)$", PAGE)
MOST_LINES = 13


def anchors(page: str) -> set[str]:
    """Return the anchors that GitHub makes of the headings."""
    headings = re.findall(r"(?m)^##+ (.+)$", page)
    return {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_recipe_is_short_and_says_what_happens_when_the_token_ends(
    heading: str, recipes: Recipes
) -> None:
    assert "\n**When the token ends:** " in recipes.sections[heading]
    blocks = recipes.blocks(heading)
    assert blocks
    assert max(len(each.text.splitlines()) for each in blocks) <= MOST_LINES


def test_no_command_has_a_token_among_its_arguments() -> None:
    assert "$(xdr-login" not in PAGE
    assert not re.search(r"-H |--header \"|--env-var|Bearer \$", PAGE)


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]*)#?([^):]*)\)", PAGE)
    assert len(links) > len(HEADINGS)
    for file, anchor in links:
        page = (ROOT / "docs" / file).read_text("utf-8") if file else PAGE
        assert not anchor or anchor in anchors(page), (file, anchor)


def test_the_list_at_the_top_names_every_recipe() -> None:
    assert anchors(PAGE) == set(re.findall(r"\]\(#([\w-]+)\)", PAGE))
