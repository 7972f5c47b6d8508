"""Processes die at any moment: no message that was acknowledged is lost, none is half written, none is invented.

POSTERN_CRASH_MESSAGES sets how many are sent (2,000)."""
import contextlib
import os
import random
import re
import signal
import subprocess
import threading
import time
import unittest

import postern

MESSAGES = int(os.environ.get('POSTERN_CRASH_MESSAGES', 2000))
CLIENTS = 8
INTERVAL = 0.3
SETTINGS = {'minimal_backoff_time': '1s', 'maximal_backoff_time': '2s', 'queue_run_delay': '1s',
            'transport_retry_time': '1s', 'service_throttle_time': '1s'}
LINES = 50


def numbered(name):
    """A message whose every line says which it is."""
    body = b''.join(b'%s line %d of %d %s\r\n' % (name.encode(), n, LINES, b'x' * 50) for n in range(1, LINES + 1))
    return postern.letter(subject=name, body=body)


class Senders:
    """Send until enough was acknowledged, whatever happens on the way."""

    def __init__(self, port, count):
        self.port, self.left = port, count
        self.lock = threading.Lock()
        self.sent, self.acknowledged = set(), set()
        self.unexpected = []
        self.threads = [threading.Thread(target=self.work, args=(n,)) for n in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def is_done(self):
        with self.lock:
            return len(self.acknowledged) >= self.left

    def work(self, client):
        number = 0
        while not self.is_done():
            try:
                with postern.Session(self.port, limit=20) as session:
                    while not self.is_done():
                        number += 1
                        self.send(session, f'c{client}n{number}')
            except (OSError, AssertionError):
                time.sleep(0.02)  # nobody listens at this moment, or the peer was killed

    def send(self, session, name):
        session.begin()
        with self.lock:
            self.sent.add(name)
        reply = session.content(numbered(name))
        if reply.startswith('250'):
            with self.lock:
                self.acknowledged.add(name)
        elif reply and not reply.startswith('4'):
            self.unexpected.append(reply)

    def join(self):
        for thread in self.threads:
            thread.join(120)


class Crash(unittest.TestCase):
    def setUp(self):
        self.directory = postern.tempfile.mkdtemp(prefix='postern-crash-')
        os.chmod(self.directory, 0o755)
        self.addCleanup(postern.shutil.rmtree, self.directory)
        self.sandbox = postern.Sandbox(settings=SETTINGS, directory=self.directory)
        self.addCleanup(lambda: self.sandbox.close())
        self.random = random.Random(os.environ.get('POSTERN_CRASH_SEED', 'postern'))

    def kill_one(self, with_master):
        victims = self.sandbox.processes() + ([self.sandbox.master] if with_master else [])
        victim = self.random.choice(victims)
        program = postern.program_of(victim)
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            return None
        if victim == self.sandbox.master:
            self.sandbox.close()
            self.sandbox = postern.Sandbox(directory=self.directory)
        return program

    def storm(self, with_master):
        senders = Senders(self.sandbox.port, MESSAGES)
        killed = []
        try:
            while not senders.is_done():
                time.sleep(INTERVAL)  # the pace of the killing, not a wait for something
                killed.append(self.kill_one(with_master))
        finally:
            senders.left = 0
            senders.join()
        return senders, killed

    def names_of(self, letters):
        names = []
        for letter in letters:
            name = re.search(rb'^Subject: (\S+)$', letter, re.M)[1].decode()
            self.assertTrue(letter.endswith(numbered(name).replace(b'\r\n', b'\n')), f'{name} is not whole')
            names.append(name)
        return names

    def all_is_there(self, senders, killed):
        postern.wait_for(lambda: senders.acknowledged <= set(self.names_of(self.letters())) and
                         self.sandbox.queue_is_empty(), 'all that was acknowledged', 90)
        names = self.names_of(self.letters())
        self.assertEqual(set(names) - senders.sent, set())
        self.assertEqual(senders.unexpected, [])
        self.assertGreater(len(killed), 2)
        self.assertEqual(os.listdir(os.path.join(self.directory, 'queue', 'spool')), [])
        print(f'{len(senders.acknowledged)} acknowledged, {len(names)} delivered, '
              f'{len(names) - len(set(names))} of them twice, killed: {", ".join(map(str, killed))}')

    def letters(self):
        for path in self.sandbox.mail():
            with open(path, 'rb') as file:
                yield file.read()

    def test_services_are_killed(self):
        self.all_is_there(*self.storm(with_master=False))

    def test_services_and_master_are_killed(self):
        self.all_is_there(*self.storm(with_master=True))


class StandStill(unittest.TestCase):
    """A process that neither works nor ends holds nobody for longer than its limit, and what was then taken for a failure it
    does not do later: a client that was told 451 sends its letter again."""
    LIMIT, DELIVERY, LATE = 1, 5, 3  # seconds: of a question, of a delivery, and how late we may be

    @classmethod
    def setUpClass(cls):
        cls.box = postern.Sandbox(settings={
            'ipc_timeout': f'{cls.LIMIT}s', 'daemon_timeout': f'{cls.DELIVERY}s', 'minimal_backoff_time': '1s',
            'maximal_backoff_time': '1s', 'queue_run_delay': '1s'})
        cls.addClassCleanup(cls.box.close)
        cls.names = []
        cls.send('first')

    @classmethod
    def send(cls, name):
        postern.wait_for(lambda: cls.box.send(postern.letter(name)).startswith('250'), f'{name} to be taken')
        cls.names.append(name)

    @contextlib.contextmanager
    def stopped(self, program):
        processes = postern.wait_for(lambda: self.box.processes(program), program)
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in processes:
                os.kill(pid, signal.SIGCONT)

    def each_letter_is_there_once(self):
        postern.wait_for(lambda: len(self.box.mail()) >= len(self.names) and self.box.queue_is_empty(), 'all letters')
        found = sorted(re.search(rb'^Subject: (\S+)$', text, re.M)[1].decode() for text in self.box.wait_mail())
        self.assertEqual(found, sorted(self.names))

    def test_what_a_client_waits_for(self):
        for program in ('cleanup', 'qmgr'):
            for size in (1, 200_000):  # in the question, and in a file that qmgr opens
                with self.subTest(f'{program}, {size}'), self.box.session(helo='client.example') as session:
                    name = f'{program}-{size}'
                    session.begin()
                    with self.stopped(program):
                        begun = time.monotonic()
                        reply = session.content(postern.letter(name, b'Hello, hello.\r\n' * (1 + size // 15)))
                        held = time.monotonic() - begun
                        self.assertEqual(reply, '451 4.3.0 Error: queue file write error')
                        self.assertGreater(held, self.LIMIT * 0.85)
                        self.assertLess(held, self.LIMIT + self.LATE)
                        self.assertRegex(session.command('NOOP'), '^250 ')
                    self.send(name)
        self.each_letter_is_there_once()
        spool = os.path.join(self.box.directory, 'queue', 'spool')
        postern.wait_for(lambda: not os.listdir(spool), 'an empty spool directory')

    def test_what_a_command_waits_for(self):
        with self.stopped('qmgr'):
            begun = time.monotonic()
            done = subprocess.run([os.path.join(postern.BUILD, 'bin', 'mailq')], capture_output=True, text=True, check=False,
                                  env={**os.environ, 'MAIL_CONFIG': self.box.facts['config_directory']}, timeout=postern.LIMIT)
            self.assertLess(time.monotonic() - begun, self.LIMIT + self.LATE)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('no answer from public/qmgr in time', done.stderr)

    def test_what_qmgr_waits_for(self):
        self.each_letter_is_there_once()
        with self.stopped('virtual'):
            self.send('agent')
            self.box.wait_log(r'to=<bob@sandbox\.test>.* status=deferred', limit=self.DELIVERY + self.LATE)
        self.each_letter_is_there_once()


if __name__ == '__main__':
    unittest.main()
