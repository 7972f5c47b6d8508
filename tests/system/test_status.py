"""Seeing the running system: postern status, its --json and --watch, and the same through postconf -R."""
import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import termios
import time
import unittest

import postern
from postern import wait_for

PAGE = os.path.join(postern.SOURCE, 'docs', 'status.md')
CLEAR_LINE = '\x1b[K'
STYLE = re.compile(r'\x1b\[[0-9;]*m')


class Running(unittest.TestCase):
    """Questions to a sandbox."""

    def begin(self, **options):
        self.sandbox = postern.Sandbox(**options)
        self.addCleanup(self.sandbox.close)
        self.smtp = f'127.0.0.1:{self.sandbox.port}'

    def text(self, *words):
        status, output, errors = self.sandbox.run('status', *words)
        self.assertEqual((status, errors), (0, ''))
        return output

    def facts(self):
        return json.loads(self.text('--json'))

    def service(self, name):
        found, = [service for service in self.facts()['services'] if service['name'] == name]
        return found

    def postconf(self, *words):
        done = subprocess.run([os.path.join(self.sandbox.build, 'bin', 'postconf'), '-c',
                               self.sandbox.facts['config_directory'], *words], capture_output=True, text=True,
                              timeout=2 * postern.LIMIT, check=False)
        return done.returncode, done.stdout, done.stderr

    def command(self, *words):
        return [self.sandbox.postern, '-c', self.sandbox.facts['config_directory'], 'status', *words]


