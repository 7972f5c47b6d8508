"""STARTTLS taken away: from the answer to EHLO, by a refusal, or in place of the handshake.
    python3 starttls_strip.py HOST PORT [--attempt NAME]
Send letters to it. It succeeds with a client that sends its letter in the clear; one that does TLS if it can has to, at first."""
import bad_server


def in_the_clear(session):
    session.take_letter()
    return 'the letter came in the clear'


def not_offered(session):
    session.hello('SIZE')
    return in_the_clear(session)


def crossed_out(session):
    """As some firewalls do it: the line is there, and says nothing."""
    session.hello('XXXXXXXA')
    return in_the_clear(session)


def without_ehlo(session):
    session.say('220 mx.attacker.example ESMTP')
    session.hear('EHLO')
    session.say('502 5.5.2 Error: command not recognized')
    session.hear('HELO')
    session.say('250 mx.attacker.example')
    return in_the_clear(session)


def refused(reply):
    def attempt(session):
        session.hello('STARTTLS')
        session.hear('STARTTLS')
        session.say(reply)
        return in_the_clear(session)
    return attempt


def plain_text_instead(session):
    """220, and then plain text where the handshake should be."""
    session.hello('STARTTLS')
    session.hear('STARTTLS')
    session.say('220 go ahead')
    session.socket.recv(65536)  # the client's hello
    session.say('250 mx.attacker.example')
    session.buffer = b''
    session.hear('EHLO')
    return 'the client goes on in the clear after 220'


ATTEMPTS = {'not-offered': not_offered, 'crossed-out': crossed_out, 'without-ehlo': without_ehlo,
            'refused-454': refused('454 4.7.0 TLS not available'), 'refused-502': refused('502 5.5.1 not implemented'),
            'plain-text-instead': plain_text_instead}

if __name__ == '__main__':
    bad_server.serve(__doc__, ATTEMPTS)
