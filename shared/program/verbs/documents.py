"""The documents that others are written from: OpenAPI of the verbs, AsyncAPI of the bus."""

import argparse

from shared.http import openapi
from shared.messaging import asyncapi
from shared.program.asked import Asked, Command
from shared.program.program import F, S
from shared.program.terminal import say


async def print_openapi(asked: Asked[F, S]) -> int:
    program = asked.program
    return say(openapi.document(program.service, program.routes).decode())


async def print_asyncapi(asked: Asked[F, S]) -> int:
    one = None if asked.arguments.all else asked.program.service
    return say(asyncapi.document(one).decode())


def whole_bus(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="of the whole bus")


COMMANDS = (
    Command(name="openapi", help="print the OpenAPI document", run=print_openapi),
    Command(
        name="asyncapi",
        help="print the AsyncAPI document of this service",
        run=print_asyncapi,
        arguments=whole_bus,
    ),
)
