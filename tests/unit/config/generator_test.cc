// Running an operator's generator: scripts that do what such scripts do, and what they should not.
#include "harness/operator/generator.h"

#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "harness/base/subprocess.h"
#include "suites/config/checks.h"
#include "tests/unit/config/documents.h"
#include "tests/unit/config/operator_folder.h"

namespace tales::config {
namespace {

using ::tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class GeneratorTest : public ::testing::Test {
 protected:
  // A generator of the kept files: reads the secrets that it is given, writes to where it is run.
  std::string Copies(const std::string& more = "") {
    return absl::StrCat("test -s secrets.yaml\ncp ", kept().string(), "/controlplane.yaml ", kept().string(),
                        "/worker.yaml ", kept().string(), "/talosconfig .\n", more);
  }
  // The kept files, where no fault of a script can reach them.
  std::filesystem::path kept() {
    const std::filesystem::path copy = folder_.beside() / "master";
    if (!std::filesystem::exists(copy)) std::filesystem::copy(folder_.work(), copy);
    return copy;
  }
  void Use(const std::string& body, std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), folder_.Script("gen.sh", body));
    folder_.definition.config->generator_command = std::move(arguments);
  }
  absl::StatusOr<Generated> Run(absl::Duration deadline = absl::Seconds(20)) {
    const absl::StatusOr<Secrets> secrets = ParseSecrets(folder_.Read("secrets.yaml"), "secrets.yaml");
    EXPECT_OK(secrets);
    if (!secrets.ok()) return secrets.status();
    return Generate(folder_.Loaded(), *secrets, Deadline::After(deadline));
  }
  OperatorFolder folder_;
};

TEST_F(GeneratorTest, AScriptRunsInACleanPrivateFolderThatGoesAway) {
  const std::string report = (folder_.beside() / "report").string();
  Use(Copies(absl::StrCat("{ pwd; stat -c %a .; ls -A | tr '\\n' ' '; echo; echo \"$TALES_SECRETS\"; echo "
                          "\"$TALOSCONFIG\"; echo \"$1\"; } > ",
                          report)),
      {"--secrets={secrets}"});
  ASSERT_OK(Run());
  const std::vector<std::string> lines = absl::StrSplit(ReadFile(report).value_or(""), '\n');
  ASSERT_GE(lines.size(), 6u);
  const std::string folder = lines[0];
  EXPECT_THAT(folder, AllOf(HasSubstr("tales-generate"), HasSubstr("/work")));
  EXPECT_FALSE(std::filesystem::exists(folder));
  EXPECT_EQ(lines[1], "700");
  EXPECT_EQ(lines[2], "controlplane.yaml secrets.yaml talosconfig worker.yaml ");
  EXPECT_EQ(lines[3], folder + "/secrets.yaml");
  EXPECT_EQ(lines[4], folder + "/talosconfig");
  EXPECT_EQ(lines[5], absl::StrCat("--secrets=", folder, "/secrets.yaml"));
}

TEST_F(GeneratorTest, WhatStandsBesideTheFolderIsFoundFromTheNewOne) {
  folder_.Script("patch.yaml", "machine: {}\n");
  Use(Copies("grep -q machine ../src/patch.yaml"));
  EXPECT_OK(Run());
}

TEST_F(GeneratorTest, TheFolderThatTheOperatorKeepsIsNotToBeOverwritten) {
  const std::string before = folder_.Read("controlplane.yaml");
  Use(Copies(absl::StrCat("echo gone > ", folder_.work().string(), "/controlplane.yaml")));
  const absl::StatusOr<Generated> generated = Run();
  ASSERT_OK(generated);
  EXPECT_THAT(generated->overwritten, ElementsAre(HasSubstr("/work/controlplane.yaml")));
  EXPECT_EQ(folder_.Read("controlplane.yaml"), before);
  EXPECT_THAT(Said(folder_.Look(Reproducible())),
              AllOf(HasSubstr("failed"), HasSubstr("it wrote to "), HasSubstr("what was there has been put back")));
}

TEST_F(GeneratorTest, AScriptThatWritesElsewhereLeavesNothing) {
  Use(absl::StrCat("cd ", folder_.work().string(), "\necho new > worker.yaml"));
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kInvalidArgument,
                              AllOf(HasSubstr("left no readable controlplane.yaml in the folder in which it was run"),
                                    HasSubstr("it wrote to "))));
  EXPECT_NE(folder_.Read("worker.yaml"), "new\n");
}

