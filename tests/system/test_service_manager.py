"""What a service manager (systemd) hears, and what a container sees."""
import os
import pty
import re
import shutil
import signal
import subprocess
import time
import unittest

import postern
from standing import Standing


class Manager:
    """A socket that takes notifications."""

    def __init__(self, test, address):
        self.socket = postern.socket.socket(postern.socket.AF_UNIX, postern.socket.SOCK_DGRAM)
        self.socket.bind('\0' + address[1:] if address.startswith('@') else address)
        self.socket.setblocking(False)
        test.addCleanup(self.socket.close)
        self.address, self.words = address, []

    def hear(self):
        """All notifications so far, each as a dict."""
        while True:
            try:
                text = self.socket.recv(65536).decode()
            except BlockingIOError:
                return self.words
            self.words.append(dict(line.split('=', 1) for line in text.split('\n') if line))

    def wait(self, count=1, **wanted):
        """The last of that many notifications that match."""
        def found():
            matching = [word for word in self.hear()
                        if all(re.search(pattern, word.get(name, '-')) for name, pattern in wanted.items())]
            return matching[count - 1] if len(matching) >= count else None
        return postern.wait_for(found, f'{count} of {wanted} among {self.words}')


class Notify(unittest.TestCase):
    def setUp(self):
        self.system = Standing(self)
        self.manager = Manager(self, self.system.directory + '/notify')

    def start(self, manager=None, **environment):
        """`postern start-fg`, as a unit does it."""
        process = subprocess.Popen(self.system.command('start-fg'), env={
            **os.environ, 'NOTIFY_SOCKET': (manager or self.manager).address, **environment})
        self.addCleanup(process.wait, postern.LIMIT)
        self.addCleanup(process.terminate)
        return process

    def test_ready_when_every_service_listens(self):
        process = self.start()
        ready = self.manager.wait(READY='^1$')
        self.assertEqual(ready['MAINPID'], str(process.pid))
        self.assertRegex(ready['STATUS'], r'^\d+ services, 0 processes')
        self.assertTrue(self.system.greets())
        self.manager.wait(STATUS=r'^\d+ services, [1-9] process')

    def test_an_abstract_address(self):
        manager = Manager(self, f'@postern-test-{os.getpid()}')
        self.start(manager)
        manager.wait(READY='^1$')

    def test_an_address_that_is_none_is_said_and_does_not_matter(self):
        for address in ('vsock:2:1', 'relative', '/' + 'x' * 200, '@'):
            with self.subTest(address=address):
                process = subprocess.Popen(self.system.command('start-fg'), stderr=subprocess.DEVNULL,
                                           env={**os.environ, 'NOTIFY_SOCKET': address})
                postern.wait_for(self.system.greets, 'a greeting')
                process.terminate()
                self.assertEqual(process.wait(postern.LIMIT), 0)

    def test_a_reload(self):
        process = self.start()
        self.manager.wait(READY='^1$')
        self.system.set(smtpd_banner='changed')
        before = time.monotonic() * 1e6
        self.assertEqual(self.system.run('reload')[0], 0)
        told = int(self.manager.wait(RELOADING='^1$')['MONOTONIC_USEC'])
        self.assertTrue(before <= told <= time.monotonic() * 1e6)
        self.manager.wait(2, READY='^1$')
        order = [word for word in self.manager.hear() if {'READY', 'RELOADING'} & set(word)]
        self.assertEqual([sorted(set(word) - {'STATUS'}) for word in order],
                         [['MAINPID', 'READY'], ['MONOTONIC_USEC', 'RELOADING'], ['MAINPID', 'READY']])
        self.system.set(default_process_limit='many')
        os.kill(process.pid, signal.SIGHUP)
        failed = self.manager.wait(3, READY='^1$')
        self.assertRegex(failed['STATUS'], r'the last reload failed: .*main\.cf.*default_process_limit')
        self.system.set(default_process_limit='50')
        os.kill(process.pid, signal.SIGHUP)
        self.assertNotIn('failed', self.manager.wait(4, READY='^1$')['STATUS'])

    def test_the_end(self):
        process = self.start()
        self.manager.wait(READY='^1$')
        process.terminate()
        self.assertEqual(process.wait(postern.LIMIT), 0)
        self.manager.wait(STOPPING='^1$')

    def test_a_start_that_fails_is_never_ready(self):
        with postern.socket.create_server(('127.0.0.1', self.system.port)):
            process = self.start()
            self.assertNotEqual(process.wait(postern.LIMIT), 0)
        self.assertEqual(self.manager.hear(), [])

    def test_the_watchdog(self):
        process = self.start(WATCHDOG_USEC='200000')
        self.manager.wait(5, WATCHDOG='^1$')
        os.kill(process.pid, signal.SIGSTOP)
        self.manager.hear()
        os.kill(process.pid, signal.SIGCONT)
        self.manager.wait(10, WATCHDOG='^1$')

    def test_a_watchdog_of_somebody_else(self):
        self.start(WATCHDOG_USEC='2000', WATCHDOG_PID='1')
        self.manager.wait(STATUS=r'^\d+ services, 0')
        self.assertTrue(self.system.greets())
        self.manager.wait(STATUS=r'^\d+ services, [1-9]')
        self.assertEqual([word for word in self.manager.hear() if 'WATCHDOG' in word], [])

    def test_a_manager_that_does_not_listen_holds_nothing_up(self):
        process = self.start(WATCHDOG_USEC='2000')  # its queue is full at once
        postern.wait_for(self.system.greets, 'a greeting')
        self.assertRegex(self.system.send(), '^250 ')
        self.assertEqual(self.system.run('reload')[0], 0)
        self.assertRegex(self.system.send(), '^250 ')
        process.terminate()
        self.assertEqual(process.wait(postern.LIMIT), 0)

    def test_services_do_not_see_the_manager(self):
        process = self.start()
        self.manager.wait(READY='^1$')
        self.assertRegex(self.system.send(), '^250 ')
        for child in postern.descendants(process.pid):
            if postern.program_of(child) == 'master':
                continue  # about to become a service
            with open(f'/proc/{child}/environ', 'rb') as file:
                self.assertNotIn(b'NOTIFY_SOCKET', file.read())

    @unittest.skipUnless(shutil.which('systemd-analyze'), 'systemd-analyze is not installed')
    def test_the_unit_is_well_formed(self):
        with open(os.path.join(postern.SOURCE, 'packaging/systemd/postern.service.in'), encoding='utf-8') as file:
            text = file.read()
        unit = self.system.directory + '/postern.service'
        with open(unit, 'w', encoding='utf-8') as file:
            file.write(re.sub('@[A-Z_]+@', os.path.dirname(self.system.postern), text))
        done = subprocess.run(['systemd-analyze', 'verify', '--man=no', unit], capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual([line for line in done.stderr.splitlines() if 'postern' in line], [])


UNSHARE = ['unshare', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child']


def can_unshare():
    return postern.IS_ROOT and subprocess.run(UNSHARE + ['true'], capture_output=True, check=False).returncode == 0


@unittest.skipUnless(can_unshare(), 'needs root and name spaces')
class Container(unittest.TestCase):
    """`postern start-fg` as process 1."""

    def setUp(self):
        self.system = Standing(self, maillog_file='')

    def start(self, **options):
        """The process outside; a shell hands its place to postern, as entry points do."""
        script = 'rm -f /dev/log 2>/dev/null; exec "$0" "$@"'
        process = subprocess.Popen(UNSHARE + ['sh', '-c', script, *self.system.command('start-fg')], **options)
        self.addCleanup(self.kill, process)
        return process

    @staticmethod
    def kill(process):
        if process.poll() is None:
            process.kill()
            process.wait(postern.LIMIT)
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()

    def first(self, process):
        """Process 1 of the container, seen from outside."""
        def found():
            for pid in postern.descendants(process.pid):
                if postern.program_of(pid) == 'master':
                    return pid
            return None
        return postern.wait_for(found, 'master')

    def test_it_logs_to_standard_output_and_ends_with_0(self):
        process = self.start(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        postern.wait_for(self.system.greets, 'a greeting')
        self.assertRegex(self.system.send(), '^250 ')
        master = self.first(process)
        self.assertEqual(self.system.master(), 1)
        os.kill(master, signal.SIGTERM)
        output, errors = process.communicate(timeout=60)
        self.assertEqual((process.returncode, errors), (0, ''))
        for pattern in (r'postfix/master\[1\]: daemon started', r'postfix/smtpd\[\d+\]: connect from',
                        r'postfix/master\[1\]: terminating on signal 15'):
            self.assertRegex(output, pattern)
        self.assertEqual(self.system.traces(), [])

    def enter(self, process, *words):
        """A command inside."""
        return subprocess.run(['nsenter', '--target', str(self.first(process)), '--pid', '--mount', *words],
                              capture_output=True, text=True, timeout=60, check=False)

    def test_verbs_work_inside(self):
        process = self.start(stdout=subprocess.DEVNULL)
        postern.wait_for(self.system.greets, 'a greeting')
        for verb, said in (('status', 'qmgr'), ('reload', 'process 1 runs the new configuration')):
            done = self.enter(process, *self.system.command(verb))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(said, done.stdout)
        self.enter(process, *self.system.command('stop'))  # ends with the container
        self.assertEqual(process.wait(postern.LIMIT), 0)

    def test_it_waits_for_orphans(self):
        process = self.start(stdout=subprocess.DEVNULL)
        postern.wait_for(self.system.greets, 'a greeting')
        master = self.first(process)
        done = self.enter(process, 'setsid', 'sh', '-c', '(sleep 0.2 &) ; exit 0')
        self.assertEqual(done.returncode, 0, done.stderr)

        def zombies():
            return [p for p in postern.descendants(master) if not postern.is_alive(p)]
        postern.wait_for(lambda: 'sleep' not in map(postern.program_of, postern.descendants(master)), 'the orphan')
        postern.wait_for(lambda: not zombies(), 'no zombie')

    def test_a_start_that_fails_says_why(self):
        self.system.set(default_process_limit='many')
        process = self.start(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        output, errors = process.communicate(timeout=60)
        self.assertNotEqual(process.returncode, 0)
        self.assertEqual(output, '')
        self.assertRegex(errors, r'main\.cf.*default_process_limit')

    def test_a_port_in_use_is_the_reason_on_standard_error(self):
        with postern.socket.create_server(('127.0.0.1', self.system.port)):
            process = self.start(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            _, errors = process.communicate(timeout=60)
        self.assertNotEqual(process.returncode, 0)
        self.assertRegex(errors, 'fatal: .*Address already in use')


class Terminal(unittest.TestCase):
    """`postern start-fg` typed by a person."""

    KEYS = {b'\x03': 'terminating on signal 2', b'\x1c': 'killing all processes on signal 3'}

    def test_keys_end_it(self):
        self.type_keys(self.KEYS, [])

    @unittest.skipUnless(can_unshare(), 'needs root and name spaces')
    def test_in_a_container(self):
        self.type_keys([b'\x03'], UNSHARE)

    def type_keys(self, keys, before):
        for key in keys:
            with self.subTest(key=key):
                system = Standing(self, maillog_file='/dev/stdout')
                master, terminal = pty.openpty()
                self.addCleanup(os.close, master)
                process = subprocess.Popen(before + system.command('start-fg'), stdin=terminal, stdout=terminal,
                                           stderr=terminal, preexec_fn=self.own_terminal)
                self.addCleanup(Container.kill, process)
                os.close(terminal)
                os.set_blocking(master, False)
                said = Screen(master)
                said.wait('daemon started')
                self.assertRegex(system.send(), '^250 ')
                os.write(master, key)
                said.wait(self.KEYS[key])
                self.assertEqual(process.wait(postern.LIMIT), 0)
                self.assertEqual(system.traces(), [])
                self.assertEqual(system.processes(), [])

    @staticmethod
    def own_terminal():
        os.setsid()
        os.close(os.open(os.ttyname(0), os.O_RDWR))


class Screen:
    def __init__(self, terminal):
        self.terminal, self.text = terminal, b''

    def has(self, words):
        try:
            self.text += os.read(self.terminal, 65536)
        except OSError:
            pass
        return words.encode() in self.text

    def wait(self, words):
        postern.wait_for(lambda: self.has(words), words)


if __name__ == '__main__':
    unittest.main()
