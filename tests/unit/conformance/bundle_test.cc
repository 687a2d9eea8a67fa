// What the conformance bot would say of a bundle, as far as it needs no network.
#include "suites/conformance/bundle.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/conformance/ginkgo_junit.h"

namespace tales::conformance {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::GinkgoJUnit;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kProduct[] = R"(vendor: Nobody
name: Tales Cluster
version: v1.9.4
website_url: https://example.com/tales
documentation_url: https://example.com/tales/docs
type: installer
description: A cluster.
contact_email_address: somebody@example.com
)";

std::vector<int> Rules(const std::vector<Breach>& breaches) {
  std::vector<int> rules;
  for (const Breach& breach : breaches) rules.push_back(breach.rule);
  return rules;
}

GinkgoJUnit Full() {
  GinkgoJUnit junit;
  for (const std::string& name : BuiltInTests().all) junit.Add(name);
  return junit;
}

class BundleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Make("tales-bundle-test");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
    request_ = {.run = folder_->path() / "run",
                .product = folder_->path() / "PRODUCT.yaml",
                .readme = "",
                .out = folder_->path() / "out"};
    Write("PRODUCT.yaml", kProduct);
  }
  void Write(const fs::path& name, std::string_view content) {
    fs::create_directories((folder_->path() / name).parent_path());
    ASSERT_OK(WriteFileAtomically(folder_->path() / name, content));
  }
  void WriteRun(const GinkgoJUnit& junit, std::string_view mode = "full", std::string_view complete = "passed") {
    Write("run/events.jsonl",
          absl::StrCat(R"({"event":"run","run":"r","conformance":")", mode, "\"}\n",
                       R"({"event":"planned","check":"conformance.run"})", "\n",
                       R"({"event":"planned","check":"conformance.complete"})", "\n",
                       R"({"event":"finished","check":"conformance.complete","verdict":")", complete, "\"}\n",
                       R"({"event":"finished","check":"conformance.run","verdict":"passed"})", "\n"));
    Write("run/producers/conformance.run/e2e-1/e2e.log", "Running Suite\n");
    Write("run/producers/conformance.run/e2e-1/junit_01.xml", junit.ToString());
  }
  std::optional<TemporaryFolder> folder_;
  BundleRequest request_;
};

TEST_F(BundleTest, AFullRunMakesOneThatHoldsTheRules) {
  WriteRun(Full());
  ASSERT_OK_AND_ASSIGN(const fs::path made, MakeBundle(request_));
  EXPECT_EQ(made, request_.out / "v1.32/tales-cluster");
  EXPECT_THAT(CheckBundle(made, BuiltInTests()), IsEmpty());
  Write("out/v1.32/tales-cluster/sonobuoy.tar.gz", "x");
  EXPECT_THAT(Rules(CheckBundle(made, BuiltInTests())), ElementsAre(3));
  fs::remove(made / "e2e.log");
  EXPECT_THAT(Rules(CheckBundle(made, BuiltInTests())), UnorderedElementsAre(2, 3));
  EXPECT_THAT(MakeBundle(request_).status(), testing::StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("out")));
}

TEST_F(BundleTest, OtherRunsMakeNone) {
  WriteRun(Full(), "fast");
  EXPECT_THAT(MakeBundle(request_).status(),
              testing::StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("fast")));
  WriteRun(Full(), "full", "failed");
  EXPECT_THAT(MakeBundle(request_).status(),
              testing::StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("conformance.complete")));
  WriteRun(Full());
  Write("run/producers/conformance.run/e2e-2/junit_01.xml", Full().ToString());
  EXPECT_THAT(MakeBundle(request_).status(),
              testing::StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("more than one start")));
}

TEST_F(BundleTest, AFailedAndASkippedTestBreakItsRules) {
  GinkgoJUnit junit = Full();
  junit.cases[3].status = "failed";
  junit.cases[5].status = "skipped";
  junit.cases.pop_back();
  WriteRun(junit);
  const absl::Status made = MakeBundle(request_).status();
  EXPECT_THAT(made, testing::StatusIs(absl::StatusCode::kFailedPrecondition,
                                      AllOf(HasSubstr("rule 12: 2 of 411"), HasSubstr("rule 13: 1 tests failed"))));
  EXPECT_FALSE(fs::exists(request_.out));
}

TEST(BundleProductTest, EachFieldIsLookedAt) {
  EXPECT_THAT(CheckProduct(kProduct), IsEmpty());
  EXPECT_THAT(Rules(CheckProduct(absl::StrReplaceAll(kProduct, {{"vendor: Nobody\n", ""}}))), ElementsAre(7));
  EXPECT_THAT(Rules(CheckProduct(absl::StrReplaceAll(kProduct, {{"https://example.com/tales/docs", "here"}}))),
              ElementsAre(8));
  EXPECT_THAT(Rules(CheckProduct(absl::StrReplaceAll(kProduct, {{"somebody@example.com", "somebody"}}))),
              ElementsAre(8));
  EXPECT_THAT(Rules(CheckProduct(absl::StrReplaceAll(kProduct, {{"installer", "toy"}}))), ElementsAre(10));
  for (const char* wrong : {"", "- a", "a: [", "\x01"}) EXPECT_FALSE(CheckProduct(wrong).empty()) << wrong;
}

}  // namespace
}  // namespace tales::conformance