TEST_F(GeneratorTest, FailuresSayWhyAndNoSecret) {
  Use("cat secrets.yaml >&2\necho 'no such patch' >&2\nexit 4");
  const absl::StatusOr<Generated> failed = Run();
  EXPECT_THAT(failed, StatusIs(absl::StatusCode::kInvalidArgument,
                               AllOf(HasSubstr("gen.sh ended with exit code 4"), HasSubstr("no such patch"),
                                     Not(HasSubstr("mmmmmm.0123456789abcdef")))));
  const std::string said(failed.status().message());
  const absl::StatusOr<Secrets> secrets = ParseSecrets(folder_.Read("secrets.yaml"), "x");
  ASSERT_OK(secrets);
  for (const auto& [path, value] : secrets->values) {
    if (path.ends_with("key")) {
      EXPECT_THAT(said, Not(HasSubstr(value)));
    }
  }
  Use("no-such-program-anywhere");
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("calls what is not installed")));
  EXPECT_EQ(folder_.Look(Reproducible()).verdict(), Verdict::kUnsupported);
  Use("sleep 30");
  EXPECT_THAT(Run(absl::Milliseconds(300)), StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("gen.sh")));
  Use("mkfifo controlplane.yaml worker.yaml talosconfig");
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("controlplane.yaml is no file")));
}

TEST_F(GeneratorTest, AScriptThatIsNotThereIsUnsupported) {
  folder_.definition.config->generator_command = {"/no/such/gen.sh"};
  const Outcome outcome = folder_.Look(Reproducible());
  EXPECT_EQ(outcome.verdict(), Verdict::kUnsupported);
  EXPECT_THAT(Said(outcome), HasSubstr("/no/such/gen.sh: not there, or not executable"));
}

TEST_F(GeneratorTest, TheSameTwiceIsReproducibleAndCommitted) {
  Use(Copies());
  EXPECT_THAT(Said(folder_.Look(Reproducible())), AllOf(HasSubstr("passed"), HasSubstr("byte for byte")));
  EXPECT_THAT(Said(folder_.Look(Committed())), AllOf(HasSubstr("passed"), HasSubstr("byte for byte")));
}

TEST_F(GeneratorTest, ADifferenceBetweenRunsIsAPath) {
  Use(
      Copies("sed -i \"s/cluster.local/run-$$.local/\" worker.yaml\n"
             "sed -i \"s/^\\( *token: \\)bbbbbb.*/\\1cccccc.$(printf %016d $$)/\" worker.yaml"));
  const std::string said = Said(folder_.Look(Reproducible()));
  EXPECT_THAT(said, AllOf(HasSubstr("failed"), HasSubstr("cluster.network.dnsDomain: \"run-"),
                          HasSubstr("cluster.token: (secret) differs between the first run and the second")));
  EXPECT_THAT(said, Not(HasSubstr("cccccc")));
}

TEST_F(GeneratorTest, ACommentThatDiffersIsToldAsOne) {
  Use(Copies("echo \"# made by process $$\" >> worker.yaml"));
  EXPECT_THAT(Said(folder_.Look(Reproducible())), AllOf(HasSubstr("failed"), HasSubstr("the two mean the same")));
  Use(Copies("echo '# made by a script' >> worker.yaml"));
  EXPECT_THAT(Said(folder_.Look(Committed())), AllOf(HasSubstr("passed"), HasSubstr("worker.yaml: the same meaning")));
}

TEST_F(GeneratorTest, WhatIsKeptAndNotGeneratedIsStale) {
  Use(Copies());
  folder_.Change("worker.yaml", "/dev/sda", "/dev/vda");
  EXPECT_THAT(
      Said(folder_.Look(Committed())),
      AllOf(HasSubstr("failed"),
            HasSubstr("machine.install.disk: \"/dev/vda\" in the kept worker.yaml, \"/dev/sda\" in the generated one"),
            HasSubstr("gen.sh")));
}

