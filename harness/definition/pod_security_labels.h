// The labels by which PodSecurity admission knows what a namespace is declared to be.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/definition/cluster_definition.h"

namespace tales {

// Of a Namespace, for "enforce" or "warn-version": "pod-security.kubernetes.io/enforce".
std::string PodSecurityLabel(std::string_view mode);

// Mode and value of each that is declared, enforce first.
std::vector<std::pair<std::string_view, std::string>> DeclaredPodSecurity(const NamespaceDefinition& declared);

}  // namespace tales
