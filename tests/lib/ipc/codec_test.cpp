#include "lib/ipc/codec.h"

#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "lib/ipc/frame.h"
#include "tests/lib/ipc/all_messages.h"

namespace postern::ipc {

namespace {

using namespace std::string_view_literals;

enum class Colour { red = 0, green = 1 };
constexpr Colour last_value(Colour) { return Colour::green; }

struct Pairing {
  std::string left;
  std::int64_t right = 0;
  static constexpr auto fields = std::tuple{Field{"left", &Pairing::left}, Field{"right", &Pairing::right}};
  bool operator==(const Pairing&) const = default;
};

struct Sample {
  std::string text;
  int small = 0;
  std::uint64_t large = 0;
  bool sure = false;
  Colour colour = Colour::red;
  std::vector<Pairing> pairs;
  std::vector<std::string> words;
  static constexpr std::string_view name = "sample";
  static constexpr auto fields = std::tuple{Field{"text", &Sample::text},     Field{"small", &Sample::small},
                                            Field{"large", &Sample::large},   Field{"sure", &Sample::sure},
                                            Field{"colour", &Sample::colour}, Field{"pair", &Sample::pairs},
                                            Field{"word", &Sample::words}};
};

std::string random_text(std::mt19937& random) {
  constexpr std::string_view awkward("\0\t\n\r\\=\x7f\xff\xc3 n0", 13);
  std::string text;
  for (auto length = random() % 20; length > 0; --length) {
    text += random() % 2 == 0 ? awkward[random() % awkward.size()] : static_cast<char>(random());
  }
  return text;
}

template <class T>
void fill(T& value, std::mt19937& random) {
  if constexpr (codec_detail::Nested<T>) {
    std::apply([&](const auto&... field) { (fill(value.*field.member, random), ...); }, T::fields);
  } else if constexpr (codec_detail::IsVector<T>::value) {
    value.resize(random() % 4);
    for (auto& element : value) fill(element, random);
  } else if constexpr (std::is_same_v<T, std::string>) {
    value = random_text(random);
  } else if constexpr (std::is_same_v<T, bool>) {
    value = random() % 2 == 0;
  } else if constexpr (std::is_enum_v<T>) {
    value = static_cast<T>(random() % (static_cast<unsigned>(last_value(T())) + 1));
  } else {
    const T some[] = {0, 1, static_cast<T>(random()), std::numeric_limits<T>::min(),
                      std::numeric_limits<T>::max()};
    value = some[random() % 5];
  }
}

const std::string kGood =
    "text=a\\tb\nsmall=-7\nlarge=18446744073709551615\nsure=yes\ncolour=1\npair=l\t5\n"
    "word=one\nword=\n";

// The fault that the reader finds when the first occurrence of `what` in a good message is replaced.
std::string fault(std::string_view what, std::string_view by) {
  std::string lines = kGood;
  const auto at = lines.find(what);
  REQUIRE(at != std::string::npos);
  lines.replace(at, what.size(), by);
  Sample sample;
  const auto decoded = decode_attributes(lines, sample);
  if (decoded) return "";
  CHECK(decoded.error().kind == Errc::invalid);
  return decoded.error().text;
}

}  // namespace

TEST_CASE("escaping leaves no byte that could end a line or a value, and can be undone") {
  std::string every;
  for (int c = 0; c < 256; ++c) every += static_cast<char>(c);
  std::string out;
  append_escaped(out, every);
  CHECK(out.find_first_of("\n\r\t\0"sv) == std::string::npos);
  CHECK(unescape(out) == every);
  out.clear();
  append_escaped(out, "a\\n\t"sv);
  CHECK(out == "a\\\\n\\t");
  for (const auto bad : {"\\"sv, "a\\"sv, "\\x"sv, "\\\\\\"sv, "\\N"sv}) CHECK_FALSE(unescape(bad));
}

TEST_CASE("a message reads as declared") {
  Sample sample;
  REQUIRE(decode_attributes(kGood, sample));
  CHECK(sample.text == "a\tb");
  CHECK(sample.small == -7);
  CHECK(sample.large == 18446744073709551615u);
  CHECK(sample.sure);
  CHECK(sample.colour == Colour::green);
  CHECK(sample.pairs == std::vector<Pairing>{{"l", 5}});
  CHECK(sample.words == std::vector<std::string>{"one", ""});
  CHECK(encode_attributes(sample) == kGood);
}

TEST_CASE("only lists may be absent, and only lists may come again") {
  CHECK(fault("pair=l\t5\n", "").empty());
  CHECK(fault("word=one\nword=\n", "").empty());
  CHECK(fault("text=a\\tb\n", "") == "message sample: missing field text");
  CHECK(fault("colour=1\n", "") == "message sample: missing field colour");
  CHECK(fault("sure=yes\n", "sure=yes\nsure=yes\n") == "message sample: bad or doubled field \"sure=yes\"");
}

TEST_CASE("the reader refuses what is not declared, or not of the declared form") {
  struct Row {
    std::string_view what;
    std::string_view by;
  };
  const Row rows[] = {
      {"text=", "Text="},
      {"text=", "=text="},
      {"text=", "text"},
      {"\\t", "\\q"},
      {"small=-7", "small="},
      {"small=-7", "small=7x"},
      {"small=-7", "small=+7"},
      {"small=-7", "small= 7"},
      {"small=-7", "small=-"},
      {"small=-7", "small=2147483648"},
      {"small=-7", "small=--7"},
      {"large=1", "large=-1"},
      {"large=1", "large=9"},
      {"=yes", "=Yes"},
      {"=yes", "=1"},
      {"=yes", "="},
      {"colour=1", "colour=2"},
      {"colour=1", "colour=-1"},
      {"colour=1", "colour="},
      {"colour=1", "colour=4294967297"},
      {"l\t5", "l"},
      {"l\t5", "l\t5\t"},
      {"l\t5", "l\tx"},
      {"\nword=\n", "\nword="},
      {"text=", "\ntext="},
  };
  for (const auto& row : rows) {
    CAPTURE(row.by);
    CHECK_FALSE(fault(row.what, row.by).empty());
  }
}

TEST_CASE("a fault is told without the control characters of the peer") {
  const auto text = fault("text=", "te\x1b[2Jxt=");
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("unknown field") != std::string::npos);
}

