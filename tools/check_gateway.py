#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Checks a built gateway as its users see it: raw sockets, curl, wrk, signals, wrong flags, idle cost.

usage: check_gateway.py GATEWAY [--runtime NAME ...] [--skip-idle]

For each runtime: every route and status, messages cut at every byte, pipelining, chunked and sized bodies, limits, a slow
client, HEAD, keep-alive and close, a drain with a request in hand; then curl and wrk; then 10,000 idle connections (at most
1024 bytes of resident memory each) and ten idle seconds of four workers (under 0.2 % of a processor). Needs curl and wrk:
without them it says SKIPPED. The last line is `N passed, N failed, N skipped`.
"""
import argparse
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

results = {"passed": 0, "failed": 0, "skipped": 0}


def check(name: str, good: bool, detail: object = "") -> None:
    results["passed" if good else "failed"] += 1
    if not good:
        print(f"FAILED {name}: {detail}", flush=True)


def skip(name: str, why: str) -> None:
    results["skipped"] += 1
    print(f"SKIPPED {name}: {why}", flush=True)


class Server:
    """One gateway on a free port, stopped by a signal."""

    def __init__(self, binary: str, runtime: str, *flags: str):
        self.process = subprocess.Popen(
            [binary, "--serve", "127.0.0.1:0", "--runtime", runtime, *flags],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.banner = self.process.stdout.readline()
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)", self.banner)[1])

    def stop(self, how: int = signal.SIGINT) -> tuple[int, str]:
        self.process.send_signal(how)
        return self.wait()

    def wait(self) -> tuple[int, str]:
        try:
            rest, _ = self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return -1, "did not drain"
        return self.process.returncode, rest

    def connect(self) -> socket.socket:
        peer = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return peer

    def resident_bytes(self) -> int:
        """Its own resident memory; pages of the program and its libraries are there once, however many connect."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"RssAnon:\s+(\d+) kB", status.read())[1]) * 1024

    def cpu_seconds(self) -> float:
        with open(f"/proc/{self.process.pid}/schedstat"):
            pass
        total = 0
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/schedstat") as stat:
                total += int(stat.read().split()[0])
        return total / 1e9


def read_answer(peer: socket.socket, head_only: bool = False, rest: bytes = b"") -> tuple[int, dict, bytes, bytes]:
    """Status, headers in lower case, body, and what came behind it."""
    data = rest
    while b"\r\n\r\n" not in data:
        more = peer.recv(65536)
        if not more:
            raise ConnectionError(f"closed after {data!r}")
        data += more
    head, _, data = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    size = 0 if head_only else int(headers.get("content-length", 0))
    while len(data) < size:
        more = peer.recv(65536)
        if not more:
            raise ConnectionError("closed in a body")
        data += more
    return int(lines[0].split()[1]), headers, data[:size], data[size:]


def ask(server: Server, message: bytes, head_only: bool = False):
    with server.connect() as peer:
        peer.sendall(message)
        return read_answer(peer, head_only)


def get(path: str, method: str = "GET", more: str = "", body: bytes = b"") -> bytes:
    size = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nHost: test\r\n{size}{more}\r\n".encode("latin-1") + body


