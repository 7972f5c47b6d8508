"""Clients send without a pause while the configuration changes again and again: nobody notices, and each change is in
force when `postern reload` returns.

POSTERN_RELOADS sets how often it changes (200)."""
import collections
import contextlib
import os
import random
import select
import subprocess
import time
import unittest

import load
import postern
from ports import free_port

RELOADS = int(os.environ.get('POSTERN_RELOADS', 200))
CLIENTS = 50
SETTINGS = {'smtpd_client_connection_count_limit': 0, 'smtpd_client_connection_rate_limit': 0, 'max_idle': '5s'}
QUIET = 0.05  # seconds without a greeting: nobody serves that client


def connect(address, port):
    return postern.socket.create_connection((address, port), postern.LIMIT)


def is_greeted(client, limit):
    return bool(select.select([client], [], [], limit)[0]) and client.recv(4, postern.socket.MSG_PEEK) == b'220 '


def inode_of(port, client_port):
    """Of the server's end of a connection."""
    with open('/proc/net/tcp', encoding='ascii') as file:
        for words in (line.split() for line in file):
            if words[1].endswith(f':{port:04X}') and words[2].endswith(f':{client_port:04X}'):
                return words[9]
    return None


def opens(pid, inode):
    for path in postern.glob.glob(f'/proc/{pid}/fd/*'):
        with contextlib.suppress(OSError):
            if os.readlink(path) == f'socket:[{inode}]':
                return True
    return False


class Changes:
    """What an administrator may change, one edit and one reload each, and how to see that it is in force."""

    def __init__(self, test, sandbox):
        self.test, self.sandbox = test, sandbox
        self.chance = random.Random(os.environ.get('POSTERN_RELOAD_SEED', 'postern'))
        self.port = sandbox.port
        self.moving, self.narrow = None, free_port()
        self.banner, self.limit, self.is_wide, self.jailed = None, 1, False, True
        self.number = 0
        self.times, self.made = [], collections.Counter()
        self.edit('--rename', f'127.0.0.1:{self.port}/inet', f'{self.port}/inet')
        self.edit('-M', f'127.0.0.1:{self.narrow}/inet=127.0.0.1:{self.narrow} inet n - - - 1 smtpd '
                  '-o process_session_limit=1')
        self.reload()

    def kinds(self):
        kinds = [self.main_cf, self.added_or_removed, self.moved, self.process_limit, self.interfaces]
        return kinds + [self.chroot] if postern.IS_ROOT else kinds

    def make_one(self):
        change = self.chance.choice(self.kinds())
        self.number += 1
        self.made[change.__name__] += 1
        change()

    def edit(self, *words):
        done = subprocess.run([os.path.join(self.sandbox.build, 'bin', 'postconf'), '-c',
                               self.sandbox.facts['config_directory'], *words], capture_output=True, text=True,
                              timeout=postern.LIMIT, check=False)
        self.test.assertEqual(done.returncode, 0, done.stderr)

    def reload(self):
        began = time.monotonic()
        status, _, errors = self.sandbox.run('reload')
        self.times.append(time.monotonic() - began)
        self.test.assertEqual(status, 0, errors)

    def is_open(self, port, address='127.0.0.1'):
        with connect(address, port) as client:
            self.test.assertTrue(is_greeted(client, postern.LIMIT), 'the end of the connection instead of a greeting')

    def is_closed(self, port, address='127.0.0.1'):
        with self.test.assertRaises(ConnectionRefusedError):
            connect(address, port).close()

    def main_cf(self):
        """Every process is replaced; a session in hand goes on with the values from before."""
        letter = load.numbered(f'held{self.number}', self.chance.choice([load.LINES, load.LARGE]))
        half = len(letter) * 3 // 4
        with postern.Session(self.port) as held:
            before = held.ehlo
            held.begin('held@sandbox.test')
            held.send(letter[:half])
            self.edit('-e', f'smtpd_banner=$myhostname turn {self.number}',
                      f'message_size_limit={1_000_000 + self.number}')
            self.reload()
            with postern.Session(self.port) as new:
                self.test.assertEqual(new.greeting, f'220 mail.sandbox.test turn {self.number}')
                self.test.assertIn(f'SIZE {1_000_000 + self.number}', new.ehlo)
            held.send(letter[half:] + b'.\r\n')
            self.test.assertRegex(held.reply(), '^250 ')
            self.test.assertEqual(held.command('EHLO client.example'), before)
            self.test.assertRegex(held.command('QUIT'), '^221 ')

    def added_or_removed(self):
        if self.moving:
            self.edit('-MX', f'127.0.0.1:{self.moving}/inet')
            self.reload()
            self.is_closed(self.moving)
            self.moving = None
            return
        self.moving = free_port()
        self.edit('-M', f'127.0.0.1:{self.moving}/inet=127.0.0.1:{self.moving} inet n - - - - smtpd')
        self.reload()
        self.is_open(self.moving)

    def moved(self):
        if not self.moving:
            self.added_or_removed()
            return
        before, self.moving = self.moving, free_port()
        with postern.Session(before) as held:
            self.edit('--rename', f'127.0.0.1:{before}/inet', f'127.0.0.1:{self.moving}/inet')
            self.reload()
            self.is_open(self.moving)
            self.is_closed(before)
            held.begin('held@sandbox.test')
            self.test.assertRegex(held.content(load.numbered(f'held{self.number}')), '^250 ')

    def process_limit(self):
        self.limit = self.chance.choice([n for n in (1, 2, 3) if n != self.limit])
        self.edit('-F', f'127.0.0.1:{self.narrow}/inet/process_limit={self.limit}')
        self.reload()
        with contextlib.ExitStack() as stack:
            served = [stack.enter_context(connect('127.0.0.1', self.narrow)) for _ in range(self.limit)]
            for client in served:
                self.test.assertTrue(is_greeted(client, postern.LIMIT), f'limit {self.limit}')
            one_more = stack.enter_context(connect('127.0.0.1', self.narrow))
            self.test.assertFalse(is_greeted(one_more, QUIET), f'{self.limit + 1} clients, limit {self.limit}')
            served[0].close()
            self.test.assertTrue(is_greeted(one_more, postern.LIMIT), 'room again')

    def interfaces(self):
        self.is_wide = not self.is_wide
        both = self.chance.choice(['127.0.0.1, 127.0.0.2', '127.0.0.2, 127.0.0.1', 'all'])
        self.edit('-e', f'inet_interfaces={both if self.is_wide else "127.0.0.1"}')
        self.reload()
        (self.is_open if self.is_wide else self.is_closed)(self.port, '127.0.0.2')

    def chroot(self):
        self.jailed = not self.jailed
        self.edit('-F', f'{self.port}/inet/chroot={"y" if self.jailed else "n"}')
        self.reload()
        with postern.Session(self.port) as session:
            inode = inode_of(self.port, session.socket.getsockname()[1])
            pid, = [pid for pid in self.sandbox.processes('smtpd') if opens(pid, inode)]
            root = os.readlink(f'/proc/{pid}/root')
            self.test.assertEqual(root, self.sandbox.directory + '/queue' if self.jailed else '/')


