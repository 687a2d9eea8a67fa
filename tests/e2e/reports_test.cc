// The verbs that read runs, as a person or a script uses them: exit codes, files, and trouble with what is written.
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "harness/base/subprocess.h"
#include "nlohmann/json.hpp"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::json;

class ReportsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make("tales-reports");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
  }

  std::string Path(std::string_view name) const { return (folder_->path() / std::string(name)).string(); }

  std::string Write(std::string_view name, std::string_view text) const {
    std::filesystem::create_directories(std::filesystem::path(Path(name)).parent_path());
    std::ofstream(Path(name), std::ios::binary) << text;
    return Path(name);
  }

  // A run's folder in which each of `verdicts` is that of a check h.a, h.b, ...
  std::string Run(const std::string& name, const std::vector<std::string>& verdicts,
                  const std::string& id = "2025-03-02T01-00-00Z-7f3a") const {
    std::string text = Json({{"event", "run"}, {"run", id}, {"fixture", "adopt"}}).dump() + "\n";
    char check = 'a';
    for (const std::string& verdict : verdicts) {
      const Json event = {
          {"event", "finished"}, {"check", absl::StrCat("h.", std::string(1, check++))}, {"verdict", verdict}};
      if (!verdict.empty()) text += event.dump() + "\n";
    }
    Write(absl::StrCat(name, "/events.jsonl"), text + Json({{"event", "end"}, {"exit", 0}}).dump() + "\n");
    return Path(name);
  }

  Finished Shell(const std::string& script) {
    Command command;
    command.argv = {"bash", "-c", script};
    command.environment = {{"TALES", std::getenv("TALES_BINARY")}, {"NO_COLOR", "1"}};
    absl::StatusOr<Finished> finished = tales::Run(command, Deadline::After(absl::Minutes(1)));
    EXPECT_OK(finished);
    return finished.ok() ? *finished : Finished();
  }

  Finished Tales(const std::string& arguments) { return Shell(absl::StrCat("\"$TALES\" ", arguments)); }

  std::optional<TemporaryFolder> folder_;
};

TEST_F(ReportsTest, CompareExitsAsTheTableSays) {
  const std::string base = Run("base", {"passed", "passed", "failed"});
  EXPECT_EQ(Tales(absl::StrCat("compare ", base, " ", base)).exit_code, 0);
  EXPECT_EQ(Tales(absl::StrCat("compare ", base, " ", Run("fixed", {"passed", "passed", "passed"}))).exit_code, 0);
  EXPECT_EQ(Tales(absl::StrCat("compare ", base, " ", Run("failed", {"passed", "failed", "failed"}))).exit_code, 1);
  const std::string missing = Run("missing", {"passed", "", "failed"});
  EXPECT_EQ(Tales(absl::StrCat("compare ", base, " ", missing)).exit_code, 1);
  EXPECT_EQ(Tales(absl::StrCat("compare ", base, " ", missing, " --declared h.b")).exit_code, 0);
  EXPECT_EQ(Tales(absl::StrCat("compare ", base)).exit_code, 2);
  EXPECT_EQ(Tales(absl::StrCat("compare ", base, " ", base, " --format xml")).exit_code, 2);
  const Finished unreadable = Tales(absl::StrCat("compare ", base, " ", Write("cut.xml", "<testsuites><testsuite na")));
  EXPECT_EQ(unreadable.exit_code, 3);
  EXPECT_THAT(unreadable.error_output, HasSubstr("ends in the middle"));
  const Finished vacuous = Tales(absl::StrCat("compare ", Run("vacuous", {"unsupported"}), " ", base));
  EXPECT_EQ(vacuous.exit_code, 3);
  EXPECT_THAT(vacuous.error_output, HasSubstr("judged nothing"));
}

TEST_F(ReportsTest, CompareTakesARunAndItsJUnit) {
  const std::string base = Run("base", {"passed", "failed"});
  ASSERT_EQ(Tales(absl::StrCat("report ", base, " --format junit --out ", Path("base.xml"))).exit_code, 0);
  const Finished same = Tales(absl::StrCat("compare ", Path("base.xml"), " ", base, " --format json"));
  EXPECT_EQ(same.exit_code, 0) << same.error_output;
  EXPECT_EQ(Json::parse(same.output)["counts"]["still_failing"], 1);
}

TEST_F(ReportsTest, CompareWritesAFileWhole) {
  const std::string base = Run("base", {"passed"}), head = Run("head", {"failed"});
  const Finished run =
      Tales(absl::StrCat("compare ", base, " ", head, " --format markdown --out ", Path("compare.md")));
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.output, "");
  ASSERT_OK_AND_ASSIGN(const std::string text, ReadFile(Path("compare.md")));
  EXPECT_THAT(text, StartsWith("# Regression\n"));
}

