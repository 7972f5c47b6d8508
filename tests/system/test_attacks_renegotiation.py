"""The renegotiation attack of 2009 (docs/attacks.md), in both roles: it succeeds against servers that have the hole, so that
we know that it is real, and fails against Postern."""
import os
import re
import subprocess
import unittest

import certificates
import peers
import postern
from ports import free_port

PROGRAM = os.path.join(postern.BUILD, 'attacks', 'renegotiation')
FAILED, SUCCEEDED = 0, 1
SECRET = 'AUTH PLAIN AGFubgBvcGVuIHNlc2FtZQ==\n'
LOCALHOST = r'\S+\[127\.0\.0\.1\]'
# Both permissions of OpenSSL that make the hole: SSL_OP_ALLOW_CLIENT_RENEGOTIATION, SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION.
CARELESS = '0x40100'


def attack(port, *options):
    """Runs the attack on a server of this machine: its exit status, and the story that it tells."""
    done = subprocess.run([PROGRAM, 'attack', '127.0.0.1', str(port), *options], capture_output=True, text=True,
                          timeout=postern.LIMIT, check=False)
    return done.returncode, done.stdout + done.stderr


class Demonstration:
    """The server with the hole: on OpenSSL, or with TLS of its own from before RFC 5746."""

    def __init__(self, made, certificate, *options):
        self.mailbox = made.path('mailbox' + ''.join(options))
        self.process = subprocess.Popen([PROGRAM, 'server', '--certificate', certificate, '--mailbox', self.mailbox, *options],
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(re.search(r'listens on (\d+)', self.process.stdout.readline())[1])

    def letters(self):
        """What it has taken since the last time."""
        if not os.path.exists(self.mailbox):
            return []
        with open(self.mailbox, encoding='latin1') as file:
            found = file.read().split('-- end\n')[:-1]
        os.unlink(self.mailbox)
        return found

    def close(self):
        self.process.kill()
        self.process.communicate()


class Renegotiation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.made = certificates.Certificates()
        cls.addClassCleanup(cls.made.close)
        cls.certificate = cls.made.make('mx', ['mx.test'], algorithm='rsa')
        cls.careless, cls.old, cls.asking = (cls.demonstration(*options) for options in (
            (), ('--own-tls',), ('--own-tls', '--signals', '--asks')))
        cls.ports = {name: free_port() for name in ('wrapped', 'screen', 'own', 'careless', 'old')}
        routes = {'careless.test': cls.ports['careless'], 'old.test': cls.ports['old'], 'asking.test': cls.asking.port}
        cls.box = postern.Sandbox(settings={
            'smtpd_tls_security_level': 'may', 'smtpd_tls_cert_file': cls.certificate, 'smtpd_tls_loglevel': '1',
            # The one cipher of the attacker, whose handshake is made by hand; by default there is none without forward secrecy.
            'tls_medium_cipherlist': 'AES128-GCM-SHA256:HIGH',
            'postscreen_greet_banner': '', 'postscreen_cache_map': '', 'postscreen_access_list': '', 'relay_domains': ' '.join(routes),
            'smtp_tls_security_level': 'encrypt', 'smtp_tls_loglevel': '1',
            'transport_maps': 'inline:{' + ', '.join(f'{name}=smtp:[127.0.0.1]:{port}' for name, port in routes.items()) + '}'})
        cls.addClassCleanup(cls.box.close)
        # `screen` hands sessions over when they come to STARTTLS, `own` speaks TLS itself.
        services = {'wrapped': '- smtpd -o smtpd_tls_wrappermode=yes', 'screen': '1 postscreen -o postscreen_pipelining_enable=yes',
                    'own': '1 postscreen -o postscreen_access_list=static:reject -o postscreen_denylist_action=enforce'}
        cls.box.append('master.cf', 'smtpd pass - - - - - smtpd -o syslog_name=postfix/behind\n' + ''.join(
            f'127.0.0.1:{cls.ports[name]} inet n - - - {service} -o syslog_name=postfix/{name}\n'
            for name, service in services.items()))
        cls.box.reload()

    @classmethod
    def demonstration(cls, *options):
        server = Demonstration(cls.made, cls.certificate, *options)
        cls.addClassCleanup(server.close)
        return server

    def logged(self, name, pattern, count=1):
        return self.box.wait_log(rf'postfix/{name}\[\d+\]: {pattern}', count)

    def test_it_is_real(self):
        for server in (self.careless, self.old):
            for options in ((), ('--chunk',)):
                with self.subTest(server=server.process.args, options=options):
                    status, story = attack(server.port, *options)
                    self.assertEqual(status, SUCCEEDED, story)
                    stolen, *rest = server.letters()
                    self.assertRegex(stolen, r'\ARCPT TO:<mallory@sandbox\.test>\nFrom: <mallory@attacker\.example>\n'
                                     r'Subject: what the victim says\n\nEHLO victim\.example\n')
                    self.assertEqual(SECRET in stolen, not options)
                    # The victim whose EHLO was swallowed has sent its letter and noticed nothing.
                    self.assertEqual('victim: all is well' in story, bool(options))
                    self.assertEqual([letter.split('\n')[0] for letter in rest], ['RCPT TO:<bob@sandbox.test>'] * len(options))

    def test_victims_that_nobody_attacks_are_served(self):
        for options in ((), ('--eager',)):
            done = subprocess.run([PROGRAM, 'victim', '127.0.0.1', str(self.old.port), '--ca', self.made.ca, *options],
                                  capture_output=True, text=True, timeout=postern.LIMIT, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(len(self.old.letters()), 2)

    @unittest.skipUnless(postern.IS_ROOT, 'only root starts a Postfix')
    def test_debians_postfix_has_the_hole_when_it_is_told_to(self):
        root = peers.postfix_root()
        if root is None:
            self.skipTest('no Postfix')
        settings = {'smtpd_tls_security_level': 'may', 'smtpd_tls_chain_files': self.certificate, 'mydestination': 'sandbox.test',
                    'local_transport': 'discard:', 'tls_ssl_options': CARELESS}
        with peers.Postfix(root, free_port(), settings) as other:
            for options in ((), ('--chunk',)):
                status, story = attack(other.port, *options)
                self.assertEqual(status, SUCCEEDED, story)

    def test_posterns_servers_end_the_session(self):
        rows = (('smtpd', self.box.port, 'smtpd', LOCALHOST), ('wrapped', self.ports['wrapped'], 'wrapped/smtpd', LOCALHOST),
                ('handed over', self.ports['screen'], 'behind/smtpd', LOCALHOST),
                ('screen', self.ports['own'], 'own/postscreen', r'\[127\.0\.0\.1\]:\d+'))
        for name, port, program, client in rows:
            options = ['--wrapped'] if name == 'wrapped' else []
            with self.subTest(name):
                status, story = attack(port, *options)
                self.assertEqual(status, FAILED, story)
                self.assertIn('without RFC 5746 there is no TLS with this server: fatal alert: handshake failure', story)
                self.assertIn('as a client that knows of RFC 5746', story)
                self.assertEqual('leaves a letter open' in story, name != 'screen', story)
                self.assertIn('victim: has not sent its letter', story)
                self.logged(program, rf'warning: TLS: {client} offers neither secure renegotiation \(RFC 5746\) nor')
                self.logged(program, rf'warning: TLS: {client} tries to renegotiate$')
                service = 'smtpd' if name == 'handed over' else f'127.0.0.1:{port}'
                for counter in ('tls_renegotiations_refused', 'tls_insecure_peers'):
                    self.assertEqual(self.box.value(f'{service}/{counter}'), 1, counter)
            if name != 'wrapped':  # where the victim's EHLO is swallowed before the handshake, there is none to swallow
                with self.subTest(name, chunk=True):
                    status, story = attack(port, '--chunk', *options)
                    self.assertEqual(status, FAILED, story)
                    self.assertEqual('leaves a chunk open' in story, name != 'screen', story)
                    self.assertIn('victim: has not sent its letter', story)
                    self.logged(program, rf'warning: TLS: {client} tries to renegotiate$', 2)
            with self.subTest(name, tls='1.3'):
                status, story = attack(port, '--tls13', *options)
                self.assertEqual(status, FAILED, story)
                self.assertIn('unexpected message', story)
                self.logged(program, rf'warning: TLS: {client} begins a handshake within a session of TLS 1\.3$')
        self.assertNotRegex(self.box.log(), r'qmgr\[\d+\]: \w+: from=<mallory')
        self.assertEqual(self.box.mail(), [])

    def test_posterns_client_goes_away(self):
        """From a man in the middle, and from a server that has been seen to know better and asks for a handshake."""
        rows = {'careless': (self.careless, 'from the server, fatal alert: handshake failure', 'TLS library problem: TLS: sslv3 alert'),
                'old': (self.old, 'from the victim, fatal alert: handshake failure', r'offers no secure renegotiation \(RFC 5746\)'),
                'asking': (self.asking, None, 'tries to renegotiate')}
        for name, (server, what, problem) in rows.items():
            with self.subTest(name):
                attacker = what and self.attacker(server.port, self.ports[name])
                self.assertRegex(self.box.send(None, f'ann@{name}.test'), '^250 ')
                relay = rf'127\.0\.0\.1\[127\.0\.0\.1\]:{self.ports.get(name, server.port)}'
                self.box.wait_log(rf'to=<ann@{name}\.test>, relay={relay}, .* dsn=4\.7\.5, status=deferred')
                self.box.wait_log(rf'warning: (TLS: {relay} )?{problem}')
                if attacker:
                    story, _ = attacker.communicate(timeout=postern.LIMIT)
                    self.assertEqual(attacker.returncode, FAILED, story)
                    self.assertIn(what, story)
                self.assertEqual(server.letters(), [])

    def attacker(self, port, own_port):
        """One who waits for his victim."""
        made = subprocess.Popen([PROGRAM, 'attack', '127.0.0.1', str(port), '--listen', str(own_port)], stdout=subprocess.PIPE,
                                text=True)
        self.addCleanup(made.stdout.close)
        self.addCleanup(made.wait)
        self.addCleanup(made.kill)
        postern.wait_for(lambda: 'waits for' in made.stdout.readline(), 'the attacker')
        return made


if __name__ == '__main__':
    unittest.main()
