#!/usr/bin/env python3
"""A master.cf with any one byte changed: master either starts, and then every service that is fit to run listens and a stop
leaves nothing; or it says the line that it does not like, and has left nothing. Under a running system the same edit and a
reload change to the new file or keep the old one. It never crashes and never half starts.

MUTANTS is the number of texts for each of the two, MUTANTS_SEED where they begin."""
import errno
import os
import pathlib
import random
import re
import select
import shutil
import socket
import subprocess
import tempfile
import unittest

import mutants
import postern

COUNT = int(os.environ.get('MUTANTS', '150'))
SEED = int(os.environ.get('MUTANTS_SEED', '1'))
MAIN = '''compatibility_level = 3.6
queue_directory = {0}/queue
data_directory = {0}/data
maillog_file = {0}/mail.log
mail_owner = nobody
setgid_group = nogroup
myhostname = mail.example.com
inet_protocols = ipv4
alias_maps =
smtpd_relay_restrictions = reject_unauth_destination
'''
# "PATH, line N: what", or the file as a whole.
REASON = r'%s/etc/master\.cf(?:, line (\d+))?: .+'


def listening_ports():
    """Each address and port of IPv4 on which somebody listens."""
    found = set()
    for line in pathlib.Path('/proc/net/tcp').read_text('ascii').split('\n')[1:-1]:
        words = line.split()
        host, port = words[1].split(':')
        if words[3] == '0A':
            found.add(f'{socket.inet_ntoa(bytes.fromhex(host)[::-1])}:{int(port, 16)}')
    return found


class System:
    def __init__(self):
        self.directory = os.path.realpath(tempfile.mkdtemp(prefix='postern-mutants-'))
        os.chmod(self.directory, 0o755)
        os.mkdir(self.directory + '/etc')
        pathlib.Path(self.directory, 'etc/main.cf').write_text(MAIN.format(self.directory), 'utf-8')
        # A name that is no number would be asked of a server that may not be there.
        self.environment = {**os.environ, 'RES_OPTIONS': 'timeout:1 attempts:1'}
        self.process = None

    def write(self, text):
        path = pathlib.Path(self.directory, 'etc/master.cf')
        path.with_suffix('.new').write_bytes(text)
        path.with_suffix('.new').rename(path)

    def start(self):
        """True when it is ready; what it says on standard error otherwise."""
        ours, theirs = os.pipe()
        with tempfile.TemporaryFile() as errors:
            self.process = subprocess.Popen([postern.BUILD + '/libexec/master', '-c', self.directory + '/etc', '-s', '-R',
                                             str(theirs)], pass_fds=(theirs,), stdin=subprocess.DEVNULL, stderr=errors,
                                            env=self.environment)
            os.close(theirs)
            ready, _, _ = select.select([ours], [], [], postern.LIMIT)
            said = os.read(ours, 1) if ready else None
            os.close(ours)
            if said:
                return True
            if said is None:
                self.process.kill()
            self.process.wait(postern.LIMIT)
            errors.seek(0)
            return errors.read().decode('utf-8', 'replace')

    def end(self):
        """SIGTERM: the exit status, and the processes that are still there."""
        children = postern.descendants(self.process.pid)
        self.process.terminate()
        status = self.process.wait(postern.LIMIT)
        return status, [pid for pid in children if postern.is_alive(pid)]

    def left(self):
        """The sockets in the queue's directories, and the files that only a running master has."""
        found = {f'{folder}/{name}' for folder in ('private', 'public') for name in self.names(folder)}
        return found | {f'pid/{name}' for name in self.names('pid') if name in ('scoreboard',)}

    def names(self, folder):
        path = f'{self.directory}/queue/{folder}'
        return os.listdir(path) if os.path.isdir(path) else []

    def deaf(self, services):
        """Those at whose address nobody listens."""
        ports = listening_ports()
        return {name for name in services if not (name in ports if '/' not in name else self.hears(name))}

    def hears(self, path):
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
                client.setblocking(False)
                client.connect(f'{self.directory}/queue/{path}')
            return True
        except OSError as why:
            # Datagrams, and a queue that is full because the program cannot run, are heard too.
            return why.errno in (errno.EPROTOTYPE, errno.EAGAIN)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(postern.LIMIT)

    def close(self):
        self.kill()
        shutil.rmtree(self.directory)


@unittest.skipUnless(postern.IS_ROOT, 'entries that change user need root')
class OneByte(unittest.TestCase):
    def setUp(self):
        self.system = System()
        self.addCleanup(self.system.close)
        host = '127.%d.%d.%d' % tuple(random.randrange(2, 250) for _ in range(3))
        self.row = mutants.Mutants(mutants.base(host, 20000 + random.randrange(10000)), SEED)

    def says_where(self, reason, text):
        """The reason names the file, and a line that is there."""
        found = re.search(REASON % re.escape(self.system.directory), reason)
        self.assertIsNotNone(found, reason)
        self.assertLessEqual(int(found[1] or 1), text.count(b'\n') + 1, reason)

    def test_a_start(self):
        started = 0
        for _ in range(COUNT):
            what, text = next(self.row)
            with self.subTest(what):
                self.system.kill()  # one that has failed
                self.system.write(text)
                said = self.system.start()
                if said is True:
                    started += 1
                    wanted = mutants.expected(text)
                    self.assertEqual(self.system.deaf(wanted), set())
                    self.assertEqual({n for n in wanted if '/' in n}, self.system.left() - {'pid/scoreboard'})
                    self.assertEqual(self.system.end(), (0, []))
                else:
                    self.assertEqual(self.system.process.returncode, 1, said)
                    self.says_where(said, text)
                self.assertEqual(self.system.left(), set())
        self.assertGreater(started, COUNT // 10)
        self.assertGreater(COUNT - started, COUNT // 10)

    def test_a_reload(self):
        self.system.write(self.row.text)
        self.assertIs(self.system.start(), True)
        in_force, changed = mutants.expected(self.row.text), 0
        for _ in range(COUNT):
            what, text = next(self.row)
            with self.subTest(what):
                self.system.write(text)
                done = subprocess.run([postern.BUILD + '/bin/postern', '-c', self.system.directory + '/etc', 'reload'],
                                      stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False,
                                      env=self.system.environment)
                errors = done.stderr.decode('utf-8', 'replace')
                if done.returncode == 0:
                    in_force = mutants.expected(text)
                    changed += 1
                else:
                    self.assertEqual(done.returncode, 1, errors)
                    self.says_where(errors, text)
                self.assertIsNone(self.system.process.poll(), errors)
                self.assertEqual(self.system.deaf(in_force), set())
                self.assertEqual({n for n in in_force if '/' in n}, self.system.left() - {'pid/scoreboard'})
        self.assertGreater(changed, COUNT // 10)
        self.assertEqual(self.system.end(), (0, []))
        self.assertEqual(self.system.left(), set())


if __name__ == '__main__':
    unittest.main()
