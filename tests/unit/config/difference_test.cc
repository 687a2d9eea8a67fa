#include "suites/config/difference.h"

#include "absl/strings/str_cat.h"
#include "tests/unit/config/documents.h"

namespace tales::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kConfig[] = R"(version: v1alpha1
debug: false
machine:
  type: controlplane
  token: aaaaaa.0123456789abcdef
  ca: {crt: cHVibGlj, key: c2VjcmV0}
  sysctls: {net.core.somaxconn: "65535"}
  install: {disk: /dev/sda, extraKernelArgs: [vga=792]}
cluster:
  apiServer:
    certSANs: [10.0.1.50, 10.0.1.51]
  controlPlane: {endpoint: "https://10.0.1.50:6443"}
)";

// What Describe() says of kConfig and kConfig with one text replaced by another.
std::string After(std::string_view from, std::string_view to) {
  return Describe(Compare(Parsed(kConfig), Parsed(Changed(kConfig, from, to))), "A", "B");
}

TEST(DifferenceTest, EachKindIsAPath) {
  EXPECT_EQ(After("/dev/sda", "/dev/vda"), R"(machine.install.disk: "/dev/sda" in A, "/dev/vda" in B)");
  EXPECT_EQ(After("10.0.1.51", "10.0.1.52"), R"(cluster.apiServer.certSANs[1]: "10.0.1.51" in A, "10.0.1.52" in B)");
  EXPECT_EQ(After("10.0.1.51", "10.0.1.51, x"), R"(cluster.apiServer.certSANs[2]: "x" in B only)");
  EXPECT_EQ(After("type: controlplane", ""), R"(machine.type: "controlplane" in A only)");
  EXPECT_EQ(After("debug: false", "persist: true"), "debug: \"false\" in A only\npersist: \"true\" in B only");
  EXPECT_EQ(After("\"65535\"", "\"1024\""), R"(machine.sysctls["net.core.somaxconn"]: "65535" in A, "1024" in B)");
  EXPECT_EQ(After("[vga=792]", "vga=792"), R"(machine.install.extraKernelArgs: (a list) in A, "vga=792" in B)");
}

TEST(DifferenceTest, WhatIsPutIntoTheMiddleOfAListIsOneDifference) {
  EXPECT_EQ(After("[10.0.1.50,", "[10.0.1.50, new.example,"),
            R"(cluster.apiServer.certSANs[1]: "new.example" in B only)");
  EXPECT_EQ(After("[10.0.1.50,", "["), R"(cluster.apiServer.certSANs[0]: "10.0.1.50" in A only)");
}

TEST(DifferenceTest, OrderCommentsQuotesAndNullsAreNone) {
  EXPECT_EQ(After("debug: false\n", "# a comment\n"), R"(debug: "false" in A only)");
  EXPECT_EQ(After("{disk: /dev/sda, extraKernelArgs: [vga=792]}",
                  "\n    # where it goes\n    extraKernelArgs:\n      - vga=792\n    disk: \"/dev/sda\"\n    image:"),
            "");
  EXPECT_EQ(After("\"65535\"", "65535"), "");
}

TEST(DifferenceTest, NoSecretIsShown) {
  const std::string token = After("aaaaaa.0123456789abcdef", "bbbbbb.0123456789abcdef");
  EXPECT_EQ(token, "machine.token: (secret) differs between A and B");
  EXPECT_EQ(After("key: c2VjcmV0", "key: ''"), "machine.ca.key: (secret) differs between A and B");
  // Where a secret has no business to be, its looks give it away.
  const std::string where = After("{net.core.somaxconn: \"65535\"}", "{x: \"https://me:hunter2hunter2@example.org\"}");
  EXPECT_THAT(where, HasSubstr("machine.sysctls.x: (secret) in B only"));
  EXPECT_THAT(where, Not(HasSubstr("hunter2")));
}

TEST(DifferenceTest, LongValuesAreCounted) {
  EXPECT_THAT(After("type: controlplane", absl::StrCat("type: ", std::string(500, 'x'))),
              HasSubstr("(500 bytes) in B"));
  EXPECT_THAT(After("type: controlplane", "type: \"a\\nb\\nc\""), HasSubstr("(3 lines) in B"));
  EXPECT_THAT(After("type: controlplane", "\"a\\e[31m\\n\": x"), Not(HasSubstr("\x1b")));
}

TEST(DifferenceTest, DocumentsAreComparedByKindAndName) {
  const std::string with = absl::StrCat(kConfig, "---\napiVersion: v1alpha1\nkind: KmsgLogConfig\nname: r\nurl: a\n");
  const std::string first = absl::StrCat("apiVersion: v1alpha1\nkind: KmsgLogConfig\nname: r\nurl: b\n---\n", kConfig);
  EXPECT_THAT(Compare(Parsed(with), Parsed(with)), IsEmpty());
  EXPECT_EQ(Describe(Compare(Parsed(with), Parsed(first)), "A", "B"),
            "KmsgLogConfig r: url: (secret) differs between A and B");
  EXPECT_EQ(Describe(Compare(Parsed(kConfig), Parsed(with)), "A", "B"), "KmsgLogConfig r: (secret) in B only");
}

TEST(DifferenceTest, OnlyTheFirstFewAreTold) {
  std::string many = "version: v1alpha1\nmachine:\n  sysctls:\n", few = "version: v1alpha1\n";
  for (int i = 0; i < 30; ++i) absl::StrAppend(&many, "    k", i, ": v\n");
  const auto differences = Compare(Parsed(many), Parsed("version: v1alpha1\nmachine: {sysctls: {}}\n"));
  EXPECT_THAT(Describe(differences, "A", "B"), HasSubstr("\nand 10 more"));
}

// Nested lists that differ at the bottom: comparing them takes no longer than they are long.
TEST(DifferenceTest, DeepListsAreQuick) {
  std::string a = "x", b = "y";
  for (int i = 0; i < 60; ++i) {
    a = absl::StrCat("[", a, "]");
    b = absl::StrCat("[", b, "]");
  }
  EXPECT_THAT(
      Compare(Parsed(absl::StrCat("version: v1alpha1\nz: ", a)), Parsed(absl::StrCat("version: v1alpha1\nz: ", b))),
      ::testing::SizeIs(1));
}

}  // namespace
}  // namespace tales::config
