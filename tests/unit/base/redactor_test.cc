#include "harness/base/redactor.h"

#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tales {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Put together at run time, so that no scanner of this repository takes it for a key.
std::string Pem(std::string_view label,
                std::string_view line = "MC4CAQAwBQYDK2VwBCIEIAabcdefghijklmnopqrstuvwxyz0123456789ABCDEF") {
  return absl::StrCat("-----BEGIN ", label, "-----\n", line, "\n", line, "\n-----END ", label, "-----\n");
}
std::string Redact(std::string_view text) { return Redactor().Redact(text); }

TEST(Redactor, PemPrivateKeysOfEveryLabel) {
  for (std::string_view label : {"PRIVATE KEY", "ED25519 PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY",
                                 "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY"}) {
    EXPECT_EQ(Redact(absl::StrCat("before\n", Pem(label), "after")), "before\n[redacted]\nafter") << label;
  }
}

TEST(Redactor, CertificatesAndPublicKeysStay) {
  const std::string text = Pem("CERTIFICATE") + Pem("PUBLIC KEY") + absl::Base64Escape(Pem("CERTIFICATE"));
  EXPECT_EQ(Redact(text), text);
}

TEST(Redactor, ATruncatedPemBlockAndOneInsideJson) {
  EXPECT_EQ(Redact("x -----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\nBCIE"), "x [redacted]");
  EXPECT_EQ(Redact(R"({"tls":"-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----\n","n":1})"),
            R"({"tls":"[redacted]\n","n":1})");
  EXPECT_EQ(Redact("-----BEGIN PRIVATE KEY"), "[redacted]");
}

TEST(Redactor, PrivateKeysInsideBase64) {
  const std::string key = absl::Base64Escape(Pem("ED25519 PRIVATE KEY"));
  EXPECT_EQ(Redact(absl::StrCat("    key: ", key, "\n    crt: abc\n")), "    key: [redacted]\n    crt: abc\n");
  EXPECT_EQ(Redact(absl::StrCat("{\"data\":{\"tls.key\":\"", key, "\"}}")), "{\"data\":{\"tls.key\":\"[redacted]\"}}");
  // Behind other content, at each of the three alignments.
  for (std::string_view before : {"", "a", "ab", "abc"}) {
    const std::string bundle = absl::Base64Escape(absl::StrCat(before, Pem("CERTIFICATE"), Pem("RSA PRIVATE KEY")));
    EXPECT_EQ(Redact(absl::StrCat("x: ", bundle, " y")), "x: [redacted] y") << before;
  }
}

TEST(Redactor, WrappedBase64GoesWhole) {
  const std::string key = absl::Base64Escape(Pem("EC PRIVATE KEY"));
  for (size_t width : {64u, 76u}) {
    std::string wrapped;
    for (size_t i = 0; i < key.size(); i += width) absl::StrAppend(&wrapped, "    ", key.substr(i, width), "\n");
    EXPECT_EQ(Redact(absl::StrCat("data: >-\n", wrapped, "next: 1\n")), "data: >-\n    [redacted]\nnext: 1\n") << width;
  }
}

struct Case {
  std::string text, expected;
};

