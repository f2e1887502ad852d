#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""inetd.py PORT,... PROGRAM [ARGUMENT]...: runs the program for each connection to 127.0.0.1 at these ports, which is its standard
input and output.  They end with it."""
import os, selectors, signal, socket, subprocess, sys


def end(number, frame):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.killpg(0, signal.SIGTERM)


os.setpgid(0, 0)
signal.signal(signal.SIGTERM, end)
listeners = selectors.DefaultSelector()
for port in sys.argv[1].split(","):
    listeners.register(socket.create_server(("127.0.0.1", int(port)), backlog=100), selectors.EVENT_READ)
while True:
    for ready, _ in listeners.select():
        connection, _ = ready.fileobj.accept()
        with connection:
            subprocess.Popen(sys.argv[2:], stdin=connection, stdout=connection)
