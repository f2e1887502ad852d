#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A store in a directory: a program for Blockstore, see blockstore-exec(7).

Its files are those of store.sh, so that both may serve one directory; what
was put survives a power cut.
"""
import errno, hashlib, json, os, re, socket, time
from urllib.parse import quote, unquote_to_bytes

STATUSES = {errno.EACCES: "denied", errno.EROFS: "denied",
            errno.ENOSPC: "no_space", errno.EDQUOT: "no_space"}
channel = socket.socket(fileno=3)
lines = channel.makefile("rb")

class Refusal(Exception):
    """The end of a call: its status, and perhaps a sentence."""

def send(word, body=b"", **values):
    for key, value in values.items():
        word += f" {key}=" + quote(str(value), safe="-._~/:+,@")
    channel.sendall(word.encode() + b"\n" + body)

def receive():
    """The next line: its word, and its values as they stand in it."""
    word, *pairs = lines.readline().decode().split() or [""]
    return word, dict(pair.split("=", 1) for pair in pairs)

def storage_init(call):
    global root, prefix
    if call["version"] != "1" or "option.root" not in call:
        raise Refusal("failed", "Version 1 and a root are wanted.")
    prefix = "exec:" + call["option.root"] + "/"
    root = unquote_to_bytes(call["option.root"]).decode() + "/"
    for area in "immutable", "mutable", "new":
        os.makedirs(root + area, mode=0o700, exist_ok=True)
    for old in os.scandir(root + "new"):
        try:
            if old.stat().st_mtime < time.time() - 86400:
                os.unlink(old)
        except FileNotFoundError:  # it was another's, and is whole
            pass

def object_of(call):
    """The name of its file; of a URL, of the one that has this URL."""
    if "key" in call:
        return "immutable/" + call["key"]
    if "data_id" in call:
        digest = hashlib.sha256(call["data_id"].encode()).hexdigest()
        return "mutable/" + digest
    url = unquote_to_bytes(call["url"]).decode()
    name = url.removeprefix(prefix)
    if name == url or not re.fullmatch("mutable/[0-9a-f]{64}", name):
        raise Refusal("unhandled_url")
    return name

def make_mutable_url(call):
    url = (prefix + object_of(call)).encode()
    send("data", url, id=call["id"], size=len(url))

def absent(status):
    """What is not there is absent where the store is there."""
    if not os.path.isdir(root + "new"):
        raise Refusal("failed", root + ": The store is gone.")
    raise Refusal(status)

def get(call):
    name = object_of(call)
    try:
        file = open(root + name, "rb")
    except FileNotFoundError:
        absent("not_found")
    with file:
        size = os.fstat(file.fileno()).st_size
        send("data", id=call["id"], size=size)
        if size > 0 and channel.sendfile(file, count=size) < size:
            raise SystemExit(name + ": The file was cut.")

def receive_file(call, file):
    while file.tell() < int(call["size"]):
        send("read", id=call["id"], offset=file.tell(), size=1 << 20)
        word, answer = receive()
        if word != "data":
            raise Refusal("cancelled")
        file.write(lines.read(int(answer["size"])))
    file.flush()
    os.fsync(file.fileno())

def put(call):
    """Under another name until it is whole, and on the disk."""
    new = f"{root}new/{os.getpid()}-{call['id']}"
    name = root + object_of(call)
    try:
        with open(new, "wb") as file:
            receive_file(call, file)
        os.rename(new, name)
    except BaseException:
        if os.path.exists(new):
            os.unlink(new)
        raise
    directory = os.open(os.path.dirname(name), os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)

def delete(call):
    try:
        os.unlink(root + object_of(call))
    except FileNotFoundError:
        absent("ok")

def check(call):
    space = os.statvfs(root)
    report = {"root": root, "free": space.f_bavail * space.f_frsize}
    send("data", json.dumps(report).encode(), id=call["id"],
         size=len(json.dumps(report)))

verbs = {"storage_init": storage_init, "handles_url": object_of,
         "make_mutable_url": make_mutable_url, "check": check,
         "get_immutable_handler": get, "get_mutable_handler": get,
         "put_immutable_handler": put, "put_mutable_handler": put,
         "delete_immutable_handler": delete,
         "delete_mutable_handler": delete}
os.umask(0o077)
while (message := receive())[0]:
    word, call = message
    if word == "cancel":  # of a call that was over
        continue
    try:
        if word not in verbs:
            raise Refusal("unsupported")
        verbs[word](call)
        send("done", id=call["id"], status="ok")
    except Refusal as refusal:
        status, *sentence = refusal.args
        send("done", id=call["id"], status=status, error=" ".join(sentence))
    except OSError as problem:
        if word.startswith("get"):  # perhaps in the midst of the bytes
            raise
        send("done", id=call["id"], error=problem,
             status=STATUSES.get(problem.errno, "failed"))
