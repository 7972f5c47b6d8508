"""Ports for servers that a test starts."""
import contextlib
import itertools
import os
import socket

_numbers = itertools.count(32 * os.getpid())


def free_port():
    """A port on which nobody listens: none twice, and none of those that clients get from the kernel meanwhile."""
    for number in _numbers:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(('127.0.0.1', 10000 + number % 22000))
            return probe.getsockname()[1]
