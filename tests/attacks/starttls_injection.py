"""Commands that an attacker in the middle puts behind a client's STARTTLS, in plain text (CVE-2011-0411, "NO STARTTLS" 2021).
A server that keeps them obeys them within TLS, as if the client had said them: the start of a message, say, whose
content is then the client's password. Each attempt should end the session, or come to nothing."""
import signal

import tls_tools

MESSAGE = b'EHLO m\r\nMAIL FROM:<mallory@attacker.example>\r\nRCPT TO:<postmaster>\r\nDATA\r\n'
TRANSACTION = ('MAIL FROM:<mallory@attacker.example>', 'RCPT TO:<postmaster>')

# What it is called, what is said before, the packets with STARTTLS, what is sent behind the server's 220.
ATTEMPTS = (
    ('a command in the same packet', (), (b'STARTTLS\r\nNOOP\r\n',), b''),
    ('RSET in the same packet', (), (b'STARTTLS\r\nRSET\r\n',), b''),
    ('half a message', (), (b'STARTTLS\r\n' + MESSAGE,), b''),
    ('half a command', (), (b'STARTTLS\r\nNO',), b''),
    ('much of it', (), (b'STARTTLS\r\n' + b'NOOP\r\n' * 2000,), b''),
    ('AUTH', (), (b'STARTTLS\r\nAUTH PLAIN AG1lAG15c2VsZg==\r\n',), b''),
    ('STARTTLS twice', (), (b'STARTTLS\r\nSTARTTLS\r\n',), b''),
    ('a packet of its own', (), (b'STARTTLS\r\n', b'NOOP\r\n'), b''),
    ('a line in two packets', (), (b'STARTTLS\r\nNO', b'OP\r\n'), b''),
    ('in place of the handshake', (), (b'STARTTLS\r\n',), b'NOOP\r\n'),
    ('lines that end in LF', (), (b'STARTTLS\nNOOP\n',), b''),
    ('lines that end in CR', (), (b'STARTTLS\rNOOP\r\n',), b''),
    ('NUL between them', (), (b'STARTTLS\x00\r\nNOOP\r\n',), b''),
    ('behind a blank', (), (b'STARTTLS \r\nNOOP\r\n',), b''),
    ('behind a blank line', (), (b'STARTTLS\r\n\r\nNOOP\r\n',), b''),
    ('behind an argument', (), (b'STARTTLS now\r\nNOOP\r\n',), b''),
    ('in small letters', (), (b'starttls\r\nnoop\r\n',), b''),
    ('in a transaction', TRANSACTION, (b'STARTTLS\r\n',), b''),
    ('in a transaction, with DATA behind', TRANSACTION, (b'STARTTLS\r\nDATA\r\n',), b''),
    ('AUTH before', ('AUTH PLAIN AG1lAG15c2VsZg==',), (b'STARTTLS\r\n',), b''),
)


def in_tls(session):
    """The victim's session: it says an unknown word and goodbye, and hears two answers, and no message goes on."""
    session.send(b'XPROBE\r\n')
    first = session.reply()
    if not first.startswith('5'):
        return True, f'an answer to what was not said: {first}'
    second = session.ask('DATA')
    if second.startswith(('2', '3')):
        return True, f'the transaction goes on: {second}'
    third = session.ask('QUIT')
    if not third.startswith(('221', '421')):
        return True, f'an answer too many: {third}'
    return False, 'forgotten'


def attempt(options, before, packets, behind):
    session = tls_tools.Plain(options.host, options.port)
    try:
        session.begin()
        for line in before:
            session.ask(line)
        for packet in packets:
            session.send(packet)
        reply = session.reply()
        if not reply.startswith('220'):
            return False, reply
        session.send(behind)
        return in_tls(tls_tools.Tls(session))
    except tls_tools.Lost as lost:
        return False, str(lost)
    finally:
        session.close()


def again(options):
    """STARTTLS, and a command behind it, within TLS."""
    try:
        session = tls_tools.encrypted(options)
        session.send(b'STARTTLS\r\nNOOP\r\n')
        reply = session.reply()
        return reply.startswith('220'), reply
    except tls_tools.Lost as lost:
        return False, str(lost)


def main():
    options = tls_tools.arguments(__doc__)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    results = [(name, *attempt(options, *words)) for name, *words in ATTEMPTS]
    tls_tools.conclude(results + [('within TLS', *again(options))])


if __name__ == '__main__':
    main()
