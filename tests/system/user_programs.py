"""What the tests of programs that are not ours share: a sandbox that has some, and looks at processes."""
import glob
import os
import re
import shutil
import socket
import textwrap
import unittest

import postern
from ports import free_port

COMMAND_USER = 'games'


def status_of(pid, field):
    with open(f'/proc/{pid}/status', encoding='latin1') as file:
        return re.search(rf'^{field}:\s+(.*)$', file.read(), re.M)[1]


def limit_of(pid, name):
    with open(f'/proc/{pid}/limits', encoding='latin1') as file:
        soft, hard = re.search(rf'^{name} +(\S+) +(\S+)', file.read(), re.M).groups()
    return int(soft), int(hard)


def command_line_of(pid):
    try:
        with open(f'/proc/{pid}/cmdline', encoding='latin1') as file:
            return file.read().split('\0')
    except OSError:
        return []


def mentioning(text):
    """Processes other than ours whose environment or command line has this text, wherever they are."""
    found = []
    for path in glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/cmdline'):
        pid = int(path.split('/')[2])
        try:
            with open(path, 'rb') as file:
                if text.encode() in file.read() and pid != os.getpid() and postern.is_alive(pid):
                    found.append(pid)
        except OSError:
            pass
    return found


def running(path):
    """The processes that run this script."""
    return [p for p in mentioning(path) if path in command_line_of(p)]


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port), postern.LIMIT)
        self.file = self.socket.makefile('rwb')

    def ask(self, line):
        self.file.write(line.encode() + b'\n')
        self.file.flush()
        return self.answer()

    def answer(self):
        return self.file.readline().decode('latin1').rstrip('\n')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()


class Programs(unittest.TestCase):
    """A sandbox with a copy of the programs, beside which a test puts its own."""

    rootless = False

    def setUp(self):
        if self.rootless and postern.IS_ROOT:
            self.sandbox = postern.Sandbox(rootless=True)
            self.programs = self.sandbox.build
        else:
            self.programs = postern.programs_for_everybody()
            self.addCleanup(shutil.rmtree, self.programs)
            self.sandbox = postern.Sandbox(build=self.programs)
        self.addCleanup(self.sandbox.close)

    def add_program(self, name, text):
        path = os.path.join(self.programs, 'libexec', name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(textwrap.dedent(text).lstrip())
        os.chmod(path, 0o755)

    def add_service(self, command, unprivileged='-', chroot='n', limit='-', settings=''):
        port = free_port()
        self.sandbox.append('main.cf', settings)
        self.sandbox.append('master.cf', f'127.0.0.1:{port} inet n {unprivileged} {chroot} - {limit} {command}\n')
        status, _, errors = self.sandbox.run('reload')
        self.assertEqual(status, 0, errors)
        return port

    def stop(self):
        """Stops the sandbox; nothing of it may be left."""
        directory = self.sandbox.directory
        status, _, errors = self.sandbox.run('stop')
        self.assertEqual(status, 0, errors)
        self.assertEqual([p for p in mentioning(directory) if p != self.sandbox.pid], [])
        self.sandbox.close()

    def letter_arrives(self):
        before = len(self.sandbox.mail())
        self.assertRegex(self.sandbox.send(), '^250 ')
        self.sandbox.wait_mail(before + 1)
