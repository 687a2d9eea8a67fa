#include "harness/runner/recorder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "harness/base/status.h"
#include "reports/clean_text.h"

namespace tales {
namespace {

using std::chrono::steady_clock;
constexpr auto kFlushEvery = std::chrono::milliseconds(200);
constexpr int kCostFactor = 12;  // reports at most every twelfth of the time

constexpr size_t kLongestName = 150;

// A name that had to give more than its slashes, or its end, gets a mark of the whole: the evidence of two conformance
// cases whose names begin alike must not become one file.
std::string SafeName(std::string_view text) {
  std::string safe;
  bool is_told_apart = text.size() <= kLongestName;
  for (char c : text.substr(0, kLongestName)) {
    const bool is_safe = absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
    is_told_apart = is_told_apart && (is_safe || c == '/');
    safe += is_safe ? c : '.';
  }
  if (safe.empty() || safe.front() == '.') safe.insert(0, "_");
  if (!is_told_apart) {
    uint32_t mark = 2166136261;  // FNV-1a: the same in every process of a run
    for (char c : text) mark = (mark ^ static_cast<unsigned char>(c)) * 16777619;
    absl::StrAppend(&safe, "-", absl::Hex(mark, absl::kZeroPad8));
  }
  return safe;
}

absl::Status WriteAllBytes(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::ErrnoToStatus(errno, "writing the journal");
    text.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

}  // namespace

std::string EvidencePath(std::string_view check, std::string_view name) {
  return absl::StrCat("artifacts/", SafeName(check), "/", SafeName(name));
}

std::string PrepareEvidence(const Redactor& redactor, std::string_view content) {
  return reports::HeadAndTail(reports::CleanText(redactor.Redact(content)), kEvidenceLimit);
}

void RedactStrings(const Redactor& redactor, nlohmann::json& value) {
  if (value.is_string()) {
    value = redactor.Redact(value.get_ref<const std::string&>());
  } else if (value.is_structured()) {
    for (nlohmann::json& each : value) RedactStrings(redactor, each);
  }
}

absl::StatusOr<std::unique_ptr<Recorder>> Recorder::Create(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return absl::PermissionDeniedError(absl::StrCat("making ", folder.string(), ": ", error.message()));
  const std::string path = (folder / "events.jsonl").string();
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("making ", path));
  return std::unique_ptr<Recorder>(new Recorder(folder, fd));
}

absl::StatusOr<std::unique_ptr<Recorder>> Recorder::Reopen(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "events.jsonl";
  TALES_ASSIGN_OR_RETURN(reports::RunModel model, reports::ReadJournal(path));
  TALES_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 1ull << 32));
  const int fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("opening ", path.string()));
  std::unique_ptr<Recorder> recorder(new Recorder(folder, fd));
  const size_t end = text.rfind('\n');
  if (ftruncate(fd, static_cast<off_t>(end == std::string::npos ? 0 : end + 1)) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cutting off the torn line of ", path.string()));
  }
  recorder->model_ = std::move(model);
  return recorder;
}

Recorder::~Recorder() { close(journal_); }

absl::Status Recorder::Record(const nlohmann::json& event) {
  nlohmann::json redacted = event;
  RedactStrings(redactor_, redacted);
  const std::string line = absl::StrCat(redacted.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), "\n");
  TALES_RETURN_IF_ERROR(WriteAllBytes(journal_, line));
  TALES_RETURN_IF_ERROR(model_.Apply(redacted));
  unflushed_ = stale_ = true;
  return absl::OkStatus();
}

absl::Status Recorder::Flush() {
  if (!unflushed_) return absl::OkStatus();
  flushed_ = steady_clock::now();
  if (fdatasync(journal_) != 0) return absl::ErrnoToStatus(errno, "flushing the journal");
  unflushed_ = false;
  return absl::OkStatus();
}

absl::Status Recorder::WriteForeshadow(const nlohmann::json& run) {
  reports::RunModel model;
  TALES_RETURN_IF_ERROR(model.Apply(run));
  TALES_RETURN_IF_ERROR(
      model.Apply({{"event", "planned"}, {"check", "fixture.up"}, {"question", "Is there a cluster to judge?"}}));
  return WriteReportsOf(model);
}

void Recorder::Discard() {
  std::error_code ignored;  // what cannot be removed is only in the way
  for (const char* name : {"events.jsonl", "junit.xml", "report.json", "report.html"})
    std::filesystem::remove(folder_ / name, ignored);
}

absl::Status Recorder::WriteReportsOf(const reports::RunModel& model) {
  TALES_RETURN_IF_ERROR(WriteFileAtomically(folder_ / "junit.xml", reports::ToJUnit(model)));
  return WriteFileAtomically(
      folder_ / "report.json",
      absl::StrCat(reports::ToReportJson(model).dump(1, ' ', false, nlohmann::json::error_handler_t::replace), "\n"));
}

absl::Status Recorder::WriteReports() {
  const auto start = steady_clock::now();
  TALES_RETURN_IF_ERROR(WriteReportsOf(model_));
  stale_ = false;
  reported_ = steady_clock::now();
  cost_ = reported_ - start;
  return absl::OkStatus();
}

absl::Status Recorder::Tick() {
  const auto now = steady_clock::now();
  if (unflushed_ && now - flushed_ >= kFlushEvery) TALES_RETURN_IF_ERROR(Flush());
  if (stale_ && now - reported_ >= std::max<steady_clock::duration>(kFlushEvery, cost_ * kCostFactor)) {
    return WriteReports();
  }
  return absl::OkStatus();
}

absl::Status Recorder::WriteAll() {
  TALES_RETURN_IF_ERROR(Flush());
  TALES_RETURN_IF_ERROR(WriteReports());
  if (!model_.exit().has_value()) return absl::OkStatus();
  return WriteFileAtomically(folder_ / "report.html", reports::ToHtml(model_));
}

absl::StatusOr<std::string> Recorder::WriteEvidence(std::string_view check, std::string_view name,
                                                    std::string_view content) {
  std::string relative = EvidencePath(check, name);
  const std::filesystem::path path = folder_ / relative;
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) return absl::PermissionDeniedError(absl::StrCat("making ", path.parent_path().string()));
  TALES_RETURN_IF_ERROR(WriteFileAtomically(path, PrepareEvidence(redactor_, content)));
  return relative;
}

}  // namespace tales
