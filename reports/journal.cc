#include <cerrno>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "reports/run_model.h"

namespace tales::reports {
namespace {

// Evidence is in files of its own; a line is one verdict. Longer is not a journal.
constexpr size_t kLongestLine = 16 << 20;

absl::Status Damaged(const std::filesystem::path& path, size_t number, std::string_view why) {
  return absl::DataLossError(absl::StrCat(path.string(), ":", number, ": ", why));
}

}  // namespace

absl::StatusOr<RunModel> ReadJournal(const std::filesystem::path& path) {
  std::error_code problem;
  if (std::filesystem::is_directory(path, problem)) {
    return absl::InvalidArgumentError(absl::StrCat(path.string(), " is a folder, not a journal"));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::ErrnoToStatus(errno, absl::StrCat("reading the journal ", path.string()));

  RunModel model;
  const auto buffer = std::make_unique_for_overwrite<char[]>(kLongestLine);
  for (size_t number = 1;; ++number) {
    file.getline(buffer.get(), static_cast<std::streamsize>(kLongestLine));
    const auto taken = static_cast<size_t>(file.gcount());
    if (taken == 0) break;
    if (file.fail() && !file.eof()) return Damaged(path, number, "a line longer than 16 MiB");
    const bool is_whole = !file.eof();
    const std::string_view line(buffer.get(), is_whole ? taken - 1 : taken);
    if (line.empty()) continue;
    const nlohmann::json event = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (event.is_discarded()) {
      if (!is_whole) break;
      return Damaged(path, number, "not a line of JSON");
    }
    if (absl::Status status = model.Apply(event); !status.ok())
      return Damaged(path, number, std::string(status.message()));
  }
  if (file.bad()) return absl::DataLossError(absl::StrCat(path.string(), ": cannot be read to its end"));
  if (model.run().is_null()) return absl::DataLossError(absl::StrCat(path.string(), ": no run in it"));
  return model;
}

}  // namespace tales::reports
