// Every journal in tests/golden against the files beside it.
#include "tests/unit/reports/golden.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "harness/base/deadline.h"
#include "harness/base/subprocess.h"
#include "reports/html_style.h"
#include "tests/unit/reports/events.h"

namespace tales::reports {
namespace {

class GoldenTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(model_, ReadJournal(GoldenFolder() / absl::StrCat(GetParam(), ".jsonl")));
  }
  static void Compare(const char* extension, const std::string& text) {
    CompareWithGolden(absl::StrCat(GetParam(), ".", extension), text);
  }
  RunModel model_;
};

TEST_P(GoldenTest, JUnit) { Compare("xml", ToJUnit(model_)); }
TEST_P(GoldenTest, Json) { Compare("json", ToReportJson(model_).dump(1) + "\n"); }
TEST_P(GoldenTest, Text) { Compare("txt", ToText(model_, {.folder = "runs/x"})); }
// Without the style, which is the same in all.
TEST_P(GoldenTest, Html) { Compare("html", absl::StrReplaceAll(ToHtml(model_), {{kHtmlStyle, ""}})); }
TEST_P(GoldenTest, Markdown) { Compare("md", ToMarkdown(model_)); }
TEST_P(GoldenTest, VerboseText) { Compare("verbose.txt", ToText(model_, {.verbose = true})); }

TEST_P(GoldenTest, IsValidUnderJunit10) {
  if (!FindProgram("xmllint").ok()) GTEST_SKIP() << "needs xmllint (package libxml2-utils)";
  const Command command = {
      .argv = {"xmllint", "--noout", "--nonet", "--schema", (GoldenFolder() / "junit-10.xsd").string(), "-"},
      .input = ToJUnit(model_)};
  ASSERT_OK_AND_ASSIGN(const auto finished, ::tales::Run(command, Deadline::After(absl::Seconds(20))));
  EXPECT_TRUE(finished.ok()) << finished.error_output;
}

INSTANTIATE_TEST_SUITE_P(Journals, GoldenTest, ::testing::Values("passed", "killed", "strict", "nothing", "hostile"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace tales::reports
