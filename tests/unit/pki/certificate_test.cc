#include "harness/pki/certificate.h"

#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/pki/authority.h"
#include "tests/support/status_matchers.h"

namespace tales::pki {
namespace {

using tales::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

class CertificateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(authority_, MintOptional("ca"));
    ASSERT_OK_AND_ASSIGN(pair_, authority_->Issue({.common_name = "leaf", .organizations = {"os:admin"}}));
    ASSERT_OK_AND_ASSIGN(std::vector<Certificate> parsed, ParseCertificates(pair_.certificate_pem));
    leaf_ = parsed[0];
  }
  static absl::StatusOr<std::optional<Authority>> MintOptional(std::string_view name) {
    auto minted = Authority::Mint(name, "", KeyType::kEd25519);
    if (!minted.ok()) return minted.status();
    return std::optional<Authority>(*std::move(minted));
  }

  std::optional<Authority> authority_;
  KeyPair pair_;
  Certificate leaf_;
};

TEST_F(CertificateTest, ReadsABundleInOrder) {
  const std::string text = "a comment\n" + pair_.certificate_pem + pair_.key_pem + authority_->certificate_pem();
  ASSERT_OK_AND_ASSIGN(std::vector<Certificate> certificates, ParseCertificates(text));
  ASSERT_THAT(certificates, SizeIs(2));
  EXPECT_EQ(certificates[0].common_name, "leaf");
  EXPECT_EQ(certificates[0].issuer, "CN=ca");
  EXPECT_EQ(certificates[1].common_name, "ca");
  EXPECT_EQ(certificates[0].pem, pair_.certificate_pem);
}

TEST_F(CertificateTest, FingerprintsHaveTheirForm) {
  EXPECT_THAT(leaf_.sha256, MatchesRegex("sha256:[0-9a-f]{64}"));
  EXPECT_THAT(leaf_.spki_sha256_base64, MatchesRegex("[A-Za-z0-9+/]{43}="));
}

TEST_F(CertificateTest, AnotherAuthorityProvesNothing) {
  ASSERT_OK_AND_ASSIGN(Authority other, Authority::Mint("other", "", KeyType::kEd25519));
  EXPECT_THAT(VerifyChain(leaf_, other.certificate_pem(), absl::Now()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("unable to get local issuer certificate")));
  ASSERT_OK_AND_ASSIGN(Authority namesake, Authority::Mint("ca", "", KeyType::kEd25519));
  EXPECT_THAT(VerifyChain(leaf_, namesake.certificate_pem(), absl::Now()), Not(tales::testing::IsOk()));
  EXPECT_OK(VerifyChain(leaf_, namesake.certificate_pem() + authority_->certificate_pem(), absl::Now()));
}

TEST_F(CertificateTest, TheTimeAskedForIsWhatCounts) {
  EXPECT_THAT(VerifyChain(leaf_, authority_->certificate_pem(), absl::Now() + absl::Hours(24 * 366)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("expired")));
  EXPECT_THAT(VerifyChain(leaf_, authority_->certificate_pem(), absl::Now() - absl::Hours(24)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("not yet valid")));
}

TEST_F(CertificateTest, WhoIssuedItCanBeAskedWhateverTheTime) {
  ASSERT_OK_AND_ASSIGN(const KeyPair expired,
                       authority_->Issue({.common_name = "old", .lifetime = -absl::Hours(1), .age = absl::Hours(2)}));
  ASSERT_OK_AND_ASSIGN(const std::vector<Certificate> old, ParseCertificates(expired.certificate_pem));
  EXPECT_THAT(VerifyChain(old[0], authority_->certificate_pem(), absl::Now()), Not(tales::testing::IsOk()));
  EXPECT_OK(VerifyChain(old[0], authority_->certificate_pem(), absl::InfinitePast()));
  ASSERT_OK_AND_ASSIGN(const Authority other, Authority::Mint("ca", "", KeyType::kEd25519));
  EXPECT_THAT(VerifyChain(old[0], other.certificate_pem(), absl::InfinitePast()), Not(tales::testing::IsOk()));
}

TEST_F(CertificateTest, ALeafIsNoAuthority) {
  ASSERT_OK_AND_ASSIGN(KeyPair other, authority_->Issue({.common_name = "other"}));
  EXPECT_THAT(VerifyChain(leaf_, other.certificate_pem, absl::Now()), Not(tales::testing::IsOk()));
}

