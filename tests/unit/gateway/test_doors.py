from deploy.gateway.doors.http import pairs_of, paragraphs_of
from deploy.gateway.doors.practice import ClientToken


def test_what_is_several_stands_several_times_in_a_form() -> None:
    body = ClientToken(
        grant_type="client_credentials",
        client_id="c",
        client_secret="s",
        resource=("identity", "notify"),
    )

    pairs = pairs_of(body)

    assert pairs[-2:] == [("resource", "identity"), ("resource", "notify")]
    assert len(pairs) == 5


def test_a_text_is_parted_where_it_leaves_a_line_free_alone() -> None:
    assert paragraphs_of("One\nline.\n\n\nAnother.\n") == ["One line.", "Another."]