def check_answers(server: Server, name: str) -> None:
    def expect(what, message, status, body=None, head_only=False, **headers):
        try:
            got = ask(server, message, head_only)
        except OSError as error:
            return check(f"{name}: {what}", False, error)
        good = got[0] == status and (body is None or got[2] == body)
        good = good and all(got[1].get(key.replace("_", "-")) == value for key, value in headers.items())
        check(f"{name}: {what}", good, got)

    expect("plaintext", get("/plaintext"), 200, b"Hello, World!", content_type="text/plain", content_length="13")
    expect("json", get("/json"), 200, b'{"message":"Hello, World!"}', content_type="application/json")
    expect("head", get("/plaintext", "HEAD"), 200, b"", True, content_length="13")
    expect("one parameter", get("/users/4%202"), 200, b'{"id":"4 2"}')
    expect("two parameters", get("/users/a%22b/posts/7"), 200, b'{"id":"a\\"b","post":"7"}')
    expect("health", get("/health"), 200, b'{"status":"up"}')
    expect("metrics", get("/metrics"), 200)
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        expect(f"echo by {method}", get("/echo", method, "", b"\x00body\xff"), 200, b"\x00body\xff")
    chunked = get("/echo", "POST", "Transfer-Encoding: chunked\r\n") + b"5\r\nhello\r\n8;x=y\r\n, chunks\r\n0\r\nT: 1\r\n\r\n"
    expect("a chunked body", chunked, 200, b"hello, chunks")
    expect("404", get("/nowhere"), 404)
    expect("405", get("/json", "POST", "", b"x"), 405, allow="GET, HEAD")
    expect("413 by length", get("/echo", "POST", "Content-Length: 99999999\r\n"), 413, connection="close")
    expect("431", get("/plaintext", "GET", "X: " + "y" * 20000 + "\r\n"), 431, connection="close")
    expect("414", get("/" + "y" * 10000), 414, connection="close")
    expect("close is answered", get("/plaintext", "GET", "Connection: close\r\n"), 200, connection="close")
    expect("1.0 closes", b"GET /plaintext HTTP/1.0\r\n\r\n", 200, b"Hello, World!", connection="close")
    for what, message in {
        "no host": b"GET / HTTP/1.1\r\n\r\n",
        "space before the colon": get("/", "GET", "A : b\r\n"),
        "bare line feed": b"GET / HTTP/1.1\nHost: a\n\n",
        "folded header": get("/", "GET", "A: b\r\n c\r\n"),
        "length beside chunked": get("/echo", "POST", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") + b"0\r\n\r\n",
        "two lengths": get("/echo", "POST", "Content-Length: 3\r\nContent-Length: 4\r\n") + b"abc",
        "bad chunk size": get("/echo", "POST", "Transfer-Encoding: chunked\r\n") + b"zz\r\n",
        "bad escape": get("/users/%zz"),
        "not http": b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    }.items():
        expect(f"400: {what}", message, 400)

    message = get("/users/42/posts/7") + chunked
    broken = []
    for cut in range(1, len(message)):
        with server.connect() as peer:
            peer.sendall(message[:cut])
            time.sleep(0.0005)
            peer.sendall(message[cut:])
            first = read_answer(peer)
            second = read_answer(peer, rest=first[3])
            if first[2] != b'{"id":"42","post":"7"}' or second[2] != b"hello, chunks":
                broken.append(cut)
    check(f"{name}: two requests cut at every byte", not broken, broken)

    with server.connect() as peer:
        peer.sendall(get("/plaintext") * 50 + get("/json") * 50)
        rest, bodies = b"", []
        for _ in range(100):
            _, _, body, rest = read_answer(peer, rest=rest)
            bodies.append(body)
        check(f"{name}: 100 pipelined", bodies == [b"Hello, World!"] * 50 + [b'{"message":"Hello, World!"}'] * 50)

    with server.connect() as peer:
        peer.sendall(get("/echo", "POST", "Content-Length: 4\r\nExpect: 100-continue\r\n"))
        peer.settimeout(5)
        check(f"{name}: 100 continue", peer.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n")
        peer.sendall(b"body")
        check(f"{name}: the body that was waited for", read_answer(peer)[2] == b"body")

    big = os.urandom(900_000)
    check(f"{name}: a large echo", ask(server, get("/echo", "PUT", "", big))[2] == big)

    with server.connect() as peer:  # pipelined, and not read until the socket is full
        count = 40
        sender = get("/echo", "PUT", "", big[:200_000]) * count
        peer.settimeout(20)
        peer.setblocking(False)
        sent, rest, answers = 0, b"", 0
        deadline = time.time() + 20
        while answers < count and time.time() < deadline:
            if sent < len(sender):
                try:
                    sent += peer.send(sender[sent:sent + 262144])
                    continue
                except BlockingIOError:
                    pass
            peer.setblocking(True)
            peer.settimeout(10)
            _, _, body, rest = read_answer(peer, rest=rest)
            answers += body == big[:200_000]
            peer.setblocking(False)
        check(f"{name}: backpressure", answers == count, answers)


def check_slow_client(server: Server, name: str) -> None:
    with server.connect() as peer:
        start = time.time()
        peer.sendall(b"GET /plaintext HTTP/1.1\r\nHost:")
        peer.settimeout(15)
        try:
            for _ in range(12):
                time.sleep(1)
                peer.sendall(b" ")  # each byte must not buy more time
                peer.settimeout(0.01)
                try:
                    data = peer.recv(200)
                    break
                except TimeoutError:
                    continue
            else:
                data = b""
        except OSError as error:
            data = repr(error).encode()
        check(f"{name}: a slow head gets 408", data.startswith(b"HTTP/1.1 408"), (data, time.time() - start))


def check_drain(binary: str, runtime: str) -> None:
    server = Server(binary, runtime)
    with server.connect() as idle, server.connect() as busy:
        idle.sendall(get("/plaintext"))
        read_answer(idle)
        server.process.send_signal(signal.SIGTERM)
        idle.settimeout(5)
        check(f"{runtime}: an idle connection is closed by the drain", idle.recv(10) == b"")
        del busy
    code, text = server.wait()
    check(f"{runtime}: drained and reported", code == 0 and "drained:" in text and "tasks_run" in text, (code, text))


def check_flags(binary: str) -> None:
    def run(*flags):
        done = subprocess.run([binary, *flags], capture_output=True, text=True, timeout=20)
        return done.returncode, done.stderr.strip()

    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    for what, flags, words in (
        ("a port in use", ("--serve", f"127.0.0.1:{taken.getsockname()[1]}"), "in use"),
        ("a bad address", ("--serve", "nowhere"), "bad address"),
        ("a bad port", ("--serve", "127.0.0.1:99999"), "bad address"),
        ("an address that is not ours", ("--serve", "192.0.2.1:80"), "cannot listen"),
        ("an unknown runtime", ("--runtime", "nothing"), "no runtime is called nothing"),
        ("an unknown flag", ("--nothing",), "unknown flag"),
        ("a flag without its value", ("--serve",), "needs a value"),
        ("no number", ("--threads", "many"), "whole number"),
        ("a missing file", ("--serve", "127.0.0.1:0", "--config", "/nonexistent.toml"), "/nonexistent.toml"),
    ):
        code, said = run(*flags)
        check(what, code != 0 and words in said and said.count("\n") == 0, (code, said))
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as config:
        config.write('[runtime]\nbackend = "paper"\n')
        config.flush()
        code, said = run("--serve", "127.0.0.1:0", "--config", config.name)
        check("an unknown word in a file", code != 0 and "paper" in said and ":2" in said and "epoll" in said, (code, said))
    code, said = run("--help")
    check("help", code == 0, said)


def check_config(binary: str) -> None:
    for words in ('backend = "epoll"\nscheduling = "affinity"\nthreads = 2', 'backend = "poll"\nscheduling = "fifo"'):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as config:
            config.write(f"[runtime]\n{words}\n")
            config.flush()
            process = subprocess.Popen([binary, "--serve", "127.0.0.1:0", "--config", config.name],
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            banner = process.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:(\d+) on (.*)", banner)
            good = found is not None and all(word in found[2] for word in re.findall(r'"(\w+)"', words))
            if found:
                with socket.create_connection(("127.0.0.1", int(found[1])), timeout=5) as peer:
                    peer.sendall(get("/plaintext"))
                    good = good and read_answer(peer)[2] == b"Hello, World!"
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=20)
            check(f"a runtime chosen by a file: {words!r}", good and process.returncode == 0, (banner, rest))


def check_peers(server: Server, name: str) -> None:
    url = f"http://127.0.0.1:{server.port}"
    if shutil.which("curl"):
        done = subprocess.run(["curl", "-sS", "-i", "--max-time", "10", "-d", "by curl", url + "/echo", "--next", "-sS",
                               "--max-time", "10", url + "/plaintext"], capture_output=True, text=True)
        check(f"{name}: curl", done.returncode == 0 and "by curl" in done.stdout and done.stdout.endswith("Hello, World!"),
              done)
    else:
        skip(f"{name}: curl", "curl is not installed")
    if shutil.which("wrk"):
        done = subprocess.run(["wrk", "-t1", "-c64", "-d1s", url + "/plaintext"], capture_output=True, text=True)
        rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
        good = rate is not None and float(rate[1]) > 100 and "Non-2xx" not in done.stdout and "Socket errors" not in done.stdout
        check(f"{name}: wrk", good, done.stdout + done.stderr)
    else:
        skip(f"{name}: wrk", "wrk is not installed")


def check_idle(binary: str, runtimes: list[str]) -> None:
    """All of them idle side by side, then each with its connections."""
    servers = {r: Server(binary, r, *(() if r == "solo" else ("--threads", "4"))) for r in runtimes}
    try:
        time.sleep(0.3)
        before = {runtime: server.cpu_seconds() for runtime, server in servers.items()}
        time.sleep(10)
        shares = {runtime: (server.cpu_seconds() - before[runtime]) / 10 for runtime, server in servers.items()}
        for runtime, share in shares.items():
            print(f"{runtime}: idle {share:.4%} of a processor", flush=True)
            check(f"{runtime}: idle, {share:.4%} of a processor", share < 0.002, share)
            check_idle_connections(servers[runtime], runtime)
    finally:
        for runtime, server in servers.items():
            code, text = server.stop()
            check(f"{runtime}: left cleanly", code == 0, text)


def check_idle_connections(server: Server, runtime: str) -> None:
    wanted = 10_000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < wanted + 100:
        return skip(f"{runtime}: 10,000 idle connections", f"only {hard} descriptors are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    peers = [server.connect() for _ in range(64)]
    for peer in peers:
        peer.sendall(get("/plaintext"))
        read_answer(peer)
    time.sleep(0.3)
    start = server.resident_bytes()
    for i in range(wanted):
        peers.append(server.connect())
        if i % 500 == 0:
            time.sleep(0.01)
    for peer in peers[::50]:
        peer.sendall(get("/plaintext"))
    for peer in peers[::50]:
        read_answer(peer)
    time.sleep(0.5)
    each = (server.resident_bytes() - start) / wanted
    check(f"{runtime}: {each:.0f} bytes an idle connection", each <= 1024, each)
    print(f"{runtime}: {each:.0f} bytes of resident memory an idle connection", flush=True)
    for peer in peers:
        peer.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gateway", help="the built program")
    parser.add_argument("--runtime", action="append", help="only these (default: all the program has)")
    parser.add_argument("--skip-idle", action="store_true", help="without the two checks that take long")
    args = parser.parse_args()
    text = subprocess.run([args.gateway, "--help"], capture_output=True, text=True, timeout=20).stdout
    runtimes = args.runtime or re.findall(r"^  (\w+) ", text.partition("runtimes:")[2], re.M)
    check("it lists its runtimes", len(args.runtime or runtimes) >= (1 if args.runtime else 2), text)
    check_flags(args.gateway)
    check_config(args.gateway)
    for runtime in runtimes:
        print(f"{runtime}", flush=True)
        server = Server(args.gateway, runtime)
        try:
            check_answers(server, runtime)
            check_slow_client(server, runtime) if runtime == runtimes[0] else None
            check_peers(server, runtime)
        finally:
            code, text = server.stop()
            check(f"{runtime}: left cleanly", code == 0, text)
        check_drain(args.gateway, runtime)
    if not args.skip_idle:
        check_idle(args.gateway, runtimes)
    print(f"{results['passed']} passed, {results['failed']} failed, {results['skipped']} skipped")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
