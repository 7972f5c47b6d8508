// The client, between a queue manager that is the test and servers that keep to scripts.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>

#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "lib/base/log.h"
#include "smtp/service.h"
#include "tests/deliver/wait_until.h"
#include "tests/lib/base/temporary_directory.h"
#include "tests/smtp/remote.h"

namespace postern::smtp {

// DNS as the test says it is.
class FakeNames : public Names {
 public:
  std::map<std::string, net::DnsAnswer<net::MxRecord>> exchangers;
  std::map<std::string, net::DnsAnswer<net::Endpoint>> hosts;  // "mx.example A", "mx.example AAAA"
  std::map<std::string, net::DnsAnswer<net::TlsaRecord>> keys;

  void mx(const std::string& name, unsigned preference, const std::string& host) {
    auto& answer = exchangers[name];
    answer.status = net::DnsStatus::found;
    answer.records.push_back({preference, host});
  }
  void address(const std::string& name, const std::string& text) {
    auto& answer = hosts[name + (text.find(':') == text.npos ? " A" : " AAAA")];
    answer.status = net::DnsStatus::found;
    answer.records.push_back(*net::Endpoint::parse(text, 0));
  }
  template <class Record>
  static net::DnsAnswer<Record> find(const std::map<std::string, net::DnsAnswer<Record>>& from,
                                     const std::string& key) {
    if (const auto found = from.find(key); found != from.end()) return found->second;
    net::DnsAnswer<Record> none;
    none.status = net::DnsStatus::no_domain;
    return none;
  }
  net::Task<net::DnsAnswer<net::MxRecord>> mx(std::string name, Deadline) override {
    co_return find(exchangers, name);
  }
  net::Task<net::DnsAnswer<net::Endpoint>> addresses(std::string name, net::Family family,
                                                     Deadline) override {
    co_return find(hosts, name + (family == net::Family::ipv4 ? " A" : " AAAA"));
  }
  net::Task<net::DnsAnswer<net::TlsaRecord>> tlsa(std::string name, Deadline) override {
    co_return find(keys, name);
  }
};

class SmtpFixture {
 public:
  explicit SmtpFixture(const std::string& main_cf = "", Side side = Side::smtp) : client(side), scope_(loop) {
    auto parsed = config::MainCf::parse(
        "smtp_tls_history_database =\n" + main_cf + "\nmyhostname = mail.example.com\n", "main.cf");
    REQUIRE(parsed);
    const config::Settings settings(std::move(*parsed));
    auto fake = std::make_unique<FakeNames>();
    names = fake.get();
    auto ready = client.configure(settings, loop, std::move(fake));
    if (!ready) FAIL(ready.error().text);
    log::open({"postfix/smtp", "host", log::Target::descriptor,
               std::move(*open_file(directory.path("log"), O_WRONLY | O_CREAT | O_APPEND))});
  }
  ~SmtpFixture() { log::open({}); }

  static ipc::Deliver message(const std::string& nexthop,
                              const std::vector<std::string>& to = {"bob@example.org"}) {
    ipc::Deliver made;
    made.queue_id = 0xABC;
    made.sender = "ann@example.com";
    made.nexthop = nexthop;
    made.arrived = made.activated = wall_micros();
    made.content = "Subject: hello\n\n.body\n";
    made.size = static_cast<std::int64_t>(made.content.size());
    for (const auto& address : to) {
      ipc::DeliverTo one;
      one.number = 100 + static_cast<std::int64_t>(made.recipients.size());
      one.address = address;
      made.recipients.push_back(one);
    }
    return made;
  }

  void send(ipc::Deliver question) {
    answers.emplace_back();
    scope_.spawn(run(std::move(question), answers.size() - 1));
  }
  bool is_answered(std::size_t n) const { return n < done.size() && done[n]; }
  const ipc::Delivered& wait(std::size_t n = 0) {
    deliver::wait_until(loop, [&] { return is_answered(n); });
    return answers[n];
  }
  ipc::Delivered deliver(ipc::Deliver question) {
    send(std::move(question));
    return wait(answers.size() - 1);
  }
  // "sent 2.0.0 text" of each recipient, one a line.
  static std::string text(const ipc::Delivered& answer) {
    static constexpr std::string_view kWords[] = {"sent ", "deferred ", "bounced "};
    std::string out;
    for (const auto& result : answer.results) {
      if (!out.empty()) out += "\n";
      out += std::string(kWords[static_cast<int>(result.status)]) + result.dsn + " " + result.text;
    }
    return out;
  }
  std::string log_text() {
    log::flush();
    std::ifstream file(directory.path("log"), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const TemporaryDirectory directory;
  net::Loop loop;
  FakeNames* names = nullptr;
  Client client;
  std::deque<ipc::Delivered> answers;
  std::vector<bool> done;

 private:
  net::Task<void> run(ipc::Deliver question, std::size_t n) {
    auto answer = co_await client.deliver(std::move(question));
    answers.at(n) = std::move(answer);
    if (done.size() <= n) done.resize(n + 1);
    done[n] = true;
  }
  net::Scope scope_;
};

// The lines of a server that has everything, up to the end of content.
inline Script whole_session(const std::string& final_reply = "250 2.0.0 Ok: queued as X") {
  return {"S: 220 mx.example ESMTP",
          "C: EHLO mail.example.com",
          "S: 250-mx.example",
          "S: 250-PIPELINING",
          "S: 250-SIZE 1000000",
          "S: 250-8BITMIME",
          "S: 250-DSN",
          "S: 250 SMTPUTF8",
          "C: MAIL FROM:<ann@example.com> SIZE=*",
          "C: RCPT TO:<bob@example.org>*",
          "C: DATA",
          "S: 250 2.1.0 Ok",
          "S: 250 2.1.5 Ok",
          "S: 354 go on",
          "body",
          "S: " + final_reply};
}

}  // namespace postern::smtp
