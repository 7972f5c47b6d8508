"""Starting, reloading and ending a mail system that is at work."""
import fcntl
import os
import signal
import subprocess
import threading
import unittest

import postern
from ports import free_port


class Reload(unittest.TestCase):
    def setUp(self):
        self.sandbox = postern.Sandbox()
        self.addCleanup(self.sandbox.close)

    def test_a_session_in_data_survives_a_reload(self):
        with self.sandbox.session() as session:
            session.begin()
            session.send(b'Subject: slow\r\n\r\nfirst half\r\n')
            old = self.sandbox.processes('smtpd')
            self.sandbox.append('main.cf', 'smtpd_banner = $myhostname ESMTP changed\n')
            self.sandbox.reload()
            postern.wait_for(lambda: self.greeting() == '220 mail.sandbox.test ESMTP changed', 'the new greeting')
            session.send(b'second half\r\n.\r\n')
            self.assertRegex(session.reply(), '^250 ')
            delivered, = self.sandbox.wait_mail()
            self.assertTrue(delivered.endswith(b'first half\nsecond half\n'))
        postern.wait_for(lambda: not set(old) & set(self.sandbox.processes()), 'the old smtpd to leave')

    def test_a_reload_by_the_command(self):
        self.sandbox.append('main.cf', 'smtpd_banner = $myhostname ESMTP changed\n')
        status, output, errors = self.sandbox.run('reload')
        self.assertEqual(status, 0, errors)
        self.assertEqual(output, f'postern: process {self.sandbox.master} runs the new configuration, generation 2\n')
        self.assertEqual(self.greeting(), '220 mail.sandbox.test ESMTP changed')
        self.assertEqual(self.status()['generation'], 2)

    def status(self):
        status, output, errors = self.sandbox.run('status', '--json')
        self.assertEqual(status, 0, errors)
        return postern.json.loads(output)

    def line_count(self, name):
        with open(self.sandbox.path(name), encoding='utf-8') as file:
            return len(file.readlines())

    def test_when_the_command_returns_the_new_service_accepts(self):
        for _ in range(5):
            port = free_port()
            self.sandbox.append('master.cf', f'127.0.0.1:{port} inet n - - - - smtpd\n')
            status, _, errors = self.sandbox.run('reload')
            self.assertEqual(status, 0, errors)
            with postern.Session(port) as session:
                self.assertRegex(session.greeting, '^220 ')

    def test_a_port_in_use_is_the_reason_and_nothing_is_left_of_the_others(self):
        free = free_port()
        with postern.socket.create_server(('127.0.0.1', 0)) as server:
            taken = server.getsockname()[1]
            line = self.line_count('master.cf') + 3
            added = (f'127.0.0.1:{free} inet n - - - - smtpd\nanother unix - - - - - discard\n'
                     f'127.0.0.1:{taken} inet n - - - - smtpd\n')
            self.sandbox.append('master.cf', added)
            log = os.path.join(self.sandbox.directory, 'other.log')
            self.sandbox.append('main.cf', f'maillog_file = {log}\n')
            status, output, errors = self.sandbox.run('reload')
            reason = rf'/\S+/etc/master\.cf, line {line}: listen on \[127\.0\.0\.1\]:{taken}: Address already in use'
            self.assertEqual((status, output), (1, ''))
            self.assertRegex(errors, rf'(?m)^postern: not reloaded: {reason}$')
            self.sandbox.wait_log(f'error: {reason} -- the configuration from before stays in force')
        with self.assertRaises(ConnectionRefusedError):
            postern.Session(free)
        self.assertFalse(os.path.exists(log))
        self.assertEqual([n for n in os.listdir(self.sandbox.directory + '/queue/private') if n == 'another'], [])
        self.assertRegex(self.sandbox.send(), '^250 ')
        self.assertRegex(self.sandbox.run('status')[1], rf'(?m)^the last reload failed \d+s ago: {reason}$')
        shown = self.status()
        self.assertEqual(shown['generation'], 1)
        self.assertRegex(shown['failed_reload']['reason'], f'^{reason}$')
        # The port is free now: the same texts are good.
        status, _, errors = self.sandbox.run('reload')
        self.assertEqual(status, 0, errors)
        for port in (free, taken):
            with postern.Session(port) as session:
                self.assertRegex(session.greeting, '^220 ')
        self.assertNotIn('failed_reload', self.status())

    def test_a_reload_by_a_signal_that_failed_is_seen_in_the_status(self):
        line = self.line_count('main.cf') + 1
        self.sandbox.append('main.cf', 'this is no setting\n')
        os.kill(self.sandbox.master, signal.SIGHUP)
        self.sandbox.wait_log('stays in force')
        self.sandbox.edit('main.cf', 'this is no setting\n', '')
        failed = postern.wait_for(lambda: self.status().get('failed_reload'), 'the failed reload')
        self.assertRegex(failed['reason'], rf'/etc/main\.cf, line {line}: missing \'=\'')
        self.assertEqual(self.status()['generation'], 1)

    def test_several_reloads_at_once_all_hear_of_their_own(self):
        for number in range(5):
            self.sandbox.append('main.cf', f'smtpd_banner = number {number}\n')
            command = [self.sandbox.postern, '-c', self.sandbox.facts['config_directory'], 'reload']
            running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                       for _ in range(4)]
            for process in running:
                output, errors = process.communicate(timeout=60)
                self.assertEqual(process.returncode, 0, errors)
                self.assertRegex(output, r'runs the new configuration, generation \d+$')
            self.assertEqual(self.greeting(), f'220 number {number}')

    def waits_for_signal(self, number):
        """True when the master that is stopped has that signal before it."""
        with open(f'/proc/{self.sandbox.master}/status', encoding='ascii') as file:
            pending = [int(line.split()[1], 16) for line in file if line.startswith('ShdPnd:')]
        return pending[0] >> (number - 1) & 1

    def test_a_master_that_dies_during_the_reload(self):
        os.kill(self.sandbox.master, signal.SIGSTOP)
        command = [self.sandbox.postern, '-c', self.sandbox.facts['config_directory'], 'reload']
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            postern.wait_for(lambda: self.waits_for_signal(signal.SIGHUP), 'the signal')
            self.assertIsNone(process.poll())
            os.kill(self.sandbox.master, signal.SIGKILL)
            output, errors = process.communicate(timeout=60)
        reason = f'process {self.sandbox.master} ended during the reload'
        self.assertEqual((process.returncode, output, errors), (1, '', f'postern: not reloaded: {reason}\n'))

    def test_fifty_reloads_while_a_client_sends(self):
        replies, failures, end = [], [], threading.Event()

        def client():
            while not end.is_set():
                try:
                    replies.append(self.sandbox.send())
                except (OSError, AssertionError) as error:
                    failures.append(repr(error))

        sender = threading.Thread(target=client)
        sender.start()
        try:
            for number in range(50):
                self.sandbox.append('main.cf', f'smtpd_banner = number {number}\n')
                before = len(replies)
                status, _, errors = self.sandbox.run('reload')
                self.assertEqual(status, 0, errors)
                self.assertEqual(self.greeting(), f'220 number {number}')
                postern.wait_for(lambda: len(replies) > before or failures, 'another letter')
        finally:
            end.set()
            sender.join()
        self.assertEqual(failures, [])
        self.assertGreaterEqual(len(replies), 50)
        self.assertEqual([r for r in replies if not r.startswith('250 ')], [])
        self.assertEqual(self.status()['generation'], 51)

    def greeting(self):
        with self.sandbox.session(helo=None) as session:
            return session.greeting

    def broken(self, name, text, pattern):
        """After the edit: a reload says what is wrong, and everything goes on as before."""
        self.sandbox.append(name, text)
        self.sandbox.reload()
        self.sandbox.wait_log('error: ' + pattern)
        self.assertRegex(self.sandbox.send(), '^250 ')
        self.sandbox.wait_mail()
        self.assertEqual(postern.program_of(self.sandbox.master), 'master')
        for verb in ('check', 'reload'):
            status, _, errors = self.sandbox.run(verb)
            self.assertEqual(status, 1)
            self.assertRegex(errors, r'(?m)^postern: (error: )?' + pattern)

    def test_a_broken_main_cf(self):
        with open(self.sandbox.path('main.cf'), encoding='utf-8') as file:
            line = len(file.readlines()) + 1
        self.broken('main.cf', 'this is no setting\n',
                    rf"\S+/etc/main\.cf, line {line}: missing '=' after attribute name: \"this is no setting\"")

    def test_a_broken_master_cf(self):
        with open(self.sandbox.path('master.cf'), encoding='utf-8') as file:
            line = len(file.readlines()) + 1
        self.broken('master.cf', 'oops unix - - maybe - - nothing\n',
                    rf'\S+/etc/master\.cf, line {line}: invalid chroot field "maybe" in "oops unix ')

    def test_a_port_that_has_no_such_name(self):
        self.broken('master.cf', 'smpt inet n - n - - smtpd\n', r'\S+/etc/master\.cf, line \d+: .*unknown service name: smpt')

    def test_a_parameter_out_of_bounds(self):
        self.broken('main.cf', 'default_process_limit = 0\n', r'\S+/etc/main\.cf.*default_process_limit')

    def test_a_list_of_addresses_that_is_none(self):
        self.broken('main.cf', 'mynetworks = 192.0.2.0/33\n', r'\S+/etc/main\.cf, line \d+: mynetworks: .*192\.0\.2\.0/33')

    def test_a_word_that_no_program_knows(self):
        self.broken('main.cf', 'smtpd_forbid_bare_newline = perhaps\n',
                    r'\S+/etc/main\.cf, line \d+: .*smtpd_forbid_bare_newline = perhaps: none of ')

    def test_a_service_that_is_added_and_removed(self):
        port = free_port()
        line = f'127.0.0.1:{port} inet n - - - - smtpd\n'
        self.sandbox.append('master.cf', line)
        self.sandbox.reload()
        session = postern.wait_for(lambda: self.connects(port), 'the new service')
        self.sandbox.edit('master.cf', line, '')
        self.sandbox.reload()
        postern.wait_for(lambda: not self.connects(port), 'the end of the service')
        self.assertTrue(session)

    @staticmethod
    def connects(port):
        try:
            with postern.Session(port) as session:
                return session.greeting.startswith('220')
        except OSError:
            return False


