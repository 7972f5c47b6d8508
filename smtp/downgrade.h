// 8-bit text for a server that takes seven bits only: each part of a message that declares 8bit or binary becomes
// quoted-printable (RFC 2045 6.7), and what contains such parts becomes 7bit. Everything else stays byte for byte, 8-bit text
// that nothing declares too. Lines end in LF; pieces may end anywhere.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postern::smtp {

class Downgrade {
 public:
  void feed(std::string_view piece, std::string& out);
  // What is still held back.
  void finish(std::string& out);

 private:
  enum class Place { header, body };

  void take(std::string_view line, std::string& out);
  bool take_boundary(std::string_view line, std::string& out);
  bool in_field_line() const;
  void take_header(std::string_view line, std::string& out);
  void end_header(std::string& out);
  void take_body(std::string_view line, std::string& out);
  void quote(char c, bool at_end, std::string& out);

  Place place_ = Place::header;
  std::string partial_;  // a line whose end is still to come
  std::string header_;   // of the part in hand
  std::vector<std::string> boundaries_;
  bool quotes_ = false;     // the body in hand becomes quoted-printable
  bool in_line_ = false;    // the last piece of the body did not end its line
  std::size_t column_ = 0;  // of the line that is written
};

}  // namespace postern::smtp