TEST(Redactor, SecretValuesOfYaml) {
  for (const auto& [text, expected] : std::vector<Case>{
           {"client-key-data: QUJD", "client-key-data: [redacted]"},
           {"password: hunter2", "password: [redacted]"},
           {"  password: correct horse battery # really", "  password: [redacted] # really"},
           {"password: 'it is'\nuser: me", "password: '[redacted]'\nuser: me"},
           {"token: abcdef.0123456789abcdef", "token: [redacted]"},
           {"    token: \"abcdef.0123456789abcdef\"", "    token: \"[redacted]\""},
           {"    bootstraptoken: 2bgvsp.4b1wtb1yt3z0rwq1", "    bootstraptoken: [redacted]"},
           {"  - token: abcdef.0123456789abcdef", "  - token: [redacted]"},
           {"    secret: OsX5p+EzrvOVTZ1J7ELMexEB/nP9Yo1yzTLd8fFkmqw=", "    secret: [redacted]"},
           {"    secretboxEncryptionSecret: OsX5p+EzrvOV", "    secretboxEncryptionSecret: [redacted]"},
           {"    secretboxencryptionsecret: OsX5p+EzrvOV", "    secretboxencryptionsecret: [redacted]"},
           {"    aescbcEncryptionSecret: short", "    aescbcEncryptionSecret: [redacted]"},
           {"key: OsX5p+EzrvOVTZ1J7ELMexEB/nP9Yo1yzTLd8fFkmqw=", "key: [redacted]"},
           {"{token: abcdef.0123456789abcdef, ttl: 1}", "{token: [redacted], ttl: 1}"},
           {"password: |\n  one\n  two\nuser: x", "password: |\n  [redacted]\nuser: x"},
           {"AWS_SECRET_ACCESS_KEY: abc", "AWS_SECRET_ACCESS_KEY: [redacted]"},
           {"Authorization: Basic dXNlcjpwYXNz\nHost: x", "Authorization: [redacted]\nHost: x"},
           {"Cookie: id=1; stay=2", "Cookie: [redacted]"},
       }) {
    EXPECT_EQ(Redact(text), expected);
  }
}

TEST(Redactor, SecretValuesOfJsonAlsoInsideJson) {
  for (const auto& [text, expected] : std::vector<Case>{
           {R"({"password":"a","b":1})", R"({"password":"[redacted]","b":1})"},
           {R"({"password" : "a\"b","c":1})", R"({"password" : "[redacted]","c":1})"},
           {R"({"token":"abcdef.0123456789abcdef"})", R"({"token":"[redacted]"})"},
           {R"({"client-key-data":"QUJD"})", R"({"client-key-data":"[redacted]"})"},
           {R"({"log":"{\"password\":\"abc\",\"n\":1}"})", R"({"log":"{\"password\":\"[redacted]\",\"n\":1}"})"},
           {R"({"password":1234,"n":2})", R"({"password":[redacted],"n":2})"},
       }) {
    EXPECT_EQ(Redact(text), expected);
  }
}

TEST(Redactor, SecretValuesOfUrlsFlagsAndVariables) {
  for (const auto& [text, expected] : std::vector<Case>{
           {"GET /webapi/auth.cgi?account=me&passwd=abc&_sid=aB3dEf6hI9kLmN0p&v=1",
            "GET /webapi/auth.cgi?account=me&passwd=[redacted]&_sid=[redacted]&v=1"},
           {"SynoToken=x9", "SynoToken=[redacted]"},
           {"https://me:secret1@nas:5001/x", "https://me:[redacted]@nas:5001/x"},
           {"join --token abcdef.0123456789abcdef --x", "join --token [redacted] --x"},
           {"--password=abc --user=me", "--password=[redacted] --user=me"},
           {"curl --password abc", "curl --password [redacted]"},
           {"export PGPASSWORD=abc", "export PGPASSWORD=[redacted]"},
           {"Authorization: Bearer abcdefghijklmnop0123", "Authorization: [redacted]"},
           {"sent header Bearer abcdefghijklmnop0123.", "sent header Bearer [redacted]"},
       }) {
    EXPECT_EQ(Redact(text), expected);
  }
}

TEST(Redactor, JsonWebTokens) {
  const std::string jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl";
  EXPECT_EQ(Redact(absl::StrCat("got ", jwt, ", thanks")), "got [redacted], thanks");
  EXPECT_EQ(Redact("eyJ is how they start"), "eyJ is how they start");
}

