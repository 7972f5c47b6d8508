"""What remote servers do, and what comes of it: for each row of remote_table.py a message to one destination, its first
result (status, code, log line), and then what follows: what was deferred is sent when the server has become a good one, what
was bounced makes one notification. One system, all destinations side by side, short timeouts."""
import email
import os
import re
import socket
import ssl
import unittest

import postern
from certificates import Certificates
from remote import CAPABILITIES, Remote
from remote_table import ROWS, letter

LIMIT = 2  # seconds, of each phase


class Remotes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certificates = made = Certificates()
        cls.addClassCleanup(made.close)
        files = {'good': made.make('good', ['mx.test']), 'expired': made.make('expired', ['mx.test'], expired=True),
                 'self': made.make('self', ['mx.test'], self_signed=True), 'old': made.make('old', ['mx.test'], algorithm='rsa')}
        cls.contexts = {name: made.context(path) for name, path in files.items() if name != 'old'}
        cls.contexts['old'] = made.context(files['old'], version=ssl.TLSVersion.TLSv1)
        digest = made.digest(files['self'])
        cls.digest = ':'.join(digest[i:i + 2] for i in range(0, len(digest), 2)).upper()
        cls.servers, cls.ports = {}, {}
        for name, row in ROWS.items():
            if name == 'refused':
                with socket.create_server(('127.0.0.1', 0)) as unused:
                    cls.ports[name] = unused.getsockname()[1]
                continue
            server = Remote(row.table, context=cls.contexts.get(row.tls), **row.server)
            cls.servers[name], cls.ports[name] = server, server.port
            cls.addClassCleanup(server.close)
        cls.start()
        cls.send_all()
        cls.wait_first()
        cls.heal()

    @classmethod
    def table(cls, name, rows):
        path = cls.certificates.path(name)
        with open(path, 'w', encoding='utf-8') as file:
            file.writelines(f'{key} {value}\n' for key, value in rows)
        os.chmod(path, 0o644)
        return f'texthash:{path}'

    @classmethod
    def start(cls):
        transports = cls.table('transport', [(f'{name}.test', f'{row.transport}:[127.0.0.1]:{cls.ports[name]}')
                                             for name, row in ROWS.items()])
        policies = cls.table('policy', [(f'[127.0.0.1]:{cls.ports[name]}', row.policy.replace('DIGEST', cls.digest))
                                        for name, row in ROWS.items() if row.policy])
        passwords = cls.table('passwords', [(f'[127.0.0.1]:{cls.ports[name]}', 'ann:secret')
                                            for name, row in ROWS.items() if row.transport == 'login'])
        settings = {'relay_domains': ' '.join(f'{name}.test' for name in ROWS), 'transport_maps': transports,
                    'smtp_tls_policy_maps': policies, 'smtp_tls_CAfile': cls.certificates.ca, 'smtp_tls_loglevel': '1',
                    'smtp_sasl_password_maps': passwords, 'smtp_sasl_security_options': 'noanonymous',
                    'minimal_backoff_time': '3s', 'maximal_backoff_time': '3s', 'queue_run_delay': '1s',
                    'smtpd_recipient_limit': '1000', 'smtpd_client_message_rate_limit': '0'}
        for phase in ('connect', 'helo', 'mail', 'rcpt', 'data_init', 'data_xfer', 'data_done', 'starttls', 'quit', 'rset'):
            settings[f'smtp_{phase}_timeout'] = f'{LIMIT}s'
            settings['lmtp_lhlo_timeout' if phase == 'helo' else f'lmtp_{phase}_timeout'] = f'{LIMIT}s'
        cls.sandbox = postern.Sandbox(settings=settings)
        cls.addClassCleanup(cls.sandbox.close)
        with open(cls.sandbox.path('master.cf'), encoding='utf-8') as file:
            there = file.read()
        for name in ('smtp', 'lmtp'):
            if not re.search(rf'^{name}\s+unix', there, re.M):
                cls.sandbox.append('master.cf', f'{name} unix - - y - - {name}\n')
        cls.sandbox.append('master.cf', 'wrapped unix - - y - - smtp -o smtp_tls_wrappermode=yes\n'
                                        'login unix - - y - - smtp -o smtp_sasl_auth_enable=yes\n')
        cls.sandbox.reload()

    @classmethod
    def send_all(cls):
        cls.ids = {}
        with cls.sandbox.session() as session:
            for name, row in ROWS.items():
                lines = [f'MAIL FROM:<ann@sandbox.test>{row.options}']
                lines += [f'RCPT TO:<{one}@{name}.test>' for one in row.recipients]
                for line in lines:
                    session.send(line.encode() + b'\r\n')
                    reply = session.reply()
                    assert reply.startswith('250'), f'{line}: {reply}'
                assert session.command('DATA').startswith('354')
                reply = session.content(letter(name, row.letter or b'Hello.\r\n'))
                cls.ids[name] = re.search(r'queued as (\w+)', reply)[1]

    @classmethod
    def results(cls, name, recipient):
        """All results of one recipient, in their order: status, code, text."""
        pattern = (rf'{cls.ids[name]}: to=<{re.escape(cls.logged(recipient))}@{name}\.test>, relay=(\S+), (?:conn_use=\d+, )?'
                   r'delay=[\d.]+, delays=[\d./]+, dsn=([\d.]+), status=(\w+) \((.*?)\)?$')
        return [(m[3], m[2], m[4], m[1]) for m in re.finditer(pattern, cls.sandbox.log(), re.M)]

    @staticmethod
    def logged(recipient):
        return recipient.encode().decode('latin1')  # the log is read as bytes

    @classmethod
    def wait_first(cls):
        def missing():
            return [name for name, row in ROWS.items() for one in row.recipients if not cls.results(name, one)]
        try:
            postern.wait_for(lambda: not missing(), 'the first results')
        except AssertionError as error:
            raise AssertionError(f'{error}; not yet: {missing()}\n{cls.sandbox.log()[-6000:]}') from None
        cls.first_log = cls.sandbox.log()

    @classmethod
    def heal(cls):
        for name, row in ROWS.items():
            if row.after == 'sent' and name in cls.servers:
                cls.servers[name].table = {}
                cls.servers[name].capabilities = CAPABILITIES if row.transport != 'login' else cls.servers[name].capabilities

    def judge(self, name):
        row = ROWS[name]
        for recipient, (status, dsn, text) in row.results.items():
            first = self.results(name, recipient)[0]
            self.assertEqual(first[0], status, first)
            self.assertRegex(first[1], f'^{dsn}$', first)
            self.assertRegex(first[2], f'^(?:{text})' if text else '^.', first)
            self.assertIn(first[3], ('none', f'127.0.0.1[127.0.0.1]:{self.ports[name]}'), first)
            if status == 'bounced':
                self.notified(name, dsn, text)
            if status == 'deferred' and row.after:
                postern.wait_for(lambda one=recipient: self.results(name, one)[-1][0] == 'sent',
                                 f'{recipient}@{name}.test to be sent at last')
                self.assertEqual([r[0] for r in self.results(name, recipient)].count('sent'), 1)
        if row.log:
            self.assertRegex(self.first_log, row.log.replace('PORT', str(self.ports[name])))
        if row.check:
            row.check(self, row, self.servers[name])

    def notified(self, name, dsn, text):
        """One notification, with the recipient's own fields in the order of RFC 3464."""
        def found():
            return [letter for letter in self.sandbox.wait_mail(0) if f'@{name}.test'.encode() in letter]
        letters = postern.wait_for(found, f'a notification about {name}')
        self.assertEqual(len(letters), 1)
        message = email.message_from_bytes(letters[0])
        self.assertEqual(message.get_content_type(), 'multipart/report')
        status = [part for part in message.walk() if part.get_content_type() in
                  ('message/delivery-status', 'message/global-delivery-status')][0]
        blocks = [block for block in status.get_payload() if 'Final-Recipient' in block]
        self.assertEqual(len(blocks), 1)
        self.assertEqual(blocks[0]['Action'], 'failed')
        self.assertRegex(blocks[0]['Status'], f'^{dsn}$')
        fields = [key for key in blocks[0].keys()]
        order = ['Original-Recipient', 'Final-Recipient', 'Action', 'Status', 'Remote-MTA', 'Diagnostic-Code']
        self.assertEqual(fields, [key for key in order if key in fields])
        if ' said: ' in text:  # its words, and who spoke them
            self.assertEqual(blocks[0]['Remote-MTA'], 'dns; 127.0.0.1')
            self.assertRegex(blocks[0]['Diagnostic-Code'], r'^smtp; \d\d\d[ -]')
        else:
            self.assertRegex(blocks[0]['Diagnostic-Code'], r'^(smtp|X-Postfix); ')

    def test_the_system_is_whole(self):
        """No process has failed, and there are no notifications but those of what was bounced."""
        bounced = [name for name, row in ROWS.items() if any(result[0] == 'bounced' for result in row.results.values())]
        letters = self.sandbox.wait_mail(len(bounced))
        self.assertEqual(len(letters), len(bounced))
        self.assertNotRegex(self.sandbox.log(), r'panic:|fatal:|killed by signal|bad command startup')


def case(name):
    def test(self):
        self.judge(name)
    test.__name__ = f'test_{name}'
    return test


for each in ROWS:
    setattr(Remotes, f'test_{each}', case(each))

if __name__ == '__main__':
    unittest.main()
