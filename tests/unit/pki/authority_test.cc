#include "harness/pki/authority.h"

#include <set>
#include <string>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/pki/certificate.h"
#include "tests/support/status_matchers.h"

namespace tales::pki {
namespace {

using tales::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

struct Case {
  KeyType type;
  std::string name;
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class AuthorityTest : public ::testing::TestWithParam<Case> {};

TEST_P(AuthorityTest, SignsWhatItsOwnCertificateProves) {
  ASSERT_OK_AND_ASSIGN(Authority authority, Authority::Mint("", "talos", GetParam().type));
  ASSERT_OK_AND_ASSIGN(std::vector<Certificate> ca, ParseCertificates(authority.certificate_pem()));
  ASSERT_THAT(ca, SizeIs(1));
  EXPECT_TRUE(ca[0].is_ca);
  EXPECT_EQ(ca[0].common_name, "");
  EXPECT_EQ(ca[0].issuer, "O=talos");
  EXPECT_EQ(ca[0].key_type, GetParam().name);
  EXPECT_OK(VerifyChain(ca[0], authority.certificate_pem(), absl::Now()));

  ASSERT_OK_AND_ASSIGN(KeyPair pair, authority.Issue({.common_name = "worker",
                                                      .organizations = {"os:reader", "os:operator"},
                                                      .dns_names = {"localhost", "worker.example"},
                                                      .addresses = {"127.0.0.1", "fd00::1"},
                                                      .client_auth = true,
                                                      .server_auth = true}));
  EXPECT_THAT(pair.key_pem, StartsWith("-----BEGIN PRIVATE KEY-----\n"));
  ASSERT_OK_AND_ASSIGN(std::vector<Certificate> leaf, ParseCertificates(pair.certificate_pem));
  ASSERT_THAT(leaf, SizeIs(1));
  EXPECT_FALSE(leaf[0].is_ca);
  EXPECT_EQ(leaf[0].common_name, "worker");
  EXPECT_THAT(leaf[0].organizations, ElementsAre("os:reader", "os:operator"));
  EXPECT_THAT(leaf[0].dns_names, ElementsAre("localhost", "worker.example"));
  EXPECT_THAT(leaf[0].addresses, ElementsAre("127.0.0.1", "fd00::1"));
  EXPECT_TRUE(leaf[0].client_auth);
  EXPECT_TRUE(leaf[0].server_auth);
  EXPECT_EQ(leaf[0].key_type, GetParam().name);
  EXPECT_LT(leaf[0].not_before, absl::Now());
  EXPECT_GT(leaf[0].not_after, absl::Now() + absl::Hours(24 * 364));
  EXPECT_OK(VerifyChain(leaf[0], authority.certificate_pem(), absl::Now()));
  EXPECT_OK(KeyMatches(leaf[0], pair.key_pem));
}

INSTANTIATE_TEST_SUITE_P(KeyTypes, AuthorityTest,
                         ::testing::Values(Case{KeyType::kEd25519, "ED25519"}, Case{KeyType::kEcP256, "EC"},
                                           Case{KeyType::kRsa2048, "RSA"}),
                         [](const auto& info) { return info.param.name; });

TEST(AuthorityTest, IssuesOneUsageAlone) {
  ASSERT_OK_AND_ASSIGN(Authority authority, Authority::Mint("ca", "", KeyType::kEd25519));
  ASSERT_OK_AND_ASSIGN(KeyPair client, authority.Issue({.common_name = "a", .client_auth = true}));
  ASSERT_OK_AND_ASSIGN(std::vector<Certificate> certificates, ParseCertificates(client.certificate_pem));
  EXPECT_TRUE(certificates[0].client_auth);
  EXPECT_FALSE(certificates[0].server_auth);
  EXPECT_THAT(certificates[0].organizations, IsEmpty());
  ASSERT_OK_AND_ASSIGN(KeyPair none, authority.Issue({.common_name = "b"}));
  ASSERT_OK_AND_ASSIGN(certificates, ParseCertificates(none.certificate_pem));
  EXPECT_FALSE(certificates[0].client_auth);
  EXPECT_FALSE(certificates[0].server_auth);
}

TEST(AuthorityTest, IssuesWhatHasExpired) {
  ASSERT_OK_AND_ASSIGN(Authority authority, Authority::Mint("ca", "", KeyType::kEcP256));
  ASSERT_OK_AND_ASSIGN(KeyPair pair, authority.Issue({.common_name = "old", .lifetime = -absl::Minutes(10)}));
  ASSERT_OK_AND_ASSIGN(std::vector<Certificate> certificates, ParseCertificates(pair.certificate_pem));
  EXPECT_LT(certificates[0].not_after, absl::Now());
  EXPECT_LT(certificates[0].not_before, certificates[0].not_after);
  EXPECT_THAT(VerifyChain(certificates[0], authority.certificate_pem(), absl::Now()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("certificate has expired")));
}

TEST(AuthorityTest, NoTwoCertificatesAreAlike) {
  ASSERT_OK_AND_ASSIGN(Authority authority, Authority::Mint("ca", "", KeyType::kEd25519));
  std::set<std::string> seen;
  for (int i = 0; i < 20; ++i) {
    ASSERT_OK_AND_ASSIGN(KeyPair pair, authority.Issue({.common_name = "same"}));
    ASSERT_OK_AND_ASSIGN(std::vector<Certificate> certificates, ParseCertificates(pair.certificate_pem));
    EXPECT_TRUE(seen.insert(certificates[0].sha256).second);
  }
}

TEST(AuthorityTest, RefusesWhatIsNoAddress) {
  ASSERT_OK_AND_ASSIGN(Authority authority, Authority::Mint("ca", "", KeyType::kEd25519));
  EXPECT_THAT(authority.Issue({.common_name = "a", .addresses = {"10.0.1.500"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"10.0.1.500\" is not an IP address")));
  EXPECT_THAT(authority.Issue({.common_name = std::string(70, 'x')}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("subject name")));
}

TEST(AuthorityTest, IssuesAsOneThatExistsAlready) {
  for (KeyType type : {KeyType::kEd25519, KeyType::kEcP256}) {
    ASSERT_OK_AND_ASSIGN(const Authority minted, Authority::Mint("", "talos", type));
    ASSERT_OK_AND_ASSIGN(const std::string key, TalosKeyPem(minted.key_pem()));
    ASSERT_OK_AND_ASSIGN(const Authority loaded, Authority::Load({minted.certificate_pem(), key}));
    ASSERT_OK_AND_ASSIGN(const KeyPair leaf, loaded.Issue({.common_name = "worker", .server_auth = true}));
    ASSERT_OK_AND_ASSIGN(const std::vector<Certificate> certificates, ParseCertificates(leaf.certificate_pem));
    EXPECT_OK(VerifyChain(certificates[0], minted.certificate_pem(), absl::Now()));
  }
}

TEST(SelfSignTest, VouchesForItself) {
  ASSERT_OK_AND_ASSIGN(
      const KeyPair pair,
      SelfSign({.common_name = "maintenance", .addresses = {"127.0.0.1"}, .server_auth = true}, KeyType::kEd25519));
  ASSERT_OK_AND_ASSIGN(const std::vector<Certificate> certificates, ParseCertificates(pair.certificate_pem));
  EXPECT_FALSE(certificates[0].is_ca);
  EXPECT_EQ(certificates[0].issuer, "CN=maintenance");
  EXPECT_OK(VerifyChain(certificates[0], pair.certificate_pem, absl::Now()));
}

TEST(MintKeyTest, MakesAPair) {
  for (KeyType type : {KeyType::kEd25519, KeyType::kEcP256, KeyType::kRsa2048}) {
    ASSERT_OK_AND_ASSIGN(RawKey key, MintKey(type));
    EXPECT_THAT(key.private_pem, StartsWith("-----BEGIN PRIVATE KEY-----\n"));
    EXPECT_THAT(key.public_pem, StartsWith("-----BEGIN PUBLIC KEY-----\n"));
  }
}

}  // namespace
}  // namespace tales::pki
