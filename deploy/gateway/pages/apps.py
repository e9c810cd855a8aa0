"""What tells phones which native apps are the portal's own: they may use its passkeys, and open the
links of its mails (MF-5).
"""

from aiohttp import web

from deploy.gateway.pages.site import ANYBODY, Site
from deploy.gateway.settings import AndroidApp
from deploy.gateway.web.routes import Route, page
from deploy.gateway.web.visits import PageMissing, Visit

ANDROID, APPLE = "/.well-known/assetlinks.json", "/.well-known/apple-app-site-association"
PATHS = frozenset({ANDROID, APPLE})
MAILED = (
    "/enrol/invitation",
    "/not-me",
    "/reset-password",
    "/settings/notifications/verify",
    "/verify-email",
)
"""Where mailed links lead, but for the one that stops mails: it is a browser's, whatever app there
is.
"""
RELATIONS = (
    "delegate_permission/common.get_login_creds",
    "delegate_permission/common.handle_all_urls",
)


async def android(site: Site, visit: Visit) -> web.Response:
    """List the apps as Android asks for them (Digital Asset Links)."""
    if not site.android_apps:
        raise PageMissing
    packages = dict.fromkeys(app.package for app in site.android_apps)
    return web.json_response([linked(package, site.android_apps) for package in packages])


def linked(package: str, apps: tuple[AndroidApp, ...]) -> dict[str, object]:
    """Say of one app what it may, by whichever of its certificates it is signed."""
    return {
        "relation": RELATIONS,
        "target": {
            "namespace": "android_app",
            "package_name": package,
            "sha256_cert_fingerprints": [app.fingerprint for app in apps if app.package == package],
        },
    }


async def apple(site: Site, visit: Visit) -> web.Response:
    """List the apps as Apple's systems ask for them (associated domains)."""
    if not site.apple_apps:
        raise PageMissing
    paths = [{"/": path} for path in MAILED]
    return web.json_response(
        {
            "applinks": {"details": [{"appIDs": site.apple_apps, "components": paths}]},
            "webcredentials": {"apps": site.apple_apps},
        }
    )


ROUTES: tuple[Route[Site], ...] = (
    *page(ANDROID, ANYBODY, android),
    *page(APPLE, ANYBODY, apple),
)
