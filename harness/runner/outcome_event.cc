#include "harness/runner/outcome_event.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_join.h"
#include "harness/base/file.h"
#include "harness/runner/recorder.h"

namespace tales {
namespace {

// Each different text once, one a line.
std::string Lines(const std::vector<Problem>& problems, std::string Problem::*part) {
  std::vector<std::string> lines;
  for (const Problem& problem : problems) {
    const std::string& line = problem.*part;
    if (!line.empty() && std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
  }
  return absl::StrJoin(lines, "\n");
}

}  // namespace

void Describe(const Outcome& outcome, WorkerEvent& event) {
  event.verdict = outcome.verdict();
  event.issue = outcome.issue();
  event.expected = Lines(outcome.problems(), &Problem::expected);
  event.found = outcome.problems().empty() ? outcome.found() : Lines(outcome.problems(), &Problem::found);
  event.next = Lines(outcome.problems(), &Problem::next);
}

std::vector<std::string> KeepEvidence(const std::filesystem::path& run_folder, const Redactor& redactor,
                                      const std::string& check, const std::vector<Evidence>& evidence) {
  std::vector<std::string> kept;
  for (const Evidence& each : evidence) {
    const std::string relative = EvidencePath(check, each.name);
    const std::filesystem::path path = run_folder / relative;
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (!error && WriteFileAtomically(path, PrepareEvidence(redactor, each.content)).ok()) kept.push_back(relative);
  }
  return kept;
}

bool WriteEvent(int descriptor, const Redactor& redactor, WorkerEvent event, std::string_view token) {
  for (std::string* text : {&event.expected, &event.found, &event.next}) *text = redactor.Redact(*text);
  const std::string line = WriteWorkerEvent(event, token);
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t n = write(descriptor, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    rest.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

}  // namespace tales
