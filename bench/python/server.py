"""server.py libdrl with|without REDIS_URL SECONDS: requests a second of a FastAPI application with or without the middleware."""

import asyncio
import pathlib
import socket
import subprocess
import sys
import time

APPLICATION = """
from fastapi import FastAPI
app = FastAPI()
@app.get("/")
async def root():
    return {{"status": "ok"}}
if {limited}:
    from distributed_rate_limiter import RateLimiter
    from distributed_rate_limiter.fastapi import FastAPIRateLimiter
    limiter = RateLimiter({url!r}, 1_000_000, 60, timeout=10, fail_strategy="closed")
    app.add_middleware(FastAPIRateLimiter, limiter=limiter)
"""
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
CONNECTIONS = 64


class Caller(asyncio.Protocol):
    """One connection that asks again as soon as it was answered."""

    count = 0

    def connection_made(self, transport):
        self.transport = transport
        self.transport.write(REQUEST)

    def data_received(self, data):
        # The head and the body may come in two pieces; every answer holds this once.
        answers = data.count(b"HTTP/1.1 ")
        assert answers == data.count(b"HTTP/1.1 200"), data
        Caller.count += answers
        for _ in range(data.count(b'{"status":"ok"}')):
            self.transport.write(REQUEST)


async def load(port, seconds):
    loop = asyncio.get_running_loop()
    callers = [await loop.create_connection(Caller, "127.0.0.1", port) for _ in range(CONNECTIONS)]
    await asyncio.sleep(0.5)
    first, start = Caller.count, time.perf_counter()
    await asyncio.sleep(seconds)
    rate = (Caller.count - first) / (time.perf_counter() - start)
    for transport, _ in callers:
        transport.close()
    return rate


def wait_for(port):
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit("the server does not start")


def main():
    _, limited, url, seconds = sys.argv[1:]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = pathlib.Path(sys.prefix)
    (folder / "application.py").write_text(APPLICATION.format(limited=limited == "with", url=url), encoding="utf-8")
    command = [sys.executable, "-m", "uvicorn", "application:app", "--port", str(port), "--log-level", "error"]
    server = subprocess.Popen([*command, "--no-access-log", "--no-proxy-headers"], cwd=folder)
    try:
        wait_for(port)
        print(asyncio.run(load(port, float(seconds))))
    finally:
        server.terminate()
        server.wait()


main()
