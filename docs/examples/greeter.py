#!/usr/bin/env python3
"""A service of master in Python: greets each client by its name. docs/service-protocol.md explains every step."""
import os, select, signal, socket, struct

AVAILABLE, BUSY, LEAVING = 1, 2, 3
generation = int(os.environ['POSTERN_GENERATION'])
status = socket.socket(fileno=5)
listeners = [socket.socket(fileno=n) for n in range(6, int(os.environ['POSTERN_MAIN_CF']))]

def tell(state, last_words=b''):
    try:
        status.send(struct.pack('=III', os.getpid(), generation, state) + last_words[:500])
    except OSError:  # master is gone
        pass

def stop(*_):  # SIGTERM: the same as the end of the status channel, within four seconds
    status.shutdown(socket.SHUT_RD)
    signal.alarm(4)

def greet(client):
    client.settimeout(60)
    with client, client.makefile('rwb') as lines:
        name = lines.readline(100).strip()
        lines.write(b'Good day, ' + (name or b'stranger') + b', from process %d.\n' % os.getpid())

signal.signal(signal.SIGTERM, stop)
tell(AVAILABLE)
while True:
    ready = select.select([status, *listeners], [], [])[0][0]
    try:
        if ready is not status:
            connection = ready.accept()[0]
            tell(BUSY)
            greet(connection)
            tell(AVAILABLE)
        elif not status.recv(100):  # words of master are about stress; no words are the end
            break
    except OSError:  # another process was quicker, or the client is gone
        tell(AVAILABLE)
tell(LEAVING)
