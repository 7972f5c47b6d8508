"""What remote servers do at each phase, and what comes of a message to each: the table of test_remote.py."""
import email
import email.policy
import re

import postern
from remote import CAPABILITIES, Close, Early, Flood, Raw, Silent, Slow

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
    'greetendless': deferred('4.5.0', f'host {H} does not speak SMTP while {GREETING}', {'connect': Flood(b'x' * 1000)}),
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
    'mail354': bounced('5.5.0', said('354 what', 'MAIL FROM'), {'MAIL': '354 what'},
                       capabilities=without('PIPELINING')),
    'mailclose': deferred('4.4.2', lost('sending MAIL FROM'), {'MAIL': Close()}),
    'mailsilent': deferred('4.4.2', timed_out('sending MAIL FROM'), {'MAIL': Silent()}),
    'mailtarpit': deferred('4.4.2', timed_out('sending MAIL FROM'), {'MAIL': Slow('250 2.1.0 Ok, go on now', 0.3)}),
    # -- RCPT
    'rcpt550': bounced('5.1.1', said('550 5.1.1 unknown', 'RCPT TO'), {'RCPT': '550 5.1.1 unknown'}, check=never('QUIT x')),
    'rcpt5': bounced('5.0.0', said('550 unknown', 'RCPT TO'), {'RCPT': '550 unknown'}),
    'rcpt199': bounced('5.5.0', said('199 hm', 'RCPT TO'), {'RCPT': '199 hm'}),
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
    'tlscmdclose': deferred('4.4.2', lost('receiving the STARTTLS response'), {'STARTTLS': Close()}, policy='encrypt',
                            tls='good'),
    'tlsinject': deferred('4.7.0', f'unexpected server message from {H}', {'inject': b'250 injected\r\n'},
                          policy='encrypt', tls='good', check=encrypted()),
    'tlsold': deferred('4.7.5', TLS_FAILED, policy='encrypt protocols=>=TLSv1.2', tls='old', after=None),
    'tls12': sent(policy='encrypt protocols=<=TLSv1.2', tls='good', check=encrypted('TLSv1.2')),
    'tlsverify': sent(policy='verify match=mx.test', tls='good', check=encrypted()),
    'tlsexpired': deferred('4.7.5', 'Server certificate not verified', policy='verify match=mx.test', tls='expired', after=None),
    'tlsself': deferred('4.7.5', 'Server certificate not verified', policy='secure match=mx.test', tls='self', after=None),
    'tlsname': deferred('4.7.5', 'Server certificate not verified', policy='secure match=.other.test', tls='good', after=None,
                        log=r'certificate verification failed for 127\.0\.0\.1\[127\.0\.0\.1\]:PORT: no name matches'),
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
