// What e2e.test v1.32.2 prints with --ginkgo.v, followed byte by byte.
#include "suites/conformance/spec_stream.h"

#include "absl/strings/str_replace.h"
#include "suites/conformance/required_tests.h"
#include "tests/support/status_matchers.h"

namespace tales::conformance {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// Real output, shortened.
const char kOutput[] =
    R"(  I1125 19:37:45.052777   28209 e2e.go:109] Starting e2e run "5e2444c2-fff6-496c-b5b0-c77a4dec7245" on Ginkgo node 1
Running Suite: Kubernetes e2e suite - /p
========================================
Random Seed: 1795635462 - will randomize all specs

Will run 4 of 6622 specs
------------------------------
[ReportBeforeSuite] 
k8s.io/kubernetes@v1.32.2/test/e2e/e2e_test.go:154
[ReportBeforeSuite] PASSED [0.000 seconds]
------------------------------
[SynchronizedBeforeSuite] 
k8s.io/kubernetes@v1.32.2/test/e2e/e2e.go:69
  I1125 19:37:46.275927 28209 util.go:502] >>> kubeConfig: /p/kubeconfig
[SynchronizedBeforeSuite] PASSED [0.006 seconds]
------------------------------
SSSSSSSSSSSSSSSSSSSSSSSSSS
------------------------------
[sig-network] EndpointSlice should have Endpoints and EndpointSlices pointing to API Server [Conformance] [sig-network, Conformance]
k8s.io/kubernetes@v1.32.2/test/e2e/network/endpointslice.go:69
  STEP: Creating a kubernetes client @ 11/25/26 19:37:47.83
      endpoints "kubernetes" not found
  [FAILED] in [It] - k8s.io/kubernetes@v1.32.2/test/e2e/network/endpointslice.go:78 @ 11/25/26 19:37:47.951
  STEP: Destroying namespace "endpointslice-8793" for this suite. @ 11/25/26 19:37:47.951
• [FAILED] [0.130 seconds]
[sig-network] EndpointSlice [It] should have Endpoints and EndpointSlices pointing to API Server [Conformance] [sig-network, Conformance]
k8s.io/kubernetes@v1.32.2/test/e2e/network/endpointslice.go:69

  [FAILED] error obtaining API server "kubernetes" Endpoint resource on "default" namespace: endpoints "kubernetes" not found
  In [It] at: k8s.io/kubernetes@v1.32.2/test/e2e/network/endpointslice.go:78 @ 11/25/26 19:37:47.951
------------------------------
SSSSSSSSS
------------------------------
[sig-node] Lease lease API should be available [Conformance] [sig-node, Conformance]
k8s.io/kubernetes@v1.32.2/test/e2e/common/node/lease.go:73
  STEP: Creating a kubernetes client @ 11/25/26 19:37:47.96
  STEP: Destroying namespace "lease-test-4551" for this suite. @ 11/25/26 19:37:48.212
• [0.279 seconds]
------------------------------
SSSSS
------------------------------
[SynchronizedAfterSuite] 
k8s.io/kubernetes@v1.32.2/test/e2e/e2e.go:80
[SynchronizedAfterSuite] PASSED [0.185 seconds]
------------------------------

Ran 2 of 6622 Specs in 2.160 seconds
FAIL! -- 1 Passed | 1 Failed | 0 Pending | 6620 Skipped
)";
const char kEndpoints[] =
    "[sig-network] EndpointSlice should have Endpoints and EndpointSlices pointing to API Server [Conformance]";
const char kLease[] = "[sig-node] Lease lease API should be available [Conformance]";

class SpecStreamTest : public ::testing::Test {
 protected:
  void Feed(std::string_view text, size_t piece = 1 << 20) {
    for (size_t at = 0; at < text.size(); at += piece) {
      stream_.Feed(text.substr(at, piece), [this](const SpecEvent& event) { events_.push_back(event); });
    }
  }
  std::vector<std::string> Told() const {
    std::vector<std::string> told;
    for (const SpecEvent& event : events_) {
      if (event.is_suite_node) continue;
      told.push_back(event.kind == SpecEvent::Kind::kStarted ? "start " + event.name : event.state + " " + event.name);
    }
    return told;
  }
  SpecStream stream_{BuiltInTests().all};
  std::vector<SpecEvent> events_;
};

TEST_F(SpecStreamTest, TellsStartAndEndOfEachTestHoweverTheBytesAreCut) {
  for (const size_t piece : {1u, 7u, 4096u}) {
    events_.clear();
    stream_ = SpecStream(BuiltInTests().all);
    Feed(kOutput, piece);
    EXPECT_THAT(Told(), ElementsAre(std::string("start ") + kEndpoints, std::string("failed ") + kEndpoints,
                                    std::string("start ") + kLease, std::string("passed ") + kLease));
    EXPECT_EQ(stream_.run_id(), "5e2444c2-fff6-496c-b5b0-c77a4dec7245");
    EXPECT_EQ(stream_.current(), "");
  }
}

