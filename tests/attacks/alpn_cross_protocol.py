"""A browser that is led to a mail server (ALPACA, 2021): the handshake speaks of HTTP, or of another server's name.
A server that does not mind answers with a certificate which is good for the web server too, and what it says then
counts as the web server's. The handshake should fail. --name: ask for this server name instead."""
import signal

import tls_tools


def attempt(options, **words):
    try:
        session = tls_tools.encrypted(options, **words)
        return True, f'a TLS session, and an answer: {session.ask("NOOP")}'
    except tls_tools.Lost as lost:
        return False, str(lost)


def main():
    options = tls_tools.arguments(
        __doc__, ('--name', {'help': 'a name that the server does not have'}),
        ('--protocols', {'default': 'h2,http/1.1', 'help': 'what the client says that it speaks (ALPN)'}))
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    if options.name:
        results = [(f'server name {options.name}', *attempt(options, server_name=options.name))]
    else:
        results = [(f'protocols {options.protocols}', *attempt(options, protocols=options.protocols.split(',')))]
    tls_tools.conclude(results)


if __name__ == '__main__':
    main()
