// The tests that a client passes before it may speak with a server, and what becomes of it otherwise. They are named here
// once: for the cache, the log, the scoreboard and the server that goes on with a session.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace postern::screening {

// Before the greeting: pregreet (the client speaks first) and dnsbl (DNS lists know it); then of its commands:
// pipelining (sent before it was their turn), non_smtp_command (of another protocol), bare_newline (lines without CR).
enum class Test : std::uint8_t { pregreet, dnsbl, pipelining, non_smtp_command, bare_newline };
inline constexpr std::size_t kTests = 5;
inline constexpr std::array<Test, kTests> kAllTests{Test::pregreet, Test::dnsbl, Test::pipelining,
                                                    Test::non_smtp_command, Test::bare_newline};

// "pregreet", "dnsbl", "pipelining", "non_smtp_command", "bare_newline".
std::string_view name_of(Test test);

// What is done about a failure: nothing; the client is refused at RCPT; it is refused at once.
enum class Action : std::uint8_t { ignore, enforce, drop };
std::string_view name_of(Action action);
// Of the values of postscreen_*_action; nothing for another word.
std::optional<Action> action_of(std::string_view word);

class TestSet {
 public:
  constexpr TestSet() = default;
  constexpr TestSet(std::initializer_list<Test> tests) {
    for (const Test test : tests) add(test);
  }
  // Bits that are no test are dropped: the number may come from elsewhere.
  static constexpr TestSet of_bits(unsigned bits) {
    TestSet set;
    set.bits_ = static_cast<std::uint8_t>(bits & ((1u << kTests) - 1));
    return set;
  }
  constexpr unsigned bits() const { return bits_; }
  constexpr bool has(Test test) const { return (bits_ & bit(test)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr void add(Test test) { bits_ = static_cast<std::uint8_t>(bits_ | bit(test)); }
  constexpr void remove(Test test) { bits_ = static_cast<std::uint8_t>(bits_ & ~bit(test)); }
  constexpr TestSet operator|(TestSet other) const { return of_bits(unsigned{bits_} | other.bits_); }
  constexpr TestSet operator&(TestSet other) const { return of_bits(unsigned{bits_} & other.bits_); }
  constexpr TestSet without(TestSet other) const { return of_bits(bits_ & ~unsigned{other.bits_}); }
  constexpr bool operator==(const TestSet&) const = default;

 private:
  static constexpr unsigned bit(Test test) { return 1u << static_cast<unsigned>(test); }
  std::uint8_t bits_ = 0;
};
inline constexpr TestSet kEarlyTests{Test::pregreet, Test::dnsbl};
inline constexpr TestSet kDeepTests{Test::pipelining, Test::non_smtp_command, Test::bare_newline};

// Until when each test counts as passed: seconds since 1970. What Postfix keeps in its cache for a client.
struct Passes {
  static constexpr std::int64_t kNever = 0;     // not passed
  static constexpr std::int64_t kDisabled = 1;  // not passed, because the test was switched off
  std::array<std::int64_t, kTests> until{};

  std::int64_t& of(Test test) { return until[static_cast<std::size_t>(test)]; }
  std::int64_t of(Test test) const { return until[static_cast<std::size_t>(test)]; }
  // Those that count at this time.
  TestSet valid(std::int64_t now) const {
    TestSet set;
    for (const Test test : kAllTests) {
      if (of(test) > now) set.add(test);
    }
    return set;
  }
  bool operator==(const Passes&) const = default;
};

}  // namespace postern::screening
