// The two files that open a cluster, as an attacker or a broken disk would hand them over.
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "harness/kube/kubeconfig.h"
#include "harness/talos/talosconfig.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HostileCredentialsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Make("hostile");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
    path_ = folder_->path() / "config";
  }
  // Both readers refuse the file within a second, and say where.
  void ExpectRefused(const std::string& what, const std::string& why) {
    for (const bool kube : {true, false}) {
      const absl::Time begin = absl::Now();
      const absl::Status status =
          kube ? kube::LoadKubeconfig(path_, "").status() : talos::LoadTalosConfig(path_).status();
      EXPECT_LT(absl::Now() - begin, absl::Seconds(3)) << what;  // a second, on a machine that is busy
      EXPECT_THAT(std::string(status.message()), ::testing::AllOf(HasSubstr(path_.string()), HasSubstr(why)))
          << what << (kube ? ", kubeconfig" : ", talosconfig");
      EXPECT_LT(status.message().size(), 1000u) << what;
    }
  }
  void ExpectRefusedText(const std::string& what, const std::string& text, const std::string& why) {
    ASSERT_OK(WriteFileAtomically(path_, text));
    ExpectRefused(what, why);
  }
  std::optional<TemporaryFolder> folder_;
  std::filesystem::path path_;
};

TEST_F(HostileCredentialsTest, AHundredMegabytes) {
  ASSERT_OK(WriteFileAtomically(path_, ""));
  std::filesystem::resize_file(path_, 100 << 20);  // a hole: nobody may read it all to find out
  ExpectRefused("100 MB", "longer than");
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
#ifndef __SANITIZE_ADDRESS__
  EXPECT_LT(usage.ru_maxrss, 100 << 10) << "KiB";
#endif
}

TEST_F(HostileCredentialsTest, WhatNeverEnds) {
  path_ = "/dev/zero";
  ExpectRefused("/dev/zero", "longer than");
}

TEST_F(HostileCredentialsTest, NoYamlOrTooMuchOfIt) {
  ExpectRefusedText("binary",
                    std::string("\x7f"
                                "ELF\0\0\1\2",
                                8),
                    ":1:1: not a text file");
  ExpectRefusedText("cut off", "apiVersion: v1\nclusters: [{name: ", ":2:");
  ExpectRefusedText("cyclic", "clusters: &c\n- name: k\n  cluster: *c\ncontexts: *c\n",
                    ":3:12: an alias of what it stands in");
  ExpectRefusedText("deep", std::string(200'000, '['), "nested deeper than");
  ExpectRefusedText("deep JSON", "{\"a\":" + std::string(200'000, '[') + std::string(200'000, ']') + "}",
                    "deeper than");
  std::string many = "contexts:\n";
  while (many.size() < 500'000) many += "- {name: x}\n";
  ExpectRefusedText("many", many, "more than 50000 values");
}

TEST_F(HostileCredentialsTest, AThousandContextsAreNotAllNamed) {
  std::string text = "contexts:\n";
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&text, "- {name: context-", i, "}\n");
  ASSERT_OK(WriteFileAtomically(path_, text));
  EXPECT_THAT(std::string(kube::LoadKubeconfig(path_, "").status().message()),
              ::testing::AllOf(HasSubstr("context-0, "), HasSubstr("and 990 more"), Not(HasSubstr("context-500"))));
}

TEST_F(HostileCredentialsTest, NoFileAtAll) {
  EXPECT_THAT(kube::LoadKubeconfig(folder_->path(), ""), Not(testing::IsOk()));
  EXPECT_THAT(talos::LoadTalosConfig(folder_->path()), Not(testing::IsOk()));
}

}  // namespace
}  // namespace tales
