#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""apart.py PORT:INNER... -- COMMAND... -- COMMAND...: runs the commands in a network of their own, which has nothing but a loopback;
what connects to 127.0.0.1:PORT here arrives at 127.0.0.1:INNER there.  They end with this program, and it with any of them."""
import asyncio, ctypes, fcntl, os, signal, socket, struct, sys

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCSIFFLAGS, IFF_UP, PR_SET_PDEATHSIG = 0x8914, 1, 1
libc = ctypes.CDLL(None, use_errno=True)


def leave_network():
    flags = CLONE_NEWNET if os.getuid() == 0 else CLONE_NEWNET | CLONE_NEWUSER
    if libc.unshare(flags) != 0:
        sys.exit("a network of their own: " + os.strerror(ctypes.get_errno()))
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.transport.abort()


async def forward(inner, reader, writer):
    try:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", inner)
    except OSError:
        writer.transport.abort()
        return
    await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))
    there_writer.close()
    writer.close()


def listen(port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(64)
    return listener


def split(arguments):
    parts = [[]]
    for argument in arguments:
        if argument == "--":
            parts.append([])
        else:
            parts[-1].append(argument)
    return parts


async def main():
    ports, *commands = split(sys.argv[1:])
    doors = [tuple(map(int, port.split(":"))) for port in ports]
    listeners = [(listen(outer), inner) for outer, inner in doors]  # before it leaves: these stay where they are
    leave_network()
    children = [await asyncio.create_subprocess_exec(*command, preexec_fn=die_with_parent) for command in commands]
    ends = [asyncio.create_task(child.wait()) for child in children]
    for listener, inner in listeners:
        await asyncio.start_server(lambda reader, writer, inner=inner: forward(inner, reader, writer), sock=listener)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await asyncio.wait([*ends, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
    for child in children:
        if child.returncode is None:
            child.terminate()
    await asyncio.wait(ends, timeout=3)


asyncio.run(main())
