"""The web gateway: python -m deploy.gateway [serve | settings | check]"""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence

from deploy.gateway.app import Gateway, compose
from deploy.gateway.check import check
from deploy.gateway.serving import CannotListen, serve
from deploy.gateway.settings import Settings
from shared import logs
from shared.settings.loader import SettingsInvalid, describe, load
from shared.settings.values import REDACTED

OK, FAILED, MISUSED = 0, 1, 2


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one verb and return the exit code: 0 done, 1 away, 2 misused or misset."""
    parser = argparse.ArgumentParser(prog="python -m deploy.gateway", description=__doc__)
    parser.add_argument("verb", nargs="?", choices=("serve", "settings", "check"), default="serve")
    verb = parser.parse_args(argv).verb
    if verb == "settings":
        return tell_settings(environ)
    try:
        settings = load(Settings, environ)
    except SettingsInvalid as invalid:
        for problem in invalid.problems:
            print(problem, file=sys.stderr)
        return MISUSED
    logs.configure("gateway", settings.log_level, sys.stdout if verb == "serve" else sys.stderr)
    if verb == "check":
        return asyncio.run(check(compose(settings)))
    try:
        asyncio.run(until_signalled(compose(settings), settings))
    except CannotListen as problem:
        print(problem, file=sys.stderr)
        return FAILED
    return OK


def tell_settings(environ: Mapping[str, str]) -> int:
    """Print every setting, what it is now, and its meaning; secrets redacted."""
    for row in describe(Settings):
        given = environ.get(row.name)
        value = row.default if given is None else REDACTED if row.secret else given
        print(f"{row.name}={value}\n    {row.help}")
    return OK


async def until_signalled(gateway: Gateway, settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C; a second one ends the process at once."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def ask(number: signal.Signals) -> None:
        loop.remove_signal_handler(number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask, number)
    await serve(gateway, settings, stop)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], os.environ))
