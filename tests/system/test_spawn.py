"""Commands as services: what spawn gives them, and how it ends them."""
import os
import pwd
import re
import signal
import socket
import textwrap
import unittest

import postern
from user_programs import COMMAND_USER, Client, Programs


class Spawn(Programs):
    def command(self, script, options='', user=COMMAND_USER):
        self.path = os.path.join(self.programs, 'command')
        with open(self.path, 'w', encoding='utf-8') as file:
            file.write('#!/bin/sh\n' + textwrap.dedent(script))
        os.chmod(self.path, 0o755)
        return f'spawn {options} user={user} argv={self.path} one two'

    def test_a_command_has_the_connection_and_its_arguments(self):
        port = self.add_service(self.command('''
            read word
            echo "$word $1 $2 $GREETING"
            echo "$(id -u) $(id -G)" >&2
            exec ls /proc/self/fd
        '''), 'n', settings='export_environment = MAIL_CONFIG GREETING=hello\n')
        with Client(port) as client:
            self.assertEqual(client.ask('word'), 'word one two hello')
            ids = client.answer().split()
            if postern.IS_ROOT:
                user = pwd.getpwnam(COMMAND_USER)
                self.assertEqual(ids, [str(user.pw_uid), str(user.pw_gid)])
            self.assertEqual([client.answer() for _ in range(5)], ['0', '1', '2', '3', ''])  # 3: ls reads it

    def test_the_environment_is_the_one_that_is_exported(self):
        port = self.add_service('spawn user=' + COMMAND_USER + ' argv=env', 'n',
                                settings='export_environment = MAIL_CONFIG GREETING=hello\n')
        with Client(port) as client:
            self.assertEqual([client.answer() for _ in range(4)],
                             ['MAIL_CONFIG=' + self.sandbox.facts['config_directory'], 'GREETING=hello',
                              'PATH=/usr/bin:/bin', ''])

    def test_how_it_ends_is_in_the_log(self):
        port = self.add_service(self.command('read word; case $word in die) kill -9 $$;; esac; exit $word'), 'n')
        for word in ('7', 'die', '0'):
            with Client(port) as client:
                self.assertEqual(client.ask(word), '')
        path = re.escape(self.path)
        self.sandbox.wait_log(rf'/spawn\[\d+\]: warning: command {path} exit status 7$')
        self.sandbox.wait_log(rf'/spawn\[\d+\]: warning: command {path} killed by signal 9$')
        self.assertNotIn('exit status 0', self.sandbox.log())

    def test_the_time_limit_ends_all_of_it(self):
        command = self.command('sleep 1000 & echo $!; wait')
        port = self.add_service(command, 'n', settings='command_time_limit = 1s\n')
        with Client(port) as client:
            background = int(client.answer())
            self.assertTrue(postern.is_alive(background))
            self.assertEqual(client.answer(), '')
        self.sandbox.wait_log(r'/spawn\[\d+\]: warning: process id \d+: command time limit exceeded$')
        self.sandbox.wait_log(rf'warning: command {re.escape(self.path)} killed by signal 9$')
        postern.wait_for(lambda: not postern.is_alive(background), 'its child to be gone')

    def test_a_service_may_have_a_limit_of_its_own(self):
        path = self.sandbox.directory + '/queue/private/slow'
        self.sandbox.append('main.cf', 'command_time_limit = 1000s\nslow_time_limit = 1s\n')
        self.sandbox.append('master.cf', f'slow unix - n n - 0 {self.command("echo here; sleep 1000")}\n')
        self.assertEqual(self.sandbox.run('reload')[0], 0)
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(postern.LIMIT)
            client.connect(path)
            self.assertEqual(client.recv(100), b'here\n')
            self.assertEqual(client.recv(100), b'')
        self.sandbox.wait_log('command time limit exceeded')

    def test_the_process_limit_is_a_limit_of_commands(self):
        port = self.add_service(self.command('echo here; read word; echo bye'), 'n', limit='2')
        with Client(port) as first, Client(port) as second, Client(port) as third:
            self.assertEqual((first.answer(), second.answer()), ('here', 'here'))
            self.sandbox.wait_log('has reached its process limit "2"')
            self.assertEqual(first.ask('end'), 'bye')
            self.assertEqual(third.answer(), 'here')

    def test_without_a_limit_one_process_runs_them_all(self):
        port = self.add_service(self.command('echo $PPID; read word'), 'n', limit='0')
        clients = [Client(port) for _ in range(10)]
        self.assertEqual(len({client.answer() for client in clients}), 1)
        for client in clients:
            client.__exit__()

    def test_a_thousand_connections_leave_nothing(self):
        port = self.add_service('spawn user=' + COMMAND_USER + ' argv=echo hello', 'n', limit='0')
        for _ in range(1000):
            with Client(port) as client:
                self.assertEqual(client.answer(), 'hello')
        spawn, = self.sandbox.processes('spawn')
        postern.wait_for(lambda: not postern.descendants(spawn), 'no process, and no zombie')
        before = len(os.listdir(f'/proc/{spawn}/fd'))
        with Client(port) as client:
            client.answer()
        postern.wait_for(lambda: len(os.listdir(f'/proc/{spawn}/fd')) <= before, 'no more descriptors')
        self.assertLess(before, 16)

    def test_a_stop_is_not_held_up_by_a_command(self):
        port = self.add_service(self.command('''
            trap "" TERM
            echo $$
            sleep 1000 & wait; sleep 1000 & wait
        '''), 'n', limit='0')
        with Client(port) as client:
            command = int(client.answer())
            self.stop()
            self.assertFalse(postern.is_alive(command))

    def test_a_command_ends_with_its_spawn(self):
        port = self.add_service(self.command('echo $PPID; read word'), 'n', limit='0')
        with Client(port) as client:
            os.kill(int(client.answer()), signal.SIGKILL)
            self.assertEqual(client.answer(), '')
        with Client(port) as client:
            self.assertGreater(int(client.answer()), 0)

    def test_users_that_run_no_command(self):
        with open(self.sandbox.path('main.cf'), encoding='utf-8') as file:
            owner = re.search(r'^mail_owner = (.*)$', file.read(), re.M)[1]
        for user, reason in (('root', 'user= names root'), (owner, 'user= names the owner of the mail system'),
                             ('no-such-user', 'unknown user: no-such-user')):
            with Client(self.add_service(f'spawn user={user} argv=id', 'n')) as client:
                self.sandbox.wait_log(f'exit status 1: {reason}.*: no new process for')
                client.socket.shutdown(socket.SHUT_RDWR)

    @unittest.skipUnless(postern.IS_ROOT, 'without root no command runs as another user')
    def test_an_entry_without_the_rights_says_what_it_needs(self):
        with Client(self.add_service(f'spawn user={COMMAND_USER} argv=id', '-')):
            self.sandbox.wait_log('requires privileged operation: program spawn needs unprivileged = n')

    def test_a_command_that_is_not_there(self):
        with Client(self.add_service(f'spawn user={COMMAND_USER} argv=/nowhere/at-all', 'n')) as client:
            self.assertEqual(client.answer(), '')
        self.sandbox.wait_log(r'command /nowhere/at-all cannot be run: start it: No such file or directory$')


if __name__ == '__main__':
    unittest.main()
