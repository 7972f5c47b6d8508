#include "tests/attacks/renegotiation/records.h"

#include <openssl/ssl.h>

#include <algorithm>

namespace attack {

namespace {

constexpr std::size_t kMostInRecord = 16 * 1024;

std::size_t size_of(std::string_view two) {
  return static_cast<std::size_t>(static_cast<unsigned char>(two[0]) * 256 +
                                  static_cast<unsigned char>(two[1]));
}

// A warning, though not that the session ends.
bool is_harmless(const Record& alert) {
  return alert.body.size() == 2 && alert.body[0] == SSL3_AL_WARNING && alert.body[1] != SSL3_AD_CLOSE_NOTIFY;
}

}  // namespace

Record Records::read_raw() {
  const std::string head = socket_.bytes(5);
  Record record;
  record.type = static_cast<std::uint8_t>(head[0]);
  record.version = head.substr(1, 2);
  if (record.version[0] != 3) throw Gone("something that is not TLS");
  record.body = socket_.bytes(size_of(std::string_view(head).substr(3)));
  return record;
}

void Records::write_raw(const Record& record) {
  socket_.write(number(record.type, 1) + record.version + number(record.body.size(), 2) + record.body);
}

Record Records::read() {
  Record record = read_raw();
  if (reads) record.body = reads->open(record.type, record.body);
  return record;
}

void Records::write(std::uint8_t type, std::string_view text) {
  do {
    const auto piece = text.substr(0, kMostInRecord);
    text.remove_prefix(piece.size());
    Record record;
    record.type = type;
    record.body = writes ? writes->close(type, piece) : std::string(piece);
    write_raw(record);
  } while (!text.empty());
}

std::string alert_text(const Record& alert) {
  if (alert.body.size() != 2) return "an alert that cannot be read";
  const std::string level = alert.body[0] == 2 ? "fatal" : "warning";
  return level + " alert: " + SSL_alert_desc_string_long(static_cast<unsigned char>(alert.body[1]));
}

void TlsChannel::write(std::string_view data) { records_.write(kData, data); }

std::string TlsChannel::some() {
  for (;;) {
    Record record = records_.read();
    if (record.type == kData && !record.body.empty()) return record.body;
    if (record.type == kAlert && !is_harmless(record)) throw Gone(alert_text(record));
    if (record.type == kHandshake && !renegotiate) throw Gone("a handshake within the session");
    if (record.type == kHandshake) renegotiate(record.body);
  }
}

}  // namespace attack
