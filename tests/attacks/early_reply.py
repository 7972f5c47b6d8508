"""Replies that come before their commands: somebody who cannot read the session, but can put bytes into it, guesses them.
    python3 early_reply.py HOST PORT [--attempt NAME]
Send letters to it, two in a connection for what begins with `kept`; to a client that speaks LMTP it does the same. A client
that does not look believes that its letter was taken, which nobody has."""
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


def begin(session, encrypted, capabilities):
    session.hello(*(['STARTTLS'] if encrypted else capabilities))
    if encrypted:
        session.starttls()
        session.ehlo(*capabilities)


def early(encrypted, at, *capabilities, kept=False):
    """At this command the reply to the next one comes too, in the first letter or in the one behind it."""
    def attempt(session):
        begin(session, encrypted, capabilities)
        if kept:
            session.take_letter()
        for step, (verb, reply) in enumerate(STEPS[:3]):
            session.hear(verb)
            session.say(reply, *([STEPS[step + 1][1]] if verb == at else []))
        while session.line() != '.':
            pass
        return 'the client sent its letter although a reply came before its command'
    return attempt


def while_kept(encrypted):
    """The connection is kept for the next letter, and the reply to its first command is there already."""
    def attempt(session):
        begin(session, encrypted, ())
        session.take_letter()
        session.say(STEPS[0][1])
        session.hear('MAIL', 'RSET')
        return 'the client goes on although it has an answer too many'
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
    'kept': while_kept(PLAIN),
    'kept-tls': while_kept(TLS),
    'kept-mail': early(PLAIN, 'MAIL', kept=True),
    'kept-data': early(PLAIN, 'DATA', 'PIPELINING', kept=True),
    'kept-tls-rcpt': early(TLS, 'RCPT', kept=True),
}

if __name__ == '__main__':
    bad_server.serve(__doc__, ATTEMPTS)
