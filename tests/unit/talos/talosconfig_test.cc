#include "harness/talos/talosconfig.h"

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "harness/pki/authority.h"
#include "tests/support/status_matchers.h"

namespace tales::talos {
namespace {

using tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TalosConfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(const pki::Authority authority,
                         pki::Authority::Mint("talos", "talos", pki::KeyType::kEd25519));
    ASSERT_OK_AND_ASSIGN(const pki::KeyPair pair,
                         authority.Issue({.organizations = {"os:admin"}, .client_auth = true}));
    ASSERT_OK_AND_ASSIGN(other_, authority.Issue({.organizations = {"os:admin"}, .client_auth = true}));
    context_ = {.name = "tales",
                .endpoints = {"10.0.1.50"},
                .nodes = {"10.0.1.100"},
                .ca_pem = authority.certificate_pem(),
                .certificate_pem = pair.certificate_pem,
                .key_pem = pair.key_pem};
  }
  std::string Text(const std::string& crt, const std::string& key) const {
    return absl::StrCat("context: a\ncontexts:\n  a:\n    endpoints: [10.0.1.50]\n    target: 10.0.1.51\n    ca: ",
                        absl::Base64Escape(context_.ca_pem), "\n    crt: ", crt, "\n    key: ", key, "\n");
  }
  absl::Status Select(const std::string& text) const {
    const auto config = ParseTalosConfig(text, "f");
    return config.ok() ? SelectContext(*config, "").status() : config.status();
  }
  Context context_;
  pki::KeyPair other_;
};

TEST_F(TalosConfigTest, WhatIsWrittenIsReadAndHasTalosLabel) {
  const std::string text = WriteTalosConfig(context_);
  ASSERT_OK_AND_ASSIGN(const TalosConfig config, ParseTalosConfig(text, "f"));
  ASSERT_OK_AND_ASSIGN(const Context context, SelectContext(config, ""));
  EXPECT_EQ(context.name, "tales");
  EXPECT_THAT(context.endpoints, ElementsAre("10.0.1.50"));
  EXPECT_THAT(context.nodes, ElementsAre("10.0.1.100"));
  EXPECT_THAT(context.key_pem, HasSubstr("-----BEGIN PRIVATE KEY-----"));
  const size_t at = text.find("key: ") + 5;
  std::string key;
  ASSERT_TRUE(absl::Base64Unescape(text.substr(at, text.find('\n', at) - at), &key));
  EXPECT_THAT(key, HasSubstr("-----BEGIN ED25519 PRIVATE KEY-----"));
}

TEST_F(TalosConfigTest, TargetIsAnEndpoint) {
  ASSERT_OK_AND_ASSIGN(
      const TalosConfig config,
      ParseTalosConfig(Text(absl::Base64Escape(context_.certificate_pem), absl::Base64Escape(context_.key_pem)), "f"));
  EXPECT_THAT(config.contexts.at("a").endpoints, ElementsAre("10.0.1.50", "10.0.1.51"));
}

TEST_F(TalosConfigTest, CredentialsThatCannotBeUsedNameFileContextAndKey) {
  const std::string crt = absl::Base64Escape(context_.certificate_pem), key = absl::Base64Escape(context_.key_pem);
  const auto wrong = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(Select(Text("'%%%'", key)), StatusIs(wrong, "f: contexts.a.crt: is not base64"));
  EXPECT_THAT(Select(Text("aGVsbG8=", key)), StatusIs(wrong, HasSubstr("f: contexts.a.crt: is not PEM")));
  EXPECT_THAT(Select(Text("", key)), StatusIs(wrong, "f: contexts.a.crt: is missing"));
  EXPECT_THAT(Select(Text(key, key)), StatusIs(wrong, HasSubstr("f: contexts.a.crt: ")));
  EXPECT_THAT(Select(Text(crt, absl::Base64Escape(other_.key_pem))),
              StatusIs(wrong, HasSubstr("f: contexts.a.key: does not belong to the certificate")));
  EXPECT_THAT(Select(Text(crt, "{}")), StatusIs(wrong, HasSubstr("f: contexts.a.key: must be text")));
}

TEST_F(TalosConfigTest, ABrokenContextIsInNobodysWay) {
  const std::string text =
      absl::StrCat(WriteTalosConfig(context_), "  omni:\n    endpoints: [x]\n    auth: {siderov1: {identity: me}}\n");
  ASSERT_OK_AND_ASSIGN(const TalosConfig config, ParseTalosConfig(text, "f"));
  EXPECT_OK(SelectContext(config, "tales"));
  EXPECT_THAT(SelectContext(config, "omni"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("f: contexts.omni.ca: is missing")));
  EXPECT_THAT(SelectContext(config, "none"),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("none"), HasSubstr("omni, tales"))));
}

TEST(TalosConfig, HostileText) {
  for (const char* text : {"", "[]", "context: a\n", "contexts: {}\n", "contexts: [a]\n", "contexts: {a: 1}\n",
                           "contexts: {a: {endpoints: 1}}\n", "contexts: {a: {endpoints: [{}]}}\n", "{{{",
                           "a: &a [*a]\n", "context: [a]\n", "\x01\x02"}) {
    EXPECT_THAT(ParseTalosConfig(text, "f"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("f"))) << text;
  }
  EXPECT_FALSE(ParseTalosConfig(std::string(100'000, '['), "f").ok());
  EXPECT_THAT(LoadTalosConfig("/no/such/talosconfig"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no/such/talosconfig")));
}

}  // namespace
}  // namespace tales::talos
