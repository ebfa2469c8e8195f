"""Servers for the tests: each is private, on a free port or a local socket, and stopped by its pid."""

from __future__ import annotations

import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from typing import Dict, Iterator, List, Optional, Tuple

import pytest

from distributed_rate_limiter import RateLimiter

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[2]
# Long enough for a busy machine: a slow answer must not turn into another answer.
TIMEOUT = 10.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def users() -> List[str]:
    """Options of redis-server: whoever connects is the smallest user that the documents name; admin may do everything."""
    script = [str(ROOT / "scripts/redis-user"), "--rules", "reset"]
    rules = subprocess.run(script, capture_output=True, text=True, check=True).stdout.split()
    return ["--user", "default", "on", "nopass", *rules, "--user", "admin", "on", ">admin", "~*", "+@all"]


class Redis:
    """A Redis server of our own, that must have refused nothing when it is forgotten."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: Optional[subprocess.Popen[bytes]] = None

    def start(self) -> "Redis":
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        command += ["--dir", self.folder.name, "--unixsocket", os.path.join(self.folder.name, "s"), *users()]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(self.answers, "Redis does not start")
        return self

    def answers(self) -> bool:
        try:
            return self.ask(b"PING\r\n").startswith(b"+PONG")
        except OSError:
            return False

    def ask(self, command: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(b"AUTH admin admin\r\n")
            assert connection.recv(64) == b"+OK\r\n"
            connection.sendall(command)
            return connection.recv(65536)

    def guard(self, password: str) -> None:
        """Let nobody in but the documented user, "drl", with this password; again: change the password."""
        command = subprocess.run([str(ROOT / "scripts/redis-user"), "reset"], capture_output=True, check=True).stdout.strip()
        assert self.ask(command.replace(b">password", b">" + password.encode()) + b"\r\n") == b"+OK\r\n"
        assert self.ask(b"ACL SETUSER default off\r\n") == b"+OK\r\n"

    def disconnect(self) -> None:
        """Cut the connections of all others."""
        assert self.ask(b"CLIENT KILL TYPE normal\r\n").startswith(b":")

    def over_tls(self) -> str:
        """The address for connections over TLS; ca.pem, and me.pem and me.key for clients, are in the folder."""
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        authority = ["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority"]
        mine = ["-keyout", "me.key", "-out", "me.pem", "-subj", "/CN=me", "-CA", "ca.pem", "-CAkey", "ca.key"]
        mine += ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
        for arguments in (authority, mine):
            subprocess.run(["openssl", "req", "-x509", *key, *arguments], cwd=self.folder.name, capture_output=True, check=True)
        port = free_port()
        files = {"tls-ca-cert-file": "ca.pem", "tls-cert-file": "me.pem", "tls-key-file": "me.key"}
        settings = " ".join(f"{name} {self.folder.name}/{file}" for name, file in files.items())
        for setting in (settings, f"tls-port {port}"):
            assert self.ask(f"CONFIG SET {setting}\r\n".encode()) == b"+OK\r\n"
        return f"rediss://127.0.0.1:{port}/0"

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self) -> None:
        if self.process is not None:
            self.signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
            self.process = None

    def forget(self) -> None:
        refused = b"*0\r\n"
        if self.process is not None:
            self.signal(signal.SIGCONT)
            refused = self.ask(b"ACL LOG\r\n")
        self.stop()
        self.folder.cleanup()
        assert refused == b"*0\r\n", refused


def wait_until(condition: object, message: str, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, message
        time.sleep(0.02)


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    """One server for all who do no harm to it. Buckets are apart by namespace."""
    server = Redis().start()
    yield server
    server.forget()


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    """A server that the test may stop."""
    server = Redis().start()
    yield server
    server.forget()


@pytest.fixture
def no_redis() -> str:
    """The address of a server that is not there."""
    return f"redis://127.0.0.1:{free_port()}/0"


@pytest.fixture
def namespace(request: pytest.FixtureRequest) -> str:
    return f"test-{abs(hash(request.node.nodeid)) % 10**12}-{time.monotonic_ns()}"


@pytest.fixture
def limiter(redis: Redis, namespace: str) -> Iterator[RateLimiter]:
    """10 tokens an hour."""
    with RateLimiter(redis.url, 10, 3600, namespace=namespace, timeout=TIMEOUT) as made:
        yield made


def run_python(*arguments: str, timeout: float = 120.0, **environment: str) -> str:
    """What a Python program of its own says; it must end well."""
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def with_redis_url(source: pathlib.Path, url: str, folder: pathlib.Path) -> pathlib.Path:
    """A copy of a program as it stands, but for the address of Redis, and for a deadline that a busy machine can keep."""
    text = source.read_text()
    assert "redis://localhost:6379/0" in text
    text = text.replace("redis://localhost:6379/0", f"{url}?timeout={int(TIMEOUT)}s")
    copy = folder / source.name
    copy.write_text(text)
    return copy


class Server:
    """A web server in a process of its own."""

    def __init__(self, command: List[str], port: int, folder: pathlib.Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "server.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        wait_until(self._answers, "the server does not start")

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            self.get("/up")
        except OSError:
            return False
        return True

    def get(self, path: str, headers: Optional[Dict[str, str]] = None) -> Tuple[int, Dict[str, str], bytes]:
        """Status, headers by lower-case name, body."""
        request = urllib.request.Request(self.url + path, headers=headers or {})
        try:
            answer = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as refusal:
            answer = refusal
        with answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture
def serve(tmp_path: pathlib.Path) -> Iterator[object]:
    """serve(command, port): starts a web server, and stops it after the test."""
    servers: List[Server] = []

    def start(command: List[str], port: int) -> Server:
        servers.append(Server(command, port, tmp_path))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
