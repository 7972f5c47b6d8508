"""Programs that are not ours as children of master, and what keeps them in bounds."""
import os
import re
import shutil
import signal
import subprocess
import textwrap
import unittest

import postern
from user_programs import COMMAND_USER, Client, Programs, limit_of, running, status_of

EXAMPLE = os.path.join(postern.SOURCE, 'docs', 'examples', 'greeter.py')


class Rootless(Programs):
    rootless = True

    def test_a_command_runs_as_we_are_and_that_is_said_once(self):
        port = self.add_service(f'spawn user={COMMAND_USER} argv=id -u', '-', limit='0')
        for _ in range(2):
            with Client(port) as client:
                self.assertEqual(client.answer(), status_of(self.sandbox.master, 'Uid').split()[0])
        self.assertEqual(len(self.sandbox.wait_log('no delivery or command as other users')), 1)

    def test_a_child_runs_as_we_are_within_its_bounds(self):
        shutil.copy(EXAMPLE, os.path.join(self.programs, 'libexec', 'greeter'))
        with Client(self.add_service('greeter')) as client:
            pid = int(client.ask('Ann').rstrip('.').split()[-1])
        self.assertEqual(status_of(pid, 'Uid'), status_of(self.sandbox.master, 'Uid'))
        self.assertEqual(status_of(pid, 'NoNewPrivs'), '1')
        self.assertEqual(limit_of(pid, 'Max core file size'), (0, 0))
        self.stop()
        self.assertFalse(postern.is_alive(pid))


class Greeter(Programs):
    """The example of docs/service-protocol.md under a real master."""

    def setUp(self):
        super().setUp()
        shutil.copy(EXAMPLE, os.path.join(self.programs, 'libexec', 'greeter'))

    def greeters(self):
        return running(self.programs + '/libexec/greeter')

    def one_in_a_session(self):
        """The only one, once it has accepted a connection: the descriptor behind those of the contract."""
        def has_client(pid):
            try:
                return os.readlink(f'/proc/{pid}/fd/8').startswith('socket:')
            except OSError:
                return False

        def found():
            return [p for p in self.greeters() if has_client(p)]
        greeter, = postern.wait_for(found, 'a session')
        return greeter

    def test_it_serves_one_client_after_the_other(self):
        port = self.add_service('greeter', limit='1')
        seen = set()
        for name in ('Ann', 'Bob', 'Carol'):
            with Client(port) as client:
                said = client.ask(name)
                self.assertRegex(said, rf'^Good day, {name}, from process \d+\.$')
                seen.add(said.split()[-1])
        self.assertEqual(len(seen), 1)
        self.assertNotIn('warning', self.sandbox.log())
        postern.wait_for(lambda: re.search(r' greeter .*\n\W+\d+ available', self.sandbox.run('status')[1]),
                         'it to be seen as available')

    def test_while_it_is_busy_another_one_comes(self):
        port = self.add_service('greeter', limit='2')
        with Client(port) as slow:
            self.one_in_a_session()
            with Client(port) as quick:
                self.assertIn('Good day, Ann', quick.ask('Ann'))
            self.assertEqual(len(self.greeters()), 2)
            self.assertIn('Good day, Bob', slow.ask('Bob'))

    def test_a_reload_replaces_it_and_the_session_in_hand_goes_on(self):
        port = self.add_service('greeter')
        with Client(port) as slow:
            old = self.one_in_a_session()
            self.sandbox.append('main.cf', 'mail_name = Changed\n')
            self.sandbox.reload()
            with Client(port) as client:
                self.assertNotIn(f'process {old}.', client.ask('Ann'))
            self.assertIn(f'Good day, Bob, from process {old}.', slow.ask('Bob'))
        postern.wait_for(lambda: not postern.is_alive(old), 'the old process to leave')
        self.assertNotIn('warning', self.sandbox.log())

    def test_a_session_goes_on_over_an_upgrade_of_master(self):
        port = self.add_service('greeter')
        with Client(port) as slow:
            old = self.one_in_a_session()
            status, _, errors = self.sandbox.run('upgrade')
            self.assertEqual(status, 0, errors)
            self.assertIn(f'Good day, Bob, from process {old}.', slow.ask('Bob'))
        postern.wait_for(lambda: not postern.is_alive(old), 'the old process to leave')
        with Client(port) as client:
            self.assertIn('Good day, Ann', client.ask('Ann'))
        self.stop()

    def test_a_stop_ends_it_also_with_a_client_who_says_nothing(self):
        port = self.add_service('greeter')
        with Client(port):
            greeter = self.one_in_a_session()
            status, _, errors = self.sandbox.run('stop')
            self.assertEqual(status, 0, errors)
            self.assertFalse(postern.is_alive(greeter))

    def test_who_kills_it_throttles_nobody(self):
        port = self.add_service('greeter', limit='1')
        with Client(port) as client:
            client.ask('Ann')
        first, = self.greeters()
        os.kill(first, signal.SIGKILL)
        with Client(port) as client:
            self.assertNotIn(f'process {first}.', client.ask('Bob'))
        self.sandbox.wait_log('killed by signal 9')
        self.assertNotIn('no new process', self.sandbox.log())

    def test_it_leaves_with_a_master_that_was_killed(self):
        port = self.add_service('greeter', limit='1')
        with Client(port) as client:
            client.ask('Ann')
        greeter, = self.greeters()
        os.kill(self.sandbox.master, signal.SIGKILL)
        postern.wait_for(lambda: not postern.is_alive(greeter), 'it to leave')

    def test_the_example_is_as_short_as_promised(self):
        with open(EXAMPLE, encoding='utf-8') as file:
            self.assertLessEqual(len(file.readlines()), 40)


