#include "suites/conformance/pod_files.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "harness/base/file.h"
#include "harness/base/status.h"
#include "harness/pki/digest.h"
#include "suites/conformance/pod_objects.h"

namespace tales::conformance {
namespace {

constexpr int kNoSuchFile = 44;
constexpr int kTries = 3;
constexpr uint64_t kLargest = 512 << 20;
constexpr absl::Duration kOneCall = absl::Seconds(30);

}  // namespace

absl::StatusOr<FileFacts> ParseFileFacts(std::string_view output) {
  const std::vector<std::string_view> words = absl::StrSplit(output, absl::ByAnyChar(" \n\t"), absl::SkipEmpty());
  FileFacts facts;
  if (words.size() < 2 || !absl::SimpleAtoi(words[0], &facts.size) || words[1].size() != 64 ||
      words[1].find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    return absl::DataLossError(absl::StrCat("no size and sha256: \"", absl::CHexEscape(output.substr(0, 200)), "\""));
  }
  facts.sha256 = std::string(words[1]);
  return facts;
}

FileFacts FactsOf(std::string_view content) { return {.size = content.size(), .sha256 = pki::Sha256Hex(content)}; }

// The file's path is $0 of the script, `arguments` are $1 and so on.
absl::StatusOr<std::string> PodFiles::Ask(const std::string& script, std::string_view name,
                                          const std::vector<std::string>& arguments, Deadline deadline) {
  std::vector<std::string> command = {"sh", "-c", script, absl::StrCat(kResults, "/", name)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  TALES_ASSIGN_OR_RETURN(kube::ExecResult said,
                         client_.Exec(namespace_, pod_, kOutputContainer, command, deadline.AtMost(kOneCall)));
  if (said.exit_code == kNoSuchFile) return absl::NotFoundError(absl::StrCat("pod ", pod_, " has no ", name));
  if (said.exit_code != 0) {
    return absl::UnavailableError(absl::StrCat("reading ", name, " in pod ", pod_, ": exit code ", said.exit_code, ": ",
                                               absl::StripAsciiWhitespace(said.error_output)));
  }
  return std::move(said.output);
}

absl::StatusOr<FileFacts> PodFiles::Facts(std::string_view name, Deadline deadline) {
  TALES_ASSIGN_OR_RETURN(const std::string said,
                         Ask("test -f \"$0\" || exit 44; wc -c <\"$0\" && sha256sum <\"$0\"", name, {}, deadline));
  return ParseFileFacts(said);
}

absl::StatusOr<std::string> PodFiles::Read(std::string_view name, uint64_t offset, Deadline deadline) {
  return Ask("test -f \"$0\" || exit 0; tail -c +$1 \"$0\" | head -c $2", name,
             {absl::StrCat(offset + 1), absl::StrCat(kBlock)}, deadline);
}

absl::Status PodFiles::Fetch(std::string_view name, const std::filesystem::path& to, Deadline deadline) {
  std::string different;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    TALES_ASSIGN_OR_RETURN(const FileFacts facts, Facts(name, deadline));
    if (facts.size > kLargest) {
      return absl::OutOfRangeError(absl::StrCat(name, " in pod ", pod_, " has ", facts.size, " bytes"));
    }
    std::string content;
    while (content.size() < facts.size) {
      TALES_ASSIGN_OR_RETURN(const std::string block, Read(name, content.size(), deadline));
      if (block.empty()) break;
      content += block;
    }
    const FileFacts got = FactsOf(content);
    if (got.size == facts.size && got.sha256 == facts.sha256) return WriteFileAtomically(to, content, 0600);
    different = absl::StrCat("it has ", facts.size, " bytes, ", facts.sha256.substr(0, 12), "; fetched were ", got.size,
                             ", ", got.sha256.substr(0, 12));
  }
  return absl::DataLossError(absl::StrCat("fetching ", name, " of pod ", pod_, ": ", different));
}

}  // namespace tales::conformance
