"""Whatever becomes of what takes the log: mail flows on, and what could not be written is counted and said."""
import os
import pty
import re
import subprocess
import time
import unittest

import postern
import private_dev

LOST = r'\d+ log lines could not be written'


def setUpModule():
    try:
        private_dev.enter()
    except (unittest.SkipTest, subprocess.CalledProcessError):
        Syslog.__unittest_skip__ = FullDisk.__unittest_skip__ = True
        Syslog.__unittest_skip_why__ = FullDisk.__unittest_skip_why__ = 'needs root and mount name spaces'


def much(sandbox, letters=60):
    """More lines than any process keeps: each letter, and each refused command, is a line of 2,000 bytes or so."""
    with sandbox.session() as session:
        for _ in range(letters):
            session.begin()
            assert session.content(postern.letter()).startswith('250')
            for _ in range(3):
                session.command('MAIL FROM:<a@client.example>')
                session.command('RCPT TO:<%s@elsewhere.example>' % ('x' * 60))
                session.command('RSET')


SETTINGS = {'smtpd_hard_error_limit': '10000', 'smtpd_soft_error_limit': '10000'}


class Flowing(unittest.TestCase):
    def sandbox(self, log, **more):
        sandbox = postern.Sandbox(settings={'maillog_file': log, **SETTINGS}, **more)
        self.addCleanup(sandbox.close)
        return sandbox

    def flows(self, sandbox, letters=1):
        """Letters are taken and delivered, and quickly."""
        before, began = len(sandbox.mail()), time.monotonic()
        for _ in range(letters):
            self.assertRegex(sandbox.send(), '^250 ')
        sandbox.wait_mail(before + letters)
        self.assertLess(time.monotonic() - began, 10)

    def reloads(self, sandbox):
        began = time.monotonic()
        status, _, errors = sandbox.run('reload')
        self.assertEqual(status, 0, errors)
        self.assertLess(time.monotonic() - began, 10)

    @staticmethod
    def lost(sandbox):
        return sum(int(n) for n in re.findall(r'"log_lost": ?(\d+)', sandbox.run('status', '--json')[1]))

    def fill(self, sandbox):
        """Until lines are lost."""
        def done():
            much(sandbox)
            return self.lost(sandbox)
        postern.wait_for(done, 'lost lines')


class Syslog(Flowing):
    def setUp(self):
        self.receiver = private_dev.Receiver()

    def tearDown(self):
        self.doCleanups()
        self.receiver.close()
        if os.path.exists(private_dev.LOG):
            os.unlink(private_dev.LOG)

    def heard(self, *words):
        return postern.wait_for(lambda: self.receiver.says(*words), f'{words} in the system log')

    def test_lines_have_facility_and_severity(self):
        sandbox = self.sandbox('')
        self.flows(sandbox)
        self.assertRegex(self.heard('daemon started'), r'^<22>[A-Z][a-z]{2} [ \d]\d [\d:]{8} postfix/master\[\d+\]: daemon')
        self.heard('postfix/smtpd[', 'connect from')
        self.heard('postfix/qmgr[', 'removed')

    def test_a_receiver_that_is_stopped_and_its_queue_full(self):
        sandbox = self.sandbox('')
        self.fill(sandbox)
        self.flows(sandbox, 5)
        self.reloads(sandbox)
        self.flows(sandbox, 5)
        self.assertRegex(self.heard('log lines could not be written'), r'^<20>.*: warning: ' + LOST)

    def test_a_start_while_the_queue_is_full(self):
        other = private_dev.socket.socket(private_dev.socket.AF_UNIX, private_dev.socket.SOCK_DGRAM)
        other.connect(private_dev.LOG)
        other.setblocking(False)
        self.addCleanup(other.close)
        with self.assertRaises(BlockingIOError):
            while True:
                other.send(b'<22>filling')
        sandbox = self.sandbox('')
        self.flows(sandbox, 5)
        self.heard('daemon started')
        self.heard('postfix/smtpd[', 'connect from')

    def test_a_receiver_that_ends_and_another_one(self):
        sandbox = self.sandbox('')
        self.flows(sandbox)
        old = sandbox.processes()
        self.receiver.close()
        self.flows(sandbox, 3)
        self.receiver = private_dev.Receiver()
        self.heard('postfix/')  # what was said meanwhile
        self.flows(sandbox)
        self.assertTrue(set(old) & set(sandbox.processes('smtpd')), 'the same processes')
        for program in ('smtpd', 'qmgr', 'virtual'):
            self.heard(f'postfix/{program}[')

    def test_a_receiver_that_comes_later(self):
        self.receiver.close()
        os.unlink(private_dev.LOG)
        sandbox = self.sandbox('')
        self.flows(sandbox, 2)
        self.receiver = private_dev.Receiver()
        self.heard('daemon started')
        self.heard('postfix/smtpd[', 'connect from')


