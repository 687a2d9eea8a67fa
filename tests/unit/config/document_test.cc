// Reading machine configurations: what they are made of, and what nobody wrote in good faith.
#include "harness/operator/document.h"

#include "absl/strings/str_cat.h"
#include "suites/config/secret_fields.h"
#include "tests/unit/config/documents.h"

namespace tales::config {
namespace {

using ::tales::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

auto Refused(const std::string& why) { return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(why)); }

absl::StatusOr<MachineConfig> Parse(std::string text) { return ParseMachineConfig(std::move(text), "c.yaml"); }

TEST(DocumentTest, DocumentsAreKnownByKindAndName) {
  const MachineConfig config = Parsed(R"(version: v1alpha1
machine: {type: worker}
---
apiVersion: v1alpha1
kind: KmsgLogConfig
name: remote
url: tcp://192.0.2.1:514
---
apiVersion: v1alpha1
kind: WatchdogTimerConfig
)");
  ASSERT_THAT(config.documents, SizeIs(3));
  EXPECT_EQ(config.documents[1].name, "KmsgLogConfig remote");
  EXPECT_EQ(config.documents[2].name, "WatchdogTimerConfig");
  ASSERT_NE(config.v1alpha1(), nullptr);
  EXPECT_EQ(TextAt(config.v1alpha1(), "machine.type"), "worker");
  EXPECT_EQ(TextAt(config.v1alpha1(), "machine.type.x"), "");
  EXPECT_EQ(TextAt(config.v1alpha1(), "nothing.there"), "");
  EXPECT_EQ(TextAt(nullptr, "a"), "");
}

TEST(DocumentTest, AConfigurationWithoutTheMainDocumentIsOne) {
  EXPECT_EQ(Parsed("apiVersion: v1alpha1\nkind: WatchdogTimerConfig\n").v1alpha1(), nullptr);
}

TEST(DocumentTest, NullIsNothing) {
  const MachineConfig config = Parsed("version: v1alpha1\nmachine:\ncluster: {certSANs: [a, [b], c]}\n");
  EXPECT_EQ(Find(config.v1alpha1(), "machine"), nullptr);
  EXPECT_THAT(TextsAt(config.v1alpha1(), "cluster.certSANs"), ElementsAre("a", "c"));
}

TEST(DocumentTest, WhatTalosRefusesIsRefused) {
  EXPECT_THAT(Parse("version: v1alpha1\nmachine: {a: 1, b: {c: 1, c: 2}}\n"),
              Refused("c.yaml:2:27: machine.b.c: this key is there twice"));
  EXPECT_THAT(Parse("version: v1alpha1\n---\nversion: v1alpha1\n"), Refused("c.yaml:3:1: a second document v1alpha1"));
  EXPECT_THAT(Parse("machine: {}\n"), Refused("c.yaml:1:1: no machine configuration"));
  EXPECT_THAT(Parse("- version: v1alpha1\n"), Refused("c.yaml:1:1: is a list; a map is wanted"));
}

TEST(DocumentTest, HostileFilesAreRefusedByTheirPlace) {
  EXPECT_THAT(Parse(""), Refused("c.yaml:1:1: the file is empty"));
  EXPECT_THAT(Parse("---\n---\n"), Refused("the file is empty"));
  EXPECT_THAT(Parse(std::string("version: v1alpha1\nx: \0y", 23)), Refused("c.yaml:2:4: not a text file"));
  EXPECT_THAT(Parse("version: v1alpha1\nmachine: {a: [1, 2"), Refused("c.yaml:"));
  EXPECT_THAT(Parse("version: v1alpha1\nmachine: &m {again: *m}\n"), Refused("an alias of what it stands in"));
  EXPECT_THAT(Parse(std::string(kLargestFile + 1, '#')), Refused("longer than 8 MiB"));
  std::string deep = "version: v1alpha1\nx: ";
  for (int i = 0; i < 100; ++i) deep += "[";
  EXPECT_THAT(Parse(deep), Refused("nested deeper than 64"));
  std::string bomb = "version: v1alpha1\na0: &a0 [x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    absl::StrAppend(&bomb, "a", i, ": &a", i, " [*a", i - 1, ", *a", i - 1, ", *a", i - 1, "]\n");
  }
  EXPECT_THAT(Parse(bomb), Refused("more than 262144 values"));
}

TEST(DocumentTest, TruncatedAnywhereIsAnAnswer) {
  const std::string text =
      "version: v1alpha1\nmachine:\n  type: worker\n  certSANs: [\"a\", 'b']\n  files:\n    - content: |\n        "
      "x\n---\n"
      "apiVersion: v1alpha1\nkind: KmsgLogConfig\nname: x\n";
  for (size_t length = 0; length <= text.size(); ++length) {
    const auto parsed = Parse(text.substr(0, length));
    if (!parsed.ok()) {
      EXPECT_THAT(parsed, Refused("c.yaml:"));
    }
  }
}

std::vector<std::string> SecretsIn(const std::string& text) {
  const absl::StatusOr<std::vector<std::string>> paths = SecretPathsInFile(text, "file");
  EXPECT_OK(paths);
  return paths.value_or(std::vector<std::string>());
}

TEST(SecretFieldsTest, EverySecretOfAFileIsNamed) {
  EXPECT_THAT(
      SecretsIn(R"(version: v1alpha1
machine:
  token: made.up
  ca: {crt: public, key: made-up}
  registries: {config: {registry.example: {auth: {username: me, password: made-up}}}}
  network: {interfaces: [{interface: eth0}, {wireguard: {privateKey: made-up}}]}
  env: {http_proxy: "http://me:made-up@proxy"}
cluster:
  ca: {crt: public, key: ""}
  inlineManifests: [{name: a, contents: made-up}]
)"),
      ElementsAre("machine.token", "machine.ca.key", "machine.registries.config[\"registry.example\"].auth.username",
                  "machine.registries.config[\"registry.example\"].auth.password",
                  "machine.network.interfaces[1].wireguard.privateKey", "machine.env.http_proxy",
                  "cluster.inlineManifests[0].contents"));
}

TEST(SecretFieldsTest, OtherFilesHaveTheirOwn) {
  EXPECT_THAT(SecretsIn("cluster: {id: a, secret: b}\ncerts: {os: {crt: c, key: d}}\n"),
              ElementsAre("cluster.secret", "certs.os.key"));
  EXPECT_THAT(SecretsIn("context: x\ncontexts: {x: {ca: a, crt: b, key: c}}\n"), ElementsAre("contexts.x.key"));
  EXPECT_THAT(SecretsIn("apiVersion: v1\nkind: Config\nusers: [{user: {client-key-data: a, token: ''}}]\n"),
              ElementsAre("users[0].user.client-key-data"));
  EXPECT_THAT(SecretsIn("cluster: {secret: ENC}\nsops: {version: 1}\n"), IsEmpty());
  EXPECT_THAT(SecretPathsInFile("- a\n", "file"), Refused("a map is wanted"));
}

}  // namespace
}  // namespace tales::config
