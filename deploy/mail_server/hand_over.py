"""Hand what comes to a return path over to notify: the program of a mail server's pipe (NT-5).

    hand_over.py --identity URL --notify URL --credentials FILE [--ca FILE] < message

One file and the standard library alone, so that it can be copied to the mail server's machine; no
right but that of a mail server's client comes with it. FILE has what `mail-server add NAME --json`
of identity printed. It exits with 0 once notify has the mail, and with 75 else (EX_TEMPFAIL of
sysexits.h), with a line that says why: then the mail server keeps the mail, and tries again.
"""

import argparse
import json
import ssl
import sys
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

DONE, TRY_AGAIN = 0, 75
MOST = 256 * 1024  # bytes that notify takes; a report stands before the mail that it returns
SECONDS = 30
FAILURES = (OSError, HTTPException, ValueError, LookupError, TypeError)


def main(argv: Sequence[str], message: bytes) -> int:
    """Hand it over, and return the exit code."""
    try:
        given = parser().parse_args(argv)
    except SystemExit as usage:  # which has been told
        return TRY_AGAIN if usage.code else DONE
    try:
        hand_over(given, message)
    except FAILURES as failed:
        said = f"{failed.code} of {failed.url}" if isinstance(failed, HTTPError) else failed
        print(f"not handed over: {type(failed).__name__}: {said}", file=sys.stderr)
        return TRY_AGAIN
    return DONE


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description="Hand a mail from standard input over to notify.")
    made.add_argument("--identity", metavar="URL", required=True, help="where identity listens")
    made.add_argument("--notify", metavar="URL", required=True, help="where notify listens")
    made.add_argument("--credentials", metavar="FILE", required=True, type=Path)
    made.add_argument("--ca", metavar="FILE", help="a private CA's certificate")
    return made


def hand_over(given: argparse.Namespace, message: bytes) -> None:
    """Log the mail server's client on, and post the mail. Raises one of FAILURES."""
    context = ssl.create_default_context(cafile=given.ca)
    client = json.loads(given.credentials.read_bytes())
    asked = {
        "grant_type": "client_credentials",
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
    }
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = post(f"{given.identity}/oauth/token", urlencode(asked).encode(), form, context)
    token = json.loads(answer)["access_token"]
    mail = {"Content-Type": "message/rfc822", "Authorization": f"Bearer {token}"}
    post(f"{given.notify}/bounces", message[:MOST], mail, context)


def post(url: str, body: bytes, headers: Mapping[str, str], context: ssl.SSLContext) -> bytes:
    """Post, and return the reply where it is a good one. Raises one of FAILURES."""
    if not url.startswith(("https://", "http://")):
        raise ValueError("expected an http or https URL")
    request = Request(url, data=body, headers=dict(headers), method="POST")  # noqa: S310 - it is one
    with urlopen(request, timeout=SECONDS, context=context) as reply:  # noqa: S310 - likewise
        said: bytes = reply.read()
    return said


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], sys.stdin.buffer.read()))