class Control(unittest.TestCase):
    """The verbs on a configuration directory that a sandbox has made."""

    def setUp(self):
        self.directory = postern.tempfile.mkdtemp(prefix='postern-control-')
        os.chmod(self.directory, 0o755)
        self.addCleanup(postern.shutil.rmtree, self.directory)
        with postern.Sandbox(directory=self.directory) as sandbox:
            self.postern = sandbox.postern
            self.port = sandbox.port

    def run_verb(self, *words):
        done = subprocess.run([self.postern, '-c', self.directory + '/etc', *words], capture_output=True, text=True,
                              timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def master(self):
        with open(self.directory + '/queue/pid/master.pid', encoding='ascii') as file:
            return int(file.read())

    def start(self):
        status, _, errors = self.run_verb('start')
        self.assertEqual(status, 0, errors)
        self.addCleanup(self.run_verb, 'abort')
        return self.master()

    def test_start_returns_when_every_service_listens(self):
        self.start()
        with postern.Session(self.port) as session:
            self.assertRegex(session.greeting, '^220 ')

    def test_stop_leaves_no_process(self):
        master = self.start()
        with postern.Session(self.port) as session:
            session.begin()
            session.content(postern.letter())
        processes = [master] + postern.descendants(master)
        self.assertGreater(len(processes), 3)
        status, _, errors = self.run_verb('stop')
        self.assertEqual(status, 0, errors)
        self.assertEqual([p for p in processes if postern.is_alive(p)], [])
        self.assertFalse(os.path.exists(self.directory + '/queue/pid/master.pid'))

    def test_a_stop_lets_a_first_session_in_data_end(self):
        self.start()
        with postern.Session(self.port) as session:
            session.begin()  # no other service has started yet
            stop = subprocess.Popen([self.postern, '-c', self.directory + '/etc', 'stop'])
            with open(self.directory + '/mail.log', encoding='utf-8') as log:
                postern.wait_for(lambda: 'terminating on signal 15' in log.read(), 'master to stop')
            session.send(postern.letter() + b'.\r\n')
            self.assertRegex(session.reply(), '^250 ')
            self.assertRegex(session.reply(), '^421 ')
        self.assertEqual(stop.wait(timeout=60), 0)

    def test_abort_leaves_no_process(self):
        master = self.start()
        with postern.Session(self.port):
            processes = [master] + postern.descendants(master)
            self.assertEqual(self.run_verb('abort')[0], 0)
            self.assertEqual([p for p in processes if postern.is_alive(p)], [])

    def test_a_main_cf_that_was_broken_since_does_not_keep_the_system_from_ending(self):
        for verb in ('stop', 'abort'):
            with self.subTest(verb=verb):
                path = self.directory + '/etc/main.cf'
                with open(path, encoding='utf-8') as file:
                    good = file.read()
                master = self.start()
                with open(path, 'a', encoding='utf-8') as file:
                    file.write('this is no setting\n')
                self.assertEqual(self.run_verb(verb)[::2], (0, ''))
                self.assertFalse(postern.is_alive(master))
                self.assertFalse(os.path.exists(self.directory + '/queue/pid/master.pid'))
                with open(path, 'w', encoding='utf-8') as file:
                    file.write(good)

    def test_a_start_that_finds_the_data_in_use_leaves_nothing(self):
        path = self.directory + '/data/master.lock'
        with open(path, 'a', encoding='ascii') as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            status, _, errors = self.run_verb('start')
        self.assertEqual(status, 1)
        self.assertRegex(errors, 'not started: .*master.lock: unable to set exclusive lock')
        self.assertFalse(os.path.exists(self.directory + '/queue/pid/master.pid'))

    def test_a_second_master_is_refused(self):
        master = self.start()
        status, _, errors = self.run_verb('start')
        self.assertEqual(status, 1)
        self.assertEqual(errors, f'postern: the mail system is already running, process {master}\n')
        program = os.path.join(os.path.dirname(os.readlink(f'/proc/{master}/exe')), 'master')
        done = subprocess.run([program, '-c', self.directory + '/etc'], capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, 'unable to set exclusive lock')
        with postern.Session(self.port) as session:
            self.assertRegex(session.greeting, '^220 ')

    def test_a_port_that_is_taken_is_the_reason_that_start_gives(self):
        with postern.socket.create_server(('127.0.0.1', self.port)):
            status, _, errors = self.run_verb('start')
        self.assertEqual(status, 1)
        self.assertRegex(errors, rf'^postern: not started: .*{self.port}.*Address already in use\n$')

    def test_without_a_master_verbs_say_so(self):
        for verb in ('stop', 'abort', 'reload', 'status'):
            with self.subTest(verb=verb):
                self.assertEqual(self.run_verb(verb), (1, '', 'postern: the mail system is not running\n'))

    @unittest.skipUnless(postern.IS_ROOT, 'needs root')
    def test_who_may_not_know_hears_so(self):
        self.start()
        build = postern.programs_for_everybody()
        self.addCleanup(postern.shutil.rmtree, build)
        for verb in ('status', 'stop', 'reload', 'upgrade'):
            with self.subTest(verb=verb):
                done = subprocess.run([build + '/bin/postern', '-c', self.directory + '/etc', verb], capture_output=True,
                                      text=True, timeout=60, check=False, preexec_fn=postern.become_nobody)
                self.assertEqual(done.returncode, 1)
                self.assertEqual(done.stderr, f'postern: open {self.directory}/queue/pid/master.pid: Permission denied\n')

    def test_a_stale_lock_file_is_no_obstacle(self):
        master = self.start()
        os.kill(master, signal.SIGKILL)
        postern.wait_for(lambda: self.run_verb('status')[0] == 1, 'the end of master')
        self.assertNotEqual(self.start(), master)

    def test_start_fg_stays_until_a_signal(self):
        process = subprocess.Popen([self.postern, '-c', self.directory + '/etc', 'start-fg'])
        self.addCleanup(process.kill)
        postern.wait_for(lambda: Reload.connects(self.port), 'a greeting')
        process.terminate()
        self.assertEqual(process.wait(30), 0)


if __name__ == '__main__':
    unittest.main()
