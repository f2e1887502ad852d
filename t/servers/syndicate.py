#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""syndicate.py PORT ROOT USER PASSWORD: stands in for a Syndicate user gateway (syndicate-ug-http), of which no server can be had: its
HTTP interface over files below ROOT/fs.  As the real one does, a write overwrites in place and cuts nothing off.  What ROOT/lacks
names it does not do: "rename"; "replace", a rename over a file that is there; "mkdir", which finds nothing to make a directory in;
"listdir"; "download", for which it has lost the blocks of all files; "end", the second half of a download."""
import base64, errno, http.server, json, os, re, stat, sys, urllib.parse

PORT, ROOT, USER, PASSWORD = int(sys.argv[1]), sys.argv[2].encode(), sys.argv[3], sys.argv[4]
PIECE = 65536


class Refused(Exception):
    def __init__(self, status, name, message):
        super().__init__(message)
        self.status, self.name, self.message = status, name, message


def bad(message):
    return Refused(400, "EINVAL", message)


def local(path):
    """The file of ours for a path below the gateway's root."""
    parts = path.split(b"/")
    if not path.startswith(b"/") or b".." in parts or b"." in parts or b"\0" in path:
        raise bad("bad path")
    return os.path.join(ROOT, b"fs", *[part for part in parts if part])


def lacks(what):
    try:
        with open(os.path.join(ROOT, b"lacks")) as file:
            return what in file.read().split()
    except FileNotFoundError:
        return False


def attributes(path):
    """The file of ours that holds a path's extended attributes."""
    return os.path.join(ROOT, b"attributes", base64.urlsafe_b64encode(path))


def read_attributes(path):
    os.stat(local(path))
    try:
        with open(attributes(path)) as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


