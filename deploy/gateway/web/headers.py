"""The headers that every page carries, and why each is there."""

from collections.abc import Mapping

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # data: for a QR code alone, as an <img>, where nothing runs
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
OFF = (
    "accelerometer",
    "camera",
    "display-capture",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
)
PERMISSIONS = ", ".join(
    (
        "publickey-credentials-get=(self)",
        "publickey-credentials-create=(self)",
        *(f"{name}=()" for name in OFF),
    )
)
TWO_YEARS = "max-age=63072000; includeSubDomains"
FOREVER = "public, max-age=31536000, immutable"  # for files whose names have their digest


def of_page(*, secure: bool) -> Mapping[str, str]:
    """Return what goes on every reply but a static file."""
    found = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        # `no-referrer` would make browsers send `Origin: null` with one's own forms.
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Permissions-Policy": PERMISSIONS,
        "Cache-Control": "no-store",
    }
    if secure:
        found["Strict-Transport-Security"] = TWO_YEARS
    return found


def of_file(*, secure: bool) -> Mapping[str, str]:
    """Return what goes on a static file."""
    return {**of_page(secure=secure), "Cache-Control": FOREVER}
