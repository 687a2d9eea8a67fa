// The PodSecurity configuration that Talos gives its API servers, and judging the live one.
// Source: Talos 1.9.4, `talosctl get admissioncontrolconfigs -o yaml` on a control plane.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/check/outcome.h"
#include "harness/definition/cluster_definition.h"
#include "harness/kube/client.h"

namespace tales::pod_security {

inline constexpr char kDefaultEnforce[] = "baseline";
inline constexpr char kDefaultWarn[] = "restricted";
inline constexpr char kDefaultAudit[] = "restricted";
inline constexpr char kDefaultVersion[] = "latest";

// kube-system, and what the cluster file declares exempt.
std::set<std::string> ExpectedExemptions(const ClusterDefinition& definition);

// pod_security.admission_config: `yaml` is the resource's spec. `exempt_only` false: more exemptions than expected are
// no problem (nothing is declared).
std::vector<Problem> JudgeAdmissionConfig(std::string_view yaml, const std::set<std::string>& exempt, bool exempt_only,
                                          std::string_view node_address);

// Where a person looks at the configuration in force.
std::string ShowConfigurationCommand(const ClusterDefinition& definition);

// The namespace to try what is refused in: `default` where it qualifies, else the first; "" where none does.
std::string NamespaceWithoutLabels(const std::vector<kube::Json>& namespaces,
                                   const std::map<std::string, NamespaceDefinition>& declared);

}  // namespace tales::pod_security
