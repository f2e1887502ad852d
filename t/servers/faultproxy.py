#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""faultproxy.py PORT TARGET CONTROL: forwards 127.0.0.1:PORT to 127.0.0.1:TARGET, with the faults that were last PUT to
http://127.0.0.1:CONTROL/ as a JSON object; what it does not name is as in FAULTS.  GET tells faults and counts.
Connections keep the faults that they began with; when there are to be none any more, those with some end."""
import asyncio, json, socket, struct, sys

FAULTS = {
    "latency_ms": 0,  # before each piece, either way
    "up_limit": -1,  # bytes towards the target, then on_limit
    "down_limit": -1,  # bytes from it
    "on_limit": "close",  # or "reset", or "hang"
    "rate": 0,  # bytes a second from the target
    "refuse": False,  # accept, and reset at once
    "corrupt_at": -1,  # this byte from the target is flipped
    "first_n": -1,  # only the next so many connections
}
faults = dict(FAULTS)
counts = {"conns": 0, "faults": 0, "up": 0, "down": 0}
faulty = set()  # the two writers of each connection with faults


def reset(writer):
    connection = writer.get_extra_info("socket")
    if connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


async def end_at_limit(how, writer, other):
    counts["faults"] += 1
    if how == "hang":
        await asyncio.sleep(3600)
    for each in writer, other:
        if how == "reset":
            reset(each)
        else:
            each.close()


async def pump(reader, writer, here, way, other):
    """One way of a connection: from reader to writer; `other` is the writer of the other way."""
    done = 0
    limit = here[way + "_limit"]
    try:
        while data := await reader.read(16384):
            await asyncio.sleep(here["latency_ms"] / 1000)
            if way == "down" and 0 <= here["corrupt_at"] - done < len(data):
                counts["faults"] += 1
                data = flip(data, here["corrupt_at"] - done)
            is_over = 0 <= limit < done + len(data)
            if is_over:
                data = data[: limit - done]
            writer.write(data)
            await writer.drain()
            done += len(data)
            counts[way] += len(data)
            if way == "down" and here["rate"]:
                await asyncio.sleep(len(data) / here["rate"])
            if is_over:
                await end_at_limit(here["on_limit"], writer, other)
                return
        writer.write_eof()
    except (OSError, RuntimeError):
        pass


def take_faults():
    if faults["first_n"] == 0:
        return FAULTS
    here = dict(faults)
    if faults["first_n"] > 0:
        faults["first_n"] -= 1
    return here


async def forward(reader, writer):
    counts["conns"] += 1
    here = take_faults()
    if here["refuse"]:
        counts["faults"] += 1
        reset(writer)
        return
    try:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
    except OSError:
        reset(writer)
        return
    if here is not FAULTS and here != {**FAULTS, "first_n": here["first_n"]}:
        faulty.add((writer, there_writer))
    await asyncio.gather(
        pump(reader, there_writer, here, "up", writer), pump(there_reader, writer, here, "down", there_writer)
    )
    faulty.discard((writer, there_writer))
    there_writer.close()
    writer.close()


async def end_faulty():
    for pair in list(faulty):
        for each in pair:
            each.transport.abort()
    await asyncio.sleep(0.02)  # until whoever keeps one can see it


async def control(reader, writer):
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    lengths = [int(line.split(":")[1]) for line in head.split("\r\n") if line.startswith("content-length:")]
    if head.startswith("put"):
        wanted = json.loads(await reader.readexactly(lengths[0]))
        unknown = set(wanted) - set(FAULTS)
        if not unknown:
            faults.update({**FAULTS, **wanted})
            if faults == FAULTS:
                await end_faulty()
        status = "400 there is no fault " + ", ".join(unknown) if unknown else "200 OK"
    else:
        status = "200 OK"
    body = json.dumps({**faults, **counts}).encode()
    writer.write(f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()
    writer.close()


async def main():
    await asyncio.start_server(forward, "127.0.0.1", int(sys.argv[1]))
    await asyncio.start_server(control, "127.0.0.1", int(sys.argv[3]))
    await asyncio.Event().wait()


asyncio.run(main())
