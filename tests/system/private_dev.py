"""A /dev of our own, where /dev/log can be whatever a test needs: this process and all it starts see it, nobody else does.
Needs root and a kernel that allows mount name spaces; without them the tests are skipped."""
import ctypes
import os
import socket
import subprocess
import tempfile
import unittest

CLONE_NEWNS = 0x00020000
DEVICES = ('null', 'zero', 'full', 'random', 'urandom', 'tty')
LOG = '/dev/log'


def mount(*words):
    subprocess.run(['mount', *words], check=True, capture_output=True)


def enter():
    """From here on /dev is private, and has no log."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0 or libc.unshare(CLONE_NEWNS) != 0:
        raise unittest.SkipTest('needs root and mount name spaces')
    mount('--make-rprivate', '/')
    made = tempfile.mkdtemp(prefix='postern-dev-')
    mount('-t', 'tmpfs', '-o', 'mode=755', 'dev', made)
    for name in DEVICES:
        if os.path.exists('/dev/' + name):
            with open(os.path.join(made, name), 'wb'):
                mount('--bind', '/dev/' + name, os.path.join(made, name))
    for name in ('pts', 'shm'):
        os.mkdir(os.path.join(made, name))
        if os.path.isdir('/dev/' + name):
            mount('--bind', '/dev/' + name, os.path.join(made, name))
    os.symlink('pts/ptmx', os.path.join(made, 'ptmx'))
    for name, target in (('fd', ''), ('stdin', '/0'), ('stdout', '/1'), ('stderr', '/2')):
        os.symlink('/proc/self/fd' + target, os.path.join(made, name))
    mount('--move', made, '/dev')
    os.rmdir(made)


class Receiver:
    """A log daemon at /dev/log that reads only when it is asked to. A new one takes the path over."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            os.unlink(LOG)
        except FileNotFoundError:
            pass
        self.socket.bind(LOG)
        os.chmod(LOG, 0o666)
        self.socket.setblocking(False)
        self.lines = []

    def hear(self):
        """All lines so far."""
        while True:
            try:
                self.lines.append(self.socket.recv(8192).decode('latin1'))
            except BlockingIOError:
                return self.lines

    def says(self, *words):
        """A line with all these words."""
        return next((line for line in self.hear() if all(word in line for word in words)), None)

    def close(self):
        """Ends; the path stays, as after a kill."""
        self.socket.close()
