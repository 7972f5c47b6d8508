#include "lib/base/fd.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "tests/lib/base/temporary_directory.h"

namespace postern {

namespace {

bool is_open(int number) { return ::fcntl(number, F_GETFD) >= 0; }

unsigned mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777u;
}

std::size_t files_in(const std::string& path) {
  const auto all = std::filesystem::directory_iterator(path);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

std::pair<Fd, Fd> pipe_pair() {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  return {Fd(ends[0]), Fd(ends[1])};
}

// No file grows beyond `bytes` while this lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : action_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, action_);
  }

 private:
  rlimit before_{};
  sighandler_t action_;
};

}  // namespace

TEST_CASE("a descriptor closes itself, once, and moves") {
  int number = -1;
  {
    auto file = open_file("/dev/null", O_RDONLY);
    REQUIRE(file);
    number = file->get();
    CHECK(is_open(number));
    Fd moved = std::move(*file);
    CHECK_FALSE(static_cast<bool>(*file));
    CHECK(moved.get() == number);
    Fd other(::dup(number));
    const int replaced = other.get();
    other = std::move(moved);
    CHECK_FALSE(is_open(replaced));
    CHECK(is_open(number));
    Fd& same = other;
    other = std::move(same);
    CHECK(is_open(number));
  }
  CHECK_FALSE(is_open(number));
}

TEST_CASE("a released descriptor stays open") {
  auto file = open_file("/dev/null", O_RDONLY);
  REQUIRE(file);
  const int number = file->release();
  CHECK_FALSE(static_cast<bool>(*file));
  file->reset();
  CHECK(is_open(number));
  ::close(number);
}

TEST_CASE("files are opened close-on-exec, and failures name them") {
  TemporaryDirectory directory;
  auto file = open_file(directory.path("new"), O_WRONLY | O_CREAT, 0640);
  REQUIRE(file);
  CHECK((::fcntl(file->get(), F_GETFD) & FD_CLOEXEC) != 0);
  const auto missing = open_file(directory.path("missing"), O_RDONLY);
  REQUIRE(!missing);
  CHECK(missing.error().kind == Errc::not_found);
  CHECK(missing.error().text == "open " + directory.path("missing") + ": No such file or directory");
}

