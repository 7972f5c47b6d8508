"""scripts/check_co_await refuses every shape that g++ 12 miscompiles, and nothing that is written to the rule."""
import os
import subprocess
import sys
import tempfile
import unittest

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'scripts', 'check_co_await')

BAD = {
    'condition of if': 'if (co_await ready()) { stop(); }',
    'condition of while': 'while (co_await ready()) { stop(); }',
    'condition of do': 'do { stop(); } while (co_await ready());',
    'condition of for': 'for (; co_await ready();) { stop(); }',
    'condition of switch': 'switch (co_await ready()) { default: stop(); }',
    'condition with initialiser': 'if (auto ok = co_await ready(); ok) { stop(); }',
    'range of for': 'for (auto& line : co_await lines()) { keep(line); }',
    'argument in braces': 'co_await send({.from = sender});',
    'named aggregate as argument': 'auto ok = co_await send(Options{sender});',
    'braces over two lines': 'co_await send(\n    Options{\n        .from = sender});',
    'await inside braces': 'Options options{.from = co_await ask()};',
    'returned aggregate': 'co_return Options{.from = co_await ask()};',
    'returned braces': 'co_return {co_await ask()};',
    'array': 'auto all = co_await send(std::array{a, b});',
    'initializer list': 'std::vector<int> v{co_await a(), co_await b()};',
    'lambda argument': 'co_await run([text] { stop(text); });',
    'second lambda argument': 'co_await run(loop, [=](int n) { stop(n); });',
    'lambda called at once': 'auto x = co_await [text]() -> Task<int> { co_return 1; }();',
    'choice before': 'auto x = fast ? a : co_await b();',
    'choice of the awaited': 'auto x = co_await (fast ? a() : b());',
    'choice in an argument': 'co_await send(fast ? a : b);',
    'statement expression': 'auto x = ({ co_await a(); });',
    'two awaits': 'auto x = co_await first(co_await second());',
    'sum': 'auto x = co_await a() + 1;',
    'sum, second place': 'auto x = 1 + co_await a();',
    'and': 'bool ok = co_await a() && b;',
    'comparison': 'bool ok = co_await a() == 3;',
    'comparison before': 'bool ok = 3 == co_await a();',
    'comma': 'co_await a(), stop();',
    'compound assignment': 'total += co_await a();',
    'negation': 'bool ok = !co_await a();',
    'unclosed': 'co_await a()',
    'argument of another call': 'stop(co_await a());',
    'member of the result': 'auto x = (co_await a()).size();',
    'structured binding': 'auto [a, b] = co_await both();',
    'structured binding by reference': 'const auto& [a, b] = co_await both();',
    'body without braces': 'if (ok) co_await a();',
    'else without braces': 'if (ok) { stop(); } else co_await a();',
    'loop without braces': 'while (ok) co_await a();',
    'test macro': 'CHECK(co_await a());',
}

BAD_DECLARATIONS = {
    'default in braces': 'Task<void> send(Options options = {});',
    'default made by name': 'Task<Result<int>> send(int n, const Options& options = Options{});',
    'default with members': 'net::Task<void> Client::send(Options options = {.from = "a"}) {\n}',
    'default of a lambda': 'auto send = [](Options options = {}) -> Task<void> { co_return; };',
}

