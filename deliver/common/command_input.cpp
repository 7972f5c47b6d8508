#include "deliver/common/command_input.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "deliver/common/content.h"

namespace postern::deliver {

namespace {

// Changes line after line, however the text is cut into pieces.
class LineForm {
 public:
  LineForm(const InputForm& form, std::string& out) : form_(form), out_(out) {}

  void head(std::string_view text) {
    while (!text.empty()) {
      const auto end = text.find('\n');
      out_ += text.substr(0, end);
      out_ += form_.line_end;
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
  }

  void feed(std::string_view piece) {
    while (!piece.empty()) {
      const auto end = piece.find('\n');
      line_ += piece.substr(0, end);
      if (end == std::string_view::npos) {
        if (line_.size() > kLongest) flush();  // the rest of the line goes as it is
        return;
      }
      flush();
      out_ += form_.line_end;
      at_start_ = true;
      piece.remove_prefix(end + 1);
    }
  }

  void finish() {
    const bool torn = !line_.empty() || !at_start_;
    flush();
    if (torn) out_ += form_.line_end;
    if (form_.blank_line) out_ += form_.line_end;
  }

 private:
  static constexpr std::size_t kLongest = 65536;

  void flush() {
    if (at_start_ && form_.quote_from && line_.starts_with("From ")) out_ += '>';
    if (at_start_ && form_.quote_dots && line_.starts_with('.')) out_ += '.';
    out_ += line_;
    line_.clear();
    at_start_ = false;
  }

  const InputForm& form_;
  std::string& out_;
  std::string line_;
  bool at_start_ = true;
};

Result<void> write_formed(int fd, const ipc::Deliver& message, std::string_view head, const InputForm& form) {
  std::string out;
  LineForm lines(form, out);
  lines.head(head);
  auto written = each_block(message, [&](std::string_view block) {
    lines.feed(block);
    auto done = write_all(fd, out, "input of a command");
    out.clear();
    return done;
  });
  if (!written) return written;
  lines.finish();
  return write_all(fd, out, "input of a command");
}

}  // namespace

Result<Fd> command_input(const ipc::Deliver& message, std::string_view head, const InputForm& form) {
  Fd file(::memfd_create("message", MFD_CLOEXEC));
  if (!file) return fail_errno("memfd_create", errno);
  auto written = form.is_plain() ? write_content(file.get(), head, message)
                                 : write_formed(file.get(), message, head, form);
  if (written && ::lseek(file.get(), 0, SEEK_SET) != 0) written = fail_errno("lseek", errno);
  if (!written) return fail(written.error());
  return file;
}

}  // namespace postern::deliver
