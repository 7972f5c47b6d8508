"""Servers, or somebody before them, that attack our client around STARTTLS: the programs of tests/attacks, each attempt
with a letter of its own. One system, all servers side by side."""
import os
import re
import socket
import subprocess
import sys
import threading
import types
import unittest

import postern
from certificates import Certificates

ATTACKS = os.path.join(postern.SOURCE, 'tests', 'attacks')
sys.path.insert(0, ATTACKS)
import alpn_server  # noqa: E402 pylint: disable=wrong-import-position
import bad_server  # noqa: E402 pylint: disable=wrong-import-position
import downgrade  # noqa: E402 pylint: disable=wrong-import-position
import early_reply  # noqa: E402 pylint: disable=wrong-import-position
import starttls_server_injection  # noqa: E402 pylint: disable=wrong-import-position
import starttls_strip  # noqa: E402 pylint: disable=wrong-import-position

HOST = r'127\.0\.0\.1\[127\.0\.0\.1\]'
UNEXPECTED = f'unexpected server message from {HOST}'
BEFORE_TLS = f'warning: \\w+: {UNEXPECTED}:PORT before the TLS handshake: '
EARLY = f'warning: \\w+: {UNEXPECTED}:PORT: '
DOWNGRADE = f'warning: TLS downgrade: {HOST}:PORT '


def honest(session):
    session.hello()
    session.take_letter()


class Row:
    """Attempts, one a connection; how many letters they get; what becomes of the last of these, and its line of the log."""

    def __init__(self, module, *attempts, dsn='4.7.0', text=UNEXPECTED, log='.', policy='may', transport='smtp', kept=False):
        self.attempts = [module.ATTEMPTS[name] for name in attempts]
        self.letters = 2 if kept else len(attempts)
        self.dsn, self.text, self.log, self.policy = dsn, text, log, policy
        self.transport, self.kept = transport, kept


def rows():
    """By a name that can be part of a domain."""
    made = {}
    for name in starttls_server_injection.ATTEMPTS:
        made[f'inject-{name}'] = Row(starttls_server_injection, name, log=BEFORE_TLS)
    made['inject-own-packet'].text, made['inject-own-packet'].dsn = '.', '4.7.[05]'  # it may come before or in the handshake
    made['inject-own-packet'].log = '.'
    made['inject-before-it-is-asked'].log = EARLY
    late = made['inject-old-capabilities']
    late.dsn, late.text, late.log = '4.4.2', 'lost connection', '.'
    for name in early_reply.ATTEMPTS:
        for transport in ('smtp',) if 'tls' in name else ('smtp', 'lmtp'):
            made[f'early-{transport}-{name}'] = row = Row(early_reply, name, log=EARLY, transport=transport,
                                                          kept=name.startswith('kept'))
            if name in ('kept', 'kept-tls'):  # nothing was begun: the letter goes in another connection
                row.attempts.append(downgrade.good if 'tls' in name else honest)
                row.dsn, row.text, row.log = '2.0.0', '250 2.0.0 Ok: taken', EARLY.replace(r'\w+: ', '')
    made['early-smtp-tls-ehlo'].log = f'warning: server {HOST} violates smtp_tls_block_early_mail_reply policy'
    for name in starttls_strip.ATTEMPTS:
        made[f'strip-{name}'] = Row(starttls_strip, name, dsn='4.7.4', policy='encrypt',
                                    text=f'TLS is required, but was not offered by host {HOST}')
        # What `may` means: the attack is real.
        made[f'may-{name}'] = Row(starttls_strip, name, dsn='2.0.0', text='250 2.0.0 Ok: taken')
    del made['may-plain-text-instead']
    for name, dsn in (('454', '4.7.0'), ('502', '5.5.1')):
        row = made[f'strip-refused-{name}']
        row.dsn, row.text = dsn, f'TLS is required, but host {HOST} refused to start TLS: {name}'
    instead = made['strip-plain-text-instead']
    instead.dsn, instead.text, instead.log = '4.7.5', 'Cannot start TLS', f'SSL_connect error to {HOST}:PORT: -1'
    for name, what in (('stripped', 'does not offer STARTTLS'), ('refused', 'refuses STARTTLS'), ('older', r'speaks TLSv1\.2'),
                       ('broken', 'fails in the TLS handshake')):
        less = f'{what}, but had Untrusted TLSv1.3 before'
        made[f'downgrade-{name}'] = Row(downgrade, 'good', name, dsn='4.7.5', text=f'TLS downgrade: host {HOST} {less}',
                                        log=DOWNGRADE + less)
    for name in alpn_server.ATTEMPTS:
        made[f'alpn-{name}'] = Row(alpn_server, name, dsn='4.7.5', text='Cannot start TLS: handshake failure',
                                   log=f'warning: TLS: {HOST}:PORT chooses a protocol ' + r'\(ALPN\) that was not offered')
    return made


