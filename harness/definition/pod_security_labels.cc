#include "harness/definition/pod_security_labels.h"

#include <array>

#include "absl/strings/str_cat.h"

namespace tales {

std::string PodSecurityLabel(std::string_view mode) { return absl::StrCat("pod-security.kubernetes.io/", mode); }

std::vector<std::pair<std::string_view, std::string>> DeclaredPodSecurity(const NamespaceDefinition& declared) {
  const std::array<std::pair<std::string_view, const std::string*>, 6> all = {
      {{"enforce", &declared.enforce},
       {"enforce-version", &declared.enforce_version},
       {"warn", &declared.warn},
       {"warn-version", &declared.warn_version},
       {"audit", &declared.audit},
       {"audit-version", &declared.audit_version}}};
  std::vector<std::pair<std::string_view, std::string>> labels;
  for (const auto& [mode, value] : all) {
    if (!value->empty()) labels.emplace_back(mode, *value);
  }
  return labels;
}

}  // namespace tales