TEST_F(SpecStreamTest, OfAFailureItKeepsCauseAndLog) {
  Feed(kOutput);
  for (const SpecEvent& event : events_) {
    if (event.kind != SpecEvent::Kind::kEnded || event.is_suite_node) continue;
    if (event.name == kLease) {
      EXPECT_EQ(event.duration, absl::Milliseconds(279));
      EXPECT_THAT(event.log, IsEmpty());
      continue;
    }
    EXPECT_EQ(event.duration, absl::Milliseconds(130));
    EXPECT_EQ(
        event.cause,
        R"(error obtaining API server "kubernetes" Endpoint resource on "default" namespace: endpoints "kubernetes" not found)");
    EXPECT_THAT(event.log,
                AllOf(HasSubstr("Creating a kubernetes client"), HasSubstr("In [It] at:"), Not(HasSubstr("Lease"))));
  }
}

TEST_F(SpecStreamTest, TheSuitesOwnNodesAreEventsToo) {
  Feed(kOutput);
  std::vector<std::string> ended;
  for (const SpecEvent& event : events_) {
    if (event.is_suite_node && event.kind == SpecEvent::Kind::kEnded) ended.push_back(event.state + " " + event.name);
  }
  EXPECT_THAT(ended, ElementsAre("passed [ReportBeforeSuite]", "passed [SynchronizedBeforeSuite]",
                                 "passed [SynchronizedAfterSuite]"));
}

TEST_F(SpecStreamTest, ABrokenSetUpSaysWhy) {
  Feed(R"(------------------------------
[SynchronizedBeforeSuite] 
k8s.io/kubernetes@v1.32.2/test/e2e/e2e.go:69
  I1125 19:37:46.275927 28209 util.go:502] >>> kubeConfig: /p/kubeconfig
[SynchronizedBeforeSuite] [FAILED] [30.006 seconds]
[SynchronizedBeforeSuite] 
k8s.io/kubernetes@v1.32.2/test/e2e/e2e.go:69

  [FAILED] Error loading client: connection refused
  In [SynchronizedBeforeSuite] at: k8s.io/kubernetes@v1.32.2/test/e2e/e2e.go:235 @ 11/25/26 19:37:46.2
------------------------------
)");
  ASSERT_THAT(events_, SizeIs(2));
  EXPECT_EQ(events_[1].state, "failed");
  EXPECT_EQ(events_[1].cause, "Error loading client: connection refused");
}

TEST_F(SpecStreamTest, KnowsEveryStateOfGinkgo) {
  for (const auto& [header, state] :
       std::vector<std::pair<std::string, std::string>>{{"• [PANICKED] [0.130 seconds]", "panicked"},
                                                        {"• [TIMEDOUT] [0.130 seconds]", "timedout"},
                                                        {"• [INTERRUPTED] [0.130 seconds]", "interrupted"},
                                                        {"• [ABORTED] [0.130 seconds]", "aborted"},
                                                        {"S [SKIPPED] [0.130 seconds]", "skipped"}}) {
    events_.clear();
    stream_ = SpecStream(BuiltInTests().all);
    Feed(absl::StrReplaceAll(kOutput, {{"• [FAILED] [0.130 seconds]", header}}));
    EXPECT_EQ(Told().at(1), state + " " + kEndpoints);
  }
  EXPECT_EQ(ResultOfState("passed"), reports::JUnitResult::kPassed);
  EXPECT_EQ(ResultOfState("timedout"), reports::JUnitResult::kFailed);
  EXPECT_EQ(ResultOfState("panicked"), reports::JUnitResult::kError);
  EXPECT_EQ(ResultOfState("skipped"), reports::JUnitResult::kSkipped);
}

TEST_F(SpecStreamTest, WhereItEndsInTheMiddleTheTestIsStillUnderWay) {
  const std::string text = kOutput;
  Feed(text.substr(0, text.find("• [0.279")));
  EXPECT_EQ(stream_.current(), kLease);
  EXPECT_THAT(stream_.current_log(), HasSubstr("lease-test-4551"));
}

TEST_F(SpecStreamTest, WhatATestPrintsIsNotTakenForItsEnd) {
  Feed(absl::StrReplaceAll(kOutput,
                           {{"  STEP: Creating a kubernetes client @ 11/25/26 19:37:47.96\n",
                             "  • [0.100 seconds]\n• nothing [0.1 seconds] more\n------------------------------\n"
                             "SSSS\n• [x seconds]\n"}}));
  EXPECT_THAT(Told(), SizeIs(4));
  EXPECT_EQ(stream_.current(), "");
}

