#!/usr/bin/env python3
"""Times our postconf beside Postfix's, in turn: bench/postconf.py OURS THEIRS [--services N] [--rounds N].

A master.cf of many services is listed, searched with wildcards and edited; a stock configuration is shown. For each task
the median of both in milliseconds, and the median of the ratios round by round. Postfix's lists grow with the square of the
services, so they run once. LD_LIBRARY_PATH for an unpacked Postfix is the caller's."""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

ENTRY = 's%d      unix  -       -       n       -       -       smtp\n'


def seconds(program, directory, words):
    begin = time.perf_counter()
    subprocess.run([program, '-c', directory] + words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


def compare(name, programs, directories, words_of, rounds, slow_rounds=None):
    """words_of(round) gives the arguments. Each program has a directory of its own."""
    times = ([], [])
    for number in range(rounds):
        for side in (0, 1):
            if side == 1 and slow_rounds is not None and number >= slow_rounds:
                continue
            times[side].append(seconds(programs[side], directories[side], words_of(number)))
    ours, theirs = (statistics.median(side) * 1000 for side in times)
    pairs = [b / a for a, b in zip(*times)]
    ratio = statistics.median(pairs) if slow_rounds is None else theirs / ours
    print('%-34s %10.2f %12.2f %9.2f   (%.2f-%.2f)' % (name, ours, theirs, ratio, min(pairs), max(pairs)), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('ours')
    parser.add_argument('theirs')
    parser.add_argument('--services', type=int, default=10000)
    parser.add_argument('--rounds', type=int, default=21)
    parser.add_argument('--stock', default='/usr/share/postfix', help="where Postfix's main.cf.dist and master.cf.dist are")
    options = parser.parse_args()
    programs = options.ours, options.theirs
    root = tempfile.mkdtemp(prefix='bench-postconf-')
    many = ''.join(ENTRY % number for number in range(options.services))
    stock = {name: pathlib.Path(options.stock, name + '.dist').read_text('utf-8') for name in ('main.cf', 'master.cf')}
    directories = {}
    for kind, texts in (('many', {'main.cf': 'biff = no\n', 'master.cf': many}), ('stock', stock)):
        directories[kind] = []
        for side in ('ours', 'theirs'):
            directory = os.path.join(root, kind + '-' + side)
            os.mkdir(directory)
            for name, text in texts.items():
                pathlib.Path(directory, name).write_text(text, 'utf-8')
                os.utime(os.path.join(directory, name), (1, 1))  # Postfix reads a fresh file more than once
            directories[kind].append(directory)
    print('%-34s %10s %12s %9s' % ('%d services; ms' % options.services, 'ours', 'Postfix', 'ratio'))
    middle = 's%d/unix/chroot' % (options.services // 2)
    for name, words in (('list: -M', ['-M']), ("wildcard: -F '*/*/chroot'", ['-F', '*/*/chroot']),
                        ("wildcard: -P '*/*/biff'", ['-P', '*/*/biff']), ('one: -F ' + middle, ['-F', middle])):
        compare(name, programs, directories['many'], lambda _, words=words: words, options.rounds, 1)
    compare('one edit: -F %s=y, n' % middle, programs, directories['many'],
            lambda number: ['-F', middle + '=' + 'yn'[number % 2]], options.rounds)
    compare('stock: -n', programs, directories['stock'], lambda _: ['-n'], options.rounds * 5)
    shutil.rmtree(root)


if __name__ == '__main__':
    main()
