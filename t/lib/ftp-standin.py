#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# An FTP server that keeps files in memory and misbehaves as asked, for the tests of the driver ftp: ftp-standin.py FAULT
#
# Writes its port to standard output and ends when standard input does.  The faults are the words that it looks for below.
import os, socket, struct, sys, threading, time

fault = sys.argv[1]
sessions = 0
files = {}  # path: bytes
folders = {"/"}
UNKNOWN = {"endless": ("SIZE",), "old": ("SIZE", "MLSD", "EPSV", "ALLO", "REST"), "unsized": ("SIZE",), "elsewhere": ("EPSV",)}


def parent(path):
    return path.rsplit("/", 1)[0] or "/"


def children(folder):
    start = folder.rstrip("/") + "/"
    return [p[len(start) :] for p in [*files, *folders] if p.startswith(start) and "/" not in p[len(start) :] and p != start]


class Session:
    def __init__(self, connection):
        self.connection, self.buffer, self.folder, self.passive, self.old = connection, b"", "/", None, None
        self.kept = []

    def say(self, text):
        self.connection.sendall(text.encode() + b"\r\n")

    def line(self):
        while b"\n" not in self.buffer:
            more = self.connection.recv(4096)
            if not more:
                raise EOFError
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r").decode()

    def path(self, argument):
        return (argument if argument.startswith("/") else self.folder.rstrip("/") + "/" + argument).rstrip("/") or "/"

    def babble(self, code):
        while True:
            self.say(code + "-" + 1000 * "x")

    def greet(self):
        if fault == "mute":
            time.sleep(3600)
        if fault == "greeting":
            self.babble("220")
        while fault == "endless-line":
            self.connection.sendall(bytes(1 << 16))
        if fault == "long-line":
            self.say("220-" + 10_000_000 * "x")
        if fault == "busy":
            self.say("421 Too many users, come back later")
            raise EOFError
        self.say("220 stand-in")

    def run(self):
        try:
            self.greet()
            while True:
                verb, _, argument = self.line().partition(" ")
                if verb in UNKNOWN.get(fault, ()):
                    self.say("502 no " + verb)
                else:
                    getattr(self, "do_" + verb.lower(), self.unknown)(argument)
        except (EOFError, OSError):
            pass
        self.connection.close()

    def unknown(self, argument):
        self.say("502 unknown")

    def do_user(self, name):
        self.say("331 password")

    def do_pass(self, password):
        self.say("230 in" if password != "wrong" else "530 Login incorrect: wrong")

    def do_pwd(self, argument):
        self.say('257 "/"')

    def do_type(self, argument):
        self.say("200 type")

    def do_rest(self, argument):
        self.say("350 rest")

    def do_allo(self, argument):
        self.say({"no-room": "552 no room for " + argument, "superfluous": "202 needless"}.get(fault, "200 room"))

    def do_cwd(self, argument):
        path = self.path(argument)
        if path not in folders:
            return self.say("550 no folder")
        self.folder = path
        self.say("250 there")

    def do_mkd(self, argument):
        path = self.path(argument)
        if path in folders or parent(path) not in folders:
            return self.say("550 not made")
        folders.add(path)
        self.say('257 "%s"' % path)

    def listen(self):
        self.passive = socket.create_server(("127.0.0.1", 0))
        return self.passive.getsockname()[1]

    def do_epsv(self, argument):
        self.say("229 here (|||%d|)" % self.listen())

    def do_pasv(self, argument):
        port = self.listen()
        host = "192,0,2,1" if fault == "elsewhere" else "127,0,0,1"
        self.say("227 here (%s,%d,%d)" % (host, port >> 8, port & 255))

    def do_size(self, argument):
        path = self.path(argument)
        if path not in files or fault == "forbidden":
            return self.say("550 no file, or not for you")
        self.say("213 %d" % (len(files[path]) // (2 if fault == "grows" else 1)))

    def accept(self):
        self.say("150 go on")
        data, _ = self.passive.accept()
        self.passive.close()
        return data

    def do_stor(self, argument):
        path = self.path(argument)
        if fault == "quota":
            return self.say("552 Disk quota exceeded")
        if fault == "no-data":
            return self.say("425 no data connection")
        if parent(path) not in folders:
            return self.say("550 no folder")
        data, content = self.accept(), b""
        while fault != "disk-full" and (more := data.recv(1 << 16)):
            content += more
        if fault == "lingers":
            self.kept.append(data)
        else:
            data.close()
        files[path] = content[: len(content) // 2] if fault == "halves" else content
        if fault == "silent":
            time.sleep(3600)
        if fault == "babbles":
            self.babble("226")
        self.say("226 done" if fault != "disk-full" else "452 No space left on device")

    def do_retr(self, argument):
        path = self.path(argument)
        if path not in files or fault == "forbidden":
            return self.say("550 no file, or not for you")
        data, content = self.accept(), files[path]
        try:
            while fault == "endless":
                data.sendall(bytes(1 << 16))
            if fault == "drip":
                for byte in content:
                    data.sendall(bytes([byte]))
                    time.sleep(0.1)
            elif fault == "stalls":
                data.sendall(content[: len(content) // 2])
                time.sleep(3600)
            elif fault == "flips":
                data.sendall(bytes([content[0] ^ 1]) + content[1:])
            else:
                data.sendall(content[: len(content) // 2] if fault in ("cuts", "breaks", "resets", "unsized") else content)
        except OSError:
            pass
        if fault == "resets":
            for each in data, self.connection:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            data.close()
            raise EOFError
        data.close()
        if fault == "babbles":
            self.babble("226")
        self.say("226 done" if fault not in ("breaks", "unsized") else "426 broken off")

    def names(self, lines):
        if fault == "closed":
            return self.say("550 not listed")
        data = self.accept()
        data.sendall("".join(line + "\r\n" for line in lines).encode())
        while fault == "long-list":
            data.sendall(b"type=file; " + 1000 * b"x" + b"\r\n")
        data.close()
        self.say("226 done")

    def do_mlsd(self, argument):
        self.names(["type=cdir; ."] + ["type=file;size=1; " + name for name in children(self.folder)])

    def do_nlst(self, argument):
        self.names(children(self.folder))

    def do_rnfr(self, argument):
        self.old = self.path(argument)
        if fault == "vanishes":
            files.pop(self.old, None)
        self.say("350 and" if self.old in files else "550 no file")

    def do_rnto(self, argument):
        path = self.path(argument)
        if self.old not in files:
            return self.say("503 what")
        keeping = fault in ("no-replace", "stuck", "busy-aside", "cut-aside", "slow-aside", "mute-aside")
        if parent(path) not in folders or (keeping and path in files) or fault == "no-rename":
            return self.say("553 not there")
        if fault == "stuck" and files[self.old] == b"stuck":
            return self.say("553 not this")
        if fault == "busy-aside" and "/.uploads/" in path:
            return self.say("451 not now")
        files[path] = files.pop(self.old)
        if fault.endswith("-aside") and "/.uploads/" in path:
            self.say_nothing()
        self.say("250 renamed")

    def say_nothing(self):
        global fault
        if fault == "cut-aside":
            raise EOFError
        if fault == "mute-aside":
            fault = "mute"
        time.sleep(3600)

    def do_dele(self, argument):
        path = self.path(argument)
        if fault == "superfluous":
            return self.say("202 needless")
        if path not in files or fault == "keeps":
            return self.say("550 no")
        del files[path]
        self.say("250 gone")

    def do_quit(self, argument):
        if fault == "babbles":
            self.babble("221")
        self.say("221 bye")
        raise EOFError


def serve(listener):
    global sessions
    while True:
        connection, _ = listener.accept()
        sessions += 1
        threading.Thread(target=Session(connection).run, daemon=True).start()


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
threading.Thread(target=serve, args=(listener,), daemon=True).start()
while line := sys.stdin.readline():  # "fault WORD", answered when it holds
    fault = line.split()[0]
    print(len(files), sessions, flush=True)
os._exit(0)
