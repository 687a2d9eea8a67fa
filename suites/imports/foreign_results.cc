#include "suites/imports/foreign_results.h"

#include <algorithm>
#include <map>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "harness/base/status.h"
#include "suites/imports/archive.h"

namespace tales::imports {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kLongestFile = 512 << 20;
constexpr size_t kLogKept = 16 << 20;
constexpr size_t kMostFiles = 1000;  // JUnit files and logs of one import
constexpr int kDeepest = 8;          // folders below the one that was named

bool IsJUnitName(std::string_view name) { return absl::EndsWithIgnoreCase(name, ".xml"); }
bool IsLogName(std::string_view name) { return absl::EndsWithIgnoreCase(name, ".log"); }
bool IsArchiveName(std::string_view name) {
  return absl::EndsWithIgnoreCase(name, ".tar.gz") || absl::EndsWithIgnoreCase(name, ".tgz") ||
         absl::EndsWithIgnoreCase(name, ".tar");
}
bool IsWantedName(std::string_view name) { return IsJUnitName(name) || IsLogName(name); }

// Of a file's own name: its folders say nothing of what is in it.
std::optional<Tool> ToolOfName(std::string_view file) {
  const std::string name = absl::AsciiStrToLower(file);
  for (const char* word : {"cilium", "connectivity"}) {
    if (absl::StrContains(name, word)) return Tool::kConnectivity;
  }
  for (const char* word : {"e2e", "junit_0", "sonobuoy", "hydrophone", "conformance"}) {
    if (absl::StrContains(name, word)) return Tool::kConformance;
  }
  return std::nullopt;
}

// Of a JUnit file that cannot be read, or of a log: by what only that tool writes.
std::optional<Tool> ToolOfText(std::string_view text) {
  const std::string_view head = text.substr(0, 64 << 10);
  for (const char* word : {"\"Kubernetes e2e suite\"", "Running Suite: Kubernetes e2e suite", "[sig-", "e2e run \""}) {
    if (absl::StrContains(head, word)) return Tool::kConformance;
  }
  for (const char* word : {"\"connectivity test\"", "cilium-test-", "connectivity tests"}) {
    if (absl::StrContains(head, word)) return Tool::kConnectivity;
  }
  return std::nullopt;
}

struct File {
  std::string origin;  // as a person may look it up
  std::string folder;  // files of one folder belong together
  std::string name;    // without folders
  std::string content;
};

// All JUnit files and logs of one import.
class Collector {
 public:
  absl::Status Collect(const fs::path& import) {
    std::error_code error;
    const fs::file_status status = fs::status(import, error);
    if (error) return absl::ErrnoToStatus(error.value(), import.string());
    if (fs::is_directory(status)) return Folder(import);
    if (!fs::is_regular_file(status)) {
      return absl::InvalidArgumentError(absl::StrCat(import.string(), ": neither a file nor a folder"));
    }
    if (IsArchiveName(import.string())) return Tarball(import);
    return Single(import);
  }
  std::vector<File>& files() { return files_; }

 private:
  absl::Status Add(std::string origin, std::string folder, std::string name, std::string content) {
    if (files_.size() >= kMostFiles) {
      return absl::OutOfRangeError(absl::StrCat(folder, ": more than ", kMostFiles, " JUnit files and logs"));
    }
    files_.push_back({std::move(origin), std::move(folder), std::move(name), std::move(content)});
    return absl::OkStatus();
  }

  absl::Status Single(const fs::path& path) {
    TALES_ASSIGN_OR_RETURN(std::string content, ReadFile(path, kLongestFile));
    return Add(path.string(), path.parent_path().string(), path.filename().string(), std::move(content));
  }

  absl::Status Tarball(const fs::path& path) {
    absl::Status added;
    const absl::Status read = ReadArchive(path, IsWantedName, [&](const std::string& name, std::string content) {
      const fs::path inside(name);
      const absl::Status status =
          Add(absl::StrCat(path.string(), ": ", name), absl::StrCat(path.string(), ": ", inside.parent_path().string()),
              inside.filename().string(), std::move(content));
      if (added.ok()) added = status;
    });
    return read.ok() ? added : read;
  }

  absl::Status Folder(const fs::path& folder) {
    std::error_code error;
    std::vector<fs::path> found;
    fs::recursive_directory_iterator walk(folder, fs::directory_options::skip_permission_denied, error);
    for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
      if (walk.depth() >= kDeepest) walk.disable_recursion_pending();
      const std::string name = walk->path().filename().string();
      if (!IsWantedName(name) && !IsArchiveName(name)) continue;
      if (!walk->is_regular_file(error)) continue;
      found.push_back(walk->path());
      if (found.size() > kMostFiles) break;
    }
    if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat("looking through ", folder.string()));
    std::sort(found.begin(), found.end());
    for (const fs::path& path : found) {
      TALES_RETURN_IF_ERROR(IsArchiveName(path.string()) ? Tarball(path) : Single(path));
    }
    return absl::OkStatus();
  }

  std::vector<File> files_;
};

