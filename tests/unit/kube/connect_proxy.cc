#include "tests/unit/kube/connect_proxy.h"

#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"

namespace tales::kube::testing {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Both ways, until one side ends.
void Relay(tcp::socket& one, tcp::socket& other, const std::atomic<bool>& stop) {
  char buffer[16 << 10];
  while (!stop) {
    pollfd watched[2] = {{one.native_handle(), POLLIN, 0}, {other.native_handle(), POLLIN, 0}};
    if (poll(watched, 2, 100) <= 0) continue;
    for (int i = 0; i < 2; ++i) {
      if (watched[i].revents == 0) continue;
      boost::system::error_code error;
      const size_t size = (i == 0 ? one : other).read_some(asio::buffer(buffer), error);
      if (!error) asio::write(i == 0 ? other : one, asio::buffer(buffer, size), error);
      if (error) return;
    }
  }
}

}  // namespace

struct ConnectProxy::Impl {
  Impl(int target, std::string refused)
      : acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        target_port(target),
        refusal(std::move(refused)) {}

  void Serve(tcp::socket client) {
    std::string head;
    boost::system::error_code error;
    asio::read_until(client, asio::dynamic_buffer(head), "\r\n\r\n", error);
    if (error) return;
    {
      const std::lock_guard<std::mutex> lock(mutex);
      requests.push_back(head);
    }
    if (!refusal.empty()) {
      asio::write(client, asio::buffer(absl::StrCat("HTTP/1.1 ", refusal, "\r\nContent-Length: 0\r\n\r\n")), error);
      return;
    }
    tcp::socket server(io);
    server.connect(tcp::endpoint(asio::ip::address_v4::loopback(), static_cast<unsigned short>(target_port)), error);
    if (error) return;
    asio::write(client, asio::buffer(std::string("HTTP/1.1 200 OK\r\n\r\n")), error);
    if (!error) Relay(client, server, stop);
  }

  asio::io_context io;
  tcp::acceptor acceptor;
  const int target_port;
  const std::string refusal;
  std::atomic<bool> stop = false;
  mutable std::mutex mutex;
  std::vector<std::string> requests;
  std::vector<std::thread> threads;
  std::thread accepting;
};

ConnectProxy::ConnectProxy(int target_port, std::string refusal)
    : impl_(std::make_unique<Impl>(target_port, std::move(refusal))) {
  impl_->accepting = std::thread([impl = impl_.get()] {
    while (true) {
      boost::system::error_code error;
      tcp::socket client = impl->acceptor.accept(error);
      if (error || impl->stop) return;
      impl->threads.emplace_back([impl, s = std::move(client)]() mutable { impl->Serve(std::move(s)); });
    }
  });
}

ConnectProxy::~ConnectProxy() {
  impl_->stop = true;
  shutdown(impl_->acceptor.native_handle(), SHUT_RDWR);
  impl_->accepting.join();
  for (std::thread& thread : impl_->threads) thread.join();
}

std::string ConnectProxy::address() const {
  return absl::StrCat("127.0.0.1:", impl_->acceptor.local_endpoint().port());
}

std::vector<std::string> ConnectProxy::requests() const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->requests;
}

}  // namespace tales::kube::testing
