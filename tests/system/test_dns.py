"""Where mail goes by what DNS says: dnsmasq answers, and a server of our own for what dnsmasq cannot do: fail, be slow, be
silent, go round in circles, and say that it has validated an answer."""
import os
import random
import re
import shutil
import socket
import struct
import subprocess
import unittest

import postern
from certificates import Certificates
from fake_dns import A, AAAA, CNAME, FakeDns, MX, SERVFAIL, TLSA, mx, v4, wire_name
from remote import Remote


def has_ipv6():
    try:
        with socket.create_server(('::1', 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


# domain: status, code, and the relay or the text of the log line
RESULTS = {
    'one.test': ('sent', '2.0.0', 'relay=mx1.one.test[127.0.0.2]:'),
    'pref.test': ('sent', '2.0.0', 'relay=mx2.pref.test[127.0.0.2]:'),
    'addr.test': ('sent', '2.0.0', 'relay=addr.test[127.0.0.2]:'),
    'alias.test': ('sent', '2.0.0', '[127.0.0.2]:'),
    'many.test': ('sent', '2.0.0', '[127.0.0.2]:'),
    'slow.test': ('sent', '2.0.0', 'relay=mx.slow.test[127.0.0.2]:'),
    'null.test': ('bounced', '5.1.0', '(Domain null.test does not accept mail (nullMX))'),
    'none.test': ('bounced', '5.4.4', 'Host or domain name not found. Name service error for name=none.test type='),
    'noaddr.test': ('bounced', '5.4.4', 'Name service error for name=mx.noaddr.test type='),
    'badmx.test': ('bounced', '5.4.4', ''),
    'servfail.test': ('deferred', '4.4.3', 'Name service error for name=servfail.test type=MX: Host not found, try again'),
    'never.test': ('deferred', '4.4.3', 'Name service error for name=never.test type=MX: Host not found, try again'),
    'circle.test': ('deferred', '4.4.3', 'Name service error for name=circle.test type=MX: Host not found, try again'),
    'dead.test': ('deferred', '4.4.1', 'connect to mx.dead.test[127.0.0.9]:'),
    'dane.test': ('sent', '2.0.0', 'relay=mx.dane.test[127.0.0.3]:'),
    'danebad.test': ('deferred', '4.7.5', '(Server certificate not verified)'),
    'danenone.test': ('sent', '2.0.0', 'relay=mx.danenone.test[127.0.0.3]:'),
    'insecure.test': ('sent', '2.0.0', 'relay=mx.insecure.test[127.0.0.3]:'),
    'six.test': ('sent', '2.0.0', 'relay=mx.six.test[::1]:'),
}


@unittest.skipUnless(shutil.which('dnsmasq'), 'dnsmasq is not there')
class Dns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certificates = made = Certificates()
        cls.addClassCleanup(made.close)
        file = made.make('mx', ['mx.dane.test'])
        cls.start_servers(made.context(file))
        key = bytes.fromhex(made.digest(file, 'key'))
        cls.start_dns(key)
        cls.box = postern.Sandbox(settings={
            'relay_domains': ' '.join(RESULTS), 'dns_servers': f'127.0.0.1:{cls.dns_port}',
            'transport_maps': '', 'smtp_tcp_port': str(cls.port), 'inet_protocols': 'all',
            'relay_transport': 'smtp', 'smtp_tls_loglevel': '1', 'smtp_connect_timeout': '2s',
            'smtp_dns_support_level': 'dnssec', 'smtp_tls_security_level': 'dane', 'minimal_backoff_time': '300s'})
        cls.addClassCleanup(cls.box.close)
        with cls.box.session() as session:
            for domain in cls.domains():
                session.begin(f'x@{domain}', sender='ann@sandbox.test')
                reply = session.content(postern.letter(domain))
                assert reply.startswith('250'), reply

    @staticmethod
    def domains():
        return [domain for domain in RESULTS if domain != 'six.test' or has_ipv6()]

    @classmethod
    def start_servers(cls, context):
        cls.plain = Remote(host='127.0.0.2')
        cls.port = cls.plain.port
        cls.tls = Remote(context=context, host='127.0.0.3', port=cls.port)
        cls.six = Remote(host='::1', port=cls.port) if has_ipv6() else None
        for server in (cls.plain, cls.tls, cls.six):
            if server:
                cls.addClassCleanup(server.close)

    @classmethod
    def start_dns(cls, key):
        table = {('slow.test', MX): [('slow.test', MX, mx(10, 'mx.slow.test'))],
                 ('mx.slow.test', A): [('mx.slow.test', A, v4('127.0.0.2'))],
                 ('badmx.test', MX): [('badmx.test', MX, struct.pack('>H', 10) + b'\3a b\0')]}
        for kind in (A, AAAA, MX):
            table['circle.test', kind] = [('circle.test', CNAME, wire_name('b.circle.test')),
                                          ('b.circle.test', CNAME, wire_name('circle.test'))]
        for domain in ('dane', 'danebad', 'danenone', 'insecure'):
            host = f'mx.{domain}.test'
            table[f'{domain}.test', MX] = [(f'{domain}.test', MX, mx(10, host))]
            table[host, A] = [(host, A, v4('127.0.0.3'))]
            pin = key if domain == 'dane' else bytes(32)
            if domain != 'danenone':
                table[f'_{cls.port}._tcp.{host}', TLSA] = [(f'_{cls.port}._tcp.{host}', TLSA, b'\3\1\1' + pin)]
        stub = FakeDns()
        cls.addClassCleanup(stub.close)
        stub.table = table
        stub.domain('slow.test', delay=1)
        stub.domain('never.test', silent=True)
        stub.domain('servfail.test', code=SERVFAIL)
        for domain in ('dane.test', 'danebad.test', 'danenone.test'):
            stub.domain(domain, secure=True)
        ours = ('slow', 'badmx', 'servfail', 'never', 'circle', 'dane', 'danebad', 'danenone', 'insecure')
        words = ['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--pid-file=',
                 '--listen-address=127.0.0.1', '--bind-interfaces', '--proxy-dnssec',
                 '--cache-size=0', '--local=/test/', *(f'--server=/{one}.test/127.0.0.1#{stub.port}' for one in ours),
                 '--mx-host=one.test,mx1.one.test,10', '--host-record=mx1.one.test,127.0.0.2',
                 '--mx-host=pref.test,mx1.pref.test,10', '--mx-host=pref.test,mx2.pref.test,20',
                 '--host-record=mx1.pref.test,127.0.0.9', '--host-record=mx2.pref.test,127.0.0.2',
                 '--host-record=addr.test,127.0.0.2', '--cname=alias.test,addr.test',
                 '--dns-rr=null.test,15,000000', '--mx-host=noaddr.test,mx.noaddr.test,10',
                 '--mx-host=dead.test,mx.dead.test,10', '--host-record=mx.dead.test,127.0.0.9',
                 '--mx-host=six.test,mx.six.test,10', '--host-record=mx.six.test,::1']
        # More than fits into a datagram: asked again over TCP.
        for n in range(60):
            words += [f'--mx-host=many.test,a-mail-server-with-a-long-name-{n}.many.test,{n + 1}']
        words += ['--host-record=a-mail-server-with-a-long-name-0.many.test,127.0.0.2']
        if os.geteuid() == 0:
            words += ['--user=root']
        cls.addClassCleanup(cls.stop_dns)
        for _ in range(20):  # others may be faster to take a port
            cls.dns_port = random.randrange(10000, 30000)
            cls.dnsmasq = subprocess.Popen([*words, f'--port={cls.dns_port}'], stderr=subprocess.DEVNULL)
            postern.wait_for(lambda: cls.dnsmasq.poll() is not None or cls.dns_answers(), 'dnsmasq to answer')
            if cls.dnsmasq.poll() is None:
                return
        raise AssertionError('dnsmasq does not start')

    @classmethod
    def dns_answers(cls):
        question = struct.pack('>HHHHHH', 7, 0x0100, 1, 0, 0, 0) + wire_name('addr.test') + struct.pack('>HH', A, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.settimeout(0.2)
            try:
                asker.sendto(question, ('127.0.0.1', cls.dns_port))
                return asker.recv(512)
            except OSError:
                return None

    @classmethod
    def stop_dns(cls):
        cls.dnsmasq.terminate()
        cls.dnsmasq.wait(10)

    def test_each_domain_has_its_result(self):
        for domain in self.domains():
            status, code, part = RESULTS[domain]
            with self.subTest(domain=domain):
                line = self.box.wait_log(rf'to=<x@{re.escape(domain)}>.*', limit=60)[0][0]
                self.assertIn(f'dsn={code}, status={status} (', line)
                self.assertIn(part, line)

    def test_dane_names_the_connection_as_it_is(self):
        self.box.wait_log(r'Verified TLS connection established to mx\.dane\.test\[127\.0\.0\.3\]')
        self.box.wait_log(r'Untrusted TLS connection established to mx\.insecure\.test\[127\.0\.0\.3\]')
        self.box.wait_log(r'to=<x@dane\.test>.*status=sent')


if __name__ == '__main__':
    unittest.main()