std::string Tail(std::string content, size_t longest) {
  if (content.size() > longest) content.erase(0, content.size() - longest);
  return content;
}

// Without its last suffix: "conn1.xml" and "conn1.log" are of one run.
std::string_view Stem(std::string_view name) { return name.substr(0, name.rfind('.')); }

class Sorter {
 public:
  Sorter(Tool tool, const fs::path& keep) : tool_(tool), keep_(keep) {}

  void Take(const fs::path& import) {
    Collector collector;
    if (const absl::Status status = collector.Collect(import); !status.ok()) return found_.strangers.push_back(status);
    known_ = 0;
    const size_t strangers = found_.strangers.size();
    std::map<std::string, Folder> folders;
    for (File& file : collector.files()) {
      if (IsLogName(file.name)) {
        TakeLog(file, folders[file.folder]);
      } else {
        TakeJUnit(file, folders[file.folder]);
      }
    }
    for (auto& [name, folder] : folders) Marry(name, folder);
    if (known_ > 0 || found_.strangers.size() > strangers) return;
    found_.strangers.push_back(absl::NotFoundError(absl::StrCat(import.string(), ": holds no JUnit file")));
  }

  ForeignResults Found() && { return std::move(found_); }

 private:
  struct Folder {
    std::vector<std::pair<std::string, ForeignResult>> results;  // by file name
    std::map<std::string, std::string> logs;
  };

  void TakeLog(File& file, Folder& folder) {
    std::optional<Tool> tool = ToolOfText(file.content);
    if (!tool.has_value()) tool = ToolOfName(file.name);
    if (tool.has_value()) ++known_;
    if (tool != tool_) return;
    Keep(file);
    folder.logs[file.name] = Tail(std::move(file.content), kLogKept);
  }

  void TakeJUnit(File& file, Folder& folder) {
    std::optional<Tool> tool = ToolOfText(file.content);
    if (!tool.has_value() || tool == tool_) Keep(file);
    absl::StatusOr<reports::JUnitReport> junit = reports::ParseJUnit(std::move(file.content), file.origin);
    if (junit.ok()) tool = ToolOf(*junit);
    if (!junit.ok() && !tool.has_value()) tool = ToolOfName(file.name);
    if (tool.has_value()) {
      ++known_;
      if (tool == tool_) folder.results.emplace_back(file.name, ForeignResult{file.origin, std::move(junit), ""});
    } else {
      // Beside one that is known too: it may be the result that failed.
      found_.strangers.push_back(junit.ok() ? NobodysJUnit(file.origin, *junit) : junit.status());
    }
  }

  static absl::Status NobodysJUnit(std::string_view origin, const reports::JUnitReport& junit) {
    return absl::InvalidArgumentError(absl::StrCat(
        origin, ": is JUnit, but neither of Kubernetes' e2e.test nor of `cilium connectivity test`; its suite is \"",
        junit.suites().empty() ? "" : junit.suites().front().path, "\""));
  }

  // Each JUnit with the log of its run: another run's may excuse what this one's does not.
  void Marry(const std::string& name, Folder& folder) {
    if (folder.results.empty() && !folder.logs.empty()) {
      found_.results.push_back({name, absl::NotFoundError(absl::StrCat(name, ": has the log of a run and no JUnit")),
                                std::move(folder.logs.begin()->second)});
      return;
    }
    const bool one_run = folder.results.size() == 1 && folder.logs.size() == 1;
    for (auto& [file, result] : folder.results) {
      for (auto& [log_file, log] : folder.logs) {
        if (one_run || Stem(log_file) == Stem(file)) result.log = log;
      }
      found_.results.push_back(std::move(result));
    }
  }

  void Keep(const File& file) {
    if (keep_.empty()) return;
    // A copy that cannot be kept costs no verdict.
    WriteFileAtomically(keep_ / absl::StrCat(++kept_, "-", file.name), file.content, 0600).IgnoreError();
  }

  const Tool tool_;
  const fs::path keep_;
  int kept_ = 0;
  size_t known_ = 0;  // files of one import that are of a tool that we know
  ForeignResults found_;
};

}  // namespace

std::optional<Tool> ToolOf(const reports::JUnitReport& report) {
  for (const reports::JUnitSuite& suite : report.suites()) {
    if (suite.name == "Kubernetes e2e suite") return Tool::kConformance;
    if (suite.name == "connectivity test") return Tool::kConnectivity;
  }
  for (const reports::JUnitCase& one : report.cases()) {
    if (absl::StartsWith(one.spec(), "[sig-")) return Tool::kConformance;
  }
  return std::nullopt;
}

ForeignResults ReadForeignResults(const std::vector<fs::path>& imports, Tool tool, const fs::path& keep) {
  Sorter sorter(tool, keep);
  for (const fs::path& import : imports) sorter.Take(import);
  return std::move(sorter).Found();
}

}  // namespace tales::imports
