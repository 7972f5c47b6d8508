"""A client that sends nothing but key updates of TLS 1.3, each of which asks for one in return.
They cost the attacker some bytes; the server derives keys, answers, and sees no end of it, since none of them is a
command that a limit would count. The session should end soon."""
import tls_tools


def attempt(options):
    session = tls_tools.encrypted(options, version=tls_tools.TLS1_3)
    for sent in range(options.count):
        if not session.update_keys():
            return False, f'ended after at most {sent} key updates'
    try:
        return True, f'{options.count} key updates, and the session goes on: {session.ask("NOOP")}'
    except tls_tools.Lost:
        return False, 'the session ended'


def main():
    options = tls_tools.arguments(__doc__, ('--count', {'type': int, 'default': 2000, 'help': 'how many'}))
    tls_tools.try_one('flood of key updates', attempt, options)


if __name__ == '__main__':
    main()
