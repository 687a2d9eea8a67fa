// The script itself, under this machine's shells, against addresses of 127.0.0.0/8 where nobody listens.
#include <cstdlib>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/subprocess.h"
#include "suites/cilium/probe/probe.h"
#include "tests/support/status_matchers.h"

namespace tales::cilium::probe {
namespace {

using ::testing::HasSubstr;

class ScriptTest : public ::testing::TestWithParam<const char*> {
 protected:
  static absl::StatusOr<std::vector<Answer>> Run(const std::vector<std::string>& probes, const char* lanes = "4") {
    Command command{.argv = {GetParam()}};
    if (command.argv[0] == "busybox") command.argv.emplace_back("sh");
    command.argv.insert(command.argv.end(), {std::getenv("TALES_PROBE_SH"), lanes});
    for (size_t i = 0; i < probes.size(); ++i) command.argv.push_back(absl::StrCat(i, " ", probes[i]));
    const auto finished = tales::Run(command, Deadline::After(absl::Seconds(30)));
    if (!finished.ok()) return finished.status();
    return ParseRecords(finished->output, probes.size());
  }
  void SetUp() override {
    if (!FindProgram(GetParam()).ok()) GTEST_SKIP() << "no " << GetParam();
    if (!FindProgram("curl").ok()) GTEST_SKIP() << "no curl";
    if (std::getenv("TALES_PROBE_SH") == nullptr) GTEST_SKIP() << "TALES_PROBE_SH is not set; ctest sets it";
  }
};
INSTANTIATE_TEST_SUITE_P(Shells, ScriptTest, ::testing::Values("sh", "bash", "busybox"));

TEST_P(ScriptTest, TellsWhatCameOfEach) {
  ASSERT_OK_AND_ASSIGN(const auto answers,
                       Run({"http http://127.0.0.1:1/", "no-such-kind x", "many 3 http://127.0.0.1:1/",
                            "burst 3 http://127.0.0.1:1/", "udp 127.0.0.1 127.0.0.1 1"}));
  EXPECT_EQ(answers[0].code, 7);
  EXPECT_THAT(answers[0].text, HasSubstr("curl: (7)"));
  EXPECT_EQ(answers[1].code, 127);
  EXPECT_EQ(answers[2].code, 7);
  EXPECT_THAT(answers[2].text, HasSubstr("0 of 3 answered"));
  EXPECT_EQ(answers[3].code, 28);
  EXPECT_EQ(answers[4].code, 126);  // who is to send does not answer: nobody has looked
}

TEST_P(ScriptTest, ManyAreAllTold) {
  std::vector<std::string> probes(50, "http http://127.0.0.1:1/");
  ASSERT_OK_AND_ASSIGN(const auto answers, Run(probes, "16"));
  for (const Answer& answer : answers) EXPECT_EQ(answer.code, 7);
}

}  // namespace
}  // namespace tales::cilium::probe