TEST_F(GeneratorTest, GeneratedTalosconfigsAreComparedInMeaning) {
  const std::filesystem::path first = folder_.beside() / "one", second = folder_.beside() / "two";
  ASSERT_OK(WriteFileAtomically(first, talos::WriteTalosConfig(folder_.minted().Talosconfig()), 0600));
  ASSERT_OK(WriteFileAtomically(second, talos::WriteTalosConfig(folder_.minted().Talosconfig()), 0600));
  const std::string mark = (folder_.beside() / "ran").string();
  const std::string alternate =
      absl::StrCat("rm -f talosconfig\nif test -e ", mark, "; then cp ", second.string(), " talosconfig; rm ", mark,
                   "; else cp ", first.string(), " talosconfig; touch ", mark, "; fi");
  Use(Copies(alternate));
  EXPECT_THAT(Said(folder_.Look(Talosconfig())),
              AllOf(HasSubstr("passed"), HasSubstr("agree in all but the client key")));
  talos::Context other = folder_.minted().Talosconfig(absl::Hours(24), "os:reader");
  other.endpoints = {"10.0.1.50"};
  ASSERT_OK(WriteFileAtomically(second, talos::WriteTalosConfig(other), 0600));
  EXPECT_THAT(Said(folder_.Look(Talosconfig())),
              AllOf(HasSubstr("failed"), HasSubstr("endpoints: none and 10.0.1.50"),
                    HasSubstr("roles: os:admin and os:reader"), HasSubstr("lifetime of the certificate: ")));
}

TEST_F(GeneratorTest, ArgumentsBecomeACommandLine) {
  folder_.definition.config->generator_arguments = {"--install-disk", "/dev/sda", "--talos-version=v1.9"};
  folder_.definition.config->patches = {{"all", {"@all.yaml"}}, {"worker", {"{\"a\": 1}"}}};
  const ClusterDefinition definition = folder_.Loaded();
  EXPECT_THAT(
      GeneratorCommand(definition, "S"),
      ElementsAre("talosctl", "gen", "config", "tales", "https://10.0.1.50:6443", "--with-secrets", "S",
                  "--kubernetes-version=1.32.2", "--install-disk", "/dev/sda", "--talos-version=v1.9", "--config-patch",
                  absl::StrCat("@", folder_.work().string(), "/all.yaml"), "--config-patch-worker", "{\"a\": 1}"));
  EXPECT_THAT(GenerateByHand(definition),
              AllOf(HasSubstr("cd "), HasSubstr("--with-secrets secrets.yaml"), HasSubstr("--force")));
  EXPECT_EQ(FlagOf({"--a", "1", "--a=2", "--ab", "3"}, "--a"), "2");
  EXPECT_EQ(FlagOf({"--a"}, "--a"), "");
}

TEST_F(GeneratorTest, ArgumentsPinWhatTalosctlWouldFillIn) {
  folder_.definition.config->generator_arguments = {"--install-disk", "/dev/sda"};
  EXPECT_THAT(Said(folder_.Look(InputsPinned())), HasSubstr("add --install-image=ghcr.io/siderolabs/installer:v1.9.4"));
  folder_.definition.config->patches = {{"all", {"machine: {install: {image: x:v1.9.4}}"}}};
  EXPECT_THAT(Said(folder_.Look(InputsPinned())), Not(HasSubstr("--install-image")));
  folder_.definition.config->generator_arguments = {"--install-image=x:v1.9.4", "--kubernetes-version", "1.31.0"};
  EXPECT_THAT(Said(folder_.Look(InputsPinned())), HasSubstr("--kubernetes-version=1.31.0"));
  folder_.definition.config->generator_arguments = {"--install-image=x:v1.9.4", "--talos-version=v1.9"};
  EXPECT_THAT(Said(folder_.Look(InputsPinned())), Not(HasSubstr("--talos-version=v1.9\n")));
}

TEST_F(GeneratorTest, AScriptPinsThemToo) {
  Use("talosctl gen config tales https://10.0.1.50:6443 --with-secrets secrets.yaml");
  const std::string said = Said(folder_.Look(InputsPinned()));
  EXPECT_THAT(said, AllOf(HasSubstr("gen.sh says --kubernetes-version"), HasSubstr("gen.sh says --talos-version"),
                          HasSubstr("gen.sh says --install-image")));
  Use("make configs");  // what it does cannot be seen
  EXPECT_THAT(Said(folder_.Look(InputsPinned())), HasSubstr("passed"));
}

}  // namespace
}  // namespace tales::config
