"""Raw bcrypt: the same comparisons on the same number of threads, with no service around."""

import threading
import time

import bcrypt
import msgspec

from tests.bench.processes import given, tell


class Job(msgspec.Struct, frozen=True, kw_only=True):
    threads: int
    cost: int
    seconds: float


class Hashed(msgspec.Struct, frozen=True):
    ended: tuple[float, ...]


def main() -> None:
    job, ended = given(Job), []
    hashed = bcrypt.hashpw(b"x" * 64, bcrypt.gensalt(job.cost))
    until = time.monotonic() + job.seconds

    def compare() -> None:
        while time.monotonic() < until:
            bcrypt.checkpw(b"x" * 64, hashed)
            ended.append(time.monotonic())

    threads = [threading.Thread(target=compare) for _ in range(job.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tell(Hashed(tuple(moment for moment in sorted(ended) if moment < until)))


if __name__ == "__main__":
    main()
