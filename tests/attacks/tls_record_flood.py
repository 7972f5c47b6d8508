"""A client that sends TLS records with next to nothing in them: handshakes in crumbs, alerts, ChangeCipherSpec, data byte by byte.
Each record costs the server a decryption or a turn of its loop, and none of them is a command, nor brings one nearer.
Each session should end. --count: how many records."""
import signal
import ssl

import tls_tools

ALERT = b'\x15\x03\x03\x00\x02\x01\x5a'  # a warning: user_canceled
CIPHER_CHANGE = b'\x14\x03\x03\x00\x01\x01'


def client_hello():
    """The body of the record that begins a handshake."""
    outgoing = ssl.MemoryBIO()
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname='mail.example')
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()[5:]


def in_crumbs(body):
    return b''.join(b'\x16\x03\x01\x00\x01' + bytes([byte]) for byte in body)


def handshake(options, data):
    """Raw records in place of a handshake. The server's answers are thrown away; does it hang up?"""
    session = tls_tools.Plain(options.host, options.port)
    try:
        if not options.wrapped:
            session.begin()
            session.ask('STARTTLS')
        session.send(data)
    except tls_tools.Lost as lost:
        return False, str(lost)
    session.socket.settimeout(options.patience)
    if session.ends():
        return False, 'the session ended'
    return True, f'the server still waits after {options.patience} s'


def bytewise(options):
    try:
        session = tls_tools.encrypted(options)
        for _ in range(options.count // 2):
            session.send(b'\r')
            session.send(b'\n')
        if not session.ends():
            return True, f'{options.count} records, and the session goes on'
    except tls_tools.Lost:
        pass
    return False, 'the session ended'


def main():
    options = tls_tools.arguments(
        __doc__, ('--count', {'type': int, 'default': 40000, 'help': 'how many records'}),
        ('--patience', {'type': float, 'default': 5, 'help': 'seconds in which the server should end the session'}))
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    hello = client_hello()
    whole = b'\x16\x03\x01' + len(hello).to_bytes(2, 'big') + hello
    tls_tools.conclude([
        ('a ClientHello in crumbs', *handshake(options, in_crumbs(hello))),
        ('alerts', *handshake(options, ALERT * options.count)),
        ('ChangeCipherSpec', *handshake(options, whole + CIPHER_CHANGE * options.count)),
        ('a ClientHello that does not end', *handshake(options, (b'\x16\x03\x01\x40\x00' + b'\x01\x02\x00\x00' + bytes(16380)) * 20)),
        ('data byte by byte', *bytewise(options))])


if __name__ == '__main__':
    main()
