"""TLS as it is set up for whoever sets up nothing: keys, ciphers, what scanners say of it, sessions that are resumed."""
import json
import os
import shutil
import ssl
import stat
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import postern
from test_starttls import Client, Wrapped, context
from ports import free_port

CIPHERS = {f'ECDHE-{kind}-{cipher}' for kind in ('ECDSA', 'RSA')
           for cipher in ('AES256-GCM-SHA384', 'AES128-GCM-SHA256', 'CHACHA20-POLY1305')}
CIPHERS |= {'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'}


def scan(port, *options):
    """What sslscan finds."""
    done = subprocess.run(['sslscan', '--xml=-', '--no-colour', *options, f'127.0.0.1:{port}'], capture_output=True, check=True,
                          timeout=2 * postern.LIMIT)
    return ElementTree.fromstring(done.stdout).find('ssltest')


def objections(port, directory):
    """What testssl.sh finds that is more than a remark."""
    file = os.path.join(directory, 'testssl.json')
    # Without DNS: it would wait long for names where there is none.
    subprocess.run(['testssl', '--quiet', '--color', '0', '--warnings', 'off', '--nodns', 'none', '-t', 'smtp', '-p', '-s', '-R',
                    '--jsonfile', file, f'127.0.0.1:{port}'], capture_output=True, check=False, timeout=4 * postern.LIMIT)
    with open(file, encoding='utf-8') as text:
        found = json.load(text)
    assert {'TLS1_2', 'TLS1_3', 'cipherlist_NULL', 'secure_client_renego'} <= {finding['id'] for finding in found}, found
    return [finding for finding in found if finding['severity'] in ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL', 'FATAL')]


def common_name(session):
    """The digest of the certificate that the server showed."""
    return ssl.DER_cert_to_PEM_cert(session.socket.getpeercert(True))


class AsInstalled(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.box = postern.Sandbox(tls=True, settings={'postscreen_greet_banner': '', 'postscreen_cache_map': '',
                                                      'postscreen_access_list': 'static:reject',
                                                      'postscreen_denylist_action': 'enforce'})
        cls.addClassCleanup(cls.box.close)
        cls.ports = {name: free_port() for name in ('wrapped', 'screen', 'strict')}
        cls.box.append('master.cf', f"127.0.0.1:{cls.ports['wrapped']} inet n - - - - smtpd -o smtpd_tls_wrappermode=yes\n"
                       f"127.0.0.1:{cls.ports['screen']} inet n - - - 1 postscreen\nsmtpd pass - - - - - smtpd\n"
                       f"127.0.0.1:{cls.ports['strict']} inet n - - - - smtpd -o smtpd_tls_security_level=encrypt\n")
        cls.box.reload()

    def resumes(self, tls, session, port=None):
        """Whether a client with a session of before resumes it; and the session that it has then."""
        with Client(port or self.box.port) as client:
            client.command('STARTTLS')
            client.file.close()
            client.socket = tls.wrap_socket(client.socket, session=session)
            client.file = client.socket.makefile('rb')
            client.command('EHLO client.example')
            return client.socket.session_reused, client.socket.session

    def test_scanners_find_nothing_to_object_to(self):
        scratch = tempfile.mkdtemp(prefix='postern-scan-')
        self.addCleanup(shutil.rmtree, scratch)
        with ThreadPoolExecutor() as threads:
            slow = threads.submit(objections, self.box.port, scratch)
            scans = {name: threads.submit(scan, port, *options) for name, port, options in (
                ('smtpd', self.box.port, ['--starttls-smtp']), ('wrapped', self.ports['wrapped'], []),
                ('screen', self.ports['screen'], ['--starttls-smtp']))}
            for name, done in scans.items():
                with self.subTest(name):
                    found = done.result()
                    spoken = {(p.get('type'), p.get('version')) for p in found.iter('protocol') if p.get('enabled') == '1'}
                    # Its question about TLS 1.2 has neither RFC 5746 nor RFC 7627: such clients are refused, and it asks no more.
                    self.assertEqual(spoken, {('tls', '1.3')})
                    self.assertEqual({c.get('cipher') for c in found.iter('cipher')},
                                     {cipher for cipher in CIPHERS if cipher.startswith('TLS_')})
                    self.assertEqual([r.get('supported') for r in found.iter('renegotiation')], ['0'])
                    self.assertEqual([h.get('vulnerable') for h in found.iter('heartbleed') if h.get('vulnerable') != '0'], [])
            self.assertEqual(slow.result(), [])

    def test_the_ciphers_of_tls_1_2(self):
        for name in (None, 'wrapped', 'screen'):
            with self.subTest(name):
                taken = []
                while len(taken) < 20:
                    tls = context(version=ssl.TLSVersion.TLSv1_2,
                                  ciphers=':'.join(['ALL:COMPLEMENTOFALL:@SECLEVEL=0', *(f'!{cipher}' for cipher in taken)]))
                    try:
                        is_wrapped = name == 'wrapped'
                        with (Wrapped(self.ports[name], tls) if is_wrapped
                              else Client(self.ports.get(name, self.box.port))) as session:
                            if not is_wrapped:
                                session.command('STARTTLS')
                                session.encrypt(tls)
                            taken.append(session.socket.cipher()[0])
                    except (ssl.SSLError, OSError):
                        break
                self.assertEqual(set(taken), {cipher for cipher in CIPHERS if cipher.startswith('ECDHE')})
                self.assertTrue(taken[0].startswith('ECDHE-ECDSA'), taken)

    def test_the_keys_are_made_for_whoever_has_none(self):
        for name in ('ecdsa', 'rsa'):
            file = os.path.join(self.box.facts['config_directory'], 'tls', f'{name}.pem')
            self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o600)
        with Client(self.box.port) as session:
            session.starttls(context(ciphers='ECDHE-RSA-AES128-GCM-SHA256', version=ssl.TLSVersion.TLSv1_2))
            self.assertEqual(session.socket.cipher()[0], 'ECDHE-RSA-AES128-GCM-SHA256')

    def test_a_session_outlives_the_process_and_not_the_service(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version.name):
                tls = context(version=version)
                reused, session = self.resumes(tls, None)
                self.assertFalse(reused)
                reused, session = self.resumes(tls, session)
                self.assertTrue(reused)
                self.assertFalse(self.resumes(tls, session, self.ports['strict'])[0])
                before = self.box.processes('smtpd')
                self.box.append('main.cf', f'smtpd_banner = mx.test ESMTP {version.name}\n')
                self.box.reload()
                postern.wait_for(lambda old=set(before): not old & set(self.box.processes('smtpd')), 'other processes')
                reused, session = self.resumes(tls, session)
                self.assertTrue(reused)
                self.assertEqual(self.box.run('upgrade')[0], 0)
                self.assertTrue(self.resumes(tls, session)[0])

    def test_a_new_certificate_is_noticed(self):
        file = os.path.join(self.box.facts['config_directory'], 'tls', 'ecdsa.pem')
        with Wrapped(self.ports['wrapped']) as session:
            before = common_name(session)
        status, said, errors = self.box.run('tls', 'new-server-key', '-a', 'ecdsa', 'mx.new.test')
        self.assertEqual((status, errors), (0, ''))
        os.replace(said.split('\n')[0].split()[-1], file)
        self.box.wait_log(rf'smtpd\[\d+\]: table {file} has changed -- restarting')

        def is_new():
            with Wrapped(self.ports['wrapped']) as session:
                return common_name(session) != before
        postern.wait_for(is_new, 'the new certificate')


class Verbs(unittest.TestCase):
    """`postern tls`."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix='postern-tls-')
        self.addCleanup(shutil.rmtree, self.directory)
        self.write('myhostname = mx.example.org\n')
        self.write('', 'master.cf')

    def write(self, text, name='main.cf'):
        with open(os.path.join(self.directory, name), 'w', encoding='ascii') as file:
            file.write(text)

    def tls(self, *words, fails=None):
        done = subprocess.run([os.path.join(postern.BUILD, 'bin', 'postern'), '-c', self.directory, 'tls', *words],
                              capture_output=True, text=True, timeout=postern.LIMIT, check=False)
        if fails is None:
            self.assertEqual((done.returncode, done.stderr), (0, ''), done.stdout)
        else:
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stdout + done.stderr, fails)
        return done.stdout

    def openssl(self, *words, text=None):
        return subprocess.run(['openssl', *words], capture_output=True, text=True, check=True, input=text).stdout

    def values(self):
        with open(os.path.join(self.directory, 'main.cf'), encoding='ascii') as file:
            return dict(line.strip().split(' = ', 1) for line in file if ' = ' in line)

    def test_a_server_gets_both_keys_and_a_client_its_level(self):
        self.tls('all-default-server')
        self.tls('all-default-client')
        self.tls('enable-server', 'mx.example.org', 'mail.example.org')
        values = self.values()
        self.assertEqual(values['smtpd_tls_security_level'], 'may')
        for kind, name, words in (('', 'rsa', 'rsaEncryption'), ('ec', 'ecdsa', 'id-ecPublicKey')):
            file = values[f'smtpd_tls_{kind}cert_file']
            self.assertEqual(values[f'smtpd_tls_{kind}key_file'], file)
            self.assertRegex(file, rf'^{self.directory}/tls/{name}-\d+-\d+\.pem$')
            self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o600)
            shown = self.openssl('x509', '-in', file, '-noout', '-text')
            for part in (f'Public Key Algorithm: {words}', 'CN = mx.example.org', 'DNS:mx.example.org, DNS:mail.example.org',
                         'CA:FALSE', 'TLS Web Server Authentication'):
                self.assertIn(part, shown)
            self.openssl('verify', '-CAfile', file, '-verify_hostname', 'mail.example.org', file)
        self.tls('enable-server', fails='nothing was changed')
        self.tls('all-default-server', fails='^$')
        self.tls('enable-client')
        self.assertEqual(self.values()['smtp_tls_security_level'], 'may')
        self.tls('enable-client', fails='nothing was changed')
        records = self.tls('output-server-tlsa', '-h', 'mx.test').splitlines()
        for kind, record in zip(('ec', ''), records, strict=True):
            public = self.openssl('x509', '-in', values[f'smtpd_tls_{kind}cert_file'], '-noout', '-pubkey')
            with tempfile.NamedTemporaryFile() as der:
                self.openssl('pkey', '-pubin', '-outform', 'DER', '-out', der.name, text=public)
                digest = self.openssl('sha256', '-r', der.name).split()[0].upper()
            self.assertEqual(record, f'_25._tcp.mx.test. IN TLSA 3 1 1 {digest}')

    def test_keys_change_hands(self):
        self.tls('enable-server', '-a', 'ecdsa')
        first = self.values()['smtpd_tls_eccert_file']
        self.assertNotIn('smtpd_tls_cert_file', self.values())
        public = self.openssl('x509', '-in', first, '-noout', '-pubkey')
        request = self.tls('output-server-csr', 'mx.example.org')
        self.assertIn('verify OK', subprocess.run(['openssl', 'req', '-verify', '-noout'], input=request, capture_output=True,
                                                  text=True, check=True).stderr)
        self.assertEqual(self.openssl('req', '-noout', '-pubkey', text=request), public)
        again = self.tls('new-server-cert', 'other.example.org').split('\n')[0].split()[-1]
        self.assertEqual(self.openssl('x509', '-in', again, '-noout', '-pubkey'), public)
        self.assertEqual(self.values()['smtpd_tls_eccert_file'], first)
        rsa = self.tls('new-server-key', '-a', 'rsa', '-b', '3072').split('\n')[0].split()[-1]
        self.tls('deploy-server-cert', rsa)
        self.assertEqual(self.values()['smtpd_tls_cert_file'], rsa)
        self.tls('deploy-server-cert', again, rsa, fails='the key is not that of the certificate|values mismatch|type mismatch')
        self.assertEqual(self.values()['smtpd_tls_eccert_file'], first)

    def test_what_is_wrong_is_said(self):
        for words, why in ((['enable-server', '-a', 'dsa'], 'no algorithm of keys: dsa'),
                           (['new-server-key', '-a', 'rsa', '-b', '512'], 'an RSA key of 512 bits'),
                           (['new-server-key', '-b', '333'], 'no elliptic curve of 333 bits'),
                           (['new-server-key', 'a,IP:127.0.0.1'], 'not the name of a host'),
                           (['deploy-server-cert'], 'say which file'), (['deploy-server-cert', '/nonexistent'], '/nonexistent'),
                           (['output-server-csr'], 'no key in use'), (['output-server-tlsa'], 'the server has no key'),
                           (['fly'], 'unknown verb: tls fly'), ([], 'usage: postern tls')):
            with self.subTest(words):
                self.tls(*words, fails=why)
        self.assertEqual(self.values(), {'myhostname': 'mx.example.org'})
        self.assertFalse(os.path.exists(os.path.join(self.directory, 'tls')))


if __name__ == '__main__':
    unittest.main()