TEST_F(SpecStreamTest, HostileOutputCostsNoMoreThanItsLimit) {
  Feed("------------------------------\n[sig-node] x\n");
  for (int i = 0; i < 64; ++i) Feed(std::string(1 << 20, i % 2 == 0 ? 'x' : '\0'));
  EXPECT_LE(stream_.current_log().size(), 4 * kSpecLog);
  Feed("\nStarting e2e run \"a=b,c\" on Ginkgo node 1\n");
  EXPECT_EQ(stream_.run_id(), "");
}

// With --procs: nothing when a test starts, all of it when it is over. Real output, shortened.
const char kSideBySide[] =
    R"(Running Suite: Kubernetes e2e suite - /usr/local/bin
====================================================
Random Seed: 1795635462 - will randomize all specs

Will run 3 of 6622 specs
Running in parallel across 2 processes
------------------------------
[SynchronizedBeforeSuite] PASSED [0.214 seconds]
[SynchronizedBeforeSuite] 
k8s.io/kubernetes@v1.32.2/test/e2e/e2e.go:69

  Timeline >>
  I1126 01:00:00.000000 12 util.go:502] >>> kubeConfig: 
  << Timeline
------------------------------
SSSS
------------------------------
• [0.279 seconds]
[sig-node] Lease lease API should be available [Conformance] [sig-node, Conformance]
k8s.io/kubernetes@v1.32.2/test/e2e/common/node/lease.go:73

  Timeline >>
  STEP: Creating a kubernetes client @ 11/25/26 19:37:47.96
  ------------------------------
  STEP: Destroying namespace "lease-test-4551" for this suite. @ 11/25/26 19:37:48.212
  << Timeline
------------------------------
• [FAILED] [0.130 seconds]
[sig-network] EndpointSlice [It] should have Endpoints and EndpointSlices pointing to API Server [Conformance] [sig-network, Conformance]
k8s.io/kubernetes@v1.32.2/test/e2e/network/endpointslice.go:69

  Timeline >>
  STEP: Creating a kubernetes client @ 11/25/26 19:37:47.83
  [FAILED] in [It] - k8s.io/kubernetes@v1.32.2/test/e2e/network/endpointslice.go:78 @ 11/25/26 19:37:47.951
  STEP: Destroying namespace "endpointslice-8793" for this suite. @ 11/25/26 19:37:47.951
  << Timeline

  [FAILED] error obtaining API server "kubernetes" Endpoint resource
  In [It] at: k8s.io/kubernetes@v1.32.2/test/e2e/network/endpointslice.go:78 @ 11/25/26 19:37:47.951
------------------------------
SSS

Summarizing 1 Failure:
  [FAIL] [sig-network] EndpointSlice [It] should have
)";

TEST(SideBySideStreamTest, TestsAreToldWhenTheyAreOver) {
  for (size_t step : {size_t{1}, size_t{7}, sizeof kSideBySide}) {
    SpecStream stream(BuiltInTests().all);
    std::vector<SpecEvent> events;
    const std::string_view output = kSideBySide;
    for (size_t at = 0; at < output.size(); at += step) {
      stream.Feed(output.substr(at, step), [&](const SpecEvent& event) { events.push_back(event); });
    }
    ASSERT_THAT(events, SizeIs(3));
    for (const SpecEvent& event : events) EXPECT_EQ(event.kind, SpecEvent::Kind::kEnded);
    EXPECT_TRUE(events[0].is_suite_node);
    EXPECT_EQ(events[0].name, "[SynchronizedBeforeSuite]");
    EXPECT_EQ(events[1].name, "[sig-node] Lease lease API should be available [Conformance]");
    EXPECT_EQ(events[1].state, "passed");
    EXPECT_EQ(events[1].duration, absl::Milliseconds(279));
    EXPECT_EQ(
        events[2].name,
        "[sig-network] EndpointSlice should have Endpoints and EndpointSlices pointing to API Server [Conformance]");
    EXPECT_EQ(events[2].state, "failed");
    EXPECT_EQ(events[2].cause, "error obtaining API server \"kubernetes\" Endpoint resource");
    EXPECT_THAT(events[2].log, HasSubstr("STEP: Creating"));
    EXPECT_THAT(stream.namespaces(), ElementsAre("endpointslice-8793", "lease-test-4551"));
    EXPECT_EQ(stream.current(), "");
  }
}

}  // namespace
}  // namespace tales::conformance