class ReloadUnderLoad(unittest.TestCase):
    def test_nobody_notices_and_each_change_is_in_force_on_return(self):
        directory = postern.tempfile.mkdtemp(prefix='postern-reload-')
        os.chmod(directory, 0o755)
        self.addCleanup(postern.shutil.rmtree, directory)
        with postern.Sandbox(settings=SETTINGS, directory=directory) as sandbox:
            changes = Changes(self, sandbox)
            descriptors = len(os.listdir(f'/proc/{sandbox.master}/fd'))
            # Most of it is thrown away, so that the load is not that of the disk.
            targets = [('127.0.0.1', sandbox.port, to) for to in ['bob@sandbox.test'] + 4 * ['eve@discard.test']]
            with load.Load(targets, CLIENTS) as clients:
                for _ in range(RELOADS):
                    changes.make_one()
                    clients.wait_progress()
            self.assertEqual(clients.account(), '')
            self.everything_is_there_once(sandbox, clients)
            self.nothing_of_the_past_stays(sandbox, descriptors)
            times = sorted(changes.times)
            print(f'{len(clients.acknowledged)} letters in {clients.sessions} sessions; {dict(changes.made)}; '
                  f'reload: median {times[len(times) // 2] * 1000:.0f} ms, longest {times[-1] * 1000:.0f} ms')

    def nothing_of_the_past_stays(self, sandbox, descriptors):
        """Neither processes of sessions that are over nor descriptors of services that are no more."""
        most = 2 + 3 + 4  # smtpd of two services, of the one whose limit changes, and one each of the others
        postern.wait_for(lambda: len(sandbox.processes()) <= most, f'at most {most} processes')
        self.assertLess(len(os.listdir(f'/proc/{sandbox.master}/fd')), descriptors + 4 * most)
        self.assertEqual(os.listdir(os.path.join(sandbox.directory, 'queue', 'spool')), [])

    def everything_is_there_once(self, sandbox, clients):
        postern.wait_for(sandbox.queue_is_empty, 'an empty queue', 60)
        found = load.letters_in(sandbox.facts['maildir']) + load.discarded(sandbox.log())
        self.assertEqual({name: count for name, count in found.items() if count > 1}, {}, 'delivered again')
        mine = {name for name in found if name.startswith('c')}
        self.assertEqual(mine ^ set(clients.acknowledged), set(), 'delivered or acknowledged, but not both')


if __name__ == '__main__':
    unittest.main()
