"""What remote servers do, and what comes of it: for each a message to one destination, its first result (status, code, log
line), and then what follows: what was deferred is sent when the server has become a good one, what was bounced makes one
notification. One system, all destinations side by side, short timeouts."""
import email
import email.policy
import os
import re
import socket
import ssl
import unittest

import postern
from remote import CAPABILITIES, Certificates, Close, Early, Flood, Raw, Remote, Silent, Slow

LIMIT = 2  # seconds, of each phase
H = r'127\.0\.0\.1\[127\.0\.0\.1\]'
FAKE = None  # no server listens
EIGHT_BIT = 'caf\xe9\r\n'.encode('latin1')


class Row:
    """A server, and the result of the first attempt. `text` matches what stands in the parentheses of the log line;
    `after` is what a deferred message comes to once the server is good ('sent'), or without its becoming one ('again')."""

    def __init__(self, status, dsn, text='', table=None, *, recipients=None, policy=None, tls=None, transport='smtp',
                 check=None, after='sent', letter=None, results=None, options='', log=None, **server):
        self.status, self.dsn, self.text, self.table = status, dsn, text, table
        self.policy, self.tls, self.transport, self.check = policy, tls, transport, check
        self.after, self.letter, self.server, self.options, self.log = after, letter, server, options, log
        self.recipients = recipients or ['x']
        self.results = results or {name: (status, dsn, text) for name in self.recipients}


def sent(table=None, text=r'250 2\.0\.0 Ok: queued as REMOTE', **more):
    return Row('sent', '2.0.0', text, table, **more)


def deferred(dsn, text, table=None, **more):
    return Row('deferred', dsn, text, table, **more)


def bounced(dsn, text, table=None, **more):
    return Row('bounced', dsn, text, table, **more)


def said(reply, command):
    return rf'host {H} said: {re.escape(reply)} \(in reply to {command} command\)'


def lost(doing):
    return rf'lost connection with {H} while {doing}'


def timed_out(doing):
    return rf'conversation with {H} timed out while {doing}'


def has(*commands):
    """The server was given these command lines (as regular expressions), in this order."""
    def check(test, row, server):
        test.assertRegex('\n'.join(server.commands()), '(?s)' + '.*'.join(commands))
    return check


def never(command):
    def check(test, row, server):
        test.assertNotRegex('\n'.join(server.commands()), f'(?m)^{command}')
    return check


def encrypted(version='TLSv1.3'):
    def check(test, row, server):
        test.assertEqual([letter.encrypted for letter in server.letters], [version])
    return check


def in_plain(test, row, server):
    test.assertEqual([letter.encrypted for letter in server.letters], [None])


def logged_in(mechanism):
    def check(test, row, server):
        test.assertEqual([letter.user for letter in server.letters], ['ann'])
        test.assertIn(f'AUTH {mechanism}', '\n'.join(server.commands()))
    return check


def seven_bit(test, row, server):
    message = email.message_from_bytes(server.letters[0].content, policy=email.policy.default)
    test.assertTrue(server.letters[0].content.isascii())
    test.assertNotIn('8BITMIME', '\n'.join(server.commands()))
    test.assertEqual(message.get_payload(decode=True), EIGHT_BIT)


def eight_bit(test, row, server):
    test.assertIn(EIGHT_BIT, server.letters[0].content)
    test.assertIn('BODY=8BITMIME', server.letters[0] and '\n'.join(server.commands()))


def dots(test, row, server):
    test.assertTrue(server.letters[0].content.endswith(b'\r\n\r\n.\r\n..two\r\n.end'.replace(b'.end', b'.end\r\n')))


def one_letter(test, row, server):
    test.assertEqual(len(server.letters), 1)


def letter(name, body):
    head = b'' if body.isascii() else (b'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\n'
                                       b'Content-Transfer-Encoding: 8bit\r\n')
    return head + postern.letter(name, body)


def without(*words):
    return tuple(one for one in CAPABILITIES if one.split(' ')[0] not in words)


GREETING, EHLO = 'receiving the initial server greeting', 'performing the EHLO handshake'
END = r'sending end of data -- message may be sent more than once'
TLS_FAILED = 'Cannot start TLS: handshake failure'
LONG = '250 2.0.0 ' + 'x' * 100000

