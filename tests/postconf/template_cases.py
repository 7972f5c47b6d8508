"""Template files, texts and argument lists for test_templates.py."""


def file_of(text, kind='failure', headers=''):
    return '%s_template = <<END\n%s\n%s\nEND\n' % (kind, headers, text)


UTF8 = 'Charset: utf-8\n'

FILES = [
    # What stands around templates.
    '', '# c\n\n  \n # c\n', '\n\n' + file_of('b') + '\n\n', 'hello\n' + file_of('b'), file_of('b') + '   more\n',
    file_of('b') + 'junk = 3\n' + file_of('c', 'success'), 'foo_template = <<E\n\nb\nE\n',
    'foo = <<E\n\nb\nE\n' + file_of('q', 'verify'), '  # c\n\t# y = 2\n' + file_of('b') + '#\n', '= x\n', 'a b = x\n',
    'é = 2\n', 'é\x01\n', file_of('b', 'Failure'),
    # How a template starts and ends.
    'failure_template=<<E\n\nb\nE\n', '  failure_template\t=\t<< E\t \n\nb\nE\n',
    'failure_template = <<E X\n\nb\nE\n', 'failure_template = <<E X\n\nb\nE X\n', 'failure_template = <<\n\nb\n',
    'failure_template = <E\n\nb\nE\n', 'failure_template = <<<E\n\nb\nE\n',
    'failure_template = hello $myhostname  \n', 'failure_template =\n', 'failure_template\n',
    'failure_template <<E\n\nb\nE\n', 'failure_template = = x\n', 'failure_template = Subject: x\n',
    'failure_template = <<E\n\nb', 'failure_template = <<E\n', 'failure_template = <<E',
    'failure_template = <<E\n\nb\nE \n', 'failure_template = <<E\n\nb\n E\nEE\nE\n',
    'failure_template = <<E\n\nb\nsuccess_template = <<F\n\nc\nE\nF\n',
    'failure_template = <<E\n\nb\ndelay_template = <<E\nE\n',
] + ['failure_template = <<%s\n\nb\n%s\n' % (mark, mark) for mark in
    ("'E'", '"E"', '\\E', '_E', '-E', '1E', "E'F", 'E;', '.', '$x', 'é', '#E', 'E#F', '=', 'a=b', 'E' * 3000)] + [
    # Headers.
    file_of('b', headers='Subject: y\n'),
    file_of('b', headers='SUBJECT:y\ncharset:utf-8\nfrom:    z\nPostmaster-subject:\tq\n'),
    file_of('b', headers='Subject \t : y\n'), file_of('b', headers='Subject:\n'),
    file_of('b', headers='Subject:   \n'), file_of('b', headers='Subject:e:f\n'),
    file_of('b', headers='Subject: y\n z\n'), file_of('b', headers='Subject: y\nSubject: z\n'),
    file_of('b', headers='Subject: $myhostname $nope\n'), file_of('b', headers='Subject: Grüße\n'),
    file_of('b', headers='X-Foo: x\nSubject: y\n'), file_of('b', headers='X-Foo:\n'),
    file_of('b', headers='X-Foo: é\n'), file_of('b', headers='Fé: é\n'), file_of('b', headers='F\x01: e\n'),
    file_of('b', headers=': e\n'), file_of('b', headers='123: x\n'), file_of('b', headers='Sub ject: x\n'),
    file_of('b', headers='# x\nSubject: b\n'), file_of('b', headers='\n\nSubject: x\n'),
    file_of('b', headers='  \nSubject: x\n'), file_of('b', headers='Subject: x\n\nFrom: y\n'),
    file_of('b', headers='Subject: x\nfoo\n'), file_of('b', headers='Subject: x\n\nFoo: y\n'),
    file_of('b', headers='Subject: %s\n' % ('x' * 3000)), file_of('b', 'success', 'Postmaster-Subject: x\n'),
    file_of('b', 'verify', 'Postmaster-Subject:\n'), file_of('b', 'verify', 'Postmaster-Subject: é\n'),
    file_of('b', headers='X: y\nZ: y\nSubject:\n'),
    # Texts that cannot be used, and which of several templates is.
    file_of(''), file_of('', headers='Subject: x\n'), 'failure_template = <<E\nE\n',
    'failure_template = <<E\nbody\nE\n', 'failure_template = <<E\n\nE\n', 'failure_template = <<E\nSubject: x\nE\n',
    file_of('Grüße'), file_of('Grüße', headers=UTF8), file_of('Grüße', headers='Charset: US-ASCII\n'),
    file_of('Gr\udcfc', headers='Charset: iso-8859-1\n'), file_of('Gr\udcfc', headers=UTF8),
    file_of('b', headers='Charset: bogus\n'), file_of('a\x01\x7f\tb\x0c'), file_of('x' * 3000),
    file_of('\n  \n b\n\n'), file_of('b', headers='Subject: x\n\x0b\x0c\n \t\n'),
    file_of('good') + file_of('c', headers='X: y\n'), file_of('bad', headers='X: y\n') + file_of('c'),
    file_of('b') + file_of('c'), file_of('b', 'verify', 'X: y\n') + 'foo = 1\n' + file_of('é') + file_of('', 'delay'),
    file_of('1') + file_of('2', 'delay', 'Subject: 2\nPostmaster-Subject: P\n') +
    file_of('3', 'success', UTF8) + file_of('4', 'verify', 'From: x@y\n'),
]