class Status(Running):
    def setUp(self):
        self.begin()

    def test_each_service_stands_with_its_address_limit_and_processes(self):
        self.sandbox.send()
        self.sandbox.wait_mail()
        shown = self.text()
        self.assertRegex(shown, rf'^Postern \S+, process {self.sandbox.master}, up \d+s, \S+/etc, generation 1\n')
        smtpd, = self.sandbox.processes('smtpd')
        self.assertRegex(shown, rf'(?m)^├─ {self.smtp} +inet {self.smtp} +smtpd +1/100 processes  0/1 sessions\n'
                                rf'│  └─ {smtpd} available \d+s  0/1 sessions  \(.*\)  accepted=1  bytes=\d+')
        self.assertRegex(shown, r'(?m)^├─ qmgr +unix public/qmgr +qmgr +1/1 processes ')
        self.assertRegex(shown, r'(?m)^├─ local +unix private/local +local +0/100 processes  0/0 sessions$')
        self.assertNotIn('\x1b', shown)

    def test_sessions_now_and_in_total(self):
        with self.sandbox.session(), self.sandbox.session():
            self.assertEqual(self.service(self.smtp)['sessions'], 2)
            self.assertEqual(self.text(f'{self.smtp}/inet/sessions'), '2\n')
        wait_for(lambda: self.service(self.smtp)['sessions'] == 0, 'the end of both sessions')
        self.assertEqual(self.service(self.smtp)['sessions_total'], 2)
        # What a process has served is still counted when it is gone.
        old, = self.sandbox.processes('smtpd')
        self.sandbox.append('main.cf', 'smtpd_banner = $myhostname ESMTP changed\n')
        self.assertEqual(self.sandbox.run('reload')[0], 0)
        wait_for(lambda: not postern.is_alive(old), 'the process of before to leave')
        with self.sandbox.session():
            pass
        wait_for(lambda: self.service(self.smtp)['sessions_total'] == 3, 'three sessions in total')
        self.assertEqual([process['sessions_total'] for process in self.service(self.smtp)['processes']], [1])
        self.assertEqual(self.service(self.smtp)['started'], 2)

    def test_what_is_in_force_counts_not_what_the_files_say(self):
        before = [service['name'] for service in self.facts()['services']]
        self.sandbox.append('master.cf', 'another unix - - - - - discard\n')
        self.assertEqual([service['name'] for service in self.facts()['services']], before)
        self.assertEqual(self.sandbox.run('reload')[0], 0)
        self.assertEqual([service['name'] for service in self.facts()['services']], before + ['another'])
        os.remove(self.sandbox.path('master.cf'))
        self.sandbox.append('main.cf', 'this is no setting\ndefault_process_limit = 0\n')
        self.assertEqual(self.service('another')['addresses'], 'private/another')

    def test_it_answers_while_every_process_is_stopped(self):
        self.sandbox.send()
        self.sandbox.wait_mail()
        stopped = [self.sandbox.master] + self.sandbox.processes()
        self.assertGreater(len(stopped), 3)
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            self.assertIn(f'process {self.sandbox.master}', self.text())
            self.assertEqual(self.text(f'{self.smtp}/sessions_total'), '1\n')
            smtpd, = self.service(self.smtp)['processes']
            self.assertGreater(smtpd['descriptors'], 5)
            self.assertLess(smtpd['descriptors'], smtpd['descriptor_limit'])
            self.assertEqual(self.postconf('-Rh', f'{self.smtp}/inet/sessions_total'), (0, '1\n', ''))
            self.assertLess(time.monotonic() - began, postern.LIMIT)
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)

    def told_by_json(self):
        """Pairs as those of postconf, of what does not change by itself."""
        facts, pairs = self.facts(), {}
        for service in facts['services']:
            place = f"{service['name']}/{service['type']}"
            for name in ('program', 'state', 'addresses', 'sessions_total', 'process_count'):
                pairs[f'{place}/{name}'] = str(service[name])
            for process in service['processes']:
                for name in ('state', 'rights', 'sessions', 'descriptor_limit'):
                    pairs[f"{place}/{process['pid']}/{name}"] = str(process[name])
                for name in set(process['values']) - {'lag_ms', 'sessions'}:
                    pairs[f"{place}/{process['pid']}/{name}"] = str(process['values'][name])
        pairs['master/process/pid'] = str(facts['pid'])
        return pairs

    def told_by_both(self):
        """The same from JSON and from postconf, when nothing happened meanwhile."""
        before = self.told_by_json()
        status, output, errors = self.postconf('-R')
        self.assertEqual((status, errors), (0, ''))
        pairs = {name: value.strip() for name, value in (line.split(' =', 1) for line in output.splitlines())}
        return before == self.told_by_json() and (before, pairs)

    def test_postconf_and_json_tell_the_same(self):
        with self.sandbox.session():
            before, pairs = wait_for(self.told_by_both, 'a moment in which nothing happens')
            self.assertEqual({name: pairs.get(name) for name in before}, before)
            self.assertEqual(pairs['master/process/pid'], str(self.sandbox.master))
            self.assertEqual(self.postconf('-Rh', f'{self.smtp}/inet/*/state')[1], 'available\n')

    def test_every_name_is_explained_and_every_explained_name_is_there(self):
        self.sandbox.append('main.cf', 'this is no setting\n')
        self.sandbox.reload()
        wait_for(lambda: 'failed_reload' in self.facts(), 'the failed reload')
        with self.sandbox.session():
            facts = self.facts()
        with open(PAGE, encoding='utf-8') as file:
            tables = re.findall(r'^## Names of (.*?)$(.*?)(?=^## )', file.read(), re.M | re.S)
        explained = {title: set(re.findall(r'`(\w+)`', ''.join(re.findall(r'^\| (`.*?) \|', text, re.M))))
                     for title, text in tables}
        process = [process for service in facts['services'] for process in service['processes']][0]
        for title, has, others in (('the system', facts, {'services', 'failed_reload_age'}),
                                   ('a service', facts['services'][0], {'processes'}),
                                   ('a process', process, {'values'})):
            self.assertEqual(explained[title] - others, set(has) - others, title)

    def test_a_query_that_is_none(self):
        for words in (['--watch=0'], ['--watch', 'never'], ['--json', 'qmgr/messages'], ['--colours']):
            status, output, errors = self.sandbox.run('status', *words)
            self.assertEqual((status, output), (1, ''))
            self.assertRegex(errors, r'^postern: .*\n$')


