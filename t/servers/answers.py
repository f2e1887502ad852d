#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""answers.py PORT DIR: an HTTP server that answers a METHOD with the bytes in DIR/METHOD, and with 404 where there is none; but
first, and once each, with those in DIR/METHOD-once*.  The head of each request, and a blank line, go to DIR/requests.  DIR/METHOD-rest says what comes behind the bytes: "endless" noughts,
"headers" without end, "drip" for a nought a second, "hang" for nothing; without it the connection is kept."""
import asyncio, os, sys

PIECE = b"0" * 65536
HEADER = b"x-filling: " + b"x" * 1000 + b"\r\n"


def content(name):
    try:
        with open(os.path.join(folder, name), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def take_once(method):
    for name in sorted(os.listdir(folder)):
        if name.startswith(method + "-once"):
            found = content(name)
            os.remove(os.path.join(folder, name))
            return found
    return None


async def read_request(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    with open(os.path.join(folder, "requests"), "a") as file:
        file.write(head.replace("\r\n", "\n"))
    fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    left = int(fields.get("content-length", "0"))
    while left > 0:
        piece = await reader.read(min(left, 65536))
        if not piece:
            raise ConnectionError
        left -= len(piece)
    return head.split(" ")[0]


async def go_on(writer, rest):
    if rest == b"hang":
        await asyncio.sleep(3600)
    while True:
        writer.write({b"endless": PIECE, b"headers": HEADER, b"drip": b"0"}[rest])
        await writer.drain()
        if rest == b"drip":
            await asyncio.sleep(1)


async def serve(reader, writer):
    try:
        while True:
            method = await read_request(reader)
            answer = take_once(method) or content(method)
            writer.write(answer if answer is not None else b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            rest = content(method + "-rest")
            if rest is not None:
                await go_on(writer, rest.strip())
    except (OSError, asyncio.IncompleteReadError):
        pass
    writer.transport.abort()


async def main():
    await asyncio.start_server(serve, "127.0.0.1", port)
    await asyncio.Event().wait()


port, folder = int(sys.argv[1]), sys.argv[2]
asyncio.run(main())
