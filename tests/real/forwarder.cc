#include "tests/real/forwarder.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace tales::testing {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

// What can be read of `from` goes to `to`; how much, or 0 when one of them is closed.
ssize_t Pass(int from, int to) {
  std::array<char, 64 << 10> block;
  const ssize_t count = recv(from, block.data(), block.size(), 0);
  if (count <= 0) return 0;
  for (ssize_t sent = 0; sent < count;) {
    const ssize_t n = send(to, block.data() + sent, static_cast<size_t>(count - sent), MSG_NOSIGNAL);
    if (n <= 0) return 0;
    sent += n;
  }
  return count;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Forwarder>> Forwarder::Start(std::string_view url) {
  int target = 0;
  if (!absl::SimpleAtoi(url.substr(url.rfind(':') + 1), &target))
    return absl::InvalidArgumentError("no port in the URL");
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener, 64) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return absl::ErrnoToStatus(errno, "listening on 127.0.0.1");
  }
  std::unique_ptr<Forwarder> forwarder(new Forwarder(listener, ntohs(address.sin_port), target));
  forwarder->thread_ = std::thread([raw = forwarder.get()] { raw->Serve(); });
  return forwarder;
}

Forwarder::~Forwarder() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  close(listener_);
}

std::string Forwarder::url() const { return absl::StrCat("https://127.0.0.1:", port_); }

void Forwarder::Serve() {
  std::vector<std::pair<int, int>> pairs;
  const auto close_pair = [](const std::pair<int, int>& pair) {
    close(pair.first);
    close(pair.second);
  };
  while (!stop_) {
    if (refuse_) {
      for (const auto& pair : pairs) close_pair(pair);
      pairs.clear();
    }
    std::vector<pollfd> polled = {{listener_, POLLIN, 0}};
    for (const auto& [client, server] : pairs) {
      polled.push_back({client, POLLIN, 0});
      polled.push_back({server, POLLIN, 0});
    }
    poll(polled.data(), polled.size(), 50);
    std::vector<std::pair<int, int>> open;
    for (size_t i = 0; i < pairs.size(); ++i) {
      const auto [client, server] = pairs[i];
      bool alive = polled[1 + 2 * i].revents == 0 || Pass(client, server) > 0;
      if (alive && polled[2 + 2 * i].revents != 0) {
        const ssize_t passed = Pass(server, client);
        alive = passed > 0;
        if (left_ > 0 && (left_ -= passed) <= 0) {
          left_ = 0;
          refuse_ = true;
        }
      }
      if (alive) {
        open.push_back(pairs[i]);
      } else {
        close_pair(pairs[i]);
      }
    }
    pairs = std::move(open);
    if (polled[0].revents == 0) continue;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(target_);
    if (refuse_ || connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      close_pair({client, server});
    } else {
      pairs.emplace_back(client, server);
    }
  }
  for (const auto& pair : pairs) close_pair(pair);
}

}  // namespace tales::testing
