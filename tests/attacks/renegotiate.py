"""A client that negotiates anew within a TLS 1.2 session, as the attack of 2009 (CVE-2009-3555) needs it.
A server that goes along can be made to take an attacker's bytes and a victim's for one session; and each further
handshake costs the server much more than the client. The session should end."""
import tls_tools


def attempt(options):
    session = tls_tools.encrypted(options, version=tls_tools.TLS1_2)
    if options.wrapped:
        session.begin()
    elif not session.ask('NOOP').startswith('250'):
        return False, 'the session ended too early'
    done = sum(session.renegotiate() for _ in range(options.count))
    if done > 0:
        return True, f'{done} more handshakes'
    try:
        return False, f'refused, and the session goes on: {session.ask("NOOP")}'
    except tls_tools.Lost:
        return False, 'refused, and the session ended'


def main():
    options = tls_tools.arguments(__doc__, ('--count', {'type': int, 'default': 1, 'help': 'how many times'}))
    tls_tools.try_one('renegotiation', attempt, options)


if __name__ == '__main__':
    main()