SERVICE = '''\
    #!/usr/bin/env python3
    import os, select, signal, socket, struct, subprocess, sys, time
    def tell(state, words=b''):
        socket.socket(fileno=os.dup(5)).send(
            struct.pack('=III', os.getpid(), int(os.environ['POSTERN_GENERATION']), state) + words)
    listener = socket.socket(fileno=6)
    def client():
        select.select([listener], [], [])
        return listener.accept()[0]
'''


class Bounds(Programs):
    """What a program that is not ours cannot do."""

    def add_script(self, name, script):
        self.add_program(name, textwrap.dedent(SERVICE) + textwrap.dedent(script))

    def hold(self, unprivileged='-'):
        """A service that waits for a client, tells it who it is, and waits."""
        self.add_script('holder', '''
            tell(1)
            connection = client()
            connection.send(b'%d\\n' % os.getpid())
            time.sleep(1000)
        ''')
        client = Client(self.add_service('holder', unprivileged))
        self.addCleanup(client.__exit__)
        return int(client.answer())

    def test_it_has_no_rights_that_its_entry_does_not_give(self):
        pid = self.hold()
        self.assertEqual(status_of(pid, 'NoNewPrivs'), '1')
        ids = set(status_of(pid, 'Uid').split())
        self.assertEqual(len(ids), 1)
        if postern.IS_ROOT:
            self.assertNotEqual(ids, {'0'})
            self.assertNotIn('0', status_of(pid, 'Gid').split() + status_of(pid, 'Groups').split())
            self.assertEqual(int(status_of(pid, 'CapEff'), 16), 0)
        self.assertEqual(os.getsid(pid), pid)
        self.assertEqual(limit_of(pid, 'Max core file size'), (0, 0))
        self.assertEqual(limit_of(pid, 'Max open files'), (1024, 4096))
        self.assertLess(limit_of(pid, 'Max processes')[1], 60000)

    def test_it_has_the_descriptors_of_the_contract_and_no_others(self):
        pid = self.hold()
        names = {int(n): os.readlink(f'/proc/{pid}/fd/{n}') for n in os.listdir(f'/proc/{pid}/fd')}
        own = {n for n, target in names.items() if n > 7}  # what the script opened: the connection, its own epoll
        self.assertEqual(set(names) - own, set(range(8)))
        self.assertEqual([names[n] for n in (0, 1)], ['/dev/null'] * 2)
        self.assertRegex(names[2], 'pipe:')
        self.assertEqual(names[3], self.sandbox.facts['log'])
        self.assertRegex(names[4], 'memfd:')
        self.assertRegex(names[5], 'socket:')
        self.assertRegex(names[7], 'memfd:main.cf')
        self.assertTrue(all(re.match(r'socket:|anon_inode:', names[n]) for n in own), names)

    @unittest.skipUnless(postern.IS_ROOT, 'without root there is no root to keep')
    def test_an_entry_that_asks_for_root_gets_it(self):
        pid = self.hold('n')
        self.assertEqual(set(status_of(pid, 'Uid').split()), {'0'})
        self.assertEqual(status_of(pid, 'NoNewPrivs'), '1')

    @unittest.skipUnless(postern.IS_ROOT, 'without root there is no chroot')
    def test_in_a_chroot_the_program_must_be_inside(self):
        self.add_script('inside', '')
        with Client(self.add_service('inside', chroot='y')):
            self.sandbox.wait_log(rf'exit status 1: start {self.programs}/libexec/inside below '
                                  rf'{self.sandbox.directory}/queue: No such file or directory: no new process for')

    @unittest.skipUnless(postern.IS_ROOT, 'without root there is no chroot')
    def test_a_program_that_is_inside_runs_there(self):
        self.add_program('inside', '''
            #!/bin/sh
            [ -d /pid ] && [ ! -e /proc ] && echo "the queue is my root, I am at $(pwd)" >&2
        ''')
        needed = subprocess.run(['ldd', '/bin/sh'], capture_output=True, text=True, check=True).stdout
        for path in ['/bin/sh', self.programs + '/libexec/inside', *re.findall(r'(/\S+) \(0x', needed)]:
            copy = self.sandbox.directory + '/queue' + path
            os.makedirs(os.path.dirname(copy), mode=0o755, exist_ok=True)
            shutil.copy(path, copy)
        # The umask of the test must not close the way.
        for folder, _, _ in os.walk(self.sandbox.directory + '/queue' + os.path.dirname(self.programs)):
            os.chmod(folder, 0o755)
        with Client(self.add_service('inside', chroot='y')):
            self.sandbox.wait_log(r'inside pid \d+: the queue is my root, I am at /$')

    def test_a_program_that_cannot_be_run_is_throttled_with_the_reason(self):
        self.add_program('broken', '#!/nowhere/interpreter\n')
        with Client(self.add_service('broken')):
            self.sandbox.wait_log(rf'exit status 1: start {self.programs}/libexec/broken: '
                                  'No such file or directory: no new process for')
        self.letter_arrives()

    def test_its_last_words_are_heard(self):
        self.add_script('unhappy', "tell(3, b'no table'); sys.exit(1)\n")
        with Client(self.add_service('unhappy')):
            self.sandbox.wait_log('exit status 1: no table: no new process for')

    def test_what_it_leaves_in_its_group_ends_with_it(self):
        self.add_script('leaver', '''
            tell(1)
            left = subprocess.Popen(['sleep', '1000'])
            client().send(b'%d\\n' % left.pid)
        ''')
        with Client(self.add_service('leaver')) as client:
            left = int(client.answer())
            postern.wait_for(lambda: not postern.is_alive(left), 'its child to be gone')

    def test_what_has_escaped_is_found(self):
        self.add_script('escaper', '''
            tell(1)
            connection = client()
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.setsid()
                    connection.send(b'%d\\n' % os.getpid())
                    connection.close()
                    os.execv('/bin/sleep', ['sleep', '1000'])
                os._exit(0)
            os.wait()
            connection.recv(100)
        ''')
        with Client(self.add_service('escaper')) as client:
            escaped = int(client.answer())
            postern.wait_for(lambda: postern.parent_of(escaped) == self.sandbox.master, 'master to be its parent')
            postern.wait_for(lambda: postern.program_of(escaped) == 'sleep', 'it to run its program')
        self.sandbox.wait_log(rf'warning: killed 1 process that was left behind: sleep \({escaped}\)$')
        postern.wait_for(lambda: not postern.is_alive(escaped), 'it to be gone')

    BOMB = '''
        tell(1)
        connection = client()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        failed = 0
        while failed < 20:
            try:
                if os.fork() == 0:
                    if ESCAPES: os.setsid()
                    failed = 0
            except OSError:
                failed += 1
                time.sleep(0.01)
        try: connection.send(b'full\\n')
        except OSError: pass
        time.sleep(1000)
    '''

    def bomb(self, escapes):
        self.add_script('bomb', f'ESCAPES = {escapes}\n' + textwrap.dedent(self.BOMB))
        client = Client(self.add_service('bomb', limit='1'))
        self.addCleanup(client.__exit__)
        self.assertEqual(client.answer(), 'full')
        return running(self.programs + '/libexec/bomb')

    def test_one_that_forks_wildly_disturbs_nobody_and_is_gone_with_the_stop(self):
        for escapes in (False, True):
            with self.subTest(escapes=escapes):
                bombs = self.bomb(escapes)
                self.assertIn(len(bombs), range(5, 300))  # 128, and those that the user had otherwise
                for _ in range(3):
                    self.letter_arrives()
                self.stop()
                self.assertFalse([p for p in bombs if postern.is_alive(p)])
                self.doCleanups()
                self.setUp()

    def test_one_that_forks_wildly_and_is_killed_leaves_nothing(self):
        bombs = self.bomb(True)
        leader, = [p for p in bombs if postern.parent_of(p) == self.sandbox.master]
        os.kill(leader, signal.SIGKILL)
        postern.wait_for(lambda: not [p for p in bombs if postern.is_alive(p)], 'all of them to be gone')
        self.letter_arrives()


if __name__ == '__main__':
    unittest.main()