class Pipe(Flowing):
    def setUp(self):
        self.directory = postern.tempfile.mkdtemp(prefix='postern-pipe-')
        os.chmod(self.directory, 0o755)
        self.addCleanup(postern.shutil.rmtree, self.directory)
        self.path = os.path.join(self.directory, 'pipe')
        os.mkfifo(self.path)

    def read(self, reader, pattern):
        text = b''

        def found():
            nonlocal text
            try:
                text += os.read(reader, 65536)
            except BlockingIOError:
                pass
            return re.search(pattern.encode(), text)
        postern.wait_for(found, pattern)
        return text.decode('latin1')

    def reader(self):
        reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        return reader

    def test_without_a_reader_and_then_with_one(self):
        sandbox = self.sandbox(self.path)
        self.flows(sandbox, 3)
        self.reloads(sandbox)
        self.fill(sandbox)
        text = self.read(self.reader(), LOST)
        for line in text.splitlines()[:-1]:
            self.assertRegex(line, r'^[A-Z][a-z]{2} [ \d]\d [\d:]{8} \S+ postfix/\w+\[\d+\]: ')

    def test_lines_that_an_upgrade_cannot_wait_for_are_counted(self):
        sandbox = self.sandbox(self.path)
        reader = self.reader()
        self.read(reader, 'daemon started')
        full = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, full)
        for size in (4096, 1):
            try:
                while True:
                    os.write(full, b'x' * (size - 1) + b'\n')
            except BlockingIOError:
                pass
        status, _, errors = sandbox.run('upgrade')
        self.assertEqual(status, 0, errors)
        self.read(reader, r'postfix/master\[%d\]: warning: %s' % (sandbox.master, LOST))

    def test_a_reader_that_stops(self):
        reader = self.reader()
        sandbox = self.sandbox(self.path)
        self.read(reader, 'daemon started')
        self.fill(sandbox)
        self.reloads(sandbox)
        self.flows(sandbox, 5)
        self.read(reader, LOST)
        self.flows(sandbox)
        self.read(reader, 'connect from')

    def test_standard_output_into_a_full_pipe(self):
        with postern.Sandbox(directory=self.directory) as sandbox:
            pass
        with open(self.directory + '/etc/main.cf', 'a', encoding='ascii') as file:
            file.write('maillog_file = /dev/stdout\n' + ''.join(f'{n} = {v}\n' for n, v in SETTINGS.items()))
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        process = subprocess.Popen([sandbox.postern, '-c', self.directory + '/etc', 'start-fg'], stdout=writer,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait, postern.LIMIT)
        self.addCleanup(process.terminate)
        os.close(writer)
        os.set_blocking(reader, False)
        self.read(reader, 'daemon started')
        self.fill(sandbox)
        self.flows(sandbox, 3)
        self.read(reader, LOST)
        process.terminate()
        self.assertEqual(process.wait(postern.LIMIT), 0)


class Files(Flowing):
    def test_a_device_that_is_always_full(self):
        sandbox = self.sandbox('/dev/full')
        self.flows(sandbox, 3)
        self.fill(sandbox)
        self.reloads(sandbox)
        self.flows(sandbox, 3)

    def test_a_terminal_that_nobody_reads(self):
        master, terminal = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, terminal)
        sandbox = self.sandbox(os.ttyname(terminal))
        self.fill(sandbox)
        self.reloads(sandbox)
        self.flows(sandbox, 3)

    def test_a_file_that_is_rotated(self):
        sandbox = postern.Sandbox()
        self.addCleanup(sandbox.close)
        self.flows(sandbox)
        log = sandbox.facts['log']
        sandbox.wait_log(': removed')
        os.rename(log, log + '.1')
        self.reloads(sandbox)
        self.flows(sandbox)
        sandbox.wait_log('smtpd.*connect from')
        with open(log + '.1', encoding='latin1') as file:
            self.assertEqual(file.read().count(': removed'), 1)


class FullDisk(Flowing):
    def test_a_log_on_a_disk_that_is_full(self):
        disk = postern.tempfile.mkdtemp(prefix='postern-disk-')
        self.addCleanup(os.rmdir, disk)
        private_dev.mount('-t', 'tmpfs', '-o', 'size=64k', 'disk', disk)
        self.addCleanup(subprocess.run, ['umount', '-l', disk], check=True)
        with open(disk + '/ballast', 'wb') as ballast:
            ballast.write(b'x' * 40000)
        sandbox = self.sandbox(disk + '/log')
        self.fill(sandbox)
        self.flows(sandbox, 3)
        self.reloads(sandbox)
        self.flows(sandbox, 3)
        # Some room, and then as much as is wanted.
        os.unlink(disk + '/ballast')
        private_dev.mount('-o', 'remount,size=64m', disk)
        self.flows(sandbox)

        def said():
            with open(disk + '/log', encoding='latin1') as file:
                return re.search(LOST, file.read())
        postern.wait_for(said, LOST)


if __name__ == '__main__':
    unittest.main()