TEST_F(ReportsTest, MergeMakesARunOfShards) {
  const std::string first = Run("first", {"passed", "failed"}),
                    second = Run("second", {"", "", "passed"}, "2025-03-03T01-00-00Z-1111");
  Write("first/artifacts/h.b/log", "because");
  const Finished merged = Tales(absl::StrCat("merge ", first, " ", second, " --out ", Path("merged")));
  EXPECT_EQ(merged.exit_code, 1) << merged.error_output;
  EXPECT_THAT(merged.output, StartsWith("judged 3 of 3: 2 passed, 1 failed\n"));
  for (const char* name : {"events.jsonl", "junit.xml", "report.json", "report.html"}) {
    EXPECT_TRUE(std::filesystem::exists(Path(absl::StrCat("merged/", name)))) << name;
  }
  EXPECT_EQ(Tales(absl::StrCat("merge ", first, " --out ", Path("merged"))).exit_code, 2) << "it holds a run";
  EXPECT_EQ(Tales(absl::StrCat("merge ", first, " ", first, " --out ", Path("twice"))).exit_code, 2);
  EXPECT_EQ(Tales(absl::StrCat("merge ", Path("none"), " --out ", Path("other"))).exit_code, 2);
}

TEST_F(ReportsTest, HistoryReadsTheRunsBesideEachOther) {
  for (int day = 1; day <= 9; ++day) {
    Run(absl::StrCat("runs/", day), {day < 8 ? "passed" : "failed", "passed"},
        absl::StrCat("2025-03-0", day, "T01-00-00Z-1111"));
  }
  Write("runs/torn/events.jsonl", "{\"event\":\"ru");
  const Finished history = Tales(absl::StrCat("history ", Path("runs")));
  EXPECT_EQ(history.exit_code, 1) << history.error_output;
  EXPECT_THAT(history.output, HasSubstr("regression    h.a\n    runs      .......FF\n"));
  EXPECT_THAT(history.error_output, HasSubstr("left out"));
  const Finished other = Tales(absl::StrCat("history ", Path("runs"), " --check h.b --format json"));
  EXPECT_EQ(other.exit_code, 0);
  EXPECT_EQ(Json::parse(other.output)["checks"][0]["trend"], "steady");
  EXPECT_EQ(Tales(absl::StrCat("history ", Path("none"))).exit_code, 2);
  EXPECT_EQ(Tales(absl::StrCat("compare ", Path("none"), " ", Path("none"))).exit_code, 2);
  EXPECT_EQ(Tales(absl::StrCat("report ", Path("none"))).exit_code, 2);
  EXPECT_EQ(Tales(absl::StrCat("known --run ", Path("none"))).exit_code, 2);
  EXPECT_EQ(Tales(absl::StrCat("conformance check ", Path("none"))).exit_code, 2);
  EXPECT_EQ(Tales(absl::StrCat("verify --resume ", Path("none"))).exit_code, 2);
  EXPECT_EQ(Tales(absl::StrCat("verify --fixture lab --baseline ", Path("none"))).exit_code, 2);
  EXPECT_EQ(Tales(absl::StrCat("conformance clean --kubeconfig ", Path("none"))).exit_code, 2);
  EXPECT_EQ(Tales(absl::StrCat("init --kubeconfig ", Path("none"))).exit_code, 2);
}

TEST_F(ReportsTest, ReportHasEveryFormat) {
  const std::string run = Run("run", {"passed", "failed"});
  EXPECT_THAT(Tales(absl::StrCat("report ", run, " --format html")).output, StartsWith("<!DOCTYPE html>"));
  EXPECT_THAT(Tales(absl::StrCat("report ", run, " --format markdown")).output, StartsWith("# 1 check fails the run"));
}

