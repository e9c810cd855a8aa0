"""ID-4: a domain has one form."""

import pytest

from shared.contracts.domains import DomainMalformed, canonical


@pytest.mark.parametrize(
    ("typed", "form"),
    [
        ("Mail.Example", "mail.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("XN--Bcher-KVA.example", "xn--bcher-kva.example"),
        ("bu\u0308cher。example", "xn--bcher-kva.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("fass.example", "fass.example"),
        ("почта.рф", "xn--80a1acny.xn--p1ai"),
        ("a--b.example", "a--b.example"),
        ("ab--c.example", "ab--c.example"),
    ],
)
def test_each_way_to_write_a_domain_has_the_same_form(typed: str, form: str) -> None:
    assert canonical(typed) == form
    assert canonical(form) == form


@pytest.mark.parametrize(
    "typed",
    [
        "☃.example",
        "xn--.example",
        "xn--zz--.example",
        "xn---bbk.example",
        "a\u200d.example",
        "a_b.example",
        "\u0301a.example",
        "ü" * 64 + ".example",
        "a." * 130 + "example",
        "ü" * 4096,
    ],
)
def test_what_no_registry_may_hand_out_is_no_domain(typed: str) -> None:
    with pytest.raises(DomainMalformed):
        canonical(typed)
