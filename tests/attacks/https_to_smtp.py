"""A browser that is made to send its form to a mail server: in TLS, or with its ClientHello where plain text is spoken.
A patient server answers the request line and the header with errors, and then obeys the body, which is SMTP that
the attacker wrote. The session should end at the first line that is no mail."""
import signal
import ssl

import tls_tools

BODY = ('{method} / HTTP/1.1\r\nHost: mail.example\r\nContent-Type: text/plain\r\n\r\n'
        'EHLO attacker.example\r\nMAIL FROM:<mallory@attacker.example>\r\nQUIT\r\n')


def form(options, method):
    """An HTTP request within TLS."""
    try:
        session = tls_tools.encrypted(options)
        if options.wrapped:
            session.reply()
        session.send(BODY.format(method=method).encode())
    except tls_tools.Lost as lost:
        return False, str(lost)
    heard = []
    try:
        while True:
            heard.append(session.reply())
    except tls_tools.Lost:
        pass
    obeyed = [reply for reply in heard if reply.startswith('250')]
    return bool(obeyed), f'{len(heard)} replies, the last: {heard[-1] if heard else "none"}'


def hello(options, is_cut):
    """The first record of TLS, or its beginning, in a session of plain text."""
    outgoing = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    session = tls_tools.Plain(options.host, options.port)
    try:
        session.reply()
        record = outgoing.read()
        session.send(record[:7] if is_cut else record)
        session.socket.settimeout(options.patience)
        ended = session.ends()
    except tls_tools.Lost as lost:
        return False, str(lost)
    return not ended, 'the session ended' if ended else f'the session goes on after {options.patience} s'


def main():
    options = tls_tools.arguments(
        __doc__, ('--patience', {'type': float, 'default': 3, 'help': 'seconds in which the server should end the session'}))
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    results = [(f'{method} within TLS', *form(options, method)) for method in ('GET', 'POST', 'PUT', 'Host:')]
    if not options.wrapped:
        results.append(('a ClientHello in plain text', *hello(options, False)))
        results.append(('the first bytes of a ClientHello', *hello(options, True)))
    tls_tools.conclude(results)


if __name__ == '__main__':
    main()