class Failures(Running):
    def test_a_service_that_fails_is_throttled_and_says_why(self):
        programs = postern.programs_for_everybody()
        self.addCleanup(shutil.rmtree, programs)
        crash = os.path.join(programs, 'libexec', 'crash')
        with open(crash, 'w', encoding='ascii') as file:
            file.write('#!/bin/sh\nexit 7\n')
        os.chmod(crash, 0o755)
        self.begin(build=programs, settings={'service_throttle_time': '600s'})
        self.sandbox.append('master.cf', 'broken unix n - n - - crash\n')
        self.assertEqual(self.sandbox.run('reload')[0], 0)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(os.path.join(self.sandbox.directory, 'queue', 'public', 'broken'))
            # It is started again soon, and then later and later: each look is one moment.
            broken = wait_for(self.throttled, 'the service to be throttled')
            self.assertIn('7', broken['last_failure'])
            self.assertEqual(broken['started'], broken['failures'])
            self.assertLess(broken['last_failure_age'], postern.LIMIT)
            wait_for(lambda: re.search(r'broken +unix public/broken .*\n +throttled for another \d+\w+\n'
                                       r' +(\d+) failures? in \1 starts?, the last \d+s ago: .*7', self.text()),
                     'a text that says so')

    def throttled(self):
        broken = self.service('broken')
        return broken if broken['state'] == 'throttled' and broken['throttled_for'] > 0 else None


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, command, rows=40, columns=100, **variables):
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        self.seen = ''
        environment = {**os.environ, 'TERM': 'xterm', 'LC_ALL': 'C.UTF-8', **variables}
        self.process = subprocess.Popen(command, stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                        env=environment, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    def press(self, keys):
        os.write(self.master, keys)

    def read(self):
        while select.select([self.master], [], [], 0)[0]:
            self.seen += os.read(self.master, 65536).decode('utf-8', 'replace')
        return self.seen

    def frame(self):
        """The last whole one, as lines without styles."""
        frames = re.findall(r'\x1b\[\?2026h\x1b\[H(.*?)\x1b\[J\x1b\[\?2026l', self.read(), re.S)
        return re.split(r'\r+\n', STYLE.sub('', frames[-1]).replace(CLEAR_LINE, '')) if frames else []

    def wait_frame(self, pattern):
        try:
            return wait_for(lambda: re.search(pattern, '\n'.join(self.frame())), f'{pattern!r} on the screen')
        except AssertionError as error:
            raise AssertionError('\n'.join([f'{error}:'] + self.frame())) from None

    def is_restored(self):
        """Whether the screen and the keys are as they were."""
        screen = re.findall(r'\x1b\[\?1049[hl]', self.read())[-1:] == ['\x1b[?1049l']
        cursor = re.findall(r'\x1b\[\?25[hl]', self.seen)[-1:] == ['\x1b[?25h']
        return screen and cursor and termios.tcgetattr(self.slave) == self.before

    def end(self):
        status = self.process.wait(postern.LIMIT)
        self.read()
        return status

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


class Watch(Running):
    def setUp(self):
        self.begin()

    def watch(self, *words, rows=40, columns=100, **variables):
        terminal = Terminal(self.command('--watch=0.1', *words), rows, columns, **variables)
        self.addCleanup(terminal.close)
        return terminal

    def test_it_follows_what_happens_and_q_ends_it(self):
        terminal = self.watch()
        terminal.wait_frame(rf'q ends\n.*Postern .*\n(.*\n)*.*{self.smtp} .* 0/100 processes  0/0 sessions  0\.0/s')
        with self.sandbox.session():
            terminal.wait_frame(r'1/100 processes  1/1 sessions  (?!0\.0/s)\d+')
            terminal.wait_frame(r'1/100 processes  1/1 sessions  0\.0/s')
        terminal.wait_frame(r'1/100 processes  0/1 sessions')
        self.assertFalse(terminal.is_restored())
        terminal.press(b'q')
        self.assertEqual(terminal.end(), 0)
        self.assertTrue(terminal.is_restored())
        self.assertNotIn('\x1b[2J', terminal.seen)  # what flickers

    def test_control_c_and_signals_give_the_terminal_back(self):
        for number, end in ((None, 0), (signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGQUIT, 0),
                            (signal.SIGSEGV, -signal.SIGSEGV), (signal.SIGABRT, -signal.SIGABRT)):
            with self.subTest(number):
                terminal = self.watch()
                terminal.wait_frame('Postern')
                if number:
                    terminal.process.send_signal(number)
                else:
                    terminal.press(b'\x03')
                self.assertEqual(terminal.end(), end)
                self.assertTrue(terminal.is_restored())

    def test_it_can_be_put_aside(self):
        terminal = self.watch()
        terminal.wait_frame('Postern')
        terminal.process.send_signal(signal.SIGTSTP)
        wait_for(lambda: os.waitid(os.P_PID, terminal.process.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT), 'the stop')
        self.assertTrue(terminal.is_restored())
        terminal.seen = ''
        terminal.process.send_signal(signal.SIGCONT)
        terminal.wait_frame('Postern')
        self.assertIn('\x1b[?1049h', terminal.seen)
        terminal.press(b'q')
        self.assertEqual(terminal.end(), 0)
        self.assertTrue(terminal.is_restored())

    def test_it_fits_the_window_and_follows_its_size(self):
        terminal = self.watch(rows=6, columns=60)
        terminal.wait_frame(r'… \d+ more lines')

        def fits(rows, columns):
            lines = terminal.frame()
            return 0 < len(lines) <= rows and max(map(len, lines)) <= columns

        self.assertTrue(fits(6, 60))
        terminal.resize(50, 40)
        wait_for(lambda: fits(50, 40) and len(terminal.frame()) > 6, 'a higher and narrower frame')
        terminal.resize(4, 200)
        wait_for(lambda: fits(4, 200), 'a lower frame')

    def test_colours_unless_they_are_not_wanted(self):
        self.assertIn('\x1b[1m', self.seen_with())
        self.assertNotRegex(self.seen_with(NO_COLOR='1'), STYLE)

    def seen_with(self, **variables):
        terminal = self.watch(**variables)
        terminal.wait_frame('Postern')
        return terminal.seen

    def test_without_watch_the_terminal_has_colours_and_its_width(self):
        terminal = Terminal(self.command(), columns=40)
        self.addCleanup(terminal.close)
        self.assertEqual(terminal.end(), 0)
        self.assertIn('\x1b[1m', terminal.seen)
        lines = STYLE.sub('', terminal.seen).split('\r\n')
        self.assertLessEqual(max(map(len, lines)), 40)
        self.assertNotIn('1049', terminal.seen)

    def blocks(self, *words):
        """A watch whose output is no terminal, and what it has said so far."""
        process = subprocess.Popen(self.command('--watch=0.1', *words), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)

        def end():
            process.terminate()
            process.wait()
            process.stdout.close()

        self.addCleanup(end)
        os.set_blocking(process.stdout.fileno(), False)
        said = []

        def so_far():
            said.append(process.stdout.read() or b'')
            return b''.join(said).decode()

        return so_far

    def test_without_a_terminal_it_is_a_block_each_time(self):
        so_far = self.blocks()
        wait_for(lambda: len(re.findall(r'(?m)^\d\d:\d\d:\d\d\nPostern ', so_far())) >= 3, 'three blocks')
        self.assertNotIn('\x1b', so_far())
        self.assertRegex(so_far(), r'0/0 sessions  0\.0/s')

    def test_a_line_of_json_each_time(self):
        so_far = self.blocks('--json')
        wait_for(lambda: so_far().count('\n') >= 3, 'three lines')
        for line in so_far().splitlines()[:3]:
            self.assertEqual(json.loads(line)['pid'], self.sandbox.master)


class GoingAndComing(unittest.TestCase):
    """A mail system that is started and stopped by hand."""

    def setUp(self):
        self.directory = postern.tempfile.mkdtemp(prefix='postern-status-')
        os.chmod(self.directory, 0o755)
        self.addCleanup(shutil.rmtree, self.directory)
        with postern.Sandbox(directory=self.directory) as sandbox:
            self.postern = sandbox.postern
        self.addCleanup(self.run_verb, 'abort')

    def run_verb(self, *words):
        done = subprocess.run([self.postern, '-c', self.directory + '/etc', *words], capture_output=True, text=True,
                              timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_a_watch_goes_on_when_master_is_back(self):
        terminal = Terminal([self.postern, '-c', self.directory + '/etc', 'status', '--watch', '0.1'])
        self.addCleanup(terminal.close)
        for _ in range(2):
            terminal.wait_frame('the mail system is not running')
            self.assertEqual(self.run_verb('start')[0], 0)
            terminal.wait_frame('Postern .*, generation 1')
            self.assertEqual(self.run_verb('stop')[0], 0)
        terminal.wait_frame('the mail system is not running')
        terminal.press(b'q')
        self.assertEqual(terminal.end(), 0)
        self.assertTrue(terminal.is_restored())

    def test_a_system_that_does_not_run(self):
        for words in (['status'], ['status', '--json'], ['status', 'qmgr/messages']):
            self.assertEqual(self.run_verb(*words), (1, '', 'postern: the mail system is not running\n'))


if __name__ == '__main__':
    unittest.main()
