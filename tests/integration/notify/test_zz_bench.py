import asyncio, sys, time, subprocess, cProfile, pstats, os
import aiosmtplib
from deploy.local.ports import free_port
from tests.integration.notify.office import Office
from tests.support import notify_events as events
N = 400
async def test_bench(database, clock):
    smtp, http = free_port(), free_port()
    p = subprocess.Popen([sys.executable, "-m", "deploy.local.catcher", str(smtp), str(http)])
    await asyncio.sleep(2)
    made = Office.opened(database, smtp, clock, SMTP_DOT_SECONDS="60")
    await made.make_keys()
    try:
        from services.notify.store import deliveries
        for _ in range(N // 50):
            async with made.plumbing.database.transaction() as tx:
                for _ in range(50):
                    ev = events.received(events.locked(events.new_account(), events.ADDRESS))
                    await made.features.ledger.file_activity(tx, ev)
        # raw
        body = (await sample(made))
        async def raw(n):
            c = aiosmtplib.SMTP(hostname="127.0.0.1", port=smtp, local_hostname="x"); await c.connect()
            for _ in range(n):
                await c.sendmail("a@b.example", ["c@d.example"], body)
            await c.quit()
        t = time.perf_counter()
        await asyncio.gather(*(raw(N // 4) for _ in range(4)))
        rawrate = N / (time.perf_counter() - t)
        prof = cProfile.Profile() if os.environ.get("PROF") else None
        if prof: prof.enable()
        t = time.perf_counter()
        async def run():
            while await made.activity.once(): pass
        await asyncio.gather(run(), run())
        rate = N / (time.perf_counter() - t)
        if prof:
            prof.disable(); pstats.Stats(prof).sort_stats("tottime").print_stats(35)
        print(f"\nraw {rawrate:.0f}/s courier {rate:.0f}/s ratio {rate/rawrate:.2f}", await made.rows("select state,count(*) from deliveries group by 1"))
    finally:
        await made.close(); p.terminate(); p.wait()
async def sample(made):
    from services.notify.content import AccountLocked
    from tests.unit.notify.test_render import delivery
    d = delivery(AccountLocked(occurred_at=events.START, locked_until=events.START))
    return made.features.activity_courier.tools.renderer.mail(d, link=None, address="a@b.example", now=events.START).content