TEST_F(CertificateTest, TakesTheLabelThatTalosWrites) {
  const std::string talos_key = absl::StrReplaceAll(pair_.key_pem, {{"PRIVATE KEY", "ED25519 PRIVATE KEY"}});
  ASSERT_THAT(talos_key, HasSubstr("-----END ED25519 PRIVATE KEY-----"));
  EXPECT_OK(KeyMatches(leaf_, talos_key));
  EXPECT_EQ(NormalizeKeyLabel(talos_key), pair_.key_pem);
  EXPECT_EQ(NormalizeKeyLabel(pair_.key_pem), pair_.key_pem);
  EXPECT_EQ(NormalizeKeyLabel("-----BEGIN EC PRIVATE KEY-----"), "-----BEGIN EC PRIVATE KEY-----");
}

TEST_F(CertificateTest, ARegularKeyOfAnotherIsNoMatch) {
  ASSERT_OK_AND_ASSIGN(KeyPair other, authority_->Issue({.common_name = "other"}));
  EXPECT_THAT(KeyMatches(leaf_, other.key_pem),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("not that of the certificate of leaf")));
  EXPECT_THAT(KeyMatches(leaf_, ""), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not a private key")));
}

TEST_F(CertificateTest, AnEncryptedKeyIsRefusedWithoutAsking) {
  const std::string encrypted =
      "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
      "00000000000000000000000000000000\n\nAAAAAAAAAAAAAAAAAAAAAA==\n-----END RSA PRIVATE KEY-----\n";
  EXPECT_THAT(KeyMatches(leaf_, encrypted),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not a private key")));
}

TEST_F(CertificateTest, EveryTruncationIsAnError) {
  const std::string& pem = pair_.certificate_pem;
  for (size_t length = 0; length + 1 < pem.size(); length += 7) {
    EXPECT_THAT(ParseCertificates(pem.substr(0, length)), StatusIs(absl::StatusCode::kInvalidArgument, ::testing::_))
        << length;
  }
  EXPECT_THAT(ParseCertificates(pem + pem.substr(0, pem.size() / 2)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("certificate 2 of the PEM text")));
}

TEST_F(CertificateTest, NoneAtAllIsAnError) {
  EXPECT_THAT(ParseCertificates(""), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no certificate")));
  EXPECT_THAT(ParseCertificates(pair_.key_pem),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no certificate")));
  EXPECT_THAT(ParseCertificates(std::string(5 << 20, 'a')),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("longer than")));
}

TEST_F(CertificateTest, GarbageNeverCrashes) {
  std::mt19937 random(20250302);  // NOLINT: the same inputs each time
  const std::string key = pair_.key_pem;
  for (int i = 0; i < 1000; ++i) {
    std::string text = i % 2 == 0 ? pair_.certificate_pem : key;
    if (i % 5 == 0) text = std::string(random() % 512, '\0');
    const size_t changes = 1 + random() % 8;
    for (size_t c = 0; c < changes && !text.empty(); ++c) text[random() % text.size()] = static_cast<char>(random());
    if (auto parsed = ParseCertificates(text); parsed.ok()) {
      for (const Certificate& certificate : *parsed) {
        VerifyChain(certificate, authority_->certificate_pem(), absl::Now()).IgnoreError();
      }
    }
    KeyMatches(leaf_, text).IgnoreError();
    VerifyChain(leaf_, text, absl::Now()).IgnoreError();
  }
}

TEST(TalosKeyPem, WritesTheLabelsThatTalosReads) {
  for (const auto& [type, label] : {std::pair{KeyType::kEd25519, "ED25519 PRIVATE KEY"},
                                    {KeyType::kEcP256, "EC PRIVATE KEY"},
                                    {KeyType::kRsa2048, "RSA PRIVATE KEY"}}) {
    ASSERT_OK_AND_ASSIGN(const RawKey key, MintKey(type));
    ASSERT_OK_AND_ASSIGN(const std::string pem, TalosKeyPem(key.private_pem));
    EXPECT_THAT(pem, HasSubstr(absl::StrCat("-----BEGIN ", label, "-----\n")));
    EXPECT_THAT(pem, HasSubstr(absl::StrCat("-----END ", label, "-----\n")));
    ASSERT_OK_AND_ASSIGN(const std::string again, TalosKeyPem(pem));
    EXPECT_EQ(again, pem);
  }
  EXPECT_FALSE(TalosKeyPem("no key").ok());
}

}  // namespace
}  // namespace tales::pki
