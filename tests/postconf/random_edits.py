"""Edits of every kind at random, on files with everything in them that an editor may trip over."""
import random_cases

OPTIONS = ['verbose', 'debug', 'option/t', 'option/d', 'argument/user', 'argument/flags', 'argument/1', 'argument/2',
           'argument/argv']
FIELDS = ['chroot', 'private', 'unprivileged', 'wakeup', 'process_limit']
ODD = ['ä', '\u20ac', '\x01', '\x7f', '"', '\\', "'", '{', '}', '{ }', '=', ' = ', '#', '-', '--', '-v', '/', '\\"',
       '\t', '  ', '\x0b', '$', '%', '*', '?', '[', ',', ':', '\U0001f4e7', '\udce9']


class Edits(random_cases.Chance):
    """What follows from a seed: files as bytes, and argument lists that change them."""

    def odd(self):
        return ''.join(self.choice(ODD + ['a', 'b']) for _ in range(self.randint(0, 5)))

    def value(self):
        return self.choice([self.words(0, 3), self.words(1, 2), self.odd(), 'a,\tb   c'])

    def files(self):
        return {'main.cf': self.bytes_of(self.main() + self.comments('#%s = %s\n', self.main_name)),
                'master.cf': self.bytes_of(self.odd_master())}

    def bytes_of(self, text):
        if self.random() < .1:
            text = text.replace('\n', '\r\n')
        if self.random() < .3:
            text = text[:-1]
        return text.encode('utf-8', 'surrogateescape')

    def comments(self, form, name):
        return ''.join(self.choice([form % (name(), self.words(0, 2)), '# some words\n', '\n', ''])
                       for _ in range(self.randint(0, 4)))

    def main_name(self):
        return self.choice(random_cases.NAMES)

    def odd_master(self):
        text = ''
        for entry in self.master().split('\n'):
            text += entry + '\n'
            if self.random() < .2:
                text += self.choice(['#    -o %s=%s\n' % (self.main_name(), self.choice('12')), '#' + entry + '\n',
                                     '#a/unix/chroot = n\n', '  # inside\n', '#\n', '\n'])
        return text

    def edit(self):
        """One call: mostly one verb, at times several."""
        words = self.step()
        while self.random() < .25:
            words = words + self.step()
        if self.random() < .2:
            words = ['--create'] + words
        return words

    def step(self):
        service, other, name = self.pattern(), self.pattern(), self.main_name()
        option, field = service + '/' + self.choice(OPTIONS), service + '/' + self.choice(FIELDS)
        kinds = [['-e', name + '=' + self.value(), self.main_name() + '=' + self.value()],
                 [self.choice(['-X', '-#', '--uncomment']), self.choice(NAMES)],
                 ['-P', service + '/' + name + '=' + self.value()],
                 ['-P', self.choice(['-X', '-#', '--uncomment']), service + '/' + self.choice(NAMES)],
                 ['-F', field + '=' + self.choice(['y', 'n', '-', '5', '5?'])],
                 ['-F', self.choice(['-X', '-#', '--uncomment']), field],
                 ['-F', service + '/command=smtpd -v ' + self.odd()],
                 ['-O', option + '=' + self.choice(['1', 'y', '3', self.value()])],
                 ['-O', self.choice(['-X', '-#', '--uncomment']), self.choice([option, service + '/*'])],
                 ['-M', self.choice(['-X', '-#', '--uncomment']), service],
                 ['-Me', service + '=' + self.entry().replace('\n# c\n', ' ').replace('\n', ' ')],
                 [self.choice(['--clone', '--rename']), service, other]]
        return self.choice(kinds)


NAMES = random_cases.NAMES + ['*', 's*', '?']
