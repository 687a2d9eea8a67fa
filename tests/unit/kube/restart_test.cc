// An API server that goes away in the middle and comes back: what is under way goes on, what begins is told at once.
#include <atomic>
#include <mutex>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "harness/kube/client.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kube/test_server.h"

namespace tales::kube {
namespace {

using ::tales::testing::StatusIs;
using ::testing::AllOf;
using testing::Answer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Request;
using testing::Response;
using testing::TestServer;

Deadline Soon() { return Deadline::After(absl::Seconds(30)); }

std::string Event(std::string_view type, int version) {
  return absl::StrCat(R"({"type":")", type, R"(","object":{"metadata":{"resourceVersion":")", version, "\"}}}\n");
}

// A server that is down for a while after the requests for which `handler` says so.
class RestartingServer {
 public:
  // A second value of true: go down; the answer may still be written, or not.
  using Handler = std::function<std::pair<Response, bool>(const Request&)>;
  RestartingServer(absl::Duration down, Handler handler) : down_(down), handler_(std::move(handler)) {
    Start();
    port_ = server_->port();
    keeper_ = std::thread([this] {
      std::unique_lock<std::mutex> lock(mutex_);
      while (true) {
        changed_.wait(lock, [this] { return stop_ || go_down_; });
        if (stop_) return;
        go_down_ = false;
        lock.unlock();
        server_.reset();
        absl::SleepFor(down_);
        Start();
        lock.lock();
      }
    });
  }
  ~RestartingServer() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    keeper_.join();
  }
  void GoDown() {
    const std::lock_guard<std::mutex> lock(mutex_);
    go_down_ = true;
    changed_.notify_all();
  }
  std::unique_ptr<Client> Open() const {
    auto client = Client::Open({.server = absl::StrCat("http://127.0.0.1:", port_)});
    return client.ok() ? *std::move(client) : nullptr;
  }

 private:
  void Start() {
    server_ = std::make_unique<TestServer>(TestServer::Options{.client_authority = "", .port = port_},
                                           [this](const Request& request) {
                                             auto [response, down] = handler_(request);
                                             if (down) GoDown();
                                             return response;
                                           });
  }
  const absl::Duration down_;
  const Handler handler_;
  int port_ = 0;
  std::unique_ptr<TestServer> server_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false, go_down_ = false;
  std::thread keeper_;
};

TEST(RestartTest, AListGoesOnWithItsNextPage) {
  // Down in the midst of the second page: a server that goes with its first answer might take that along.
  std::atomic<int> second_pages = 0;
  RestartingServer server(absl::Milliseconds(600), [&](const Request& request) -> std::pair<Response, bool> {
    if (!absl::StrContains(request.target, "continue=B")) {
      return {Answer(200, R"({"metadata":{"continue":"B"},"items":[{"n":1}]})"), false};
    }
    if (++second_pages == 1) return {{"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n", Response::kHang}, true};
    return {Answer(200, R"({"items":[{"n":2}]})"), false};
  });
  ASSERT_OK_AND_ASSIGN(const std::vector<Json> items, server.Open()->List(kPods, "", {.chunk = 1}, Soon()));
  EXPECT_EQ(items.size(), 2);
  EXPECT_EQ(second_pages, 2);
}

TEST(RestartTest, AWatchGoesOnBehindItsLastEvent) {
  std::mutex mutex;
  std::vector<std::string> watches;
  RestartingServer server(absl::Milliseconds(600), [&](const Request& request) -> std::pair<Response, bool> {
    if (!absl::StrContains(request.target, "watch=true")) {
      return {Answer(200, R"({"metadata":{"resourceVersion":"5"},"items":[{"n":1}]})"), false};
    }
    const std::lock_guard<std::mutex> lock(mutex);
    watches.push_back(request.target);
    if (watches.size() == 1) {
      const std::string events = Event("ADDED", 6) + Event("BOOKMARK", 8);
      return {{absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n", events), Response::kHang}, false};
    }
    return {Answer(200, Event("DELETED", 9)), false};
  });
  std::vector<std::string> seen;
  EXPECT_OK(server.Open()->Watch(
      kPods, "", {}, "",
      [&](const WatchEvent& event) {
        seen.push_back(event.type);
        if (event.type == "BOOKMARK") server.GoDown();
        return event.type != "DELETED";
      },
      Soon()));
  EXPECT_THAT(seen, ElementsAre("ADDED", "ADDED", "BOOKMARK", "DELETED"));
  EXPECT_THAT(watches, ElementsAre(HasSubstr("resourceVersion=5"), HasSubstr("resourceVersion=8")));
}

// After a restart the server knows no revision of before: what changed meanwhile is seen by listing again.
TEST(RestartTest, AWatchWhosePlaceIsForgottenListsAgainAndTellsTheDifference) {
  std::atomic<int> lists = 0, watches = 0;
  const TestServer server({}, [&](const Request& request) {
    const auto object = [](std::string_view name, int version) {
      return absl::StrCat(R"({"metadata":{"name":")", name, R"(","resourceVersion":")", version, "\"}}");
    };
    if (absl::StrContains(request.target, "watch=true")) {
      if (++watches > 1) return Answer(200, absl::StrCat(R"({"type":"ADDED","object":)", object("last", 30), "}\n"));
      return Answer(410, R"({"kind":"Status","reason":"Expired","message":"too old resource version"})");
    }
    const std::string items = ++lists == 1
                                  ? absl::StrCat(object("kept", 1), ",", object("changed", 2), ",", object("gone", 3))
                                  : absl::StrCat(object("kept", 1), ",", object("changed", 20), ",", object("new", 21));
    return Answer(200, absl::StrCat(R"({"metadata":{"resourceVersion":"5"},"items":[)", items, "]}"));
  });
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open({.server = server.url()}));
  std::vector<std::string> seen;
  EXPECT_OK(client->Watch(
      kPods, "", {}, "",
      [&](const WatchEvent& event) {
        const std::string name = event.object["metadata"]["name"];
        seen.push_back(absl::StrCat(event.type, " ", name));
        return name != "last";
      },
      Soon()));
  EXPECT_THAT(seen, ElementsAre("ADDED kept", "ADDED changed", "ADDED gone", "MODIFIED changed", "ADDED new",
                                "DELETED gone", "ADDED last"));
}

TEST(RestartTest, AWatchEndsWithItsDeadlineAlsoWhileTheServerIsAway) {
  RestartingServer server(absl::Seconds(2), [&](const Request& request) -> std::pair<Response, bool> {
    if (!absl::StrContains(request.target, "watch=true")) return {Answer(200, R"({"items":[]})"), false};
    return {{"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n", Response::kHang}, true};
  });
  const absl::Time begin = absl::Now();
  EXPECT_THAT(server.Open()->Watch(
                  kPods, "", {}, "", [](const WatchEvent&) { return true; }, Deadline::After(absl::Seconds(1))),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("watch")));
  EXPECT_LT(absl::Now() - begin, absl::Milliseconds(1900));
}

TEST(RestartTest, WhoAsksForTheFirstTimeIsToldAtOnce) {
  std::string url;
  {
    url = TestServer({}, [](const Request&) { return Answer(200, "{}"); }).url();
  }
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open({.server = url}));
  const absl::Time begin = absl::Now();
  EXPECT_THAT(client->List(kPods, "", {}, Soon()), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("connect")));
  EXPECT_THAT(client->Watch(
                  kPods, "", {}, "3", [](const WatchEvent&) { return true; }, Soon()),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("connect")));
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
}

}  // namespace
}  // namespace tales::kube
