#include "harness/check/tool.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "harness/base/status.h"
#include "harness/base/subprocess.h"

namespace tales {

absl::StatusOr<std::filesystem::path> FindToolAtHand(const ClusterAccess& access, const std::string& name) {
  if (const auto tool = access.tools.find(name); tool != access.tools.end()) return tool->second;
  return FindProgram(name);
}

absl::StatusOr<std::filesystem::path> FindTool(const ClusterAccess& access, const std::string& name,
                                               const std::function<void(std::string_view)>& progress,
                                               Deadline deadline) {
  if (const auto tool = access.tools.find(name); tool != access.tools.end()) return tool->second;
  if (access.tool_maker.empty()) {
    return absl::NotFoundError(absl::StrCat("fixture ", access.fixture, " found no ", name, " in PATH"));
  }
  progress(absl::StrCat("looking for ", name, "; where there is none it is built, which takes minutes, once"));
  Command ask{.argv = access.tool_maker};
  ask.argv.push_back(name);
  const absl::StatusOr<Finished> asked = Run(ask, deadline);
  if (!asked.ok()) return Annotate(asked.status(), absl::StrCat("making ", name));
  const std::filesystem::path path(std::string(absl::StripAsciiWhitespace(asked->output)));
  std::error_code error;
  if (asked->ok() && std::filesystem::is_regular_file(path, error)) return path;
  std::string said(absl::StripAsciiWhitespace(asked->error_output));
  if (said.empty()) said = "it was not said why";
  return absl::NotFoundError(absl::StrCat("no ", name, ": ", said));
}

}  // namespace tales
