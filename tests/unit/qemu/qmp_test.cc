#include "fixtures/qemu/qmp.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales::qemu {
namespace {

using ::tales::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::SizeIs;

Deadline Soon() { return Deadline::After(absl::Seconds(20)); }
Deadline Short() { return Deadline::After(absl::Milliseconds(150)); }
constexpr std::string_view kGreeting =
    "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}}, \"capabilities\": "
    "[\"oob\"]}}\r\n";

// The other end of one connection, in a thread of its own: says what the test tells it to.
class FakeQemu {
 public:
  using Script = std::function<void(FakeQemu&)>;

  explicit FakeQemu(Script script) {
    auto folder = TemporaryFolder::Make("qmp-test");
    folder_ = std::make_unique<TemporaryFolder>(*std::move(folder));
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
    bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    listen(listener_, 1);
    thread_ = std::thread([this, script = std::move(script)] {
      pollfd watched = {listener_, POLLIN, 0};
      if (poll(&watched, 1, 5000) == 1) client_ = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client_ >= 0) script(*this);
      Close();
    });
  }
  ~FakeQemu() {
    thread_.join();
    close(listener_);
  }

  std::string path() const { return (folder_->path() / "qmp.sock").string(); }
  void Say(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = send(client_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      text.remove_prefix(static_cast<size_t>(n));
    }
  }
  // The next command; null when the client has gone.
  Json Hear() {
    while (unread_.find('\n') == std::string::npos) {
      char buffer[4096];
      const ssize_t n = recv(client_, buffer, sizeof buffer, 0);
      if (n <= 0) return {};
      unread_.append(buffer, static_cast<size_t>(n));
    }
    const Json command = Json::parse(unread_.substr(0, unread_.find('\n')));
    unread_.erase(0, unread_.find('\n') + 1);
    return command;
  }
  void Answer(const Json& command, const Json& result) {
    Say(Json({{"return", result}, {"id", command.at("id")}}).dump() + "\r\n");
  }
  void Greet() {
    Say(kGreeting);
    const Json command = Hear();
    if (command.is_object()) Answer(command, Json::object());
  }
  void WaitUntilTheClientHasGone() {
    while (!Hear().is_null()) {
    }
  }
  void Close() {
    if (client_ >= 0) close(std::exchange(client_, -1));
  }

 private:
  std::unique_ptr<TemporaryFolder> folder_;
  int listener_ = -1, client_ = -1;
  std::string unread_;
  std::thread thread_;
};

TEST(Qmp, GreetsAndNegotiatesBeforeAnythingElse) {
  std::string first;
  {
    FakeQemu qemu([&](FakeQemu& self) {
      self.Say(kGreeting);
      const Json command = self.Hear();
      first = command.at("execute");
      self.Answer(command, Json::object());
    });
    ASSERT_OK_AND_ASSIGN(const QmpClient client, QmpClient::Connect(qemu.path(), Soon()));
    EXPECT_EQ(client.peer(), getpid());
  }
  EXPECT_EQ(first, "qmp_capabilities");
}

TEST(Qmp, ACommandGetsItsOwnAnswerAmongEvents) {
  FakeQemu qemu([](FakeQemu& self) {
    self.Greet();
    self.Say("{\"event\": \"RESUME\", \"timestamp\": {\"seconds\": 1}}\r\n");
    const Json command = self.Hear();
    self.Say("\r\n{\"return\": \"of somebody else\", \"id\": 99}\r\n");
    self.Say("{\"event\": \"POWERDOWN\"}\r\n{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true}}\r\n");
    const std::string answer = Json({{"return", command.at("arguments")}, {"id", command.at("id")}}).dump() + "\n";
    for (char c : answer) self.Say(std::string_view(&c, 1));  // in as many pieces as there are bytes
  });
  ASSERT_OK_AND_ASSIGN(QmpClient client, QmpClient::Connect(qemu.path(), Soon()));
  ASSERT_OK_AND_ASSIGN(const Json result, client.Execute("x", {{"a", 1}}, Soon()));
  EXPECT_EQ(result, Json({{"a", 1}}));
  ASSERT_THAT(client.events(), SizeIs(3));
  ASSERT_OK_AND_ASSIGN(const QmpEvent event, client.AwaitEvent("SHUTDOWN", Soon()));
  EXPECT_EQ(event.data, Json({{"guest", true}}));
  EXPECT_THAT(client.events(), SizeIs(2));
}

TEST(Qmp, WaitsForAnEventThatComesLater) {
  FakeQemu qemu([](FakeQemu& self) {
    self.Greet();
    absl::SleepFor(absl::Milliseconds(50));
    self.Say("{\"event\": \"RESET\"}\r\n{\"event\": \"SHUTDOWN\"}\r\n");
  });
  ASSERT_OK_AND_ASSIGN(QmpClient client, QmpClient::Connect(qemu.path(), Soon()));
  EXPECT_OK(client.AwaitEvent("SHUTDOWN", Soon()));
  EXPECT_OK(client.AwaitEnd(Soon()));
}