GOOD = {
    'bare': 'co_await a();',
    'result named': 'auto x = co_await a();',
    'const result': 'const auto x = co_await a.b().c->d(e, f(g));',
    'type with template arguments': 'std::vector<std::pair<int, int>> x = co_await a();',
    'reference': 'Line& x = co_await a();',
    'assignment': 'x = co_await a();',
    'assignment to a member': 'session->lines_[n].text = co_await a();',
    'assignment through a pointer': '*x = co_await a();',
    'attribute': '[[maybe_unused]] const bool ok = co_await a();',
    'returned': 'co_return co_await a();',
    'dropped': '(void)co_await a();',
    'call with template arguments': 'auto x = co_await ask<Resolve>(question, deadline());',
    'call with two template arguments': 'auto x = co_await ask<Resolve, std::pair<int, int>>(question);',
    'subscript': 'co_await send(names[2], table[i][j]);',
    'string with a question mark': 'co_await reply(250, "ok? {[yes]}");',
    'character': "co_await until('{', '?');",
    'raw string': 'co_await reply(R"x({ ? co_await })x");',
    'comment beside': 'co_await a();  // if (co_await b()) { ? }',
    'comment before': '/* if ( */ co_await a();',
    'number with separators': "co_await a(1'000);\n  if (x) { b('{'); }",
    'operation inside an argument': 'co_await sleep(now() + seconds(2), a && b, x == y);',
    'over two lines': 'auto x =\n      co_await a(b,\n                 c);',
    'label': 'switch (x) { case wire::Verb::rcpt: co_await a(); break; default: co_await b(); }',
    'body with braces': 'if (ok) { co_await a(); } else { co_await b(); }',
    'after a loop': 'for (auto& x : all) {\n    co_await a(x);\n  }\n  co_await b();',
    'named lambda': 'auto task = [](int n) -> Task<void> { co_await a(n); };\n  co_await task(1);',
    'spawned lambda': 'scope.spawn([](int n) -> Task<void> { co_await a(n); }(1));',
    'choice in another statement': 'auto x = c ? a : b;\n  co_await send(x);',
    'braces in another statement': 'Options options{.from = a};\n  co_await send(options);',
}

GOOD_DECLARATIONS = {
    'default number': 'Task<void> send(int n = 3, Deadline deadline = Deadline::max());',
    'ordinary function': 'void send(Options options = {});',
    'body with braces after the declaration': 'Task<void> send(int n) {\n  Options options = {};\n}',
    'operator': 'auto operator co_await() && noexcept;',
    'type in a variable': 'std::vector<Task<void>> tasks; int f(int x = {});',
}


def inside(statements):
    return f'Task<void> task() {{\n  {statements}\n}}\n'


class CheckCoAwait(unittest.TestCase):
    def refused(self, snippets):
        with tempfile.TemporaryDirectory() as folder:
            paths = {}
            for number, (name, text) in enumerate(snippets.items()):
                path = os.path.join(folder, f'{number}.cpp')
                with open(path, 'w', encoding='utf-8') as file:
                    file.write(text)
                paths[path] = name
            run = subprocess.run([sys.executable, SCRIPT, *paths], capture_output=True, text=True, check=False)
            self.assertEqual(run.stderr, '')
            refused = {paths[line.split(':')[0]] for line in run.stdout.splitlines()}
            self.assertEqual(run.returncode, 1 if refused else 0)
            return refused

    def test_every_bad_statement_is_refused(self):
        self.assertEqual(self.refused({n: inside(t) for n, t in BAD.items()}), set(BAD))

    def test_every_bad_declaration_is_refused(self):
        self.assertEqual(self.refused(BAD_DECLARATIONS), set(BAD_DECLARATIONS))

    def test_statements_that_stand_alone_pass(self):
        self.assertEqual(self.refused({n: inside(t) for n, t in GOOD.items()}), set())

    def test_ordinary_declarations_pass(self):
        self.assertEqual(self.refused(GOOD_DECLARATIONS), set())

    def test_the_line_is_named(self):
        with tempfile.NamedTemporaryFile('w', suffix='.cpp', encoding='utf-8') as file:
            file.write('// one\n/* two\nthree */\nTask<void> t() {\n  if (co_await a()) { b(); }\n}\n')
            file.flush()
            run = subprocess.run([sys.executable, SCRIPT, file.name], capture_output=True, text=True, check=False)
            self.assertTrue(run.stdout.startswith(f'{file.name}:5: '), run.stdout)


if __name__ == '__main__':
    unittest.main()
