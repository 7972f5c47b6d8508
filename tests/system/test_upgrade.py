"""Upgrade in place: `postern upgrade` makes the running master go on as the program that is installed now."""
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

from postern import BUILD, Sandbox, Session, is_alive, letter, wait_for


def copy_of_build():
    """The built programs in a directory of our own, in which they can be replaced."""
    copy = tempfile.mkdtemp(prefix='postern-upgrade-')
    os.chmod(copy, 0o755)
    for folder in ('bin', 'libexec'):
        shutil.copytree(os.path.join(BUILD, folder), os.path.join(copy, folder))
    return copy


def install(build, program, text):
    """As a package does: a new file takes the place of the old one, which goes on to run."""
    path = os.path.join(build, 'libexec', program)
    fresh = path + '.new'
    with open(fresh, 'wb') as file:
        file.write(text)
    os.chmod(fresh, 0o755)
    os.rename(fresh, path)


def file_of(path):
    found = os.stat(path)
    return found.st_dev, found.st_ino


def descriptors(pid):
    return sorted(os.listdir(f'/proc/{pid}/fd'), key=int)


class Upgrade(unittest.TestCase):
    def setUp(self):
        self.build = copy_of_build()
        self.addCleanup(shutil.rmtree, self.build, ignore_errors=True)

    def upgraded(self, sandbox):
        status, output, errors = sandbox.run('upgrade')
        self.assertEqual((status, errors), (0, ''))
        return output

    def test_the_process_stays_and_the_program_changes(self):
        with Sandbox(build=self.build) as sandbox, Session(sandbox.port) as session:
            session.begin()
            program = os.path.join(self.build, 'libexec', 'master')
            with open(program, 'rb') as file:
                install(self.build, 'master', file.read())
            self.assertNotEqual(file_of(f'/proc/{sandbox.master}/exe'), file_of(program))
            output = self.upgraded(sandbox)
            self.assertRegex(output, rf'process {sandbox.master} runs version [\d.]+, generation 2\n')
            self.assertEqual(file_of(f'/proc/{sandbox.master}/exe'), file_of(program))
            # The session goes on where it was, and so do new ones, with a process of the new generation.
            self.assertTrue(session.content(letter()).startswith('250'))
            with Session(sandbox.port) as other:
                other.begin()
                self.assertTrue(other.content(letter()).startswith('250'))
            sandbox.wait_log(r'status=sent', 2)

    def test_again_and_again_nothing_is_left_open(self):
        with Sandbox(build=self.build) as sandbox:
            self.upgraded(sandbox)
            wait_for(lambda: len(sandbox.processes('qmgr')) == 1, 'one qmgr')
            first = descriptors(sandbox.master)
            for _ in range(5):
                self.upgraded(sandbox)
            wait_for(lambda: len(descriptors(sandbox.master)) <= len(first), 'the descriptors of before')

    def test_a_program_that_cannot_go_on_changes_nothing(self):
        cases = (
            (b'#!/bin/sh\necho "fatal: made for another machine" >&2\nexit 1\n', 'made for another machine'),
            (b'#!/bin/sh\nexit 0\n', 'ended without a word'),
            (b'no program at all', 'Exec format error'),
        )
        with Sandbox(build=self.build) as sandbox:
            generation = sandbox.run('status')[1].split('generation ')[1].split()[0]
            with open(os.path.join(self.build, 'libexec', 'master'), 'rb') as file:
                good = file.read()
            for text, reason in cases:
                with self.subTest(reason):
                    install(self.build, 'master', text)
                    status, _, errors = sandbox.run('upgrade')
                    self.assertEqual(status, 1)
                    self.assertIn('not upgraded: ', errors)
                    self.assertIn(reason, errors)
                    shown = sandbox.run('status')[1]
                    self.assertIn(f'generation {generation}', shown)
                    self.assertIn(reason, shown)
                    with Session(sandbox.port) as session:
                        session.begin()
                        self.assertTrue(session.content(letter()).startswith('250'))
            install(self.build, 'master', good)
            self.upgraded(sandbox)

    def test_a_program_that_hangs_in_its_trial_is_given_up_while_mail_flows(self):
        with Sandbox(build=self.build) as sandbox:
            install(self.build, 'master', b'#!/bin/sh\nexec sleep 1000\n')
            command = [sandbox.postern, '-c', sandbox.facts['config_directory'], 'upgrade']
            with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as upgrade:
                wait_for(lambda: sandbox.processes('sleep'), 'the trial')
                with Session(sandbox.port) as session:
                    session.begin()
                    self.assertTrue(session.content(letter()).startswith('250'))
                _, errors = upgrade.communicate(timeout=30)
            self.assertEqual(upgrade.returncode, 1)
            self.assertIn('says nothing', errors)
            wait_for(lambda: not sandbox.processes('sleep'), 'the end of the trial')

    def test_a_bad_configuration_stops_an_upgrade_before_it_begins(self):
        with Sandbox(build=self.build) as sandbox:
            with open(os.path.join(sandbox.facts['config_directory'], 'master.cf'), 'a', encoding='ascii') as file:
                file.write('nonsense\n')
            status, _, errors = sandbox.run('upgrade')
            self.assertEqual(status, 1)
            self.assertRegex(errors, r'master\.cf.*line \d+')
            # The same when nobody has asked the command first.
            os.kill(sandbox.master, 12)
            sandbox.wait_log(r'master\[\d+\]: error: not upgraded: .*line \d+')
            self.assertTrue(is_alive(sandbox.master))

    def test_the_configuration_is_read_anew(self):
        with Sandbox(build=self.build) as sandbox, Session(sandbox.port) as session:
            old = sandbox.processes('smtpd')
            with open(os.path.join(sandbox.facts['config_directory'], 'main.cf'), 'a', encoding='ascii') as file:
                file.write('smtpd_banner = $myhostname after the upgrade\n')
            self.upgraded(sandbox)
            with Session(sandbox.port) as other:
                self.assertIn('after the upgrade', other.greeting)
            self.assertEqual(session.command('NOOP')[:3], '250')
            session.close()
            wait_for(lambda: not any(is_alive(pid) for pid in old), 'the end of the process of before')

    def test_two_who_ask_at_once_both_get_their_answer(self):
        with Sandbox(build=self.build) as sandbox:
            command = [sandbox.postern, '-c', sandbox.facts['config_directory'], 'upgrade']
            both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                    for _ in range(2)]
            for process in both:
                output, _ = process.communicate(timeout=60)
                self.assertEqual((process.returncode, output.count('runs version')), (0, 1), output)

    def test_a_signal_that_comes_between_the_programs_is_obeyed(self):
        log, tried, real = (os.path.join(self.build, name) for name in ('pipe', 'tried', 'master'))
        os.mkfifo(log)
        pipe = os.open(log, os.O_RDWR | os.O_NONBLOCK)
        self.addCleanup(os.close, pipe)
        # The log is full: the old program gives it a moment before it makes way.
        with Sandbox(build=self.build, settings={'maillog_file': log}) as sandbox:
            os.rename(os.path.join(self.build, 'libexec', 'master'), real)
            install(self.build, 'master', f'#!/bin/sh\n[ "$1" = -t ] || exec {real} "$@"\n'
                                          f'{real} "$@" && touch {tried} && exec sleep 1 2>&-\n'.encode())
            with self.assertRaises(BlockingIOError):
                while True:
                    os.write(pipe, b'filling\n')
            os.kill(sandbox.master, signal.SIGUSR2)
            wait_for(lambda: os.path.exists(tried), 'the trial')
            os.kill(sandbox.master, signal.SIGTERM)
            wait_for(lambda: not is_alive(sandbox.master), 'the end')

    def test_stop_works_as_before_and_leaves_nothing(self):
        with Sandbox(build=self.build) as sandbox:
            self.upgraded(sandbox)
            processes = sandbox.processes()
            status, _, errors = sandbox.run('stop')
            self.assertEqual(status, 0, errors)
            self.assertFalse(any(is_alive(pid) for pid in processes))
            queue = os.path.join(sandbox.directory, 'queue')
            left = [name for folder in ('pid', 'private', 'public') for name in os.listdir(os.path.join(queue, folder))]
            self.assertEqual([name for name in left if name != 'master.pid'], [])

    def test_rootless(self):
        with Sandbox(rootless=True) as sandbox:
            self.upgraded(sandbox)
            with Session(sandbox.port) as session:
                session.begin()
                self.assertTrue(session.content(letter()).startswith('250'))


if __name__ == '__main__':
    unittest.main()