TEST(Qmp, RefusalsHaveACodeAndQemusWords) {
  FakeQemu qemu([](FakeQemu& self) {
    self.Greet();
    for (const char* type : {"CommandNotFound", "DeviceNotFound", "GenericError"}) {
      const Json command = self.Hear();
      self.Say(Json({{"error", {{"class", type}, {"desc", "its own words"}}}, {"id", command.at("id")}}).dump() + "\n");
    }
    for (const char* odd : {"5", "{\"class\": 5, \"desc\": []}"}) {
      self.Hear();
      self.Say(absl::StrCat("{\"error\": ", odd, "}\n"));
    }
  });
  ASSERT_OK_AND_ASSIGN(QmpClient client, QmpClient::Connect(qemu.path(), Soon()));
  EXPECT_THAT(client.Execute("fly", Soon()), StatusIs(absl::StatusCode::kUnimplemented, "QMP fly: its own words"));
  EXPECT_THAT(client.Execute("device_del", Soon()), StatusIs(absl::StatusCode::kNotFound, HasSubstr("its own words")));
  EXPECT_THAT(client.Execute("x", Soon()), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("own words")));
  EXPECT_THAT(client.Execute("x", Soon()), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no reason")));
  EXPECT_THAT(client.Execute("x", Soon()), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no reason")));
}

TEST(Qmp, GarbageIsSaidToBeGarbage) {
  for (const char* garbage :
       {"SSH-2.0-OpenSSH_9.2\r\n", "[1, 2]\n", "{\"QMP\": \n", "{\"QMQ\": {}}\n", "\x01\xff\xfe\n"}) {
    FakeQemu qemu([&](FakeQemu& self) { self.Say(garbage); });
    EXPECT_THAT(QmpClient::Connect(qemu.path(), Soon()),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("qmp.sock: not QMP")))
        << garbage;
  }
  FakeQemu qemu([](FakeQemu& self) {
    self.Greet();
    self.Hear();
    self.Say("{\"id\": 2}\n");
  });
  ASSERT_OK_AND_ASSIGN(QmpClient client, QmpClient::Connect(qemu.path(), Soon()));
  EXPECT_THAT(client.Execute("x", Soon()), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("neither a result")));
}

TEST(Qmp, ALineWithoutEndIsNotKeptForEver) {
  FakeQemu qemu([](FakeQemu& self) {
    const std::string piece(1 << 20, 'x');
    for (int i = 0; i < 8; ++i) self.Say(piece);
  });
  EXPECT_THAT(QmpClient::Connect(qemu.path(), Soon()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("a line of more than")));
}

TEST(Qmp, ASilentServerCostsNoMoreThanTheDeadline) {
  const absl::Time start = absl::Now();
  {
    FakeQemu qemu([](FakeQemu& self) { self.WaitUntilTheClientHasGone(); });
    EXPECT_THAT(QmpClient::Connect(qemu.path(), Short()),
                StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("hangs, or serves another client")));
  }
  FakeQemu qemu([](FakeQemu& self) {
    self.Greet();
    self.WaitUntilTheClientHasGone();
  });
  {
    ASSERT_OK_AND_ASSIGN(QmpClient client, QmpClient::Connect(qemu.path(), Soon()));
    EXPECT_THAT(client.Execute("query-status", Short()),
                StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("QMP query-status")));
    EXPECT_THAT(client.AwaitEvent("SHUTDOWN", Short()),
                StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("SHUTDOWN")));
  }
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
}

TEST(Qmp, AClosedSocketIsUnavailable) {
  {
    FakeQemu qemu([](FakeQemu&) {});
    EXPECT_THAT(QmpClient::Connect(qemu.path(), Soon()), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("closed")));
  }
  FakeQemu qemu([](FakeQemu& self) {
    self.Greet();
    self.Hear();
  });
  ASSERT_OK_AND_ASSIGN(QmpClient client, QmpClient::Connect(qemu.path(), Soon()));
  EXPECT_THAT(client.Execute("quit", Soon()), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("QMP quit")));
  EXPECT_THAT(client.Execute("quit", Soon()), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("QMP quit")));
}

TEST(Qmp, NobodyThereIsToldApart) {
  ASSERT_OK_AND_ASSIGN(const TemporaryFolder folder, TemporaryFolder::Make("qmp-test"));
  EXPECT_THAT(QmpClient::Connect(folder.path() / "none", Soon()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("none")));
  EXPECT_THAT(QmpClient::Connect(folder.path() / "no/folder", Soon()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no")));
  std::string path;
  {
    FakeQemu qemu([](FakeQemu&) {});
    path = qemu.path();
    EXPECT_FALSE(QmpClient::Connect(path, Soon()).ok());
  }
}

// A queue of clients that is full has room when somebody is taken out of it.
TEST(Qmp, WaitsBehindOthers) {
  ASSERT_OK_AND_ASSIGN(const TemporaryFolder folder, TemporaryFolder::Make("qmp-test"));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, (folder.path() / "qmp.sock").c_str(), sizeof address.sun_path - 1);
  const auto* where = reinterpret_cast<const sockaddr*>(&address);
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(bind(listener, where, sizeof address), 0);
  ASSERT_EQ(listen(listener, 0), 0);
  const int other = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(connect(other, where, sizeof address), 0);
  EXPECT_THAT(QmpClient::Connect(address.sun_path, Short()),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("others wait in front of us")));
  std::thread serving([&] {
    absl::SleepFor(absl::Milliseconds(100));
    for (int client = 0; client < 2; ++client) close(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  });
  EXPECT_THAT(QmpClient::Connect(address.sun_path, Soon()),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("closed")));
  serving.join();
  close(other);
  close(listener);
}

TEST(Qmp, APathThatIsTooLongForASocketIsNone) {
  ASSERT_OK_AND_ASSIGN(const TemporaryFolder folder, TemporaryFolder::Make("qmp-test"));
  const std::filesystem::path deep = folder.path() / std::string(100, 'a') / std::string(100, 'b');
  std::filesystem::create_directories(deep);
  EXPECT_THAT(QmpClient::Connect(deep / "qmp.sock", Soon()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no such socket")));
}

}  // namespace
}  // namespace tales::qemu
