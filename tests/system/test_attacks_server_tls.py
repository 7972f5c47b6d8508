"""The attacks of tests/attacks/ on STARTTLS and TLS of a server, and on its reading of chunks: against smtpd, screen's own TLS, and
a session that screen hands over; and against Debian's Postfix, as far as it lets them succeed."""
import os
import re
import ssl
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

import certificates
import peers
import postern
from ports import free_port

ATTACKS = os.path.join(postern.SOURCE, 'tests', 'attacks')
FAILED, SUCCEEDED = 0, 1
CLIENT = r'(?:\w+\[127\.0\.0\.1\]|\[127\.0\.0\.1\]:\d+)'


def attack(name, port, *words):
    """The exit status of an attack, and what it said."""
    done = subprocess.run([sys.executable, os.path.join(ATTACKS, f'{name}.py'), '127.0.0.1', str(port), *words],
                          capture_output=True, text=True, timeout=4 * postern.LIMIT, check=False)
    return done.returncode, done.stdout + done.stderr


class AttacksOnTls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.made = certificates.Certificates()
        cls.addClassCleanup(cls.made.close)
        own, other = cls.made.make('mx', ['mx.test']), cls.made.make('other', ['other.test'])
        cls.box = postern.Sandbox(settings={
            'smtpd_tls_security_level': 'may', 'smtpd_tls_cert_file': own, 'smtpd_error_sleep_time': '0',
            'smtpd_starttls_timeout': '8s', 'postscreen_greet_banner': '', 'postscreen_cache_map': '',
            'smtpd_hard_error_limit': '100', 'postscreen_access_list': ''})
        cls.addClassCleanup(cls.box.close)
        entries = {'server': ('smtpd', ''), 'wrapped': ('smtpd', '-o smtpd_tls_wrappermode=yes'),
                   'strict': ('smtpd', f'-o smtpd_tls_sni_mismatch=reject -o tls_server_sni_maps=inline:{{other.test={other}}}'),
                   'required': ('smtpd', '-o smtpd_tls_security_level=encrypt'),
                   'screen': ('postscreen', '-o screen_handoff=reconnect -o postscreen_bare_newline_enable=yes'),
                   'handover': ('postscreen', '')}
        lines, cls.ports = ['smtpd pass - - n - - smtpd\n'], {}
        for name, (program, words) in entries.items():
            cls.ports[name] = free_port()
            limit = '1' if program == 'postscreen' else '-'
            lines.append(f'127.0.0.1:{cls.ports[name]} inet n - n - {limit} {program} {words} -o syslog_name=postfix/{name}\n')
        cls.box.append('master.cf', ''.join(lines))
        cls.box.reload()

    def counted(self, name):
        return sum(self.values(name))

    def values(self, name):
        _, text, _ = self.box.run('status', '--json')
        return [int(n) for n in re.findall(rf'"{name}": ?(\d+)', text)]

    def test_they_fail(self):
        wanted = [
            ('starttls_injection', 'server', (), r'TLS: CLIENT sends plain text behind STARTTLS: RSET\\r\\n'),
            ('starttls_injection', 'screen', (), r'TLS: CLIENT sends plain text behind STARTTLS: RSET\\r\\n'),
            ('starttls_injection', 'handover', (), None),
            ('renegotiate', 'server', (), r'TLS: CLIENT tries to renegotiate\n'),
            ('renegotiate', 'screen', (), r'TLS: CLIENT tries to renegotiate\n'),
            ('renegotiate', 'wrapped', ('--wrapped',), r'TLS: CLIENT tries to renegotiate\n'),
            ('key_update_flood', 'server', (), r'TLS: CLIENT sends too many TLS key updates\n'),
            ('key_update_flood', 'screen', (), r'TLS: CLIENT sends too many TLS key updates\n'),
            ('alpn_cross_protocol', 'server', (), r'TLS: CLIENT offers the protocols "h2, http/1\.1" \(ALPN\), none of which is ours\n'),
            ('alpn_cross_protocol', 'screen', (), r'TLS: CLIENT offers the protocols "h2, http/1\.1"'),
            ('alpn_cross_protocol', 'strict', ('--name', 'www.test'), r'TLS: CLIENT asks for the server name "www\.test", which is not here\n'),
            ('https_to_smtp', 'server', (), r'TLS: CLIENT begins with TLS where plain text is spoken\n'),
            ('https_to_smtp', 'wrapped', ('--wrapped',), r'non-SMTP command from CLIENT: PUT / HTTP/1\.1\n'),
            ('https_to_smtp', 'handover', (), r'TLS: CLIENT begins with TLS where plain text is spoken\n'),
            ('tls_record_flood', 'server', (), r'TLS: CLIENT sends its TLS handshake in too many pieces\n'),
            ('tls_record_flood', 'screen', (), r'TLS: CLIENT sends its TLS handshake in too many pieces\n'),
            ('chunk_commands', 'server', (), r'\w+: malformed BDAT command syntax from CLIENT: BDAT 18x LAST\n'),
            ('chunk_commands', 'required', (), None),
            ('chunk_commands', 'handover', (), None)]
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda row: attack(row[0], self.ports[row[1]], *row[2]), wanted))
        for (name, port, words, line), (status, text) in zip(wanted, results):
            with self.subTest(name, port=port, words=words):
                self.assertEqual(status, FAILED, text)
                self.assertNotIn('goes on', text)
                self.assertNotIn('Traceback', text)
                if line:
                    self.box.wait_log(rf'postfix/(?:{port}/)?\w+\[\d+\]: warning: ' + line.replace('CLIENT', CLIENT))
        for name in ('injections', 'renegotiations_refused', 'floods', 'confusions', 'handshakes', 'handshakes_failed'):
            self.assertGreater(self.counted(f'tls_{name}'), 0, name)

    def test_clients_that_mean_well(self):
        """Names and protocols that are ours, and a key update now and then."""
        for port, protocols, name in (('server', ['smtp'], 'mx.test'), ('server', [], 'www.test'), ('strict', ['h2', 'smtp'], 'mx.test'),
                                      ('strict', [], 'other.test'), ('strict', [], None)):
            with self.subTest(port=port, protocols=protocols, name=name):
                context = ssl.create_default_context(cafile=self.made.ca)
                context.check_hostname = port == 'strict' and name is not None
                if protocols:
                    context.set_alpn_protocols(protocols)
                with postern.Session(self.ports[port]) as session:
                    session.command('STARTTLS')
                    session.file.close()
                    session.socket = context.wrap_socket(session.socket, server_hostname=name)
                    session.file = session.socket.makefile('rb')
                    self.assertEqual(session.socket.selected_alpn_protocol(), 'smtp' if protocols else None)
                    self.assertEqual(session.command('NOOP'), '250 2.0.0 Ok')

    def test_postfix_beside(self):
        """What Debian's Postfix lets happen with its defaults: the attacks are real."""
        root = peers.postfix_root() if postern.IS_ROOT else None
        if root is None:
            self.skipTest('no Postfix')
        required = free_port()
        server = peers.Postfix(root, free_port(), {
            'smtpd_tls_security_level': 'may', 'smtpd_tls_chain_files': self.made.make('old', ['postfix.test'])},
            f'127.0.0.1:{required} inet n - n - - smtpd -o smtpd_tls_security_level=encrypt\n')
        self.addCleanup(server.close)
        for name, port, *words in (('key_update_flood', server.port, '--count', '500'), ('alpn_cross_protocol', server.port),
                                   ('alpn_cross_protocol', server.port, '--name', 'www.test'),
                                   ('https_to_smtp', server.port, '--patience', '0.5'), ('chunk_commands', required)):
            with self.subTest(name, words=words):
                status, text = attack(name, port, *words)
                self.assertEqual(status, SUCCEEDED, text)
        for name in ('starttls_injection', 'renegotiate'):
            self.assertEqual(attack(name, server.port)[0], FAILED)


if __name__ == '__main__':
    unittest.main()
