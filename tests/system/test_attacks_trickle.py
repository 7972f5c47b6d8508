"""Clients that trickle, in every phase of a session at once: tests/attacks/trickle.py against smtpd and screen, and against
Debian's Postfix with the same limits for a single wait, which shows that the attack is one."""
import argparse
import contextlib
import os
import re
import signal
import socket
import sys
import threading
import unittest

import certificates
import peers
import postern

sys.path.insert(0, os.path.join(postern.SOURCE, 'tests', 'attacks'))
import trickle  # noqa: E402
from ports import free_port

REQUEST, FIRST, SESSION = 3, 2, 4
BURST = 150  # clients; more than default_process_limit
TIMES = {'smtpd_timeout': f'{REQUEST}s', 'smtpd_starttls_timeout': f'{REQUEST}s'}
OURS = {**TIMES, 'smtpd_first_command_time_limit': f'{FIRST}s', 'smtpd_session_time_limit': f'{SESSION}s',
        'postscreen_command_time_limit': f'{REQUEST}s', 'screen_session_time_limit': f'{SESSION}s',
        'postscreen_access_list': '', 'postscreen_greet_wait': '1s', 'postscreen_bare_newline_enable': 'yes'}
# Phases that keep screen waiting, as long as it speaks with a client itself.
OF_SCREEN = ('command', 'long line', 'idle commands', 'handshake', 'command in TLS', 'record of TLS')
# Those where Postfix, which has no limit but one for each read and write, lets itself be held.
HOLD_POSTFIX = ('first command', 'command', 'long line', 'content', 'chunk', 'idle commands', 'handshake', 'command in TLS',
                'content in TLS', 'record of TLS', 'handshake, wrapped')
# What the log says of those whose time is over.
TOLD = {'first command': r'timeout after CONNECT from ', 'content': r'timeout after DATA \(\d+ bytes\) from ',
        'chunk': r'timeout after BDAT \(\d+ bytes\) from ', 'command': r'timeout after EHLO from ',
        'idle commands': r'timeout after NOOP from '}


def tricklers(port, wrapped_port, to, first=FIRST):
    return argparse.Namespace(host='127.0.0.1', port=port, wrapped_port=wrapped_port, pause=0.4, request=REQUEST,
                              first=first, handshake=REQUEST, session=SESSION, to=to)


def all_together(attacks):
    """Each of {name: (tricklers, phases)} at the same time; what happened, by name."""
    found = {}

    def attack(name):
        found[name] = trickle.all_at_once(*attacks[name])

    threads = [threading.Thread(target=attack, args=(name,)) for name in attacks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


class Trickle(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        made = certificates.Certificates()
        cls.addClassCleanup(made.close)
        tls = {'smtpd_tls_chain_files': made.make('mail', ['mail.test']), 'smtpd_tls_security_level': 'may'}
        box = postern.Sandbox(settings={**OURS, **tls, 'smtpd_client_connection_count_limit': '0'})
        cls.addClassCleanup(box.close)
        ports = [free_port() for _ in range(3)]
        box.append('master.cf', f'127.0.0.1:{ports[0]} inet n - - - - smtpd -o smtpd_tls_wrappermode=yes\n'
                                f'127.0.0.1:{ports[1]} inet n - - - 1 postscreen\nsmtpd pass - - - - - smtpd\n'
                                f'127.0.0.1:{ports[2]} inet n - - - 1 smtpd\n')
        box.reload()
        attacks = {'smtpd': (tricklers(box.port, ports[0], 'bob@sandbox.test'),),
                   'screen': (tricklers(ports[1], None, 'bob@sandbox.test'), OF_SCREEN)}
        root = peers.postfix_root() if postern.IS_ROOT else None
        if root is not None:
            attacks['postfix'] = (cls.start_postfix(root, tls), HOLD_POSTFIX)
        cls.found = all_together(attacks)
        cls.log, cls.box, cls.single = box.log(), box, ports[2]

    @classmethod
    def start_postfix(cls, root, tls):
        port = free_port()
        settings = {**TIMES, **tls, 'relay_domains': 'sandbox.test', 'transport_maps': 'static:discard:',
                    'smtpd_client_connection_count_limit': '0'}
        postfix = peers.Postfix(root, free_port(), settings,
                                f'127.0.0.1:{port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes\n')
        cls.addClassCleanup(postfix.close)
        return tricklers(postfix.port, port, 'bob@sandbox.test', first=REQUEST)

    def check(self, system, expected):
        for name, (success, text, _) in self.found[system].items():
            with self.subTest(name):
                self.assertIs(success, expected, text)

    def test_no_phase_holds_smtpd_beyond_its_limit(self):
        self.check('smtpd', False)

    def test_no_phase_holds_screen_beyond_its_limit(self):
        self.check('screen', False)

    def test_it_is_an_attack_postfix_is_held_as_long_as_the_client_likes(self):
        if 'postfix' not in self.found:
            self.skipTest('no Postfix here')
        self.check('postfix', True)

    def test_nobody_is_sent_away_before_its_time(self):
        for system, early in (('smtpd', 1), ('screen', 2)):  # of screen's limit the wait before the greeting is a part
            for name, (_, text, held) in self.found[system].items():
                with self.subTest(f'{system}, {name}'):
                    limit = {'first': FIRST, 'session': SESSION}.get(trickle.PHASES[name][0], REQUEST)
                    self.assertGreater(held, limit - early, text)

    def test_the_log_names_the_command_and_the_client(self):
        for name, pattern in TOLD.items():
            with self.subTest(name):
                self.assertTrue(re.search(r'postfix/smtpd\[\d+\]: ' + pattern + r'\w+\[127\.0\.0\.1\]', self.log), pattern)

    def test_clients_that_come_at_once_wait_in_the_queue_of_the_system_though_there_is_one_process(self):
        with postern.Session(self.single), contextlib.ExitStack() as held:
            for pid in self.box.processes('smtpd'):
                os.kill(pid, signal.SIGSTOP)
                held.callback(os.kill, pid, signal.SIGCONT)
            for _ in range(BURST):
                held.enter_context(socket.create_connection(('127.0.0.1', self.single), 3))


if __name__ == '__main__':
    unittest.main()
