"""Debian's Postfix on loopback, with a folder and ports of its own, as few of its services as a
mail needs that is taken, refused elsewhere and given back.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.client.eventually import eventually
from deploy.local.errors import SourceUnavailable
from deploy.local.packages import install
from deploy.local.ports import LOOPBACK
from deploy.local.processes import Say

PACKAGES = ("postfix", "python3")  # what it pipes to is a program in Python
FOR_ALL = "/usr/local/bin:/usr/bin"
KEEPS = "kept.example"  # a domain of which it is the last server
MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = {host}
inet_protocols = ipv4
myhostname = mail.portico.example
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
mynetworks = {host}/32
smtpd_relay_restrictions = permit_mynetworks, reject
recipient_delimiter = +
smtp_tls_security_level = none
smtp_dns_support_level = disabled
fast_flush_domains =
default_transport = smtp:[{host}]:{elsewhere}
transport_maps = inline:{{ {{ {own_domain} = portico: }}, {{ {keeps} = discard: }} }}
portico_destination_recipient_limit = 1
"""
MASTER = """\
{host}:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
discard unix - - n - - discard
portico unix - n n - - pipe
  flags=DRO user=nobody argv={handed_to}
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


async def installed(environ: Mapping[str, str], say: Say) -> Path:
    """Return its program, installed with apt where it is missing. Raises SourceUnavailable."""
    if shutil.which("postfix") is None or python() is None:
        await install(PACKAGES, environ, say)
    program = shutil.which("postfix")
    if program is None or python() is None:
        raise SourceUnavailable("postfix is installed, and yet not found")
    return Path(program)


def python() -> str | None:
    """Find an interpreter that others than root may run."""
    return shutil.which("python3", path=FOR_ALL)


@asynccontextmanager
async def running(
    program: Path,
    folder: Path,
    *,
    port: int,
    elsewhere: int,
    own_domain: str,
    handed_to: Sequence[str],
) -> AsyncIterator[None]:
    """Take mails at `port`: those to this domain are handed to a program in Python, those to
    `KEEPS` are delivered, all others go on to `elsewhere`. It drops root's rights, so that all may
    look into the folder.
    """
    for part in ("etc", "queue", "data"):
        (folder / part).mkdir(mode=0o755, parents=True)
    shutil.chown(folder / "data", "postfix")
    said = {
        "folder": folder,
        "host": LOOPBACK,
        "port": port,
        "elsewhere": elsewhere,
        "own_domain": own_domain,
        "keeps": KEEPS,
        "handed_to": " ".join((python() or "python3", *handed_to)),
    }
    (folder / "etc" / "main.cf").write_text(MAIN.format(**said))
    (folder / "etc" / "master.cf").write_text(MASTER.format(**said))
    await told(program, folder, "start")
    try:
        await eventually(lambda: listens(port), within=10)
        yield
    finally:
        await told(program, folder, "stop")


async def told(program: Path, folder: Path, verb: str) -> None:
    """Have it start or stop; its daemon is no child of this, and what it says is in its log."""
    process = await asyncio.create_subprocess_exec(
        program,
        *("-c", folder / "etc", verb),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    if await asyncio.wait_for(process.wait(), 30):
        log = folder / "log"
        raise AssertionError(log.read_text() if log.exists() else f"postfix does not {verb}")


async def listens(port: int) -> None:
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError as error:
        raise AssertionError("nobody listens yet") from error
    writer.close()
