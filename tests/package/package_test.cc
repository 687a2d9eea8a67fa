// The installed program: a prefix by `cmake --install`, a root by `dpkg -x`, both used with source tree and build
// folder out of sight.
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "harness/base/subprocess.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Finished Do(std::vector<std::string> argv, const fs::path& where = {}) {
  const Command command{
      .argv = std::move(argv), .environment = {{"KUBECONFIG", ""}, {"TALOSCONFIG", ""}}, .working_folder = where};
  absl::StatusOr<Finished> finished = tales::Run(command, Deadline::After(absl::Minutes(4)));
  EXPECT_OK(finished) << command.ToString();
  return finished.ok() ? *finished : Finished{};
}

class PackageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Make("tales-package-test");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
  }
  std::string Path(std::string_view name) const { return (folder_->path() / std::string(name)).string(); }

  // Runs a shell's words in a mount namespace in which the tree is an empty folder.
  Finished WithoutTheTree(const std::string& script) {
    const std::string hide =
        absl::StrCat("for d in '", TALES_SOURCE_DIR, "' '", TALES_BUILD_DIR,
                     "'; do if [ -d \"$d\" ]; then mount -t tmpfs none \"$d\" || exit 99; fi; done; "
                     "[ ! -e '",
                     TALES_SOURCE_DIR, "/CMakeLists.txt' ] || exit 99; ");
    return Do({"unshare", "--user", "--map-root-user", "--mount", "sh", "-c", hide + script}, folder_->path());
  }
  bool CanHideTheTree() { return WithoutTheTree("true").exit_code == 0; }

  void ExpectItWorks(const std::string& program) {
    if (!CanHideTheTree()) GTEST_SKIP() << "no user namespaces: the source tree cannot be hidden from the program";
    const Finished list = WithoutTheTree(program + " list --json");
    EXPECT_EQ(list.exit_code, 0) << list.error_output;
    EXPECT_THAT(list.output, HasSubstr("pod_security.labels"));
    const Finished verify = WithoutTheTree(program + " verify --fixture lab --settle 0s --out run");
    EXPECT_EQ(verify.exit_code, 0) << verify.output << verify.error_output;
    EXPECT_TRUE(fs::exists(folder_->path() / "run" / "junit.xml"));
    // What fixture local would build from is found beside it: a Go that is no Go gets as far as the build.
    const Finished local = WithoutTheTree(
        "mkdir bin && printf '#!/bin/sh\\n[ \"$1\" = version ] && exec echo go version go1.99\\npwd -P; ls >&2; exit "
        "1\\n' "
        "> bin/go && chmod +x bin/go && env TALES_CACHE=cache KUBEBUILDER_ASSETS= PATH=$PWD/bin:/usr/bin:/bin " +
        program + " local --out local");
    EXPECT_EQ(local.exit_code, 3);
    EXPECT_THAT(local.error_output, AllOf(HasSubstr("go build"), HasSubstr("go.sum"), Not(HasSubstr("no go.mod"))));
  }
  std::optional<TemporaryFolder> folder_;
};

TEST_F(PackageTest, AnInstalledPrefixWorks) {
  const Finished install = Do({TALES_CMAKE, "--install", TALES_BUILD_DIR, "--prefix", Path("prefix"), "--strip"});
  ASSERT_EQ(install.exit_code, 0) << install.error_output;
  for (const char* part : {"bin/tales", "share/doc/tales/README.md", "share/tales/clusters/tales.yaml",
                           "share/tales/local/assets/kubernetes/go.sum"}) {
    EXPECT_TRUE(fs::exists(folder_->path() / "prefix" / part)) << part;
  }
  ExpectItWorks(Path("prefix/bin/tales"));
}

TEST_F(PackageTest, TheDebianPackageWorks) {
  if (!FindProgram("dpkg-shlibdeps").ok()) GTEST_SKIP() << "no dpkg-shlibdeps (package dpkg-dev)";
  const Finished pack =
      Do({TALES_CPACK, "-G", "DEB", "-B", Path("out"), "--config", absl::StrCat(TALES_BUILD_DIR, "/CPackConfig.cmake")},
         folder_->path());
  ASSERT_EQ(pack.exit_code, 0) << pack.output << pack.error_output;
  std::string deb;
  for (const auto& entry : fs::directory_iterator(folder_->path() / "out")) {
    if (entry.path().extension() == ".deb") deb = entry.path();
  }
  ASSERT_FALSE(deb.empty()) << pack.output;
  const Finished control = Do({"dpkg-deb", "-f", deb});
  EXPECT_THAT(control.output, AllOf(HasSubstr("Package: tales\n"), HasSubstr("libssl3"), HasSubstr("libcurl4"),
                                    HasSubstr("libyaml-cpp0.7"), HasSubstr("libc6")));
  EXPECT_THAT(control.output, Not(HasSubstr("libgrpc"))) << "it is linked statically";
  ASSERT_EQ(Do({"dpkg-deb", "-x", deb, Path("root")}).exit_code, 0);
  ExpectItWorks(Path("root/usr/bin/tales"));
}

}  // namespace
}  // namespace tales
