#include "fixtures/adopt/adopt_fixture.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "fixtures/adopt/credentials.h"
#include "harness/base/file.h"
#include "harness/definition/cluster_file.h"
#include "harness/pki/authority.h"
#include "harness/pki/certificate.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

// A port of 127.0.0.1 where nobody listens: bound, never listening, for as long as the object lives.
class DeadPort {
 public:
  DeadPort() : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
        getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
      port_ = ntohs(address.sin_port);
    }
  }
  ~DeadPort() { close(fd_); }
  int port() const { return port_; }

 private:
  int fd_;
  int port_ = 0;
};

class AdoptTest : public ::testing::Test {
 protected:
  void SetUp() override {
    unsetenv("KUBECONFIG");
    unsetenv("TALOSCONFIG");
    auto folder = TemporaryFolder::Make("adopt-test");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
    auto authority = pki::Authority::Mint("kubernetes", "", pki::KeyType::kEcP256);
    ASSERT_OK(authority);
    auto leaf = authority->Issue({.common_name = "admin", .organizations = {"system:masters"}, .client_auth = true});
    ASSERT_OK(leaf);
    auto certificates = pki::ParseCertificates(authority->certificate_pem());
    ASSERT_OK(certificates);
    fingerprint_ = certificates->front().sha256;
    kubeconfig_ = {.context = "admin@x",
                   .server = absl::StrCat("https://127.0.0.1:", dead_.port()),
                   .ca_pem = authority->certificate_pem(),
                   .certificate_pem = leaf->certificate_pem,
                   .key_pem = leaf->key_pem};
    ASSERT_OK(WriteFileAtomically(path("kubeconfig"), kube::WriteKubeconfig(kubeconfig_, "x", "admin"), 0600));
    request_.state_folder = folder_->path();
    request_.deadline = Deadline::After(absl::Seconds(30));
    request_.progress = [this](std::string_view line) { absl::StrAppend(&progress_, line, "\n"); };
  }

  std::filesystem::path path(std::string_view name) const { return folder_->path() / name; }
  ClusterDefinition Definition(std::string_view text) const {
    auto definition = ParseClusterFile(absl::StrCat("version: 1\ncluster: x\n", text), "c.yaml", folder_->path());
    EXPECT_OK(definition);
    definition->path = path("c.yaml");
    return *std::move(definition);
  }

  std::optional<TemporaryFolder> folder_;
  DeadPort dead_;
  std::string fingerprint_, progress_;
  kube::Access kubeconfig_;
  FixtureRequest request_;
};

TEST_F(AdoptTest, WithoutCredentialsItSaysTheWaysToGiveThem) {
  EXPECT_THAT(AdoptFixture().Up(request_),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("--kubeconfig"), HasSubstr("KUBECONFIG"), HasSubstr("cluster file"))));
}

TEST_F(AdoptTest, AMissingFileIsNamedWithWhoNamedIt) {
  request_.kubeconfig = path("none");
  EXPECT_THAT(AdoptFixture().Up(request_),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr(path("none").string()), HasSubstr("named by --kubeconfig"))));
  request_.kubeconfig.clear();
  request_.definition = Definition("talos: {talosconfig: gone}\n");
  EXPECT_THAT(AdoptFixture().Up(request_),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr(path("gone").string()), HasSubstr("c.yaml"), HasSubstr("--talosconfig"))));
}

TEST_F(AdoptTest, AnUnreachableServerIsSaidWithAdvice) {
  request_.kubeconfig = path("kubeconfig");
  EXPECT_THAT(
      AdoptFixture().Up(request_),
      StatusIs(absl::StatusCode::kUnavailable, AllOf(HasSubstr(kubeconfig_.server), HasSubstr("is the cluster up"))));
  request_.definition = Definition("");
  EXPECT_THAT(
      AdoptFixture().Up(request_),
      StatusIs(absl::StatusCode::kUnavailable, AllOf(HasSubstr("does not answer"), HasSubstr(kubeconfig_.server))));
}

TEST_F(AdoptTest, AnotherClusterThanDeclaredIsRefused) {
  request_.kubeconfig = path("kubeconfig");
  request_.definition = Definition(absl::StrCat("authority: sha256:", std::string(64, '0'), "\n"));
  EXPECT_THAT(AdoptFixture().Up(request_), StatusIs(absl::StatusCode::kFailedPrecondition,
                                                    AllOf(HasSubstr("another cluster"), HasSubstr(fingerprint_))));
}

TEST_F(AdoptTest, AKubeconfigMayNameItsClusterFile) {
  kubeconfig_.cluster_file = "cluster.yaml";
  ASSERT_OK(WriteFileAtomically(path("kubeconfig"), kube::WriteKubeconfig(kubeconfig_, "x", "admin"), 0600));
  ASSERT_OK(WriteFileAtomically(
      path("cluster.yaml"), absl::StrCat("version: 1\ncluster: x\nauthority: sha256:", std::string(64, '0'), "\n")));
  request_.kubeconfig = path("kubeconfig");
  // It is the declared authority of that file that refuses: the file was used.
  EXPECT_THAT(AdoptFixture().Up(request_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(path("cluster.yaml").string())));
  EXPECT_THAT(progress_, HasSubstr("judging by"));
}

TEST_F(AdoptTest, FlagsWinOverTheClusterFileAndTheEnvironmentNeverMixesIn) {
  const ClusterDefinition definition = Definition("kubernetes: {kubeconfig: gone}\n");
  ASSERT_OK_AND_ASSIGN(const adopt::Credentials flag,
                       adopt::FindCredentials({.kubeconfig = path("kubeconfig")}, &definition));
  EXPECT_EQ(flag.kubeconfig, path("kubeconfig"));
  EXPECT_EQ(flag.authority, fingerprint_);
  ASSERT_EQ(setenv("TALOSCONFIG", "/no/such/talosconfig", 1), 0);
  ASSERT_OK_AND_ASSIGN(const adopt::Credentials alone,
                       adopt::FindCredentials({.kubeconfig = path("kubeconfig")}, nullptr));
  EXPECT_EQ(alone.talosconfig, "");
  unsetenv("TALOSCONFIG");
  ASSERT_EQ(setenv("KUBECONFIG", absl::StrCat("/no/such/file:", path("kubeconfig").string()).c_str(), 1), 0);
  ASSERT_OK_AND_ASSIGN(const adopt::Credentials environment, adopt::FindCredentials({}, nullptr));
  EXPECT_EQ(environment.kubeconfig, path("kubeconfig"));
  unsetenv("KUBECONFIG");
}

}  // namespace
}  // namespace tales
