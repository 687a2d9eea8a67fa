#include "suites/connectivity/producer.h"

#include "harness/base/file.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/conformance/fake_producer_context.h"

namespace tales::connectivity {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ConnectivityProducerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Make("tales-connectivity-test");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
    ASSERT_OK(
        WriteFileAtomically(folder_->path() / "cluster.yaml",
                            "version: 1\ncluster: c\nfixture: adopt\nknownIssues:\n  - {id: my-line, link: "
                            "\"https://example.org\", reason: r, until: 2099-01-01, lines: [\"a known word\"]}\n"));
    context_.emplace(folder_->path());
    ClusterAccess access;
    access.cluster_file = folder_->path() / "cluster.yaml";
    ASSERT_OK_AND_ASSIGN(context_->cluster_, Cluster::Open(access));
  }
  Outcome Produce() { return ConnectivityProducer().produce(*context_); }
  std::optional<TemporaryFolder> folder_;
  std::optional<testing::FakeProducerContext> context_;
};

TEST_F(ConnectivityProducerTest, NothingIsRunUnlessItIsAskedFor) {
  EXPECT_EQ(Produce().verdict(), Verdict::kUnsupported);
  context_->inputs_.connectivity = "all";
  const Outcome without = Produce();
  EXPECT_EQ(without.verdict(), Verdict::kUnsupported);
  EXPECT_THAT(without.problems().at(0).expected, HasSubstr("Kubernetes API"));
}

TEST_F(ConnectivityProducerTest, AnImportIsJudgedWithTheLedger) {
  const std::filesystem::path results = folder_->path() / "results";
  std::filesystem::create_directory(results);
  ASSERT_OK(WriteFileAtomically(
      results / "c.xml",
      "<testsuites><testsuite name=\"connectivity test\"><testcase name=\"check-log-errors\"><failure>check-log-errors/"
      "no-errors-in-logs/x (cilium-agent)</failure></testcase><testcase name=\"health\"/></testsuite></testsuites>"));
  ASSERT_OK(
      WriteFileAtomically(results / "c.log",
                          "[=] [cilium-test-1] Test [check-log-errors] [1/2]\n  ❌ Found 1 logs in x (cilium-agent) "
                          "matching list of errors that must be investigated:\nlevel=warn msg=\"a known word\" (1 "
                          "occurrences)\n📋 Test Report [cilium-test-1]\n"));
  context_->inputs_.imports = {results};
  EXPECT_EQ(Produce().verdict(), Verdict::kPassed);
  EXPECT_THAT(context_->Told(),
              ElementsAre("known cilium.connectivity/check-log-errors", "passed cilium.connectivity/health"));
}

}  // namespace
}  // namespace tales::connectivity
