"""Replies that come before their commands: somebody who cannot read the session, but can put bytes into it, guesses them.
    python3 early_reply.py HOST PORT [--attempt NAME]
Send letters to it. A client that does not look believes that its letter was taken, which nobody has."""
import ssl

import bad_server

PLAIN, TLS = False, True


STEPS = (('MAIL', '250 2.1.0 Ok'), ('RCPT', '250 2.1.5 Ok'), ('DATA', '354 go'), ('.', '250 2.0.0 Ok: taken'))


def behind_greeting(session):
    session.say('220 mx.attacker.example ESMTP', '250 mx.attacker.example')
    session.hear('EHLO')
    session.hear('MAIL')
    return 'the client took the early reply for the answer to EHLO'


def behind_ehlo_in_tls(session):
    session.hello('STARTTLS')
    session.starttls()
    session.hear('EHLO')
    session.say('250 mx.attacker.example', '250 2.1.0 Ok')
    session.hear('MAIL')
    return 'the client goes on although it has an answer too many'


def early(encrypted, at, *capabilities):
    """At this command the reply to the next one comes too."""
    def attempt(session):
        session.hello(*(['STARTTLS'] if encrypted else capabilities))
        if encrypted:
            session.starttls()
            session.ehlo(*capabilities)
        for step, (verb, reply) in enumerate(STEPS[:3]):
            session.hear(verb)
            session.say(reply, *([STEPS[step + 1][1]] if verb == at else []))
        while session.line() != '.':
            pass
        return 'the client sent its letter although a reply came before its command'
    return attempt


def before_ehlo_in_tls(session):
    """The first thing within TLS is a reply to a command that has not been said: the renegotiation attack's sign."""
    session.hello('STARTTLS')
    session.hear('STARTTLS')
    session.say('220 go ahead')
    session.encrypt(ssl.TLSVersion.TLSv1_2, behind='250 mx.attacker.example')
    session.hear('EHLO')
    session.hear('MAIL')
    return 'the client took the early reply for the answer to EHLO'


ATTEMPTS = {
    'greeting': behind_greeting,
    'mail': early(PLAIN, 'MAIL'),
    'rcpt': early(PLAIN, 'RCPT'),
    'data': early(PLAIN, 'DATA'),
    'data-pipelined': early(PLAIN, 'DATA', 'PIPELINING'),
    'tls-first': before_ehlo_in_tls,
    'tls-ehlo': behind_ehlo_in_tls,
    'tls-mail': early(TLS, 'MAIL'),
    'tls-data': early(TLS, 'DATA', 'PIPELINING'),
}

if __name__ == '__main__':
    bad_server.serve(__doc__, ATTEMPTS)
