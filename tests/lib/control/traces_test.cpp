#include "lib/control/traces.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "lib/base/fd.h"
#include "lib/base/text.h"

using namespace postern;
using namespace postern::control;

namespace fs = std::filesystem;

namespace {

// What is left of a mail system whose master was killed, and what others keep there.
struct Place {
  Place() {
    REQUIRE(::mkdtemp(root.data()) != nullptr);
    for (const char* folder : {"etc", "queue/pid", "queue/public", "queue/private"})
      fs::create_directories(path(folder));
    std::ofstream(path("etc/main.cf")) << "queue_directory = " << root << "/queue\n";
    std::ofstream(path("etc/master.cf"))
        << "127.0.0.1:2525 inet n - n - - smtpd\nqmgr unix n - n 300 1 qmgr\n"
           "local unix - n n - - local\nplain unix - n n - - local\n"
           "pickup fifo n - n 60 1 pickup\n";
    std::ofstream(path("queue/pid/master.pid")) << "4000000\n";
    fs::create_symlink("/proc/4000000/fd/5", path("queue/pid/scoreboard"));
    for (const char* name : {"public/qmgr", "private/local", "private/auth"})
      make_socket(path(concat("queue/", name)));
    REQUIRE(::mkfifo(path("queue/public/pickup").c_str(), 0600) == 0);
    std::ofstream(path("queue/private/plain")) << "a file\n";
  }
  ~Place() { fs::remove_all(root); }
  std::string path(std::string_view name) const { return concat(root, "/", name); }
  bool has(std::string_view name) const {
    return fs::exists(fs::symlink_status(path(concat("queue/", name))));
  }
  MailSystem system() const {
    auto opened = MailSystem::open(path("etc"));
    REQUIRE(opened);
    return std::move(*opened);
  }
  static void make_socket(const std::string& at) {
    const Fd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    at.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }

  std::string root = "/tmp/traces_test_XXXXXX";
};

}  // namespace

TEST_CASE("what shows a mail system goes, what belongs to others stays") {
  const Place place;
  CHECK(remove_traces(place.system()));
  for (const char* gone :
       {"public/qmgr", "private/local", "public/pickup", "pid/master.pid", "pid/scoreboard"}) {
    CAPTURE(gone);
    CHECK(!place.has(gone));
  }
  CHECK(place.has("private/auth"));
  CHECK(place.has("private/plain"));
  CHECK(remove_traces(place.system()));
}

TEST_CASE("nothing goes while a master runs") {
  const Place place;
  const Fd lock(::open(place.path("queue/pid/master.pid").c_str(), O_RDWR));
  REQUIRE(::flock(lock.get(), LOCK_EX) == 0);
  CHECK(remove_traces(place.system()));
  for (const char* there : {"public/qmgr", "pid/master.pid", "pid/scoreboard"}) CHECK(place.has(there));
}
