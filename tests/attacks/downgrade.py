"""A server that was good, and then somebody stands before it: TLS of the best kind first, less of it afterwards.
    python3 downgrade.py HOST PORT [--attempt good --attempt stripped ...]
Send a letter for each attempt. It succeeds with a client that remembers nothing, and sends its letter with less than before."""
import ssl

import bad_server


def good(session):
    """An honest session, for the client to remember."""
    session.hello('STARTTLS')
    session.starttls()
    session.ehlo('SIZE')
    session.take_letter()


def stripped(session):
    session.hello('SIZE')
    session.take_letter()
    return 'the letter came in the clear'


def refused(session):
    session.hello('STARTTLS')
    session.hear('STARTTLS')
    session.say('454 4.7.0 TLS not available')
    session.take_letter()
    return 'the letter came in the clear'


def older(session):
    """Still TLS, but the version before."""
    session.hello('STARTTLS')
    session.hear('STARTTLS')
    session.say('220 go ahead')
    session.encrypt(newest=ssl.TLSVersion.TLSv1_2)
    session.ehlo('SIZE')
    session.take_letter()
    return 'the letter came over TLS 1.2'


def broken(session):
    """The handshake does not come about; a client that tries again in the clear does so in the next session."""
    session.hello('STARTTLS')
    session.hear('STARTTLS')
    session.say('220 go ahead')
    session.socket.recv(16)
    session.socket.close()
    raise bad_server.Gone('no handshake')


ATTEMPTS = {'good': good, 'stripped': stripped, 'refused': refused, 'older': older, 'broken': broken}

if __name__ == '__main__':
    bad_server.serve(__doc__, ATTEMPTS)
