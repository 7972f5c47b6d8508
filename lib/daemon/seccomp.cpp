// The system calls of a child, as names in groups: the base for everybody, the others by right.
#include <fcntl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>
#include <initializer_list>
#include <memory>

#include "lib/base/text.h"
#include "lib/daemon/jail.h"

namespace postern::daemon {

namespace {

constexpr auto kBase = {
    // descriptors that are held
    "read",
    "write",
    "readv",
    "writev",
    "pread64",
    "pwrite64",
    "preadv",
    "pwritev",
    "close",
    "close_range",
    "lseek",
    "fstat",
    "fstatfs",
    "fcntl",
    "dup",
    "dup2",
    "dup3",
    "pipe2",
    "ftruncate",
    "fallocate",
    "fsync",
    "fdatasync",
    "syncfs",
    "sync_file_range",
    "fadvise64",
    "flock",
    "sendfile",
    "copy_file_range",
    "splice",
    "getdents64",
    "memfd_create",
    // sockets that are held
    "accept",
    "accept4",
    "recvfrom",
    "recvmsg",
    "recvmmsg",
    "sendto",
    "sendmsg",
    "sendmmsg",
    "shutdown",
    "getsockopt",
    "setsockopt",
    "getsockname",
    "getpeername",
    "socketpair",
    // waiting
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "eventfd2",
    "timerfd_create",
    "timerfd_settime",
    "timerfd_gettime",
    "nanosleep",
    "clock_nanosleep",
    "futex",
    "restart_syscall",
    "sched_yield",
    "alarm",
    "setitimer",
    "getitimer",
    // memory
    "brk",
    "munmap",
    "mremap",
    "madvise",
    "membarrier",
    "rseq",
    "set_robust_list",
    "get_robust_list",
    // itself
    "getpid",
    "getppid",
    "gettid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getresuid",
    "getresgid",
    "getgroups",
    "getrlimit",
    "getrusage",
    "sched_getaffinity",
    "uname",
    "sysinfo",
    "times",
    "getcpu",
    "getcwd",
    "umask",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigpending",
    "rt_sigtimedwait",
    "sigaltstack",
    "tgkill",
    "exit",
    "exit_group",
    // time and chance
    "clock_gettime",
    "clock_getres",
    "gettimeofday",
    "time",
    "getrandom",
};

constexpr auto kFiles = {
    "open",      "openat",     "openat2",  "stat",       "lstat",  "newfstatat", "statx",  "access",
    "faccessat", "faccessat2", "readlink", "readlinkat", "statfs", "chdir",      "fchdir",
};

constexpr auto kChanges = {
    "rename",    "renameat", "renameat2",  "unlink",    "unlinkat",  "link",    "linkat",    "symlink",
    "symlinkat", "mkdir",    "mkdirat",    "rmdir",     "mknod",     "mknodat", "truncate",  "chmod",
    "fchmod",    "fchmodat", "chown",      "fchown",    "fchownat",  "lchown",  "utimensat", "futimesat",
    "utime",     "utimes",   "flistxattr", "fgetxattr", "fsetxattr",
};

constexpr auto kIdentities = {
    "setuid",   "setgid",   "setreuid",  "setregid", "setresuid", "setresgid",
    "setfsuid", "setfsgid", "setgroups", "capget",   "capset",    "prctl",
};

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};

class Filter {
 public:
  Filter() : filter_(seccomp_init(SCMP_ACT_ERRNO(EPERM))) {
    if (filter_ == nullptr) error_ = -ENOMEM;
  }

  // A name that this machine does not have is nothing to allow.
  void allow(std::initializer_list<const char*> names) {
    for (const char* name : names) add(SCMP_ACT_ALLOW, name, {});
  }
  void allow_if(const char* name, scmp_arg_cmp condition) { add(SCMP_ACT_ALLOW, name, {condition}); }
  void answer(int number, const char* name) {
    add(SCMP_ACT_ERRNO(static_cast<std::uint32_t>(number)), name, {});
  }

  Result<void> load() {
    set(SCMP_FLTATR_CTL_NNP, 0);  // set already, or root that may do without
    set(SCMP_FLTATR_CTL_TSYNC, 1);
    if (error_ == 0) error_ = seccomp_load(filter_.get());
    if (error_ != 0) return fail_errno("allow system calls", -error_);
    return {};
  }

 private:
  void add(std::uint32_t action, const char* name, std::initializer_list<scmp_arg_cmp> conditions) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number < 0 || error_ != 0) return;
    error_ = seccomp_rule_add_array(filter_.get(), action, number, static_cast<unsigned>(conditions.size()),
                                    conditions.begin());
  }
  void set(scmp_filter_attr attribute, std::uint32_t value) {
    if (error_ == 0) error_ = seccomp_attr_set(filter_.get(), attribute, value);
  }
  std::unique_ptr<void, Release> filter_;
  int error_ = 0;
};

scmp_arg_cmp equals(unsigned argument, std::uint64_t value) {
  return scmp_arg_cmp{argument, SCMP_CMP_EQ, value, 0};
}
scmp_arg_cmp without(unsigned argument, std::uint64_t bits) {
  return scmp_arg_cmp{argument, SCMP_CMP_MASKED_EQ, bits, 0};
}
scmp_arg_cmp with(unsigned argument, std::uint64_t bits) {
  return scmp_arg_cmp{argument, SCMP_CMP_MASKED_EQ, bits, bits};
}

// No memory that is written becomes code.
void allow_memory(Filter& filter) {
  for (const char* name : {"mmap", "mprotect"}) filter.allow_if(name, without(2, PROT_EXEC));
}

// Only to ask for limits, never to set them.
void allow_questions(Filter& filter) {
  filter.allow_if("prlimit64", equals(2, 0));
  filter.allow_if("newfstatat", equals(3, AT_EMPTY_PATH));  // fstat() of newer libraries
  for (const std::uint64_t request : {0x541Bu /* FIONREAD */, 0x5421u /* FIONBIO */, 0x5401u /* TCGETS */}) {
    filter.allow_if("ioctl", equals(1, request));
  }
}

void allow_sockets(Filter& filter, const Rights& rights) {
  if (!rights.connect_unix && !rights.connect_inet) return;
  filter.allow({"connect", "bind"});
  if (rights.connect_unix) filter.allow_if("socket", equals(0, AF_UNIX));
  if (rights.connect_inet) {
    for (const int family : {AF_INET, AF_INET6}) {
      filter.allow_if("socket", equals(0, static_cast<std::uint64_t>(family)));
    }
  }
}

// A thread, never a process. clone3 hides its flags from us: glibc falls back to clone.
void allow_threads(Filter& filter, const Rights& rights) {
  if (!rights.threads) return;
  filter.answer(ENOSYS, "clone3");
  filter.allow_if("clone", with(0, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND));
  filter.allow({"set_tid_address", "sched_setaffinity", "sched_getparam", "sched_getscheduler"});
}

}  // namespace

Result<void> allow_system_calls(const Rights& rights) {
  Filter filter;
  filter.allow(kBase);
  allow_memory(filter);
  allow_questions(filter);
  allow_sockets(filter, rights);
  allow_threads(filter, rights);
  if (!rights.read.empty() || !rights.write.empty()) filter.allow(kFiles);
  if (!rights.write.empty()) filter.allow(kChanges);
  if (rights.identities) filter.allow(kIdentities);
  // A process that acts for users in our place was started before the jail; its end may be waited for.
  if (rights.identities) filter.allow({"wait4"});
  return filter.load();
}

}  // namespace postern::daemon
