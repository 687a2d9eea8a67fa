#include "fixtures/local/node/forwarder.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

int Connect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

std::string ReadAll(int fd) {
  std::string text;
  char block[4096];
  for (ssize_t n = 0; (n = read(fd, block, sizeof block)) > 0;) text.append(block, static_cast<size_t>(n));
  return text;
}

// Answers each connection with what came in, once that has ended.
class Echo {
 public:
  Echo() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(fd_, 16), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      for (int client = 0; (client = accept(fd_, nullptr, nullptr)) >= 0;) {
        const std::string text = ReadAll(client);
        EXPECT_EQ(write(client, text.data(), text.size()), static_cast<ssize_t>(text.size()));
        close(client);
      }
    });
  }
  ~Echo() {
    shutdown(fd_, SHUT_RDWR);
    thread_.join();
    close(fd_);
  }
  int port = 0;

 private:
  int fd_;
  std::thread thread_;
};

TEST(ForwarderTest, CarriesBothWaysAndTheEndOfEach) {
  Echo echo;
  ASSERT_OK_AND_ASSIGN(auto forwarder, Forwarder::Listen());
  forwarder->Serve(echo.port);
  const std::string sent(1 << 20, 'x');
  for (int i = 0; i < 3; ++i) {
    const int fd = Connect(forwarder->port());
    std::thread sender([&] {
      EXPECT_EQ(write(fd, sent.data(), sent.size()), static_cast<ssize_t>(sent.size()));
      shutdown(fd, SHUT_WR);
    });
    EXPECT_EQ(ReadAll(fd), sent);
    sender.join();
    close(fd);
  }
}

TEST(ForwarderTest, WhereNobodyListensTheConnectionEnds) {
  ASSERT_OK_AND_ASSIGN(auto forwarder, Forwarder::Listen());
  ASSERT_OK_AND_ASSIGN(auto unserved, Forwarder::Listen());
  const int nobody = unserved->port();
  unserved.reset();
  forwarder->Serve(nobody);
  const int fd = Connect(forwarder->port());
  EXPECT_EQ(ReadAll(fd), "");
  close(fd);
}

TEST(ForwarderTest, ItsEndCutsWhatIsOpen) {
  Echo echo;
  ASSERT_OK_AND_ASSIGN(auto forwarder, Forwarder::Listen());
  forwarder->Serve(echo.port);
  const int fd = Connect(forwarder->port());
  EXPECT_EQ(write(fd, "x", 1), 1);
  forwarder.reset();
  ReadAll(fd);  // returns
  close(fd);
}

}  // namespace
}  // namespace tales