TEST_CASE("every message comes back as it was, whatever bytes its fields hold") {
  std::mt19937 random(3);
  for_each_message([&](auto kind) {
    using Message = typename decltype(kind)::type;
    for (int i = 0; i < 500; ++i) {
      Message sent;
      fill(sent, random);
      if constexpr (requires { Message::body; }) sent.*Message::body = random_text(random);
      std::string wire;
      append_message(wire, sent, 42);
      FrameReader reader(true);
      reader.feed(wire);
      auto frame = reader.next();
      REQUIRE(frame);
      REQUIRE(*frame);
      CHECK((*frame)->id == 42);
      auto got = decode_message<Message>(std::move(**frame));
      REQUIRE_MESSAGE(got, got.error().text);
      CHECK(same(*got, sent));
      if constexpr (requires { Message::body; }) CHECK((*got).*Message::body == sent.*Message::body);
    }
  });
}

TEST_CASE("a message of another name, with a body or a descriptor that is not declared, is refused") {
  const auto frame_of = [](std::string name) {
    Frame frame;
    frame.name = std::move(name);
    frame.attributes = "queue_id=1\n";
    return frame;
  };
  CHECK(decode_message<DropSpool>(frame_of("drop_spool")));
  CHECK_FALSE(decode_message<DropSpool>(frame_of("open_spool")));
  Frame with_body = frame_of("drop_spool");
  with_body.body = "x";
  CHECK_FALSE(decode_message<DropSpool>(std::move(with_body)));
  Frame with_file = frame_of("drop_spool");
  with_file.descriptors.emplace_back();
  CHECK_FALSE(decode_message<DropSpool>(std::move(with_file)));
  Frame two_files;
  two_files.name = "spool_opened";
  two_files.attributes = "problem=\n";
  two_files.descriptors.resize(2);
  CHECK_FALSE(decode_message<SpoolOpened>(std::move(two_files)));
}

}  // namespace postern::ipc
