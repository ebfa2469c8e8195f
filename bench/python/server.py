"""server.py libdrl with|without REDIS_URL SECONDS: requests a second of a FastAPI application with or without the middleware."""

import asyncio
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

import httptools

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

    answers = 0
    wrong = []

    def connection_made(self, transport):
        self.transport = transport
        self.parser = httptools.HttpResponseParser(self)
        transport.write(REQUEST)

    def data_received(self, data):
        self.parser.feed_data(data)

    def on_message_complete(self):
        if self.parser.get_status_code() != 200:
            Caller.wrong.append(f"status {self.parser.get_status_code()}")
        Caller.answers += 1
        self.transport.write(REQUEST)

    def connection_lost(self, error):
        if not self.transport.is_closing() or error is not None:
            Caller.wrong.append(f"connection lost: {error}")


async def load(port, seconds):
    loop = asyncio.get_running_loop()
    callers = [await loop.create_connection(Caller, "127.0.0.1", port) for _ in range(CONNECTIONS)]
    await asyncio.sleep(0.5)
    first, start = Caller.answers, time.perf_counter()
    await asyncio.sleep(seconds)
    rate = (Caller.answers - first) / (time.perf_counter() - start)
    if Caller.wrong or rate == 0:
        sys.exit(f"{len(Caller.wrong)} wrong answers, such as {Caller.wrong[:1]}; {rate} requests a second")
    for transport, _ in callers:
        transport.abort()
    return rate


def wait_for(port, server):
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.05)
    sys.exit("the server does not start")


def measure(limited, url, seconds, folder):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    text = APPLICATION.format(limited=limited == "with", url=url)
    pathlib.Path(folder, "application.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "uvicorn", "application:app", "--port", str(port), "--log-level", "error"]
    server = subprocess.Popen([*command, "--no-access-log", "--no-proxy-headers"], cwd=folder)
    try:
        wait_for(port, server)
        return asyncio.run(load(port, seconds))
    finally:
        server.kill()
        server.wait()


def main():
    _, limited, url, seconds = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        print(measure(limited, url, float(seconds), folder))


main()
