// The log: one line per decision, in the shape that Postfix administrators and their tools know:
// `Nov 23 04:05:06 host postfix/smtpd[123]: connect from …`. Lines are gathered and written in one call a
// turn of the loop (flush); warnings and worse go out at once. Several processes may share a file or a pipe:
// lines stay whole. Writing to what log_destination.h opens does not wait. What the receiver cannot take is held
// and tried again; what is more than kHeld bytes is counted, and the number is said when it can be. One thread of
// a process writes the log. The process ignores SIGPIPE.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace postern {

enum class Level { info, warning, error, fatal, panic };

namespace log {

// Where lines go. A file descriptor gets complete lines with time stamp, host and tag; the syslog socket gets
// datagrams of facility mail.
enum class Target { descriptor, syslog };

struct Setup {
  std::string tag;   // "postfix/smtpd": syslog_name, a slash, the program
  std::string host;  // as written in each line of a file
  Target target = Target::descriptor;
  Fd fd;  // an open file, pipe, terminal or socket; or the socket of a SystemLog
};

// Lines that wait for a receiver which is slow, full or away.
inline constexpr std::size_t kHeld = 65536;

// Starts writing as told. Until then, and in tests, lines go to standard error as "TAG: text". What the receiver from
// before has not taken counts as lost.
void open(Setup setup);

// Adds one line. Bytes that could break a line or a terminal are replaced; at most 2,000 bytes stay.
void write(Level level, std::string_view text);

// The same in the name of another program, whose work this one does: tools know the line by it ("dnsblog").
void write_as(std::string_view program, Level level, std::string_view text);

// Writes what was gathered, as much as the receiver takes. Called before the loop sleeps, and by write() when much has
// gathered.
void flush();

// The last flush of a process: gives a receiver that is slow 100 ms.
void finish();

// True when there is something to write, or to say: flush() should be called again in a while.
bool waiting();

// How much more is said for somebody who looks for a fault: the number of -v options; 0 is the rule. Whoever has
// something to say asks first, so that nobody else pays for its text.
void set_verbosity(unsigned level);
unsigned verbosity();
inline bool is_verbose(unsigned level = 1) { return verbosity() >= level; }

// The number of lines that could not be written so far and were not yet spoken of; and that since the process began.
std::size_t lost();
std::uint64_t lost_in_all();
// Lines of which nobody would hear, not even that they are lost, if the process ended now.
std::size_t unsaid();
// Takes over what another process left unsaid: the number is said with that of our own losses.
void add_lost(std::size_t lines);

}  // namespace log

inline void log_info(std::string_view text) { log::write(Level::info, text); }
inline void log_warning(std::string_view text) { log::write(Level::warning, text); }
inline void log_error(std::string_view text) { log::write(Level::error, text); }
inline void log_fatal(std::string_view text) { log::write(Level::fatal, text); }

}  // namespace postern
