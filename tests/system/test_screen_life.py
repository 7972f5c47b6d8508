"""screen in the life of a system: it is killed at random moments, the configuration changes while clients wait, and at the end
nobody who was in the hands of a server has noticed.

POSTERN_SCREEN_KILLS sets how often it is killed (100), POSTERN_KILL_SEED when, POSTERN_WHOLE_WITHIN the seconds (1)."""
import itertools
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import tempfile
import time
import unittest

import load
import postern
from ports import free_port

KILLS = int(os.environ.get('POSTERN_SCREEN_KILLS', 100))
WHOLE_WITHIN = float(os.environ.get('POSTERN_WHOLE_WITHIN', 1))
CLIENTS = 16
HANDED_OVER = 4  # steps of a session of a new client that screen may take part in: the greeting, EHLO, MAIL, RCPT
SETTINGS = {'smtpd_client_connection_count_limit': '0', 'smtpd_client_connection_rate_limit': '0',
            'mynetworks': '192.0.2.0/24', 'postscreen_greet_wait': '1s', 'postscreen_pipelining_enable': 'yes',
            'postscreen_non_smtp_command_enable': 'yes', 'postscreen_bare_newline_enable': 'yes'}


class Life(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix='postern-screen-life-')
        os.chmod(self.directory, 0o755)
        self.addCleanup(shutil.rmtree, self.directory)
        self.instance = load.Instance(self.directory, SETTINGS)
        self.port = free_port()
        jail = 'y' if postern.IS_ROOT else 'n'
        with open(self.directory + '/etc/master.cf', 'a', encoding='ascii') as file:
            file.write(f'127.0.0.1:{self.port} inet n - {jail} - 1 postscreen\nsmtpd pass - - {jail} - - smtpd\n')
        self.instance.start()
        self.addCleanup(self.instance.run, 'abort')
        self.fresh = (f'127.40.{number // 250}.{number % 250 + 1}' for number in itertools.count())

    def screens(self):
        return self.instance.processes('postscreen')

    def connect(self, source, limit=postern.LIMIT):
        return socket.create_connection(('127.0.0.1', self.port), limit, source_address=(source, 0))

    def session(self, source, limit=postern.LIMIT):
        return postern.Session(self.port, limit=limit, source=source)

    def send(self, source, subject, limit=postern.LIMIT):
        with self.session(source, limit) as session:
            session.begin('probe@discard.test')
            reply = session.content(postern.letter(subject=subject))
            self.assertTrue(reply.startswith('250 '), reply)

    # -- kills

    def source(self, number):
        """Half of the clients are known, the others come from a new address each time."""
        return f'127.41.0.{number + 1}' if number % 2 else next(self.fresh)

    def test_killed_at_any_moment_it_is_back_in_a_second(self):
        chance = random.Random(os.environ.get('POSTERN_KILL_SEED', 'postern'))
        self.send('127.41.1.1', 'probe')  # from here on it is known
        times = []
        with load.Load([('127.0.0.1', self.port, 'eve@discard.test')], CLIENTS, source=self.source) as clients:
            clients.wait_progress(CLIENTS, failures_too=False)
            for _ in range(KILLS):
                clients.wait_progress(chance.randrange(1, 20), failures_too=False)
                times.append(self.kill())
        self.assertEqual(clients.unexpected, [])
        for note in clients.dropped:
            step = int(re.search(r', step (\d+),', note)[1])
            self.assertLessEqual(step, HANDED_OVER, f'a session that a server had was dropped: {note}')
        self.everything_is_there(clients)
        self.cache_is_whole()
        with self.session('127.41.1.1') as session:
            self.assertTrue(session.greeting.startswith('220 '), session.greeting)
        log = self.instance.log()
        self.assertNotRegex(log, 'panic|fatal|damaged|corrupt')
        print(f'killed {len(times)} times; served again after {sum(times) / len(times):.3f} s, at most {max(times):.3f} s; '
              f'{len(clients.acknowledged)} letters, {clients.sessions} sessions, {len(clients.dropped)} of them dropped by a '
              'kill before they were handed over')

    def kill(self):
        """The time until a new client is greeted and a known one has sent a letter."""
        victims = postern.wait_for(self.screens, 'screen')
        began = time.monotonic()
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        problem = None
        while time.monotonic() - began < WHOLE_WITHIN:
            left = max(0.01, began + WHOLE_WITHIN - time.monotonic())
            try:
                with self.connect(next(self.fresh), left) as client:
                    self.assertEqual(client.recv(4), b'220-')
                self.send('127.41.1.1', 'probe', max(0.01, began + WHOLE_WITHIN - time.monotonic()))
                return time.monotonic() - began
            except (OSError, AssertionError) as error:
                problem = repr(error)
            time.sleep(0.005)
        raise AssertionError(f'no service after {WHOLE_WITHIN} s: {problem}\n{self.instance.log()[-3000:]}')

    def everything_is_there(self, clients):
        postern.wait_for(self.instance.queue_is_empty, 'an empty queue', 60)
        found = {name for name in load.discarded(self.instance.log()) if name != 'probe'}
        self.assertEqual(set(clients.acknowledged) - found, set(), 'acknowledged and not delivered')
        self.assertEqual(found - set(clients.sent), set(), 'delivered and never sent')

    def cache_is_whole(self):
        looked_at = 0
        for name in os.listdir(self.directory + '/data'):
            path = os.path.join(self.directory, 'data', name)
            if 'postscreen' in name and os.path.isfile(path):
                with open(path, 'rb') as file:
                    if not file.read(16).startswith(b'SQLite format 3'):
                        continue
                database = sqlite3.connect(path, postern.LIMIT)
                self.assertEqual(database.execute('PRAGMA integrity_check').fetchall(), [('ok',)], path)
                database.close()
                looked_at += 1
        self.assertGreater(looked_at, 0, os.listdir(self.directory + '/data'))

    # -- changes

    def test_who_waits_does_not_notice_a_reload(self):
        begun = [self.connect(f'127.42.0.{number + 1}') for number in range(5)]
        for client in begun:
            self.assertEqual(client.recv(4, socket.MSG_PEEK), b'220-')
        talking = self.session('127.42.1.1')
        self.assertTrue(talking.command('MAIL FROM:<ann@client.example>').startswith('250 '))
        before = self.screens()
        with open(self.directory + '/etc/main.cf', 'a', encoding='ascii') as file:
            file.write('postscreen_greet_banner = $myhostname changed\n')
        status, _, errors = self.instance.run('reload')
        self.assertEqual(status, 0, errors)
        with self.connect('127.42.2.1') as client:
            self.assertIn(b'220-mail.sandbox.test changed\r\n', client.recv(100))
        for client in begun:
            with client, client.makefile('rb') as file:
                self.assertNotIn(b'changed', file.readline())
                self.assertTrue(file.readline().startswith(b'220 '))
        self.assertTrue(talking.command('RCPT TO:<eve@discard.test>').startswith('250 '))
        self.assertTrue(talking.command('DATA').startswith('354 '))
        self.assertTrue(talking.content(postern.letter()).startswith('250 '))
        talking.command('QUIT')
        talking.close()
        postern.wait_for(lambda: not set(before) & set(self.screens()), 'the end of the old screen')
        # What the old one found out, the new one knows.
        with self.session('127.42.1.1') as session:
            self.assertTrue(session.greeting.startswith('220 '), session.greeting)


if __name__ == '__main__':
    unittest.main()
