#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# An HTTP server that misbehaves as its URLs ask, for the tests of plugins/common/http.c, on ports of its own.
#
#   http-standin.py [CERTIFICATE-AND-KEY [CA-OF-CLIENTS]]
#
# Writes its port to standard output and ends when standard input does.  With a certificate it speaks TLS.  The path
# chooses what happens, the query how much of it.  As a proxy it answers requests for hosts that end in .example itself,
# and carries CONNECT to the host that it names, but for codeN.example, to which it says N.  As a SOCKS proxy (version 5)
# it answers as such a host itself, but for replyN.example, to which it says N; its user is bob, who says secret.
import base64, hashlib, os, socket, ssl, struct, sys, threading, time
from urllib.parse import parse_qs, urlsplit

connections = 0
lock = threading.Lock()
seen = {}  # what /once was asked


class Gone(Exception):
    """The connection has nothing more to say."""


class Exchange:
    def __init__(self, connection, number):
        self.connection, self.number, self.buffer = connection, number, b""
        self.peer_certificate = None

    def line(self):
        while b"\n" not in self.buffer:
            more = self.connection.recv(65536)
            if not more:
                raise Gone
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r").decode("latin-1")

    def read_head(self):
        self.method, self.target, _ = self.line().split(" ")
        self.headers, self.head = {}, []
        while line := self.line():
            name, value = line.split(":", 1)
            self.headers[name.lower()] = value.strip()
            self.head.append(line)
        self.left = int(self.headers.get("content-length", 0))
        url = urlsplit(self.target)
        self.path, self.query = url.path, {k: v[0] for k, v in parse_qs(url.query).items()}

    def number_of(self, name, otherwise=0):
        return int(self.query.get(name, otherwise))

    def read_body(self):
        digest, count = hashlib.sha256(), 0
        while self.left > 0:
            if not self.buffer:
                self.buffer = self.connection.recv(1 << 20)
                if not self.buffer:
                    raise Gone
            part, self.buffer = self.buffer[: self.left], self.buffer[self.left :]
            digest.update(part)
            count += len(part)
            self.left -= len(part)
        return count, digest.hexdigest()

    def send(self, *parts):
        for part in parts:
            self.connection.sendall(part if isinstance(part, bytes) else part.encode("latin-1"))

    def answer(self, code, headers=(), body=b"", length=None):
        lines = ["HTTP/1.1 %d Stand-In" % code, "Connection-Number: %d" % self.number, *headers]
        if length is not False:
            lines.append("Content-Length: %d" % (len(body) if length is None else length))
        self.send("\r\n".join(lines) + "\r\n\r\n", b"" if self.method == "HEAD" else body)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        raise Gone

    def run(self):
        while True:
            try:
                self.read_head()
            except ValueError:
                self.method, self.headers = "GET", {}
                self.answer(400, ["Connection: close"], b"What?")
                raise Gone
            if self.method == "CONNECT":
                return self.tunnel()
            handler = getattr(self, "do_" + self.path.lstrip("/").split("/")[0].replace("-", "_"), None)
            if handler is None:
                self.read_body()
                self.answer(404, body=b"There is no such thing.")
            else:
                handler()

    # ---- bodies that go in ----

    def do_echo(self):
        """What came: the head line by line, and the body's length and digest."""
        if self.headers.get("expect") == "100-continue":
            self.send("HTTP/1.1 100 Continue\r\nX-Interim: yes\r\n\r\n")
        count, digest = self.read_body()
        lines = ["%s %s" % (self.method, self.target), *self.head, "body: %d %s" % (count, digest)]
        self.answer(self.number_of("code", 200), body="\n".join(lines).encode("latin-1"))

    def do_early(self):
        """Answers before the body, which is never read."""
        self.answer(self.number_of("code", 403), ["Connection: close"], b"No.")
        self.note()
        raise Gone

    def do_eager(self):
        """Says yes before it has read the body, and takes it then."""
        self.answer(200, body=b"Yes.")
        self.note()
        self.read_body()

    def note(self):
        """That it has answered: /seen tells it."""
        with lock:
            seen[self.query.get("name")] = 1

    def do_stall(self):
        """Reads no body, and says nothing."""
        time.sleep(60)
        raise Gone

    def do_break(self):
        """Reads some of the body, and breaks off."""
        self.connection.recv(65536)
        self.reset()

    # ---- bodies that come out ----

    def do_bytes(self):
        count = self.number_of("n")
        self.read_body()
        self.answer(200, length=count)
        if self.method != "HEAD":
            block = b"x" * (1 << 20)
            while count > 0:
                self.send(block[:count])
                count -= min(count, len(block))

    def do_chunked(self):
        self.answer(200, ["Transfer-Encoding: chunked"], length=False)
        for _ in range(self.number_of("n", 3)):
            self.send("5\r\nhello\r\n")
        self.send("0\r\n%s\r\n\r\n" % self.query.get("trailer", "X-Trailer: late"))

    def do_until_close(self):
        self.answer(200, ["Connection: close"], b"hello", length=False)
        raise Gone

    def do_truncate(self):
        self.answer(200, body=b"x" * self.number_of("n", 10), length=self.number_of("of", 100))
        raise Gone

    def do_reset(self):
        self.answer(200, body=b"x" * self.number_of("n", 10), length=100)
        time.sleep(0.05)
        self.reset()

    def do_longer(self):
        self.answer(200, body=b"hello, world", length=5)

    def do_splits(self):
        """What is too much comes for itself, and looks like an answer."""
        self.answer(200, body=b"hello", length=5)
        time.sleep(0.001)
        self.send("HTTP/1.1 200 Stand-In\r\nContent-Length: 5\r\n\r\nwrong")

    def do_negative_length(self):
        self.answer(200, body=b"hello", length=-5)
        raise Gone

    def do_chunks_cut(self):
        self.answer(200, ["Transfer-Encoding: chunked"], b"5\r\nhel", length=False)
        raise Gone

    def do_chunks_wrong(self):
        self.answer(200, ["Transfer-Encoding: chunked"], b"zz\r\nhello\r\n0\r\n\r\n", length=False)
        raise Gone

    def do_endless(self):
        self.answer(self.number_of("code", 200), ["Transfer-Encoding: chunked"], length=False)
        block = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        while True:
            self.send(block)

    def do_drip(self):
        self.answer(self.number_of("code", 200), length=1000000)
        while True:
            self.send(b"x")
            time.sleep(0.05)

    def do_hang(self):
        time.sleep(60)
        raise Gone

    def do_hang_within(self):
        self.answer(200, body=b"x" * 10, length=100)
        time.sleep(60)
        raise Gone

    def do_silence(self):
        raise Gone

    def do_later(self):
        time.sleep(self.number_of("ms") / 1000)
        self.answer(200, body=b"late")

    def do_aloud(self):
        """Thinks, and says a blank now and then, as S3 does while it puts an object together."""
        self.read_body()
        self.answer(200, ["Transfer-Encoding: chunked"], length=False)
        for _ in range(self.number_of("ms") // 10):
            self.send("1\r\n \r\n")
            time.sleep(0.01)
        self.send("4\r\ndone\r\n0\r\n\r\n")

    # ---- heads ----

    def do_headers(self):
        self.send("HTTP/1.1 200 Fine\r\n")
        for i in range(self.number_of("n")):
            self.send("X-%d: %s\r\n" % (i, "y" * self.number_of("size", 1000)))
        self.send("Content-Length: 0\r\n\r\n")

    def do_trailers(self):
        self.answer(200, ["Transfer-Encoding: chunked"], length=False)
        self.send("5\r\nhello\r\n0\r\n")
        for i in range(self.number_of("n")):
            self.send("X-%d: y\r\n" % i)
        self.send("\r\n")

    def do_raw(self):
        """The bytes that it is told, and the end."""
        self.read_body()
        self.send(self.query["say"])
        self.connection.shutdown(socket.SHUT_WR)
        raise Gone

    def do_header_line(self):
        self.send("HTTP/1.1 200 Fine\r\nX: ", b"y" * self.number_of("n"), "\r\nContent-Length: 0\r\n\r\n")

    def do_interim(self):
        for _ in range(self.number_of("n", 1)):
            self.send("HTTP/1.1 103 Early Hints\r\nX-Interim: yes\r\n\r\n")
        self.answer(200, ["X-Answer:  spaces are cut  ", "X-Answer: second"], b"hello")

    def do_noise(self):
        self.send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        raise Gone

    def do_status(self):
        self.read_body()
        code = self.number_of("code")
        headers = ["%s: %s" % (name, self.query[name]) for name in ("Retry-After", "Location") if name in self.query]
        no_body = code in (204, 304)
        self.answer(code, headers, b"" if no_body else self.query.get("say", "").encode(), False if no_body else None)

    def do_redirect(self):
        """N times to itself, then to where it is told."""
        n = self.number_of("n")
        to = "/redirect?n=%d&to=%s" % (n - 1, self.query["to"]) if n > 0 else self.query["to"]
        self.answer(self.number_of("code", 302), ["Location: " + to], b"moved")

    def do_goodbye(self):
        """Says that the connection stays, and closes it."""
        self.read_body()
        self.answer(200, body=b"bye")
        raise Gone

    # ---- who asks ----

    def do_basic(self):
        self.read_body()
        good = self.headers.get("authorization") == "Basic " + base64.b64encode(b"user:pass:word").decode()
        self.answer(200 if good else 401, ['WWW-Authenticate: Basic realm="here"'], b"welcome" if good else b"no")

    def do_digest(self):
        """Digest with one nonce; the number of requests so far."""
        count, body_digest = self.read_body()
        with lock:
            seen["digest"] = seen.get("digest", 0) + 1
        given = self.headers.get("authorization", "")
        fields = dict(f.strip().split("=", 1) for f in given[7:].split(",")) if given.startswith("Digest ") else {}
        fields = {k: v.strip('"') for k, v in fields.items()}
        h = lambda text: hashlib.md5(text.encode()).hexdigest()
        if fields and fields.get("uri") == self.target:
            expected = h(":".join([h("user:here:pass:word"), "nonce1", fields["nc"], fields["cnonce"], "auth",
                                   h(self.method + ":" + self.target)]))
            if fields["response"] == expected:
                return self.answer(200, body=("%d %d %s" % (seen["digest"], count, body_digest)).encode())
        self.answer(401, ['WWW-Authenticate: Digest realm="here", nonce="nonce1", qop="auth", algorithm=MD5'], b"no")

    def do_certificate(self):
        self.answer(200, body=str(self.connection.getpeercert()).encode() if hasattr(self.connection, "getpeercert") else b"")

    # ---- proxy ----

    def tunnel(self):
        host, port = self.target.rsplit(":", 1)
        if host.startswith("code"):
            self.answer(int(host[4:].split(".")[0]), ["Connection: close"], b"No tunnel.")
            raise Gone
        with lock:
            seen["tunnels"] = seen.get("tunnels", 0) + 1
        other = socket.create_connection((host.strip("[]"), int(port)), 5)
        self.send("HTTP/1.1 200 Connected\r\nX-Proxy: yes\r\n\r\n")

        def carry(source, target):
            try:
                while data := source.recv(65536):
                    target.sendall(data)
                target.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        thread = threading.Thread(target=carry, args=(other, self.connection), daemon=True)
        thread.start()
        carry(self.connection, other)
        thread.join()
        raise Gone

    def exactly(self, count):
        while len(self.buffer) < count:
            more = self.connection.recv(65536)
            if not more:
                raise Gone
            self.buffer += more
        part, self.buffer = self.buffer[:count], self.buffer[count:]
        return part

    def socks(self):
        """RFC 1928 and 1929; the name is the proxy's to look up."""
        methods = self.exactly(self.exactly(2)[1])
        self.send(b"\x05\x02" if 2 in methods else b"\x05\x00")
        if 2 in methods:
            user = self.exactly(self.exactly(2)[1])
            password = self.exactly(self.exactly(1)[0])
            self.send(b"\x01\x00" if (user, password) == (b"bob", b"secret") else b"\x01\x01")
        host = self.exactly(self.exactly(5)[4]).decode()
        self.exactly(2)
        reply = int(host[5:].split(".")[0]) if host.startswith("reply") else 0
        self.send(bytes([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]))
        if reply != 0:
            raise Gone

    def do_seen(self):
        self.answer(200, body=str(seen.get(self.query["what"], 0)).encode())


def shake_hands(connection, context):
    """A refusal is heard: what the client has sent meanwhile is read, else it would be answered by a reset."""
    kept = connection.dup()
    try:
        return context.wrap_socket(connection, server_side=True)
    except OSError:
        kept.settimeout(10)
        while kept.recv(65536):
            pass
        raise
    finally:
        kept.close()


def serve(connection, number, context):
    try:
        if context is not None:
            connection = shake_hands(connection, context)
        exchange = Exchange(connection, number)
        if context is None and connection.recv(1, socket.MSG_PEEK) == b"\x05":
            exchange.socks()
        exchange.run()
    except (Gone, OSError, ValueError):
        pass
    try:
        connection.close()
    except OSError:
        pass


def main():
    context = None
    if len(sys.argv) > 1:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1])
        if len(sys.argv) > 2:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(sys.argv[2])
    dual = socket.has_dualstack_ipv6() and os.environ.get("STANDIN_IPV6") == "yes"
    listener = socket.create_server(("::1" if dual else "127.0.0.1", 0), family=socket.AF_INET6 if dual else socket.AF_INET,
                                    backlog=128)
    print(listener.getsockname()[1], flush=True)

    def accept():
        global connections
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connections += 1
            threading.Thread(target=serve, args=(connection, connections, context), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.buffer.read()
    os._exit(0)


main()