TEST_F(ReportsTest, MistakesAreNamedAsTheyWereTyped) {
  const auto says = [this](const std::string& arguments) {
    const Finished finished = Tales(arguments);
    EXPECT_EQ(finished.exit_code, 2) << arguments << "\n" << finished.output;
    return finished.output + finished.error_output;
  };
  EXPECT_THAT(says("verfy"), HasSubstr("tales: unknown verb verfy; did you mean verify? `tales --help` shows all"));
  EXPECT_THAT(says("xxxxxxxxxxxx"), HasSubstr("unknown verb xxxxxxxxxxxx; `tales --help`"));
  EXPECT_THAT(says("report"), HasSubstr("RUN is required"));
  EXPECT_THAT(says("conformance check"), HasSubstr("FOLDER is required"));
  EXPECT_THAT(says("power on"), HasSubstr("NODE is required"));
  EXPECT_THAT(says("nightly --cluster x --deadline foo"),
              HasSubstr("\"foo\" is not a duration; for example 90m or 12h"));
  EXPECT_THAT(says("doctor --cluster /nonexist"), HasSubstr("tales doctor: reading /nonexist"));
  EXPECT_THAT(says("doctor --profile nope"), HasSubstr("tales doctor: --profile nope: no such profile; one of"));
  EXPECT_THAT(says("local fault local:one-way-loss"), HasSubstr("--out DIR is required"));
  const std::string prove = says("prove --domain nope");
  EXPECT_THAT(prove, AllOf(HasSubstr("no such fault in domain nope"), Not(HasSubstr("UNPROVEN"))));
  for (const char* verb : {"report", "compare", "history", "init"}) {
    const std::string help = Tales(absl::StrCat(verb, " --help")).output;
    EXPECT_THAT(help, AllOf(HasSubstr("--out"), Not(HasSubstr("--output")))) << verb;
  }
  EXPECT_THAT(Tales("verify --help").output, HasSubstr("adopt, docker, lab, local, metal, qemu, synology"));
  EXPECT_THAT(Tales("conformance clean --help").output,
              AllOf(HasSubstr("--kubernetes-context"), Not(HasSubstr("--context"))));
}

TEST_F(ReportsTest, AFullDiskIsNeverAGoodAnswer) {
  const std::string run = Run("run", {"passed"});
  const Finished full = Tales(absl::StrCat("report ", run, " > /dev/full"));
  EXPECT_EQ(full.exit_code, 3);
  EXPECT_THAT(full.error_output, HasSubstr("could not be written"));
  EXPECT_EQ(Tales(absl::StrCat("compare ", run, " ", run, " --out /dev/full")).exit_code, 3);
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full")) << "nothing was put in its place";

  // A file that may not grow behaves as a full disk: what was there stays, and nothing half is left.
  Write("out/answer.html", "as it was");
  const Finished limited =
      Shell(absl::StrCat("ulimit -f 1; \"$TALES\" report ", run, " --format html --output ", Path("out/answer.html")));
  EXPECT_EQ(limited.exit_code, 3);
  EXPECT_THAT(limited.error_output, HasSubstr("File too large"));
  EXPECT_THAT(ReadFile(Path("out/answer.html")), ::tales::testing::IsOkAndHolds("as it was"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(Path("out")), std::filesystem::directory_iterator()), 1);
}

TEST_F(ReportsTest, AReadOnlyFolderIsSaid) {
  const std::string run = Run("run", {"passed"});
  // Nobody can make a file there, root neither.
  const Finished report = Tales(absl::StrCat("report ", run, " --output /proc/answer.txt"));
  EXPECT_EQ(report.exit_code, 3);
  EXPECT_THAT(report.error_output, HasSubstr("writing /proc/answer.txt"));
  EXPECT_EQ(Tales(absl::StrCat("merge ", run, " --out /proc/merged")).exit_code, 3);
}

TEST_F(ReportsTest, AReaderThatGoesAwayChangesNoExitCode) {
  const std::string base = Run("base", {"passed"}), head = Run("head", {"failed"});
  // More than a pipe holds, so that the writer is there when the reader goes.
  EXPECT_EQ(Shell("\"$TALES\" list --json | head -c 1 > /dev/null; exit ${PIPESTATUS[0]}").exit_code, 0);
  EXPECT_EQ(Shell(absl::StrCat("\"$TALES\" compare ", base, " ", head, " | true; exit ${PIPESTATUS[0]}")).exit_code, 1);
  // Closed from the start: what is meant for it must not land in a file that is opened later.
  const Finished closed = Tales(absl::StrCat("merge ", base, " --out ", Path("merged"), " <&- >&- 2>&-"));
  EXPECT_EQ(closed.exit_code, 0);
  ASSERT_OK_AND_ASSIGN(const std::string journal, ReadFile(Path("merged/events.jsonl")));
  EXPECT_THAT(journal, StartsWith("{"));
  EXPECT_THAT(journal, ::testing::Not(HasSubstr("judged 1 of 1: ")));
}

TEST_F(ReportsTest, WithoutATerminalThereAreNoTerminalSequences) {
  const std::string run = Run("run", {"passed", "failed"});
  EXPECT_THAT(Shell(absl::StrCat("unset NO_COLOR; \"$TALES\" report ", run)).output, ::testing::Not(HasSubstr("\x1B")));
}

}  // namespace
}  // namespace tales