class BadServer:
    """Does the attempts of a row, one a connection, and keeps what each came to."""

    def __init__(self, attempts, certificate):
        self.options = types.SimpleNamespace(certificate=certificate)
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port, self.attempts, self.harm = self.listener.getsockname()[1], attempts, []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        for attempt in self.attempts:
            try:
                session = bad_server.Session(self.listener.accept()[0], self.options)
            except OSError:
                return
            try:
                self.harm.append(attempt(session))
            except bad_server.Gone:
                self.harm.append(None)
            session.close()


class ClientTls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows, made = rows(), Certificates()
        cls.addClassCleanup(made.close)
        certificate = made.make('mx', ['mx.test'], self_signed=True)
        cls.servers = {name: BadServer(row.attempts, certificate) for name, row in cls.rows.items()}
        for server in cls.servers.values():
            cls.addClassCleanup(server.listener.close)
        cls.box = postern.Sandbox(settings={
            'relay_domains': ' '.join(f'{name}.test' for name in cls.rows), 'smtp_tls_security_level': 'may',
            'smtp_tls_loglevel': '1', 'smtp_tls_downgrade_action': 'defer', 'smtpd_recipient_limit': '1000',
            'smtpd_client_message_rate_limit': '0', 'minimal_backoff_time': '300s',
            'transport_maps': cls.inline(lambda name, row, port: (f'{name}.test', f'{row.transport}:[127.0.0.1]:{port}')),
            **{f'{side}_connection_cache_destinations': ' '.join(
                f'[127.0.0.1]:{cls.servers[name].port}' for name, row in cls.rows.items() if row.kept) for side in ('smtp', 'lmtp')},
            **{f'{side}_connection_cache_time_limit': '30s' for side in ('smtp', 'lmtp')}, 'smtp_tls_connection_reuse': 'yes',
            'smtp_tls_policy_maps': cls.inline(lambda name, row, port: (f'[127.0.0.1]:{port}', row.policy))})
        cls.addClassCleanup(cls.box.close)
        cls.box.append('master.cf', 'lmtp unix - - y - - lmtp\n')
        cls.box.reload()
        cls.ids = {}
        learning = [name for name, row in cls.rows.items() if row.letters > 1]
        cls.send(learning)
        for name in learning:
            cls.box.wait_log(rf'{cls.ids[name]}: to=<bob@{name}\.test>.* status=sent')
        cls.send(cls.rows)
        postern.wait_for(lambda: all(len(server.harm) == len(server.attempts) for server in cls.servers.values()),
                         'all servers to be done')
        cls.results = {name: cls.box.wait_log(rf'{cls.ids[name]}: to=<bob@{name}\.test>.* dsn=(\S+), status=(\w+) \((.*)\)$')[0]
                       for name in cls.rows}

    @classmethod
    def inline(cls, pair):
        """A table of a pair for each server: pair(name, row, port)."""
        pairs = (pair(name, row, cls.servers[name].port) for name, row in cls.rows.items())
        return 'inline:{' + ', '.join(f'{{{key}={value}}}' for key, value in pairs) + '}'

    @classmethod
    def send(cls, names):
        with cls.box.session() as session:
            for name in names:
                session.begin(f'bob@{name}.test')
                reply = session.content(postern.letter(name, to=f'bob@{name}.test'))
                cls.ids[name] = re.search(r'queued as (\w+)', reply)[1]

    def test_no_attack_succeeds_where_tls_must_be_and_each_has_its_line(self):
        log = self.box.log()
        for name, row in self.rows.items():
            with self.subTest(name):
                harm = [harm for harm in self.servers[name].harm if harm]
                self.assertEqual(harm, ['the letter came in the clear'] if name.startswith('may-') else [])
                result = self.results[name]
                self.assertRegex(result[1], f'^{row.dsn}$', result[0])
                self.assertEqual(result[2], {'2': 'sent', '4': 'deferred', '5': 'bounced'}[row.dsn[0]], result[0])
                self.assertRegex(result[3], f'^(?:{row.text})', result[0])
                if row.log:
                    self.assertRegex(log, row.log.replace('PORT', str(self.servers[name].port)))

    def test_what_happened_is_counted(self):
        for name in ('early_replies', 'tls_injections', 'tls_confusions', 'tls_downgrades'):
            self.assertGreater(self.box.value(f'smtp/{name}'), 0, name)

    def test_a_server_is_forgotten_on_request(self):
        name = f'[127.0.0.1]:{self.servers["downgrade-stripped"].port}'
        self.assertEqual(self.box.run('tls', 'forget', name), (0, 'forgotten: 1\n', ''))
        self.assertEqual(self.box.run('tls', 'forget', name)[:2], (1, 'forgotten: 0\n'))

    def test_the_programs_can_be_run_by_hand(self):
        """Without a client: could not be tried."""
        for module in (alpn_server, downgrade, early_reply, starttls_server_injection, starttls_strip):
            done = subprocess.run([sys.executable, module.__file__, '127.0.0.1', '0', '--wait', '0', '--certificate', 'none'],
                                  capture_output=True, text=True, timeout=postern.LIMIT, check=False)
            self.assertEqual(done.returncode, bad_server.NOT_TRIED, done.stderr)


if __name__ == '__main__':
    unittest.main()