ROWS = {
    # -- as it should be
    'good': sent(check=has('^EHLO mail.sandbox.test', 'MAIL FROM:<ann@sandbox.test> SIZE=', 'RCPT TO:<x@good.test>', 'DATA')),
    'refused': deferred('4.4.1', rf'connect to {H}:\d+: Connection refused', FAKE, after=None),
    # -- the greeting
    'greet421': deferred('4.3.2', rf'host {H} refused to talk to me: 421 4\.3\.2 busy', {'connect': '421 4.3.2 busy'}),
    'greet450': deferred('4.7.1', rf'host {H} refused to talk to me: 450 4\.7\.1 later', {'connect': '450 4.7.1 later'}),
    'greet554': deferred('4.7.1', rf'host {H} refused to talk to me: 554 5\.7\.1 go away', {'connect': '554 5.7.1 go away'}),
    'greet5': deferred('4.0.0', rf'host {H} refused to talk to me: 554 go away', {'connect': '554 go away'}),
    'greetlines': sent({'connect': '220-remote.test ESMTP\r\n220-hello\r\n220 and welcome'}),
    'greetsmtp': sent({'connect': '220 hello'}, check=has('^EHLO')),
    'greetclose': deferred('4.4.2', lost(GREETING), {'connect': Close()}),
    'greetreset': deferred('4.4.2', lost(GREETING), {'connect': Close(reset=True)}),
    'greetsilent': deferred('4.4.2', timed_out(GREETING), {'connect': Silent()}),
    'greettarpit': deferred('4.4.2', timed_out(GREETING), {'connect': Slow('220 remote.test ESMTP', 0.3)}),
    'greetslow': sent({'connect': Slow('220 remote.test ESMTP', 0.02)}),
    'greetjunk': deferred('4.4.2', timed_out(GREETING), {'connect': 'SSH-2.0-OpenSSH_9.2'}),
    'greethttp': deferred('4.4.2', lost(GREETING), {'connect': Close('HTTP/1.1 400 Bad Request\r\n\r\n<html>')}),
    'greetflood': deferred(r'4.\d.\d', '', {'connect': Flood(b'220-' + b'x' * 60 + b'\r\n')}),
    'greetnoise': deferred(r'4.\d.\d', '', {'connect': Flood(b'\0\1\2\3\r\n')}),
    'greetendless': deferred('4.4.2', f'({lost(GREETING)}|{timed_out(GREETING)})', {'connect': Flood(b'x' * 1000)}),
    'greetlong': sent({'connect': '220 ' + 'x' * 100000}),
    'greetbare': sent({'connect': Raw(b'220 remote.test ESMTP\n')}),
    'greetextra': deferred('4.7.0', f'unexpected server message from {H}',
                           {'connect': Early('220 remote.test ESMTP', '250 one more')}),
    # -- EHLO
    'ehlo502': sent({'EHLO': '502 5.5.1 what?'}, check=has('^EHLO', 'HELO', r'MAIL FROM:<ann@sandbox.test>\nRCPT')),
    'ehlo450': sent({'EHLO': '450 4.3.0 not now'}, check=has('^EHLO', 'HELO')),
    'ehlo421': deferred('4.3.0', rf'host {H} refused to talk to me: 421 4\.3\.0 bye', {'EHLO': '421 4.3.0 bye'}),
    'helo554': bounced('5.5.0', rf'host {H} refused to talk to me: 554 5\.5\.0 no',
                       {'EHLO': '502 5.5.1 what?', 'HELO': '554 5.5.0 no'}),
    'ehloclose': deferred('4.4.2', lost(EHLO), {'EHLO': Close()}),
    'ehlosilent': deferred('4.4.2', timed_out(EHLO), {'EHLO': Silent()}),
    'heloclose': deferred('4.4.2', lost('performing the HELO handshake'), {'EHLO': '502 5.5.1 what?', 'HELO': Close()}),
    'ehlolower': sent(capabilities=('pipelining', 'size 10240000', '8bitmime', 'dsn'), check=has(r'SIZE=\d+')),
    'ehloodd': sent(capabilities=('XFOO BAR=1', 'AUTH=LOGIN', '-', 'SIZE', 'PIPELINING extra', 'CHUNKING', 'X' * 400)),
    'ehlonothing': sent(capabilities=(), check=never(r'MAIL FROM:\S+ ')),
    'ehlobadsize': sent(capabilities=('SIZE 99999999999999999999999', 'PIPELINING')),
    # Another port is another server, whatever its name: not a loop.
    'ehloloop': sent({'EHLO': '250 mail.sandbox.test'}),
    # -- what a server can not do
    'sizesmall': bounced('5.3.4', rf'message size \d+ exceeds size limit 100 of server {H}', capabilities=('SIZE 100',),
                         check=never('MAIL')),
    'sizeany': sent(capabilities=('SIZE 0',)),
    'nopipe': sent(capabilities=without('PIPELINING')),
    'no8bit': sent(capabilities=without('8BITMIME'), letter=EIGHT_BIT, check=seven_bit, options=' BODY=8BITMIME'),
    'has8bit': sent(letter=EIGHT_BIT, check=eight_bit, options=' BODY=8BITMIME'),
    'nodsn': sent(capabilities=without('DSN'), check=never(r'RCPT TO:\S+ ')),
    'dots': sent(letter=b'.\r\n..two\r\n.end\r\n', check=dots),
    # -- MAIL
    'mail451': deferred('4.3.0', said('451 4.3.0 later', 'MAIL FROM'), {'MAIL': '451 4.3.0 later'}),
    'mail452': deferred('4.3.1', said('452 4.3.1 full', 'MAIL FROM'), {'MAIL': '452 4.3.1 full'}),
    'mail421': deferred('4.3.2', said('421 4.3.2 bye', 'MAIL FROM'), {'MAIL': Close('421 4.3.2 bye')}),
    'mail550': bounced('5.7.1', said('550 5.7.1 no', 'MAIL FROM'), {'MAIL': '550 5.7.1 no'}),
    'mailmixed': bounced('5.0.0', said('550 4.7.1 no', 'MAIL FROM'), {'MAIL': '550 4.7.1 no'}),
    'mail354': bounced('5.5.0', 'Protocol error: ' + said('354 what', 'MAIL FROM'), {'MAIL': '354 what'},
                       capabilities=without('PIPELINING')),
    'mailclose': deferred('4.4.2', lost('sending MAIL FROM'), {'MAIL': Close()}),
    'mailsilent': deferred('4.4.2', timed_out('sending MAIL FROM'), {'MAIL': Silent()}),
    'mailtarpit': deferred('4.4.2', timed_out('sending MAIL FROM'), {'MAIL': Slow('250 2.1.0 Ok, go on now', 0.3)}),
    # -- RCPT
    'rcpt550': bounced('5.1.1', said('550 5.1.1 unknown', 'RCPT TO'), {'RCPT': '550 5.1.1 unknown'}, check=never('QUIT x')),
    'rcpt5': bounced('5.0.0', said('550 unknown', 'RCPT TO'), {'RCPT': '550 unknown'}),
    'rcptlines': bounced('5.1.1', said('550-5.1.1 unknown 550 5.1.1 here', 'RCPT TO'),
                         {'RCPT': '550-5.1.1 unknown\r\n550 5.1.1 here'}),
    'rcpt450': deferred('4.2.0', said('450 4.2.0 greylisted', 'RCPT TO'), {'RCPT': '450 4.2.0 greylisted'}),
    'rcpt552': bounced('5.2.2', said('552 5.2.2 too many', 'RCPT TO'), {'RCPT': '552 5.2.2 too many'}),
    'rcpt251': sent({'RCPT': '251 2.1.5 will forward'}),
    'rcptsome': Row(None, None, None, {'RCPT': {'<bad@rcptsome.test>': '550 5.1.1 unknown',
                                                '<later@rcptsome.test>': ['450 4.2.1 later', '250 2.1.5 Ok']}},
                    recipients=['x', 'bad', 'later', 'y'],
                    results={'x': ('sent', '2.0.0', '250 2'), 'y': ('sent', '2.0.0', '250 2'),
                             'bad': ('bounced', '5.1.1', said('550 5.1.1 unknown', 'RCPT TO')),
                             'later': ('deferred', '4.2.1', said('450 4.2.1 later', 'RCPT TO'))}),
    'rcpt421': deferred('4.3.2', said('421 4.3.2 bye', 'RCPT TO'), {'RCPT': Close('421 4.3.2 bye')}),
    'rcptclose': deferred('4.4.2', lost('sending RCPT TO'), {'RCPT': Close()}),
    'rcptsilent': deferred('4.4.2', timed_out('sending RCPT TO'), {'RCPT': Silent()}),
    # -- DATA and the content
    'data451': deferred('4.3.0', said('451 4.3.0 later', 'DATA'), {'DATA': '451 4.3.0 later'}),
    'data554': bounced('5.7.1', said('554 5.7.1 no', 'DATA'), {'DATA': '554 5.7.1 no'}),
    'data250': bounced('5.5.0', 'Protocol error: ' + said('250 2.0.0 Ok', 'DATA'), {'DATA': '250 2.0.0 Ok'}),
    'dataclose': deferred('4.4.2', lost('sending DATA command'), {'DATA': Close()}),
    'datasilent': deferred('4.4.2', timed_out('sending DATA command'), {'DATA': Silent()}),
    'bodyclose': deferred('4.4.2', lost(f'({END}|sending message body)'), {'DATA': Close('354 go on')}),
    'dot451': deferred('4.3.0', said('451 4.3.0 later', 'end of DATA'), {'.': '451 4.3.0 later'}),
    'dot552': bounced('5.3.4', said('552 5.3.4 too big', 'end of DATA'), {'.': '552 5.3.4 too big'}),
    'dot421': deferred('4.3.2', said('421 4.3.2 bye', 'end of DATA'), {'.': Close('421 4.3.2 bye')}),
    'dotclose': deferred('4.4.2', lost(END), {'.': Close()}),
    'dotsilent': deferred('4.4.2', timed_out(END), {'.': Silent()}),
    'dottarpit': deferred('4.4.2', timed_out(END), {'.': Slow('250 2.0.0 Ok: queued', 0.3)}),
    'dotlines': sent({'.': '250-2.0.0 Ok\r\n250 2.0.0 queued as Y'}, r'250-2\.0\.0 Ok 250 2\.0\.0 queued as Y'),
    'dotlong': sent({'.': LONG}, '250 2.0.0 x{100,}'),
    'dotflood': deferred(r'4.\d.\d', '', {'.': Flood(b'250-' + b'x' * 60 + b'\r\n')}),
    'dotcontrol': bounced('5.0.0', r'host .* said: 550 no\?\[1mentry', {'.': '550 no\x1b[1mentry'}),
    'quitclose': sent({'QUIT': Close()}),
    'quitsilent': sent({'QUIT': Silent()}),
    'mailextra': deferred(r'4.\d.\d', f'unexpected server message from {H}', {'MAIL': Early('250 2.1.0 Ok', '250 one more')},
                          capabilities=without('PIPELINING')),
    # -- STARTTLS
    'tlsmay': sent(policy='may', tls='good', check=encrypted()),
    'tlsmay454': sent({'STARTTLS': '454 4.7.0 not now'}, policy='may', tls='good', check=in_plain),
    'tlsmaynone': sent(policy='may', check=in_plain),
    'tlsmayself': sent(policy='may', tls='self', check=encrypted()),
    'tlsmayjunk': deferred('4.7.5', TLS_FAILED, {'tls': Raw(b'this is no TLS at all\r\n')}, policy='may', tls='good',
                           after='again', check=in_plain),
    'tlsmayclose': deferred('4.7.5', TLS_FAILED, {'tls': Close()}, policy='may', tls='good', after='again', check=in_plain),
    'tlsencrypt': sent(policy='encrypt', tls='good', check=encrypted()),
    'tlsnone': deferred('4.7.4', rf'TLS is required, but was not offered by host {H}', policy='encrypt', after=None),
    'tls454': deferred('4.7.0', rf'TLS is required, but host {H} refused to start TLS: 454 4\.7\.0 not now',
                       {'STARTTLS': '454 4.7.0 not now'}, policy='encrypt', tls='good', check=encrypted()),
    'tls554': bounced('5.7.1', rf'TLS is required, but host {H} refused to start TLS: 554 5\.7\.1 never',
                      {'STARTTLS': '554 5.7.1 never'}, policy='encrypt', tls='good'),
    'tlsjunk': deferred('4.7.5', TLS_FAILED, {'tls': Raw(b'this is no TLS at all\r\n')}, policy='encrypt', tls='good',
                        check=encrypted(), log=r'SSL_connect error to 127\.0\.0\.1\[127\.0\.0\.1\]:PORT: -1'),
    'tlsclose': deferred('4.7.5', TLS_FAILED, {'tls': Close()}, policy='encrypt', tls='good',
                         log=r'SSL_connect error to 127\.0\.0\.1\[127\.0\.0\.1\]:PORT: lost connection'),
    'tlssilent': deferred('4.7.5', TLS_FAILED, {'tls': Silent()}, policy='encrypt', tls='good',
                          log=r'SSL_connect error to 127\.0\.0\.1\[127\.0\.0\.1\]:PORT: Connection timed out'),
    'tlscmdclose': deferred('4.4.2', lost('performing the STARTTLS command'), {'STARTTLS': Close()}, policy='encrypt',
                            tls='good'),
    'tlsinject': deferred('4.7.0', f'unexpected server message from {H}', {'inject': b'250 injected\r\n'},
                          policy='encrypt', tls='good', check=encrypted()),
    'tlsold': deferred('4.7.5', TLS_FAILED, policy='encrypt protocols=>=TLSv1.2', tls='old', after=None),
    'tls12': sent(policy='encrypt protocols=<=TLSv1.2', tls='good', check=encrypted('TLSv1.2')),
    'tlsverify': sent(policy='verify match=mx.test', tls='good', check=encrypted()),
    'tlsexpired': deferred('4.7.5', 'Server certificate not trusted', policy='verify match=mx.test', tls='expired', after=None),
    'tlsself': deferred('4.7.5', 'Server certificate not trusted', policy='secure match=mx.test', tls='self', after=None),
    'tlsname': deferred('4.7.5', 'Server certificate not verified', policy='secure match=.other.test', tls='good', after=None),
    'tlsprint': sent(policy='fingerprint match=DIGEST', tls='self', check=encrypted()),
    'tlsbadprint': deferred('4.7.5', 'Server certificate not (verified|trusted)', policy='fingerprint match=00:11:22', tls='self',
                            after=None),
    'tlswrapped': sent(policy='encrypt', tls='good', transport='wrapped', wrapped=True, check=encrypted()),
    'tlsextra': deferred('4.7.0', f'unexpected server message from {H}', {'EHLO': Early('250-remote.test\r\n250 STARTTLS', '250 x')},
                         policy='encrypt', tls='good', check=encrypted()),
    # -- AUTH
    'authplain': sent(capabilities=('AUTH PLAIN',), transport='login', check=logged_in('PLAIN')),
    'authlogin': sent(capabilities=('AUTH LOGIN',), transport='login', check=logged_in('LOGIN')),
    'authcram': sent(capabilities=('AUTH PLAIN CRAM-MD5',), transport='login', check=logged_in('CRAM-MD5')),
    'authscram': sent(capabilities=('AUTH PLAIN LOGIN SCRAM-SHA-256',), transport='login', check=logged_in('SCRAM-SHA-256')),
    'authtoken': sent(capabilities=('AUTH XOAUTH2',), transport='login', check=logged_in('XOAUTH2')),
    'authwrong': deferred('4.7.8', rf'SASL authentication failed; server {H} said: 535 5\.7\.8 Error: authentication failed',
                          capabilities=('AUTH PLAIN',), transport='login', account=('ann', 'other'), after=None),
    'authnone': deferred('4.7.0', rf'SASL authentication failed: server {H} offered no compatible authentication mechanisms',
                         capabilities=('AUTH GSSAPI',), transport='login', after=None),
    'authtemp': deferred('4.7.0', rf'SASL authentication failed; server {H} said: 454 4\.7\.0 later', {'AUTH': '454 4.7.0 later'},
                         capabilities=('AUTH PLAIN',), transport='login'),
    'authjunk': deferred(r'4.\d.\d', 'SASL authentication failed', {'AUTH': '334 !!!'}, capabilities=('AUTH CRAM-MD5',),
                         transport='login'),
    'authlie': deferred(r'4.\d.\d', 'SASL authentication failed', {'AUTH': '235 2.7.0 welcome'},
                        capabilities=('AUTH SCRAM-SHA-256',), transport='login'),
    'authclose': deferred('4.4.2', lost('.*(AUTH|SASL).*'), {'AUTH': Close()}, capabilities=('AUTH PLAIN',), transport='login'),
    # -- LMTP: a reply for each recipient
    'lmtp': Row('sent', '2.1.5', r'250 2\.1\.5 Ok', transport='lmtp', lmtp=True, recipients=['x', 'y'], check=has('^LHLO')),
    'lmtpsome': Row(None, None, None, {'.': {'<full@lmtpsome.test>': '552 5.2.2 full', '<busy@lmtpsome.test>': ['451 4.2.1 busy', '250 2.1.5 Ok'],
                                             '*': '250 2.1.5 Ok'}},
                    transport='lmtp', lmtp=True, recipients=['x', 'full', 'busy', 'y'],
                    results={'x': ('sent', '2.1.5', '250'), 'y': ('sent', '2.1.5', '250'),
                             'full': ('bounced', '5.2.2', said('552 5.2.2 full', 'end of DATA')),
                             'busy': ('deferred', '4.2.1', said('451 4.2.1 busy', 'end of DATA'))}),
    'lmtpclose': Row(None, None, None, {'.': {'<x@lmtpclose.test>': '250 2.1.5 Ok', '<y@lmtpclose.test>': [Close(), '250 2.1.5 Ok']}},
                     transport='lmtp', lmtp=True, recipients=['x', 'y'],
                     results={'x': ('sent', '2.1.5', '250'), 'y': ('deferred', '4.4.2', lost(END))}),
    'lmtplhlo': bounced('5.5.1', rf'host {H} refused to talk to me: 502 5\.5\.1 what\?', {'LHLO': '502 5.5.1 what?'},
                        transport='lmtp', lmtp=True),
}


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
