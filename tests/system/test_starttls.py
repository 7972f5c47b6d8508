"""TLS of smtpd: STARTTLS and TLS from the connection on, with the clients that people have."""
import os
import re
import shutil
import smtplib
import socket
import ssl
import subprocess
import unittest

import certificates
import peers
import postern
from ports import free_port

LOCALHOST = r'\w+\[127\.0\.0\.1\]'
ESTABLISHED = (LOCALHOST + r': TLSv1\.3 with cipher TLS_\w+ \(\d+/\d+ bits\) key-exchange \S+ '
               r'server-signature ECDSA \(prime256v1\) server-digest SHA256')
EHLO = ['250-mail.sandbox.test', '250-PIPELINING', '250-SIZE 10240000', '250-VRFY', '250-STARTTLS', '250-ENHANCEDSTATUSCODES',
        '250-8BITMIME', '250 CHUNKING']


def context(certificate=None, version=None, ciphers='ALL:@SECLEVEL=0'):
    """A client's, which trusts everybody."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    made.set_ciphers(ciphers)
    if version:
        made.minimum_version = made.maximum_version = version
    if certificate:
        made.load_cert_chain(certificate)
    return made


def serve(box, limit_and_command, entries):
    """Has master run another server for each entry, NAME: 'PARAMETER=VALUE,...'; their ports by name."""
    ports = {name: free_port() for name in entries}
    for name, options in entries.items():
        words = ' '.join(f'-o {word}' for word in options.split(','))
        box.append('master.cf', f'127.0.0.1:{ports[name]} inet n - - - {limit_and_command} {words} -o syslog_name=postfix/{name}\n')
    box.reload()
    return ports


class Client(postern.Session):
    """A session that can change to TLS."""

    def starttls(self, tls=None):
        reply = self.command('STARTTLS')
        assert reply == '220 2.0.0 Ready to start TLS', reply
        self.encrypt(tls)

    def encrypt(self, tls=None):
        self.file.close()
        self.socket = (tls or context()).wrap_socket(self.socket)
        self.file = self.socket.makefile('rb')


class Wrapped(Client):
    """One that begins with TLS."""

    def __init__(self, port, tls=None):  # pylint: disable=super-init-not-called
        self.socket = (tls or context()).wrap_socket(socket.create_connection(('127.0.0.1', port), postern.LIMIT))
        self.file = self.socket.makefile('rb')
        self.greeting = self.reply()


class StartTls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.made = certificates.Certificates()
        cls.addClassCleanup(cls.made.close)
        cls.ec, cls.rsa = cls.made.make('ec', ['mx.test']), cls.made.make('rsa', ['mx.test'], algorithm='rsa')
        cls.client = cls.made.make('client', ['client.test'])
        os.chmod(cls.ec, 0o600)  # read before the jail
        cls.box = postern.Sandbox(settings={
            'smtpd_tls_security_level': 'may', 'smtpd_tls_cert_file': cls.rsa, 'smtpd_tls_eccert_file': cls.ec,
            'smtpd_tls_loglevel': '1', 'smtpd_tls_received_header': 'yes', 'smtpd_tls_CAfile': cls.made.ca})
        cls.addClassCleanup(cls.box.close)
        entries = {'strict': 'smtpd_tls_security_level=encrypt', 'wrapped': 'smtpd_tls_wrappermode=yes',
                   'old': 'smtpd_use_tls=yes,smtpd_tls_security_level=', 'off': 'smtpd_tls_security_level=none',
                   'asking': 'smtpd_tls_ask_ccert=yes,smtpd_tls_loglevel=2',
                   'requiring': 'smtpd_tls_security_level=encrypt,smtpd_tls_req_ccert=yes',
                   'at_once': 'smtpd_tls_wrappermode=yes,smtpd_tls_req_ccert=yes',
                   'none': 'smtpd_tls_cert_file=,smtpd_tls_eccert_file=', 'hidden': 'smtpd_discard_ehlo_keywords=starttls',
                   'missing': 'smtpd_tls_cert_file=/nonexistent.pem,smtpd_tls_eccert_file=',
                   'mismatch': f'smtpd_tls_key_file={cls.ec},smtpd_tls_eccert_file=,smtpd_tls_security_level=encrypt',
                   'unwrapped': 'smtpd_tls_wrappermode=yes,smtpd_tls_cert_file=,smtpd_tls_eccert_file=',
                   'brief': 'smtpd_starttls_timeout=1s', 'ancient': 'smtpd_tls_protocols=>=TLSv1',
                   'grade': 'smtpd_tls_ciphers=best'}
        cls.ports = serve(cls.box, '- smtpd', entries)

    def open(self, name=None, kind=Client, **options):
        session = kind(self.ports[name] if name else self.box.port, **options)
        self.addCleanup(session.close)
        return session

    def logged(self, name, pattern, count=1):
        return self.box.wait_log(rf'postfix/{name}/smtpd\[\d+\]: {pattern}' if name else pattern, count)

    def test_a_letter_comes_over_tls_and_its_header_says_so(self):
        for tls, protocol, details in ((context(), 'TLSv1.3', True), (context(version=ssl.TLSVersion.TLSv1_2), 'TLSv1.2', False)):
            subject = protocol.replace('.', '-')
            with self.subTest(protocol), Client(self.box.port) as session:
                self.assertEqual(session.ehlo.split('\n'), EHLO)
                session.starttls(tls)
                without = [line for line in EHLO if line != '250-STARTTLS']
                self.assertEqual(session.command('EHLO client.example').split('\n'), without)
                self.assertEqual(session.command('STARTTLS'), '554 5.5.1 Error: TLS already active')
                self.assertEqual(session.command('STARTTLS now'), '501 5.5.4 Syntax: STARTTLS')
                session.begin()
                self.assertRegex(session.content(postern.letter(subject)), '^250 2.0.0 Ok: queued as ')
                session.command('QUIT')
                self.box.wait_log(r'disconnect from \S+ ehlo=2 starttls=1/3 mail=1 rcpt=1 data=1 quit=1 commands=7/9')
                letter, = postern.wait_for(lambda s=subject: [x for x in map(read, self.box.mail())
                                                              if f'Subject: {s}\n' in x], subject)
                cipher = session.socket.cipher() if session.socket.fileno() >= 0 else None
                self.assertIsNotNone(cipher)
                rest = (r'\n\t key-exchange \S+ server-signature ECDSA \(prime256v1\) server-digest SHA256\)' if details
                        else r'\)')
                self.assertRegex(letter, r'Received: from client\.example \(\w+ \[127\.0\.0\.1\]\)\n\t\(using ' +
                                 re.escape(f'{protocol} with cipher {cipher[0]} ({cipher[2]}/{cipher[2]} bits)') + rest +
                                 r'\n\t\(No client certificate requested\)\n\tby mail\.sandbox\.test \(\w+\) with ESMTPS id ')
        self.logged('', f'Anonymous TLS connection established from {ESTABLISHED}\n')

    def test_what_the_clients_that_people_have_make_of_it(self):
        with smtplib.SMTP('127.0.0.1', self.box.port) as client:
            client.starttls(context=context())
            client.sendmail('ann@client.example', ['bob@sandbox.test'], postern.letter('smtplib'))
        swaks = shutil.which('swaks')
        if swaks:
            done = subprocess.run([swaks, '--server', f'127.0.0.1:{self.box.port}', '--tls', '--to', 'bob@sandbox.test', '--from',
                                   'ann@client.example', '--h-Subject', 'swaks'], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout)
        text = 'EHLO x\nMAIL FROM:<ann@client.example>\nRCPT TO:<bob@sandbox.test>\nDATA\nSubject: openssl\n\nhi\n.\nQUIT\n'
        done = subprocess.run(['openssl', 's_client', '-quiet', '-crlf', '-starttls', 'smtp', '-connect',
                               f'127.0.0.1:{self.box.port}'], input=text, capture_output=True, text=True, timeout=postern.LIMIT,
                              check=False)
        self.assertIn('221 2.0.0 Bye', done.stdout)
        for subject in ['smtplib', 'openssl'] + ['swaks'] * bool(swaks):
            postern.wait_for(lambda s=subject: any(f'Subject: {s}\n' in read(path) for path in self.box.mail()), subject)

    def test_everything_said_in_plain_text_is_forgotten(self):
        session = self.open()
        session.command('MAIL FROM:<ann@client.example>')
        session.command('RCPT TO:<bob@sandbox.test>')
        session.starttls()
        self.assertEqual(session.command('DATA'), '503 5.5.1 Error: need RCPT command')
        self.assertEqual(session.command('MAIL FROM:<eve@client.example>'), '250 2.1.0 Ok')

    def test_replies_where_tls_is_required_or_not_there(self):
        required = '530 5.7.0 Must issue a STARTTLS command first'
        unavailable = '454 4.7.0 TLS not available due to local problem'
        rows = {
            '': [('STARTTLS now', '501 5.5.4 Syntax: STARTTLS')],
            'strict': [('MAIL FROM:<>', required), ('RSET', required), ('VRFY bob', required), ('AUTH PLAIN', required),
                       ('NOOP', '250 2.0.0 Ok'), ('FOO', '500 5.5.2 Error: command not recognized'),
                       ('HELO x', '250 mail.sandbox.test'), ('QUIT', '221 2.0.0 Bye')],
            'off': [('STARTTLS', '502 5.5.1 Error: command not implemented'), ('MAIL FROM:<>', '250 2.1.0 Ok')],
            'hidden': [('STARTTLS', '502 5.5.1 Error: command not implemented')],
            'none': [('STARTTLS', unavailable), ('MAIL FROM:<>', '250 2.1.0 Ok')],
            'missing': [('STARTTLS', unavailable)],
            'mismatch': [('STARTTLS', unavailable), ('MAIL FROM:<>', required)],
            'grade': [('STARTTLS', unavailable)],
        }
        for name, dialogue in rows.items():
            session = self.open(name)
            self.assertEqual('STARTTLS' in session.ehlo, name not in ('off', 'hidden'), name)
            for line, reply in dialogue:
                with self.subTest(service=name, line=line):
                    self.assertEqual(session.command(line), reply)
        for name, text in {
                'none': r"warning: No server certs available\. TLS won't be enabled$",
                'missing': r'warning: cannot load the certificate from /nonexistent\.pem: .*: disabling TLS support$',
                'mismatch': rf'warning: the private key in {self.ec} is not that of the certificate in {self.rsa}.*'
                            r': disabling TLS support$',
                'grade': r'warning: smtpd_tls_ciphers: invalid cipher grade: "best"$'}.items():
            with self.subTest(warning=name):
                self.logged(name, text)

    def test_tls_from_the_connection_on(self):
        session = self.open('wrapped', Wrapped)
        self.assertEqual(session.greeting, '220 mail.sandbox.test ESMTP Postern')
        self.assertNotIn('STARTTLS', session.command('EHLO client.example'))
        self.assertEqual(session.command('STARTTLS'), '554 5.5.1 Error: TLS already active')
        session.begin()
        self.assertRegex(session.content(postern.letter('wrapped')), '^250 ')
        session.command('QUIT')
        self.logged('wrapped', rf'disconnect from {LOCALHOST} ehlo=1 starttls=0/1 mail=1 rcpt=1 data=1 quit=1 commands=5/6')
        with socket.create_connection(('127.0.0.1', self.ports['wrapped'])) as plain:
            plain.sendall(b'EHLO client.example\r\n')
            self.logged('wrapped', rf'SSL_accept error from {LOCALHOST}: -1\n')
            self.logged('wrapped', r'warning: TLS library problem: error:0A00010B:SSL routines::wrong version number:')
            self.logged('wrapped', rf'lost connection after CONNECT from {LOCALHOST}')
        with socket.create_connection(('127.0.0.1', self.ports['unwrapped'])) as plain:
            self.assertEqual(plain.recv(100), b'')
        self.logged('unwrapped', rf'warning: Wrapper-mode request dropped from {LOCALHOST} for service \S+:'
                    rf'{self.ports["unwrapped"]}\. TLS context initialization failed\.')

    def test_certificates_of_clients(self):
        self.open('asking').starttls(context(self.client))
        self.logged('asking', rf'Trusted TLS connection established from {ESTABLISHED} '
                    r'client-signature ECDSA \(prime256v1\) client-digest SHA256\n')
        fingerprint = ':'.join(re.findall('..', self.made.digest(self.client).upper()))
        self.logged('asking', rf'{LOCALHOST}: subject_CN=client\.test, issuer=Test CA, fingerprint={fingerprint}, '
                    r'pkey_fingerprint=[0-9A-F:]{95}\n')
        session = self.open('requiring')
        session.starttls()
        self.assertEqual(session.command('EHLO x'), '421 4.7.1 mail.sandbox.test Error: No client certificate presented')
        self.assertEqual(session.reply(), '')
        self.logged('requiring', rf'NOQUEUE: abort: TLS from {LOCALHOST}: No client certificate presented')
        session = self.open('requiring')
        session.starttls(context(self.client))
        self.assertRegex(session.command('EHLO x'), '^250-mail.sandbox.test')
        session = self.open('at_once', Wrapped)
        self.assertEqual(session.greeting, '421 4.7.1 mail.sandbox.test Error: No client certificate presented')
        self.assertEqual(session.reply(), '')
        session = self.open('at_once', Wrapped, tls=context(self.client))
        self.assertRegex(session.greeting, '^220 mail.sandbox.test')

    def test_handshakes_that_come_to_nothing(self):
        session = self.open('brief')
        session.command('STARTTLS')
        self.assertEqual(session.reply(), '')
        self.logged('brief', rf'SSL_accept error from {LOCALHOST}: Connection timed out')
        self.logged('brief', rf'lost connection after STARTTLS from {LOCALHOST}')
        self.logged('brief', rf'disconnect from {LOCALHOST} ehlo=1 starttls=0/1 commands=1/2')
        session = self.open('old')
        session.command('STARTTLS')
        session.close()
        self.logged('old', rf'SSL_accept error from {LOCALHOST}: lost connection')
        session = self.open()
        session.command('STARTTLS')
        with self.assertRaises(ssl.SSLError):
            session.encrypt(context(version=ssl.TLSVersion.TLSv1))
        session = self.open('ancient')
        session.starttls(context(version=ssl.TLSVersion.TLSv1))
        self.assertEqual(session.command('NOOP'), '250 2.0.0 Ok')

    def test_renegotiation_is_refused_and_sessions_are_resumed(self):
        base = ['openssl', 's_client', '-starttls', 'smtp', '-connect', f'127.0.0.1:{self.box.port}', '-tls1_2']
        done = subprocess.run(base, input='R\nNOOP\n', capture_output=True, text=True, timeout=postern.LIMIT, check=False)
        self.assertIn('no renegotiation', done.stdout + done.stderr)
        kept = self.made.path('session')
        for words, pattern in ((['-sess_out', kept], r'^New, '), (['-sess_in', kept], r'^Reused, ')):
            done = subprocess.run(base + words, input='QUIT\n', capture_output=True, text=True, timeout=postern.LIMIT, check=False)
            self.assertRegex(done.stdout, re.compile(pattern, re.M))

    def test_an_idle_session_is_small(self):
        port, count = self.ports['old'], 100
        Client(port).close()
        server, = (p for p in self.box.processes('smtpd') if self.listens(p, port))
        before = postern.memory_of(server, 'Rss')
        sessions = []
        for _ in range(count):
            sessions.append(self.open('old'))
            sessions[-1].starttls()
        for session in sessions:
            self.assertEqual(session.command('NOOP'), '250 2.0.0 Ok')
        each = (postern.memory_of(server, 'Rss') - before) / count
        self.assertLess(each, 24, 'KiB of memory in each session')

    def test_a_handshake_that_stands_still_is_small(self):
        port, count = self.ports['old'], 200
        self.open('old').starttls()
        server, = (p for p in self.box.processes('smtpd') if self.listens(p, port))
        hello = ssl.MemoryBIO()
        with self.assertRaises(ssl.SSLWantReadError):
            context().wrap_bio(ssl.MemoryBIO(), hello).do_handshake()
        hello = hello.read()
        before = postern.memory_of(server, 'Rss')
        for _ in range(count):
            session = self.open('old')
            session.command('STARTTLS')
            session.socket.sendall(hello)
            self.assertTrue(session.socket.recv(1))  # of the server's answer
        postern.wait_for(lambda: (postern.memory_of(server, 'Rss') - before) / count < 42, 'handshakes of less than 42 KiB')

    @staticmethod
    def listens(pid, port):
        with open(f'/proc/{pid}/cmdline', 'rb') as file:
            return str(port).encode() in file.read()


class InFrontOfServers(unittest.TestCase):
    """screen hands a good client that wants TLS over to smtpd, and does TLS itself with others."""

    @classmethod
    def setUpClass(cls):
        cls.made = certificates.Certificates()
        cls.addClassCleanup(cls.made.close)
        certificate = cls.made.make('mx', ['mx.test'])
        cls.box = postern.Sandbox(settings={
            'smtpd_tls_security_level': 'may', 'smtpd_tls_cert_file': certificate, 'smtpd_tls_loglevel': '1',
            'postscreen_greet_banner': '', 'postscreen_cache_map': '', 'postscreen_access_list': ''})
        cls.addClassCleanup(cls.box.close)
        # In `strict`, a test is to be done, so that the session is not handed over at once.
        entries = {'session': 'postscreen_pipelining_enable=yes',
                   'reconnect': 'screen_handoff=reconnect,postscreen_pipelining_enable=yes',
                   'denied': 'postscreen_access_list=static:reject,postscreen_denylist_action=enforce',
                   'strict': 'postscreen_pipelining_enable=yes,smtpd_tls_security_level=encrypt',
                   'keyless': 'screen_handoff=reconnect,postscreen_pipelining_enable=yes,smtpd_tls_cert_file=/nonexistent'}
        cls.box.append('master.cf', 'smtpd pass - - - - - smtpd\n')
        cls.ports = serve(cls.box, '1 postscreen', entries)

    def open(self, name):
        session = Client(self.ports[name])
        self.addCleanup(session.close)
        self.assertIn('250-STARTTLS', session.ehlo)
        return session

    def test_a_good_client_is_handed_over(self):
        session = self.open('session')
        session.starttls()
        self.assertNotIn('STARTTLS', session.command('EHLO client.example'))
        session.begin()
        self.assertRegex(session.content(postern.letter('good')), '^250 ')
        self.box.wait_log(r'postfix/smtpd\[\d+\]: Anonymous TLS connection established from \S+\[127\.0\.0\.1\]: TLSv1\.3 ')

    def test_a_client_that_is_tested_or_refused_has_tls_with_screen(self):
        for name, pattern in (('reconnect', r'450 4\.3\.2 Service currently unavailable'),
                              ('denied', r'550 5\.3\.2 Service currently unavailable')):
            with self.subTest(name):
                session = self.open(name)
                session.send(b'STARTTLS\r\n')
                self.assertEqual(session.reply(), '220 2.0.0 Ready to start TLS')
                session.encrypt()
                self.assertNotIn('STARTTLS', session.command('EHLO client.example'))
                self.assertEqual(session.command('STARTTLS'), '554 5.5.1 Error: TLS already active')
                self.assertEqual(session.command('MAIL FROM:<ann@client.example>'), '250 2.1.0 Ok')
                self.assertRegex(session.command('RCPT TO:<bob@sandbox.test>'), pattern)
                self.assertEqual(session.command('QUIT'), '221 2.0.0 Bye')
                self.box.wait_log(rf'postfix/{name}/postscreen\[\d+\]: Anonymous TLS connection established from '
                                  r'\[127\.0\.0\.1\]:\d+: TLSv1\.3 with cipher ')
                self.box.wait_log(rf'postfix/{name}/postscreen\[\d+\]: NOQUEUE: reject: RCPT from \[127\.0\.0\.1\]')

    def test_where_tls_is_required_or_cannot_be_had(self):
        required = '530 5.7.0 Must issue a STARTTLS command first'
        session = self.open('strict')
        for line, reply in (('MAIL FROM:<>', required), ('NOOP', '250 2.0.0 Ok'), ('RSET', required)):
            self.assertEqual(session.command(line), reply)
        session = self.open('keyless')
        self.assertEqual(session.command('STARTTLS'), '454 4.7.0 TLS not available due to local problem')
        self.box.wait_log(r'postfix/keyless/postscreen\[\d+\]: warning: cannot load the certificate from /nonexistent: ')
        session = self.open('reconnect')
        session.command('STARTTLS')
        session.command('NOOP')
        self.box.wait_log(r'postfix/reconnect/postscreen\[\d+\]: SSL_accept error from \[127\.0\.0\.1\]:\d+: -1')
        self.box.wait_log(r'postfix/reconnect/postscreen\[\d+\]: HANGUP after \S+ from \[127\.0\.0\.1\]:\d+ in tests after SMTP '
                          'handshake')


def read(path):
    with open(path, encoding='latin1') as file:
        return file.read()


class OtherServers(unittest.TestCase):
    """Letters of our own smtp and of Debian's Postfix to our smtpd, over TLS."""

    def test_letters_of_servers(self):
        made = certificates.Certificates()
        self.addCleanup(made.close)
        certificate = made.make('mx', ['mx.test'])
        target = postern.Sandbox(settings={
            'smtpd_tls_security_level': 'encrypt', 'smtpd_tls_chain_files': certificate, 'smtpd_tls_loglevel': '1',
            'virtual_alias_domains': 'via.test', 'virtual_alias_maps': 'inline:{bob@via.test=bob@sandbox.test}'})
        self.addCleanup(target.close)
        route = {'transport_maps': f'inline:{{via.test=smtp:[127.0.0.1]:{target.port}}}', 'relay_domains': 'via.test',
                 'smtp_tls_security_level': 'encrypt'}
        sources = [postern.Sandbox(settings=route)]
        self.addCleanup(sources[0].close)
        root = peers.postfix_root() if postern.IS_ROOT else None
        if root is not None:
            sources.append(peers.Postfix(root, free_port(), {**route, 'smtp_host_lookup': 'native'}))
            self.addCleanup(sources[1].close)
        for number, source in enumerate(sources):
            with postern.Session(source.port) as session:
                session.begin('bob@via.test')
                self.assertRegex(session.content(postern.letter(f'server-{number}')), '^250 ')
        target.wait_mail(len(sources))
        target.wait_log(f'Anonymous TLS connection established from {ESTABLISHED}\n', len(sources))


if __name__ == '__main__':
    unittest.main()