class Gateway(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement between its headers and its body

    # ---- answers ----

    def send(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="syndicate"')
        if self.left > 0:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def tell(self, document):
        self.send(200, json.dumps(document).encode())

    def done(self):
        self.tell({"result": True})

    # ---- requests ----

    def number(self, name):
        value = self.query.get(name, "")
        if not re.fullmatch("[0-9]+", value):
            raise bad(f"bad {name}")
        return int(value)

    def body(self):
        while self.left > 0:
            data = self.rfile.read(min(PIECE, self.left))
            if not data:
                raise ConnectionError("the body ends early")
            self.left -= len(data)
            yield data

    def is_known(self):
        word, _, rest = self.headers.get("Authorization", "").partition(" ")
        try:
            return word.lower() == "basic" and base64.b64decode(rest, validate=True) == f"{USER}:{PASSWORD}".encode()
        except ValueError:
            return False

    # ---- operations ----

    def get_download(self):
        with open(local(self.path_asked), "rb") as file:
            if lacks("download"):
                raise Refused(500, "EIO", "Input/output error")
            size = os.fstat(file.fileno()).st_size
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(size))
            self.end_headers()
            lost = size // 2 if lacks("end") else 0
            while data := file.read(min(PIECE, size - lost)):
                self.wfile.write(data)
                size -= len(data)
            self.close_connection = self.close_connection or size > 0

    def get_read(self):
        with open(local(self.path_asked), "rb") as file:
            file.seek(self.number("offset"))
            self.send(200, file.read(self.number("len")), "application/octet-stream")

    def get_stat(self):
        self.tell(self.entry(self.path_asked))

    def entry(self, path):
        is_of = os.stat(local(path))
        return {
            "name": os.path.basename(path).decode(errors="replace"),
            "size": is_of.st_size,
            "mode": stat.S_IMODE(is_of.st_mode),
            "type": "dir" if stat.S_ISDIR(is_of.st_mode) else "file",
            "mtime_sec": int(is_of.st_mtime),
        }

    def get_listdir(self):
        if lacks("listdir"):
            raise Refused(403, "EPERM", "unknown operation")
        names = sorted(os.listdir(local(self.path_asked)))
        self.tell({"entries": [self.entry(self.path_asked.rstrip(b"/") + b"/" + name) for name in names]})

    def get_getxattr(self):
        values = read_attributes(self.path_asked)
        key = self.query.get("key", "")
        if key not in values:
            raise Refused(404, "ENODATA", "no such attribute")
        self.tell({"value": values[key]})

    def post_setxattr(self):
        values = read_attributes(self.path_asked)
        values[self.query.get("key", "")] = self.query.get("value", "")
        with open(attributes(self.path_asked), "w") as file:
            json.dump(values, file)
        self.done()

    def post_write(self):
        offset, length = self.number("offset"), self.number("len")
        if length != self.left:
            raise bad("len is not the length of the body")
        file = os.open(local(self.path_asked), os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            for data in self.body():
                os.pwrite(file, data, offset)
                offset += len(data)
        finally:
            os.close(file)
        self.done()

    def post_mkdir(self):
        mode = self.query.get("mode", "")
        if not re.fullmatch("[0-7]{3,4}", mode):
            raise bad("bad mode")
        if lacks("mkdir"):
            raise Refused(404, "ENOENT", "no such file or directory")
        os.mkdir(local(self.path_asked), int(mode, 8))
        self.done()

    def post_rename(self):
        to = os.fsencode(self.query.get("to", ""))
        if lacks("rename"):
            raise Refused(403, "EPERM", "unknown operation")
        if lacks("replace") and os.path.exists(local(to)):
            raise Refused(500, "EEXIST", "File exists")
        os.rename(local(self.path_asked), local(to))
        try:
            os.rename(attributes(self.path_asked), attributes(to))
        except FileNotFoundError:
            pass
        self.done()

    def delete_unlink(self):
        os.unlink(local(self.path_asked))
        try:
            os.unlink(attributes(self.path_asked))
        except FileNotFoundError:
            pass
        self.done()

    def delete_rmdir(self):
        os.rmdir(local(self.path_asked))
        self.done()

    def tell_statvfs(self):
        if self.query.get("session") != USER:
            raise Refused(404, "ENOENT", "no such session")
        room = os.statvfs(ROOT)
        self.tell({"bsize": room.f_bsize, "blocks": room.f_blocks, "bfree": room.f_bfree, "bavail": room.f_bavail})

    # ---- from a request to its operation ----

    def handle_path(self):
        # The first word of the query is the operation, and has no value.
        address, _, query = self.path.partition("?")
        operation, _, rest = query.partition("&")
        self.query = dict(urllib.parse.parse_qsl(rest, keep_blank_values=True, errors="surrogateescape"))
        if address == "/sessions" and operation == "statvfs" and self.command == "GET":
            self.tell_statvfs()
            return
        if not (address == "/fs" or address.startswith("/fs/")):
            raise bad("bad path")
        self.path_asked = urllib.parse.unquote_to_bytes(address[3:]) or b"/"
        method = {"PUT": "post", "HEAD": "get"}.get(self.command, self.command.lower())
        known = re.fullmatch("[a-z]+", operation) and getattr(self, f"{method}_{operation}", None)
        if not known:
            raise Refused(403, "EPERM", "unknown operation")
        known()

    def handle_request(self):
        self.left = int(self.headers.get("Content-Length") or 0)
        try:
            if not self.is_known():
                raise Refused(401, "EACCES", "authentication required")
            self.handle_path()
        except Refused as refused:
            self.refuse(refused.status, refused.name, refused.message)
        except FileNotFoundError:
            self.refuse(404, "ENOENT", "no such file or directory")
        except ConnectionError:
            self.close_connection = True
        except OSError as error:
            self.refuse(500, errno.errorcode.get(error.errno, "EIO"), str(error.strerror))

    def refuse(self, status, name, message):
        # The real one has all of a body before it looks at it; who is answered earlier may find the connection closed instead.
        try:
            for _ in self.body():
                pass
        except ConnectionError:
            self.close_connection = True
            return
        self.send(status, json.dumps({"result": False, "name": name, "message": message}).encode())

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_request


for folder in b"fs", b"attributes":
    os.makedirs(os.path.join(ROOT, folder), exist_ok=True)
http.server.ThreadingHTTPServer.request_queue_size = 64
http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Gateway).serve_forever()
