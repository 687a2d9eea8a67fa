#include "harness/check/fault.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace tales {

std::string FaultRequest::ToString() const {
  return target.empty() ? absl::StrCat(domain, ":", id) : absl::StrCat(domain, ":", id, "=", target);
}

absl::StatusOr<FaultRequest> ParseFaultRequest(std::string_view text) {
  const size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const size_t colon = name.find(':');
  FaultRequest request;
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == name.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", text, "\" is not a fault; write DOMAIN:ID[=TARGET], for example lab:service-stopped=worker/kubelet"));
  }
  request.domain = std::string(name.substr(0, colon));
  request.id = std::string(name.substr(colon + 1));
  if (equals != std::string_view::npos) request.target = std::string(text.substr(equals + 1));
  return request;
}

std::vector<std::string> ExpandTargets(const std::vector<std::string>& patterns, std::string_view target) {
  const size_t slash = target.find('/');
  const std::string_view node = target.substr(0, slash);
  const std::string_view rest = slash == std::string_view::npos ? std::string_view() : target.substr(slash + 1);
  const std::vector<std::pair<std::string, std::string>> replacements = {
      {"{target}", std::string(target)}, {"{node}", std::string(node)}, {"{rest}", std::string(rest)}};
  std::vector<std::string> expanded;
  expanded.reserve(patterns.size());
  for (const std::string& pattern : patterns) {
    expanded.push_back(absl::StrReplaceAll(pattern, replacements));
  }
  return expanded;
}

}  // namespace tales
