// The kinds of network, with a guest that has an address and a port. Everything in a network namespace of the test's
// own.
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "harness/base/subprocess.h"
#include "tests/real/qemu_guest.h"
#include "tests/support/status_matchers.h"

namespace tales::qemu {
namespace {

using ::tales::qemu::testing::kBoot;
using ::tales::qemu::testing::MakeLinuxIso;
using ::tales::qemu::testing::QemuHostTest;
using ::tales::qemu::testing::Soon;
using ::testing::HasSubstr;

class QemuNetworkTest : public QemuHostTest {
 protected:
  void SetUp() override {
    QemuHostTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    // What QEMU and the test see from here on; it goes with the last process in it.
    if (unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "no network namespace of its own: " << std::strerror(errno);
    const internal::Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request = {};
    std::strncpy(request.ifr_name, "lo", sizeof request.ifr_name - 1);
    request.ifr_flags = IFF_UP;
    ASSERT_EQ(ioctl(fd.get(), SIOCSIFFLAGS, &request), 0);
  }

  // The ISO with these kernel arguments is what the next machine is made with. False, and skipped, where there is none.
  bool UseLinux(std::vector<std::string> arguments) {
    arguments.push_back("tales.stay");
    const auto iso = MakeLinuxIso(folder_->path(), arguments);
    if (!iso.ok()) {
      EXPECT_TRUE(absl::IsUnavailable(iso.status())) << iso.status();
      reason_ = std::string(iso.status().message());
      return false;
    }
    cluster_.qemu->iso = absl::StrCat(iso->string(), ".", ++isos_);
    std::filesystem::rename(*iso, cluster_.qemu->iso);
    return true;
  }

  // What http://ADDRESS:PORT/ says, as it is; "" where nobody answers.
  static std::string Ask(const std::string& address, uint16_t port) {
    const internal::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval limit = {5, 0};
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    inet_pton(AF_INET, address.c_str(), &to.sin_addr);
    const std::string request = "GET / HTTP/1.0\r\n\r\n";
    std::string answer;
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 ||
        send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0)
      return answer;
    char buffer[2048];
    for (ssize_t n; (n = recv(fd.get(), buffer, sizeof buffer, 0)) > 0;) answer.append(buffer, static_cast<size_t>(n));
    return answer;
  }

  std::string reason_;
  int isos_ = 0;
};

TEST_F(QemuNetworkTest, InAUserNetworkANodeHasItsAddressAndItsPortsAreWhereItIsDialled) {
  if (!UseLinux({})) GTEST_SKIP() << reason_;
  cluster_.qemu->network = {.kind = "user", .name = "", .group = "", .forward = {}};
  ASSERT_OK(Host().Create(Node(), Soon()));
  ASSERT_OK(Host().PowerOn(Node(), Soon()));
  EXPECT_TRUE(Says(absl::StrCat("address: 10.0.1.50 mac: ", MacAddress("tales", "control")), kBoot));
  ASSERT_TRUE(Says("waiting for the power button", kBoot));
  EXPECT_THAT(Ask("127.0.0.50", 50000), HasSubstr("hello from 10.0.1.50"));
  EXPECT_EQ(Ask("127.0.0.51", 50000), "");
  // The same ports on the same address a second time: QEMU's own words.
  cluster_.nodes[1].dial = cluster_.nodes[0].dial;
  ASSERT_OK(Host().Create(Node(1), Soon()));
  EXPECT_THAT(Host().PowerOn(Node(1), Soon()),
              ::tales::testing::StatusIs(absl::StatusCode::kFailedPrecondition,
                                         HasSubstr("Could not set up host forwarding rule")));
}

TEST_F(QemuNetworkTest, InASocketNetworkMachinesHearEachOther) {
  cluster_.qemu->network = {.kind = "socket", .name = "", .group = "230.0.0.1:5558", .forward = {}};
  for (size_t i : {0, 1}) {
    if (!UseLinux({absl::StrCat("tales.address=", Node(i).address), absl::StrCat("tales.ping=", Node(1 - i).address)}))
      GTEST_SKIP() << reason_;
    ASSERT_OK(Host().Create(Node(i), Soon()));
    ASSERT_OK(Host().PowerOn(Node(i), Soon()));
  }
  EXPECT_TRUE(Says("10.0.1.100 answers", kBoot, 0));
  EXPECT_TRUE(Says("10.0.1.50 answers", kBoot, 1));
}

TEST_F(QemuNetworkTest, AtATapInterfaceTheHostReachesTheMachine) {
  if (!FindProgram("ip").ok()) GTEST_SKIP() << "ip is not there: apt install iproute2";
  if (!std::filesystem::exists("/dev/net/tun")) GTEST_SKIP() << "/dev/net/tun is not there";
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"tuntap", "add", "tales-control", "mode", "tap"},
        {"link", "set", "tales-control", "up"},
        {"address", "add", "10.0.1.1/24", "dev", "tales-control"}}) {
    Command ip{.argv = {"ip"}};
    ip.argv.insert(ip.argv.end(), words.begin(), words.end());
    ASSERT_OK_AND_ASSIGN(const Finished finished, tales::Run(ip, Soon()));
    ASSERT_TRUE(finished.ok()) << ip.ToString() << ": " << finished.error_output;
  }
  if (!UseLinux({"tales.address=10.0.1.50"})) GTEST_SKIP() << reason_;
  cluster_.qemu->network = {.kind = "tap", .name = "tales", .group = "", .forward = {}};
  ASSERT_OK(Host().Create(Node(), Soon()));
  ASSERT_OK(Host().PowerOn(Node(), Soon()));
  ASSERT_TRUE(Says("waiting for the power button", kBoot));
  EXPECT_THAT(Ask("10.0.1.50", 50000), HasSubstr("hello from 10.0.1.50"));
  ASSERT_OK_AND_ASSIGN(const std::vector<MachineSetting> settings, Host().Settings(Node(), Soon()));
  for (const MachineSetting& setting : settings) {
    EXPECT_EQ(setting.declared, setting.found) << setting.key;
  }
}

}  // namespace
}  // namespace tales::qemu