LATE = 'delay_warning_time = 100000s\n'
SOON = 'delay_warning_time = 30m\nmaximal_queue_lifetime = 90m\n'

# (text, main.cf)
TEXTS = [('$delay_warning_time_%s ${maximal_queue_lifetime_%s}|' % (unit, unit), main)
         for unit in ('seconds', 'minutes', 'hours', 'days', 'weeks', 'months', 'second', '', 'HOURS')
         for main in (LATE, SOON)] + [
    ('$delay_warning_time_seconds', 'delay_warning_time = %s\n' % time)
    for time in ('0', '1', '999s', '1000s', '1001s', '9999s')] + [
    ('$delay_warning_time $maximal_queue_lifetime', ''),
    ('$delay_warning_timex', ''), ('$maximal_queue_lifetime_days', 'maximal_queue_lifetime=0\n'),
    ('$delay_warning_time_hours', 'delay_warning_time = abc\n'),
    ('$delay_warning_time_hours', 'delay_warning_time_hours = 7\n'),
    ('$delay_warning_time_foo', 'delay_warning_time_foo = 7\n'),
    ('$delay_warning_time_weeks $delay_warning_time_weeks\n$delay_warning_time_weeks', LATE),
    ('$foo', 'foo = $delay_warning_time_hours\n'),
    ('${delay_warning_time_hours?x} ${delay_warning_time_hours?{y}}', ''),
    ('${delay_warning_time_foo?x}', ''), ('$$ $$$$ $myhostname$mydomain ${myhostname} $(mydomain) a$$b', ''),
    ('cost 5$ only', ''), ('cost 5$', ''), ('${myhostname\nx', ''), ('${nope?yes}|', ''),
    ('a ${mail_name?yes} ${mail_name?{yes}:{no}} ${nope:{no}} ${nope?{yes}:{no}}', ''),
    ('a ${mail_name?{yes\nor so}:{no}}', ''), ('a ${{a}=={a}?{yes}:{no}} ${{$mail_name} != {x} ? {q} : {r}}', ''),
    ('a ${{$nope}=={}?{yes}:{no}}', ''), ('a ${mail_name?$nope}', ''), ('a ${nope?$nope}', ''),
    ('a ${mail_name!x}', ''), ('a ${}', ''), ('a $nope $', ''), ('a $ $nope', ''), ('$nope', ''),
    ('ok\n\t$nope \x01', ''), ('$foo $bar|', 'foo = 1$mydomain\nbar = $foo\n'), ('$foo|', 'foo = 1$zork\n'),
    ('$foo $bar', 'foo = $$x $$$$\nbar = $foo\n'), ('$foo', 'foo = $foo\n'), ('${foo?x}|', 'foo = $zork\n'),
    ('${foo?x}|', 'foo = $$\n'), ('$foo', 'foo = ${x\n'), ('$multi_instance_name\n\n ', ''),
    ('$smtp_connect_timeout', 'smtp_connect_timeout = 3\n'),
    ('$notify_classes|$bounce_notice_recipient|$bounce_size_limit|$double_bounce_sender', ''),
    ('x' * 1500 + ' $nope', ''), ('b', LATE), ('b', SOON), ('b', 'delay_warning_time = 4h\n'),
]

# (main.cf, arguments)
CHOICES = [(main, words) for words in (['-t'], ['-b'], ['-t', ''], ['-b', ''], ['-t', 'CONF/templates']) for main in (
    '', 'bounce_template_file =\n', 'bounce_template_file = $config_directory/templates\n',
    'bounce_template_file = templates\n', 'bounce_template_file = /nope/x\n', 'bounce_template_file = $nope\n',
    'bounce_template_file = ${x\n', 'bounce_template_file = $config_directory\n')] + [('', words) for words in (
        ['-t', '/nope'], ['-b', '/etc/passwd/x'], ['-t', 'CONF'], ['-b', '/dev/null'], ['-t', 'a', 'b'],
        ['-b', '', 'b'], ['-t', 'a=b'], ['-t', '--', 'templates'], ['-b', 'templates'], ['-tb'], ['-t', '-o', 'a=b'],
        ['-bn'], ['-th', 'x'], ['-tM'], ['-c', '/nope', '-t'], ['-c', '/nope', '-t', 'a', 'b'])] + [
    ('rubbish\n', ['-t', '']), ('myhostname = other.example\n', ['-b', '']), ('foo = ${x\n', ['-t']),
    ('config_directory = /elsewhere\n', ['-t'])]

# Lines that random files are made of.
BETWEEN = ['', '# comment', '   ', 'junk = 3', 'rubbish', '  # indented']
STARTS = ['failure_template = <<END', 'delay_template=<<END', ' success_template =<< END', 'verify_template = <<END ',
          'other_template = <<END', 'failure_template = one line', "delay_template = <<'END'"]
HEADERS = ['Subject: a subject', 'Charset: utf-8', 'from: x@y', 'Postmaster-Subject: p', 'X-Other: x', 'Subject:',
           'Charset: us-ascii', '', 'no header']
LINES = ['', '', 'text', ' text with blanks  ', 'name: value', '$myhostname', '$delay_warning_time_minutes minutes',
         'Grüße', '$$', '${mydomain}', '# no comment', '${nope?x}', 'END ', '$maximal_queue_lifetime_weeks',
         '\tindented', '   ', '$nope', 'failure_template = <<END', '${mydomain?{yes}:{no}}', '$ alone']
