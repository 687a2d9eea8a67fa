// How often a probe is tried, by a program that stands for a host outside and answers as it likes.
#include "suites/cilium/probe/executor.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales::cilium::probe {
namespace {

class ExecutorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto client = kube::Client::Open({.server = "https://127.0.0.1:1"});  // nothing is asked of it
    ASSERT_OK(client);
    client_ = *std::move(client);
    place_.outside = (folder_.path() / "outside").string();
  }
  // The first `wrong` answers of that kind lack the address; three others have theirs.
  Tried Try(const std::string& kind, int wrong) {
    EXPECT_OK(WriteFileAtomically(
        place_.outside,
        absl::StrCat("#!/bin/sh\nshift 5\necho >>$0.asked; n=0; a=\n[ $(wc -l <$0.asked) -gt ", wrong,
                     " ] && a=10.0.0.1\nfor line; do set -- $line; n=$((n + 1))\n", "[ $2 = ", kind,
                     " ] && echo probe $1 0 $a || echo probe $1 0 10.0.0.1\n", "done\necho probes $n\n"),
        0700));
    const Probe other{.scenario = "other", .words = {"other"}, .texts = {"10.0.0.1"}};
    std::vector<Tried> tried =
        ToTry({{.scenario = "headless", .words = {kind, "headless"}, .texts = {"10.0.0.1"}}, other, other, other});
    Executor(*client_, place_).RunPatiently(tried, 3, Deadline::After(absl::Minutes(1)));
    return tried.front();
  }

  const TemporaryFolder folder_ = *TemporaryFolder::Make("executor");
  std::unique_ptr<kube::Client> client_;
  Place place_;
};

TEST_F(ExecutorTest, ANameThatDnsStillKeepsAsUnknownIsAskedForOn) {
  const Tried late = Try("resolve", 4);
  EXPECT_TRUE(Holds(late));
  EXPECT_EQ(late.tries, 5);
}

TEST_F(ExecutorTest, WhatIsNoNameIsNot) {
  const Tried wrong = Try("get", 4);
  EXPECT_FALSE(Holds(wrong));
  EXPECT_EQ(wrong.tries, 3);
}

}  // namespace
}  // namespace tales::cilium::probe
