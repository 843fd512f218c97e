#!/usr/bin/python3
"""tools/tidy on small trees: every rule fires on its bad line, and clean code passes."""
import contextlib
import importlib.machinery
import importlib.util
import io
import os
import re
import subprocess
import sys
import tempfile
import unittest

TIDY = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'tools', 'tidy')
sys.dont_write_bytecode = True  # tools/ stays clean
SPEC = importlib.util.spec_from_loader('tidy', importlib.machinery.SourceFileLoader('tidy', TIDY))
TIDY_MODULE = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(TIDY_MODULE)

CLEAN_HEADER = '#pragma once\n// Thing: holds one thing. Any thread.\n#include <string>\n'


def tidy(files):
    """Runs tidy on a tree of {path: text}; gives (exit status, output, [(file:line, rule)])."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, 'wb') as file:
                file.write(text if isinstance(text, bytes) else text.encode())
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
            status = TIDY_MODULE.main([root])
    return status, output.getvalue(), re.findall(r'^(\S+:\d+): ([\w-]+): .+$', output.getvalue(), re.M)


class TidyTest(unittest.TestCase):
    def assert_finds(self, path, text, *expected):
        """`expected`: (line, rule) of every finding."""
        status, output, found = tidy({path: text})
        self.assertEqual(sorted(found), sorted((f'{path}:{line}', rule) for line, rule in expected), output)
        self.assertEqual(status, 1)

    def assert_clean(self, path, text):
        status, output, _ = tidy({path: text})
        self.assertEqual((status, output), (0, 'tidy: 1 files, 0 findings\n'))

    def test_clean_tree(self):
        status, output, _ = tidy({
            'engine/store/thing.h': CLEAN_HEADER,
            'sql/exec/scan.cc': '#include "engine/store/reader.h"\n#include "engine/types/value.h"\n',
            'README.md': '# a tree\n',
            'picture.bin': b'\0/' + b'home/x TODO',
        })
        self.assertEqual((status, output), (0, 'tidy: 3 files, 0 findings\n'))

    def test_only_files_that_git_does_not_ignore(self):
        with tempfile.TemporaryDirectory() as root:
            subprocess.run(['git', 'init', '-q', root], check=True)
            for path, text in {'.gitignore': 'build/\n', 'build/util.cc': '', 'a.cc': '\n'}.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), 'w', encoding='utf-8') as file:
                    file.write(text)
            run = subprocess.run([sys.executable, TIDY, root], stdout=subprocess.PIPE, text=True, check=False)
        self.assertEqual((run.returncode, run.stdout), (0, 'tidy: 2 files, 0 findings\n'))

    def test_usage(self):
        self.assertEqual(subprocess.run([sys.executable, TIDY, '--help'], stdout=subprocess.DEVNULL, check=False).returncode, 2)

    def test_layers(self):
        for path, include in [
                ('engine/store/a.cc', 'sql/plan/plan.h'), ('engine/store/a.cc', 'net/rpc/client.h'), ('engine/base/a.cc', 'coord/txn/transaction.h'),
                ('engine/base/a.cc', 'tests/support/sim_env.h'), ('sql/exec/a.cc', 'engine/store/store.h'), ('sql/exec/a.cc', 'engine/wal/wal.h'),
                ('sql/exec/a.cc', 'net/pg/handler.h'), ('sql/exec/a.cc', 'coord/read/gather.h'), ('net/pg/a.cc', 'sql/parse/ast.h'),
                ('net/rpc/a.cc', 'engine/env/env.h'), ('coord/node/a.cc', 'tests/support/sim_env.h')]:
            with self.subTest(path=path, include=include):
                self.assert_finds(path, f'\n#include "{include}"\n', (2, 'layer'))
        self.assert_finds('engine/base/a.cc', '#include <sql/plan/plan.h>\n', (1, 'layer'))

    def test_allowed_includes(self):
        for path, include in [('coord/node/a.cc', 'net/rpc/client.h'), ('coord/read/a.cc', 'engine/store/store.h'), ('sql/exec/a.cc', 'engine/scan/predicate.h'),
                              ('net/rpc/a.cc', 'engine/types/value.h'), ('tests/sim/a.cc', 'coord/server/server.h'), ('tools/tsd/main.cc', 'engine/env/posix_env.h')]:
            with self.subTest(path=path, include=include):
                self.assert_clean(path, f'#include "{include}"\n')
        self.assert_clean('engine/base/a.cc', '// #include "sql/plan/plan.h"\n')

    def test_names_outside_their_homes(self):
        for rule, line, home in [
                ('thread', 'std::thread worker(Run);', 'engine/base/thread_pool.cc'),
                ('sleep', 'std::this_thread::yield();', None),
                ('sleep', 'absl::SleepFor(second);', None),
                ('clock', 'auto t = std::chrono::steady_clock::now();', 'engine/base/clock.cc'),
                ('clock', 'auto t = absl::Now();', 'engine/base/clock.cc'),
                ('clock', 'auto t = time(nullptr);', 'engine/base/clock.cc'),
                ('random', 'std::random_device device;', 'engine/base/random.cc'),
                ('random', 'int x = rand();', 'engine/base/random.cc'),
                ('mutex', 'std::mutex mutex_;', 'engine/base/mutex.h'),
                ('mutex', 'absl::Mutex mutex_;', 'engine/base/mutex.h'),
                ('mutex', 'std::condition_variable changed_;', 'engine/base/mutex.h'),
                ('file', 'int fd = ::open(name, O_RDONLY);', 'engine/env/posix_env.cc'),
                ('file', 'fsync(fd);', 'engine/env/posix_env.cc'),
                ('file', '::fdatasync(fd);', 'engine/env/posix_env.cc'),
                ('file', 'std::ofstream out(name);', 'engine/env/posix_env.cc'),
                ('file', 'std::ifstream in(name);', 'engine/env/posix_env.cc'),
                ('file', 'FILE* file = fopen(name, mode);', 'engine/env/posix_env.cc'),
                ('file', 'for (auto& e : std::filesystem::directory_iterator(p)) Use(e);', 'engine/env/posix_env.cc'),
                ('file', '#include <fcntl.h>', 'engine/env/posix_env.cc'),
                ('socket', '#include <sys/socket.h>', 'net/transport/asio_transport.cc'),
                ('asio', '#include <boost/asio/post.hpp>', 'net/transport/asio_transport.cc'),
                ('openssl', '#include <openssl/hmac.h>', 'net/pg/scram.cc'),
                ('new', 'Thing* thing = new Thing(1);', None),
                ('new', 'owner_ = Wrap(new Thing);', None),
                ('delete', 'delete thing;', None),
                ('delete', 'delete[] things;', None),
                ('exception', '} catch (const std::exception& error) {', 'sql/function/regex.cc'),
                ('exception', 'throw 1;', 'net/transport/asio_connection.cc'),
                ('reinterpret_cast', 'auto p = reinterpret_cast<const char*>(&value);', 'engine/codec/bitpack.cc')]:
            with self.subTest(line=line):
                self.assert_finds('coord/session/a.cc', f'\n{line}\n', (2, rule))
                if home and home.endswith('.cc'):
                    self.assert_clean(home, f'{line}\n')
                elif home:
                    self.assert_clean(home, CLEAN_HEADER + f'{line}\n')

    def test_asio_does_not_leave_its_headers(self):
        self.assert_finds('net/pg/a.cc', '#include "net/transport/io_threads.h"\n', (1, 'asio'))
        self.assert_clean('net/pg/a.cc', '#include "net/transport/transport.h"\n')

    def test_what_only_looks_like_a_forbidden_name(self):
        self.assert_clean('coord/session/a.cc', '\n'.join([
            '// a new thread may delete std::mutex; absl::Now() reads the clock', '/* throw', ' reinterpret_cast */', 'Use("delete from t; new std::thread");',
            'Use(R"sql(delete " from new)sql");', "Use('\"', 1'000, '\\'');", 'Thing(const Thing&) = delete;', 'void operator delete(void* p);',
            'std::unique_ptr<Thing> thing(new Thing(1));', 'return std::unique_ptr<const Thing>(new Thing(1));', 'std::shared_ptr<Thing> shared(new Thing());',
            'static const auto* all = new std::vector<int>{1};', 'new (place) Thing();', '#include <new>', 'socket_.open(protocol);', 'commit_clock->time();',
            'int brand(int x);', 'const int cores = std::thread::hardware_concurrency();', 'absl::Duration rethrow_count;', 'status = file.fsync_status;', '']))

    def test_tests_and_tools_have_their_own_threads_and_files_but_no_chance(self):
        self.assert_clean('tests/engine/a_test.cc', 'std::thread a; std::mutex b; int fd = ::open(name, 0); auto now = absl::Now();\n')
        self.assert_clean('tools/tsd/main.cc', '#include <fcntl.h>\n')
        self.assert_finds('tests/engine/a_test.cc', 'std::random_device device;\n', (1, 'random'))
        self.assert_finds('tests/engine/a_test.cc', 'std::this_thread::sleep_for(second);\n', (1, 'sleep'))

    def test_code_after_literals_is_still_read(self):
        self.assert_finds('coord/session/a.cc', 'Use(R"(a\nb")", \'"\'); throw 1;\nUse("\\""); throw 2;\nint x = 1\'000; throw 3;\n',
                          (2, 'exception'), (3, 'exception'), (4, 'exception'))

    def test_sizes(self):
        self.assert_clean('engine/base/a.cc', '\n' * 800)
        self.assert_finds('engine/base/a.cc', '\n' * 801, (1, 'file-size'))
        self.assert_clean('tests/engine/a.cc', '\n' * 1200)
        self.assert_finds('tests/engine/a.cc', '\n' * 1201, (1, 'file-size'))
        self.assert_finds('tools/program', '#!/bin/sh\n' + '\n' * 800, (1, 'file-size'))
        self.assert_clean('engine/base/a.cc', '/' * 180 + '\n')
        self.assert_finds('engine/base/a.cc', '\n' + '/' * 181 + '\n', (2, 'line-length'))
        self.assert_clean('engine/base/a.cc', '//' + 'é' * 178 + '\n')

    def test_long_literals_are_data_in_tests_only(self):
        line = 'Use("' + 'x' * 200 + '");\n'
        self.assert_clean('tests/sql/a_test.cc', line)
        self.assert_finds('sql/exec/a.cc', line, (1, 'line-length'))

    def test_functions(self):
        def body(lines):
            return '{\n' + '  if (x) {\n' + '  Use(1);\n' * (lines - 4) + '  }\n' + '}\n'
        for head in ['void Run() ', 'Status Thing::Run(int x) const ', 'Thing::Thing(int x) : x_(x), y_(x) ']:
            with self.subTest(head=head):
                self.assert_clean('engine/base/a.cc', 'namespace tsd {\n' + head + body(150) + '}\n')
                self.assert_finds('engine/base/a.cc', 'namespace tsd {\n' + head + body(151) + '}\n', (2, 'function-size'))
        self.assert_finds('engine/base/a.cc', 'class Thing : public Base {\n public:\n  void Run() ' + body(151) + '};\n', (3, 'function-size'))
        self.assert_clean('engine/base/a.cc', 'class Thing {\n' + '  void Run() { Use(1); }\n' * 200 + '};\n')
        self.assert_clean('engine/base/a.cc', 'const int kTable[] = {\n' + '  Of(1),\n' * 200 + '};\n')

    def test_unfinished(self):
        for word in ['TODO', 'FIXME', 'XXX']:
            self.assert_finds('engine/base/a.cc', f'int x;  // {word}: later\n', (1, 'unfinished'))
            self.assert_finds('docs/a.md', f'\n{word}\n', (2, 'unfinished'))
        self.assert_clean('engine/base/a.cc', 'Use("TODO"); Use("\\\\uXXXX"); Use("name_XXXXXX");\n')

    def test_headers(self):
        self.assert_clean('engine/base/a.h', CLEAN_HEADER)
        self.assert_finds('engine/base/a.h', '// Thing.\n#include <string>\n', (1, 'pragma'))
        self.assert_finds('engine/base/a.h', '#pragma once\n\n#include <string>\n', (1, 'header-comment'))
        self.assert_finds('engine/base/a.h', '', (1, 'pragma'))

    def test_file_names(self):
        for name in ['util.cc', 'string_utils.cc', 'test_helper.py', 'common.md']:
            self.assert_finds(f'engine/base/{name}', '\n', (1, 'name'))
        self.assert_finds('engine/helpers/a.cc', '\n', (1, 'name'))
        self.assert_clean('coord/session/utility.cc', '\n')

    def test_machine_paths(self):
        for path in ['/' + 'work/x', '/' + 'root/.cache', '/' + 'home/me/x']:
            self.assert_finds('docs/a.md', f'see {path}\n', (1, 'path'))
            self.assert_finds('engine/base/a.cc', f'// see {path}\n', (1, 'path'))
        self.assert_clean('docs/a.md', 'see framework/x and /var/lib\n')

    def test_markers(self):
        bad = 'auto p = reinterpret_cast<char*>(x);'
        self.assert_clean('net/pg/a.cc', f'{bad}  // tidy: bytes of a scalar\n')
        self.assert_clean('net/pg/a.cc', f'// tidy: bytes of a scalar\n{bad}\n')
        self.assert_clean('docs/a.md', '/' + 'home/ is a place <!-- tidy: an example -->\n')
        self.assert_finds('net/pg/a.cc', f'{bad}  // tidy:\n', (1, 'marker'))
        self.assert_finds('net/pg/a.cc', f'{bad}  // tidy: ok\n', (1, 'marker'))
        self.assert_finds('net/pg/a.cc', 'int x;  // tidy: bytes of a scalar\n', (1, 'marker'))
        # A marker behind code speaks for its own line only.
        self.assert_finds('net/pg/a.cc', f'{bad}  // tidy: bytes of a scalar\n{bad}\n', (2, 'reinterpret_cast'))


if __name__ == '__main__':
    unittest.main()
