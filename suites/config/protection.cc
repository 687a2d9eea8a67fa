#include "suites/config/protection.h"

#include <sys/stat.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "harness/base/join_few.h"
#include "harness/base/status.h"
#include "harness/base/subprocess.h"
#include "suites/config/secret_fields.h"

namespace tales::config {
namespace {

constexpr int kCommits = 20;
constexpr mode_t kGroupRead = 0040, kOtherRead = 0004, kGroupEnter = 0010, kOtherEnter = 0001;

std::string Fields(const SecretFile& file) { return JoinFew(file.fields, ", ", 6); }

absl::StatusOr<Finished> Git(const SecretFile& file, std::vector<std::string> arguments, Deadline deadline) {
  Command command;
  // The repository's own configuration may name programs to run; none of them is needed to answer.
  command.argv = {"git",
                  "-c",
                  "core.fsmonitor=false",
                  "-c",
                  "core.hooksPath=/dev/null",
                  "--no-optional-locks",
                  "-C",
                  file.path.parent_path().string()};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.environment = {{"LC_ALL", "C"}, {"GIT_DIR", ""}, {"GIT_WORK_TREE", ""}, {"GIT_INDEX_FILE", ""}};
  return Run(command, deadline);
}

// The first of the versions ("" the index, or commits) that git has and that holds a secret in clear, as "the index" or
// the commit; "" where there is none.
absl::StatusOr<std::string> ClearVersion(const SecretFile& file, const std::vector<std::string>& versions,
                                         Deadline deadline) {
  const std::string name = file.path.filename().string();
  for (const std::string& version : versions) {
    TALES_ASSIGN_OR_RETURN(const Finished shown, Git(file, {"show", absl::StrCat(version, ":./", name)}, deadline));
    if (!shown.ok()) continue;  // this version has no such file
    const auto secrets = SecretPathsInFile(shown.output, name);
    if (!secrets.ok() || !secrets->empty()) return version.empty() ? "the index" : version;
  }
  return "";
}

}  // namespace

std::vector<Problem> JudgeModes(const SecretFile& file) {
  struct stat info, folder;
  // What is not there any more has told elsewhere.
  if (stat(file.path.c_str(), &info) != 0 || stat(file.path.parent_path().c_str(), &folder) != 0) return {};
  const bool by_group = (info.st_mode & kGroupRead) != 0 && (folder.st_mode & kGroupEnter) != 0;
  const bool by_others = (info.st_mode & kOtherRead) != 0 && (folder.st_mode & kOtherEnter) != 0;
  if (!by_group && !by_others) return {};
  return {{.expected = absl::StrCat(file.path.string(), " can be read by its owner alone; it holds ", Fields(file)),
           .found = absl::StrFormat("its mode is %04o and its folder's %04o: %s can read it", info.st_mode & 07777,
                                    folder.st_mode & 07777, by_others ? "everybody on this machine" : "its group"),
           .next = absl::StrCat("chmod 700 ", file.path.parent_path().string(), " && chmod 600 ", file.path.string())}};
}

absl::StatusOr<std::vector<Problem>> JudgeGit(const SecretFile& file, Deadline deadline) {
  if (!FindProgram("git").ok()) return absl::FailedPreconditionError("git is not on PATH");
  const std::string name = file.path.filename().string();
  TALES_ASSIGN_OR_RETURN(const Finished inside, Git(file, {"rev-parse", "--is-inside-work-tree"}, deadline));
  if (!inside.ok()) {
    if (absl::StrContains(inside.error_output, "not a git repository")) return std::vector<Problem>();
    return absl::FailedPreconditionError(absl::StrCat("git: ", absl::StripAsciiWhitespace(inside.error_output)));
  }
  TALES_ASSIGN_OR_RETURN(const std::string tracked, ClearVersion(file, {""}, deadline));
  TALES_ASSIGN_OR_RETURN(
      const Finished log,
      Git(file, {"log", "--all", "--diff-filter=AM", absl::StrCat("-", kCommits), "--format=%h", "--", name},
          deadline));
  TALES_ASSIGN_OR_RETURN(const std::string commit,
                         ClearVersion(file, absl::StrSplit(log.output, '\n', absl::SkipEmpty()), deadline));
  if (tracked.empty() && commit.empty()) return std::vector<Problem>();
  const std::string forget = absl::StrCat("git -C ", file.path.parent_path().string(), " rm --cached ", name,
                                          " && echo ", name, " >> ", (file.path.parent_path() / ".gitignore").string());
  const std::string rotate =
      "if anybody else can have cloned it: new secrets (`talosctl gen secrets`), and a history without the file "
      "(git filter-repo)";
  return std::vector<Problem>{
      {.expected = absl::StrCat(file.path.string(), " is not kept by git; it holds ", Fields(file)),
       .found = commit.empty() ? "git tracks it, and no commit has it yet"
                               : absl::StrCat(tracked.empty() ? "git no longer tracks it" : "git tracks it",
                                              ", and commit ", commit, " has it"),
       .next = tracked.empty()  ? rotate
               : commit.empty() ? forget
                                : absl::StrCat(forget, "; ", rotate)}};
}

}  // namespace tales::config