TEST(Redactor, InnocentTextStays) {
  for (const char* text : {
           "taints: [key=value:NoSchedule]",
           "node-role.kubernetes.io/control-plane:NoSchedule",
           R"({"taints":[{"effect":"NoSchedule","key":"node-role.kubernetes.io/control-plane"}]})",
           "tolerations:\n- key: node.kubernetes.io/not-ready\n  operator: Exists",
           "- key: CriticalAddonsOnly\n  operator: Exists",
           "key=value:NoSchedule",
           R"(I0302 01:00:00.000000 1 queue.go:1] "Syncing" key="kube-system/coredns-5d78c9869d-abcde" err=<nil>)",
           "level=info msg=\"update\" key=/registry/pods/kube-system/coredns-5d78c9869d-abcde",
           R"({"msg":"applied","key":"/registry/leases/kube-node-lease/worker-0123456789"})",
           "the token is expired; ask for a new token: see below",
           "error: token: not found",
           "bearer tokens are not supported here",
           "Unauthorized: invalid bearer token",
           "secret: cilium-ca",
           "secretName: hubble-server-certs",
           "imagePullSecrets:\n- name: regcred",
           "automountServiceAccountToken: true",
           "tokenExpirationSeconds: 3607",
           "volumes:\n- secret:\n    secretName: x",
           R"("auth-token":"simple")",
           "secrets \"tales-worker-0123456789abcdef\" is forbidden",
           "kind: Secret\nmetadata: {name: x}",
           "talos.platform=metal vga=792 slab_nomerge pti=on",
           "sha256:2c6f3b1d0f3b1d0f3b1d0f3b1d0f3b1d0f3b1d0f3b1d0f3b1d0f3b1d0f3b1d0f",
           "https://10.0.1.50:6443/api/v1/nodes?limit=500&continue=x",
           "https://user@host/",
           "password: ${PASSWORD}",
           "password:\n  file: /run/secrets/p",
           "keys: 3 key: 4",
           "",
       }) {
    EXPECT_EQ(Redact(text), text);
  }
}

TEST(Redactor, ValuesThatWereRegistered) {
  Redactor redactor;
  redactor.Add("correct horse");
  redactor.Add("correct horse battery");
  redactor.Add("short");
  redactor.Add("two\nlines of it");
  EXPECT_EQ(redactor.Redact("a correct horse battery, a correct horse; short"), "a [redacted], a [redacted]; short");
  EXPECT_EQ(redactor.Redact(R"({"x":"two\nlines of it"})"), R"({"x":"[redacted]"})");
}

TEST(Redactor, TwiceIsOnce) {
  const std::string text = absl::StrCat("password: abc\n{\"token\":\"abcdef.0123456789abcdef\"}\n", Pem("PRIVATE KEY"),
                                        "Authorization: Bearer abcdefghijklmnop0123\n?passwd=x&y");
  EXPECT_EQ(Redact(Redact(text)), Redact(text));
}

TEST(Redactor, EveryTruncationOfASecretIsHarmless) {
  const std::string text = absl::StrCat("a: b\n", Pem("PRIVATE KEY"), "password: |\n  x\n\"token\": \"\\", "k=\\\"v");
  for (size_t length = 0; length <= text.size(); ++length) Redact(std::string_view(text).substr(0, length));
}

// Repetitions on which a careless scanner looks at everything again at every step.
TEST(Redactor, MegabytesOfHostileTextTakeNoTime) {
  for (std::string_view unit : {"token=",
                                "{token: ",
                                "\"token\": \"",
                                "password: ",
                                "-----BEGIN PRIVATE KEY-----",
                                "eyJ",
                                "eyJaaaaaaaaaa.",
                                "://a:",
                                "bearer ",
                                "key: |\n",
                                "secret: >\n ",
                                "'token': \"",
                                "--token ",
                                "=",
                                ":",
                                " ",
                                "\\\"",
                                "VUFJJVkFURSBLRVk",
                                "-----BEGIN ",
                                "token: a",
                                "{token: a "}) {
    std::string text;
    while (text.size() < 2'000'000) text.append(unit);
    const auto start = std::chrono::steady_clock::now();
    Redact(text);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5)) << unit;
  }
}

}  // namespace
}  // namespace tales
