"""A TLS server that chooses the protocol http/1.1 (ALPN) whatever the client offers: a web server that a mail client was led to.
    python3 alpn_server.py HOST PORT [--attempt NAME]
Send a letter to it. It succeeds with a client that offers a protocol, is given another one, and says EHLO all the same."""
import ctypes
import sys

import bad_server
import tls_tools

CHOOSE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p), ctypes.POINTER(ctypes.c_ubyte),
                          ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p)
PEM = 1


class Chooser:
    """A TLS server that Python's ssl does not let us be."""

    def __init__(self, session, protocol):
        ssl = self.ssl = tls_tools.library('ssl')
        ssl.TLS_server_method.restype = ctypes.c_void_p
        context = ctypes.c_void_p(ssl.SSL_CTX_new(ctypes.c_void_p(ssl.TLS_server_method())))
        path = session.options.certificate.encode()
        if ssl.SSL_CTX_use_certificate_chain_file(context, path) != 1 or ssl.SSL_CTX_use_PrivateKey_file(context, path, PEM) != 1:
            print('cannot be tried: no certificate')
            sys.exit(bad_server.NOT_TRIED)
        self.was_asked = False

        def choose(_ssl, chosen, size, _offered, _length, _argument):
            self.was_asked = True
            chosen[0], size[0] = protocol, len(protocol)
            return 0
        self.choose = CHOOSE(choose)
        ssl.SSL_CTX_set_alpn_select_cb(context, self.choose, None)
        session.socket.settimeout(None)
        self.tls = ctypes.c_void_p(ssl.SSL_new(context))
        ssl.SSL_set_fd(self.tls, session.socket.fileno())
        if ssl.SSL_accept(self.tls) != 1:
            raise bad_server.Gone('no TLS handshake')

    def receive(self):
        block = ctypes.create_string_buffer(4096)
        size = self.ssl.SSL_read(self.tls, block, len(block))
        return block.raw[:size] if size > 0 else b''


def choosing(protocol):
    def attempt(session):
        session.hello('STARTTLS')
        session.hear('STARTTLS')
        session.say('220 go ahead')
        tls = Chooser(session, protocol)
        said = tls.receive()
        if not tls.was_asked:
            return None  # it offers no protocol, and cannot be given another one
        if not said.upper().startswith(b'EHLO'):
            raise bad_server.Gone('the client leaves after the handshake')
        return f'the client goes on in {protocol.decode()}'
    return attempt


ATTEMPTS = {'http': choosing(b'http/1.1'), 'h2': choosing(b'h2'), 'imap': choosing(b'imap')}

if __name__ == '__main__':
    bad_server.serve(__doc__, ATTEMPTS)
