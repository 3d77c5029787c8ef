"""Where the next page of an answer is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.services.token.pagination import next_address

HERE = "https://api.example/v1/items?q=a%20b&limit=2"


def following(*headers: tuple[str, str], at: str = HERE) -> str:
    return next_address(at, headers)


@pytest.mark.parametrize(
    ("link", "address"),
    [
        (
            '<https://api.example/v1/items?page=2>; rel="next"',
            "https://api.example/v1/items?page=2",
        ),
        ("<https://api.example/2>;rel=next", "https://api.example/2"),
        ("<?page=2>; REL=Next", "https://api.example/v1/items?page=2"),
        ("</2>; rel=next", "https://api.example/2"),
        ("<//evil.example/2>; rel=next", "https://evil.example/2"),
        ('</1>; rel="prev", </3>; rel="next"; title="a, <b>; \\"c\\""', "https://api.example/3"),
        ('</1>; rel="first next"', "https://api.example/1"),
        ("</1>; title=x; rel=next; rel=prev", "https://api.example/1"),
        ("</1#part>; rel=next", "https://api.example/1"),
        ("</a,b;c>; rel=next", "https://api.example/a,b;c"),
        (' , </1>; rel=last , </2>; rel="next"', "https://api.example/2"),
    ],
)
def test_a_link_with_the_relation_next_is_the_next_page(link: str, address: str) -> None:
    assert following(("Link", link)) == address


@pytest.mark.parametrize(
    "link",
    [
        "",
        "</1>",
        "</1>; rel=prev",
        "</1>; rel=prev; rel=next",
        '</1>; rel="nextish"',
        '</1>; title="rel=next"',
        "</1>; rel=next; anchor=https://other.example",
        "/1; rel=next",
        "<<>; rel=next",
        "<" * 1000,
    ],
)
def test_other_links_are_not(link: str) -> None:
    assert following(("link", link)) == ""


def test_the_links_may_be_in_several_headers() -> None:
    assert following(("Link", "</1>; rel=prev"), ("Link", "</3>; rel=next")).endswith("/3")


@pytest.mark.parametrize(
    ("header", "query"),
    [
        ("limit=2&offset=4", "q=a%20b&limit=2&offset=4"),
        (
            "limit=2&offset=4&search_after=1749&search_after=a%2Fb+c",
            "q=a%20b&limit=2&offset=4&search_after=1749&search_after=a%2Fb+c",
        ),
    ],
)
def test_ctia_names_the_parameters_of_the_next_page(header: str, query: str) -> None:
    found = following(("X-Total-Hits", "9"), ("X-Next", header), ("X-Previous", "limit=2&offset=0"))
    assert found == f"https://api.example/v1/items?{query}"
    again = following(("x-next", "limit=2&offset=6"), at=found)
    assert again == "https://api.example/v1/items?q=a%20b&limit=2&offset=6", "not both cursors"


@pytest.mark.parametrize(
    "header", ["", "https://evil.example/", "2", "page=2", "limit=2&user=evil", "limit", "&"]
)
def test_what_ctia_does_not_write_is_ignored(header: str) -> None:
    assert following(("X-Next", header)) == ""


def test_a_link_counts_more_than_what_ctia_writes() -> None:
    assert following(("X-Next", "offset=2"), ("Link", "</2>; rel=next")).endswith("/2")


@given(st.text(alphabet='<>;,="\\ \tarelnxt:/[]?#&', max_size=200))
def test_a_header_of_any_kind_is_read(header: str) -> None:
    for name in ("Link", "X-Next"):
        assert isinstance(following((name, header)), str)