TEST_CASE("a file is read whole up to the limit") {
  TemporaryDirectory directory;
  const std::string text(40'000, 'x');
  REQUIRE(replace_file(directory.path("a"), text, 0600));
  CHECK(read_file(directory.path("a")).value_or("") == text);
  CHECK(read_file(directory.path("a"), text.size()).value_or("") == text);
  const auto large = read_file(directory.path("a"), text.size() - 1);
  REQUIRE(!large);
  CHECK(large.error().kind == Errc::too_long);
  const auto endless = read_file("/dev/zero", 100'000);
  REQUIRE(!endless);
  CHECK(endless.error().kind == Errc::too_long);
  const auto folder = read_file(directory.path());
  REQUIRE(!folder);
  CHECK(folder.error().sys == EISDIR);
}

TEST_CASE("write_all goes on until everything is written") {
  auto [reader, writer] = pipe_pair();
  const std::string text(1 << 20, 'y');  // many times what a pipe holds
  std::string received;
  std::thread other([&, fd = reader.get()] {
    char block[5000];
    for (ssize_t n = 0; (n = ::read(fd, block, sizeof block)) > 0;) {
      received.append(block, static_cast<std::size_t>(n));
    }
  });
  const auto written = write_all(writer.get(), text, "pipe");
  writer.reset();
  other.join();
  CHECK(written);
  CHECK(received == text);
}

TEST_CASE("write_all says who is gone and what is full") {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  auto [reader, writer] = pipe_pair();
  reader.reset();
  const auto lost = write_all(writer.get(), "x", "pipe");
  std::signal(SIGPIPE, before);
  REQUIRE(!lost);
  CHECK(lost.error().kind == Errc::lost);
  CHECK(lost.error().text == "write pipe: Broken pipe");
  auto device = open_file("/dev/full", O_WRONLY);
  REQUIRE(device);
  const auto full = write_all(device->get(), "x", "/dev/full");
  REQUIRE(!full);
  CHECK(full.error().kind == Errc::full);
}

TEST_CASE("replace_file makes and replaces a file with exactly the mode asked for") {
  TemporaryDirectory directory;
  const std::string path = directory.path("main.cf");
  const auto mask = ::umask(077);
  CHECK(replace_file(path, "one", 0644));
  CHECK(mode_of(path) == 0644);
  CHECK(replace_file(path, "two", 0600));
  ::umask(mask);
  CHECK(mode_of(path) == 0600);
  CHECK(read_file(path).value_or("") == "two");
  CHECK(replace_file(path, "", 0600));
  CHECK(read_file(path).value_or("x") == "");
  CHECK(files_in(directory.path()) == 1);
}

TEST_CASE("whoever has the old file open keeps the old text") {
  TemporaryDirectory directory;
  const std::string path = directory.path("a");
  REQUIRE(replace_file(path, "old", 0600));
  auto reader = open_file(path, O_RDONLY);
  REQUIRE(reader);
  REQUIRE(replace_file(path, "a longer new text", 0600));
  char block[64];
  CHECK(::read(reader->get(), block, sizeof block) == 3);
}

TEST_CASE("a replacement that fails leaves the old file and nothing else") {
  TemporaryDirectory directory;
  const std::string path = directory.path("a");
  REQUIRE(replace_file(path, "old", 0600));
  {
    const FileSizeLimit limit(100);
    CHECK_FALSE(replace_file(path, std::string(1000, 'x'), 0600));
  }
  CHECK(read_file(path).value_or("") == "old");
  CHECK(files_in(directory.path()) == 1);

  REQUIRE(::mkdir(directory.path("folder").c_str(), 0700) == 0);
  CHECK_FALSE(replace_file(directory.path("folder"), "x", 0600));
  CHECK(files_in(directory.path()) == 2);

  const auto nowhere = replace_file(directory.path("no/such/a"), "x", 0600);
  REQUIRE(!nowhere);
  CHECK(nowhere.error().kind == Errc::not_found);
}

TEST_CASE("replace_file writes neither through links nor into what stands under its temporary name") {
  TemporaryDirectory directory;
  const std::string path = directory.path("a");
  const std::string temporary = path + ".tmp." + std::to_string(::getpid());
  REQUIRE(replace_file(directory.path("victim"), "safe", 0600));

  SUBCASE("the path is a symbolic link") {
    REQUIRE(::symlink(directory.path("victim").c_str(), path.c_str()) == 0);
  }
  SUBCASE("the temporary name is a symbolic link") {
    REQUIRE(::symlink(directory.path("victim").c_str(), temporary.c_str()) == 0);
  }
  SUBCASE("the temporary name is a second name of another file") {
    REQUIRE(::link(directory.path("victim").c_str(), temporary.c_str()) == 0);
  }
  CHECK(replace_file(path, "new", 0600));
  CHECK(read_file(path).value_or("") == "new");
  CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(path)));
  CHECK(read_file(directory.path("victim")).value_or("") == "safe");
  CHECK(files_in(directory.path()) == 2);
}

TEST_CASE("replace_file works on a name without a directory") {
  TemporaryDirectory directory;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path());
  const auto done = replace_file("plain", "x", 0600);
  std::filesystem::current_path(before);
  CHECK(done);
  CHECK(read_file(directory.path("plain")).value_or("") == "x");
}

TEST_CASE("only a directory can be synced as one") {
  TemporaryDirectory directory;
  CHECK(sync_directory(directory.path()));
  REQUIRE(replace_file(directory.path("a"), "x", 0600));
  CHECK_FALSE(sync_directory(directory.path("a")));
  CHECK_FALSE(sync_directory(directory.path("missing")));
}

TEST_CASE("descriptor flags go on and off, and a closed descriptor is an error") {
  auto [reader, writer] = pipe_pair();
  CHECK(set_nonblocking(reader.get()));
  CHECK((::fcntl(reader.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK(set_nonblocking(reader.get(), false));
  CHECK((::fcntl(reader.get(), F_GETFL) & O_NONBLOCK) == 0);
  CHECK(set_close_on_exec(reader.get(), false));
  CHECK(::fcntl(reader.get(), F_GETFD) == 0);
  CHECK(set_close_on_exec(reader.get(), true));
  CHECK(::fcntl(reader.get(), F_GETFD) == FD_CLOEXEC);
  CHECK_FALSE(set_nonblocking(-1));
  CHECK_FALSE(set_close_on_exec(-1, true));
}

}  // namespace postern
