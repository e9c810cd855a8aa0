"""The services' own pages of verbs, in a browser."""

import pytest

from shared.contracts.topology import SERVICES
from tests.browse.conftest import Visit
from tests.support.suite import Suite

# Swagger UI's own markup: headings begin at the third level, links stand in buttons and are small.
VIEWERS = ("heading-order", "nested-interactive", "target-size")
VERBS = {
    "identity": ("log_on", "POST", "/sessions"),
    "recovery": ("request_reset_link", "POST", "/resets/links"),
    "merge": ("request_merge", "POST", "/merges"),
    "notify": ("list_notices", "GET", "/notices"),
}


@pytest.mark.parametrize("service", SERVICES)
async def test_a_developer_reads_a_verb_and_nothing_is_asked_of_another_host(
    suite: Suite, visit: Visit, service: str
) -> None:
    [url] = suite.addresses.services[service]
    name, method, path = VERBS[service]
    async with visit(url) as developer:
        page = developer.page

        await developer.go(f"{url}/docs")
        verb = page.locator(f".opblock:has(.opblock-summary-path[data-path='{path}'])").filter(
            has=page.get_by_text(method, exact=True)
        )
        await verb.locator(".opblock-summary-control").click()

        assert await page.title() == f"Portico {service}"
        # The document has its refusals as Markdown: a list, with codes set as code.
        refusal = verb.locator(".response-col_description li code").first
        assert (await refusal.inner_text()).islower()
        assert "- `" not in await verb.inner_text()
        assert name in page.url  # a link to this very verb
        if service == "recovery":  # one page of four that are made alike: looking takes long
            await developer.sees("verbs", theirs=VIEWERS)


async def test_a_verb_is_tried_out_from_the_page(suite: Suite, visit: Visit) -> None:
    [url] = suite.addresses.services["identity"]
    async with visit(url) as developer:
        page = developer.page
        await developer.go(f"{url}/docs")
        verb = page.locator("#operations-public-read_terms")
        await verb.locator(".opblock-summary-control").click()

        await verb.get_by_role("button", name="Try it out").click()
        await verb.get_by_role("button", name="Execute").click()

        told = verb.locator(".live-responses-table .response")
        assert await told.locator(".response-col_status").inner_text() == "200"


async def test_without_script_the_page_says_where_a_program_reads_the_same(
    suite: Suite, visit: Visit
) -> None:
    [url] = suite.addresses.services["merge"]
    async with visit(url, scripted=False) as developer:
        await developer.go(f"{url}/docs")

        await developer.page.get_by_role("link", name="/openapi.json").click()

        assert '"openapi":"3.1.0"' in await developer.page.content()
