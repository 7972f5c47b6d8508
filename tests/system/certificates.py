"""Certificates for tests, made by openssl."""
import hashlib
import os
import shutil
import ssl
import subprocess
import tempfile


class Certificates:
    """An authority and certificates made by openssl, in a directory of their own until close()."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix='postern-certificates-')
        os.chmod(self.directory, 0o755)
        self._openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '9',
                      '-keyout', self.path('ca.key'), '-out', self.path('ca.pem'), '-subj', '/CN=Test CA')
        self.ca = self.path('ca.pem')

    def path(self, name):
        return os.path.join(self.directory, name)

    def _openssl(self, *words, text=None):
        subprocess.run(['openssl', *words], check=True, capture_output=True, input=text, text=True)

    def make(self, name, names, *, self_signed=False, expired=False, algorithm='ec'):
        """A file with a key and a certificate for these names; its path."""
        key, request, out = self.path(f'{name}.key'), self.path(f'{name}.csr'), self.path(f'{name}.crt')
        kind = ('ec', '-pkeyopt', 'ec_paramgen_curve:P-256') if algorithm == 'ec' else ('rsa:2048',)
        self._openssl('req', '-newkey', *kind, '-nodes', '-keyout', key, '-out', request, '-subj', f'/CN={names[0]}')
        extensions = self.path(f'{name}.ext')
        with open(extensions, 'w', encoding='ascii') as file:
            file.write('subjectAltName = ' + ', '.join(f'DNS:{n}' for n in names) + '\n')
        signer = ('-signkey', key) if self_signed else ('-CA', self.ca, '-CAkey', self.path('ca.key'), '-CAcreateserial')
        days = ('-days', '-1') if expired else ('-days', '9')
        self._openssl('x509', '-req', '-in', request, *signer, *days, '-extfile', extensions, '-out', out)
        whole = self.path(f'{name}.pem')
        with open(whole, 'w', encoding='ascii') as file:
            for part in (key, out):
                with open(part, encoding='ascii') as source:
                    file.write(source.read())
        return whole

    @staticmethod
    def context(path, *, version=None):
        """A server's context; with only one version of TLS when that is given (ssl.TLSVersion)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if version:
            context.set_ciphers('ALL:@SECLEVEL=0')
            context.minimum_version = context.maximum_version = version
        context.load_cert_chain(path)
        return context

    def digest(self, path, what='certificate'):
        """SHA-256 of a certificate or of its public key, as hexadecimal digits."""
        words = ('x509', '-in', path, '-outform', 'DER')
        if what == 'key':
            public = subprocess.run(['openssl', 'x509', '-in', path, '-noout', '-pubkey'], check=True, capture_output=True)
            done = subprocess.run(['openssl', 'pkey', '-pubin', '-outform', 'DER'], check=True, capture_output=True,
                                  input=public.stdout)
        else:
            done = subprocess.run(['openssl', *words], check=True, capture_output=True)
        return hashlib.sha256(done.stdout).hexdigest()

    def close(self):
        shutil.rmtree(self.directory, ignore_errors=True)
