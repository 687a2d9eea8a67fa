// Pod-security labels of a namespace: reading them, and the commands that put them right.
// Source: kubernetes.io "Pod Security Admission", k8s.io/pod-security-admission v0.32.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/check/outcome.h"
#include "harness/definition/cluster_definition.h"
#include "harness/kube/client.h"

namespace tales::pod_security {

using kube::Json;

// The value of the label of `mode`; "" where the namespace has none.
std::string LabelOf(const Json& namespace_object, std::string_view mode);
// Any of the six labels.
bool HasAnyLabel(const Json& namespace_object);
std::string NameOf(const Json& object);
const Json* FindNamespace(const std::vector<Json>& namespaces, std::string_view name);

// kubectl label --overwrite namespace NS pod-security.kubernetes.io/MODE=LEVEL
std::string LabelCommand(std::string_view namespace_, std::string_view mode, std::string_view level);
// What makes a missing namespace as it is declared.
std::string CreateCommand(std::string_view namespace_, const NamespaceDefinition& declared);
Problem MissingNamespace(std::string_view namespace_, const NamespaceDefinition& declared);

// pod_security.labels. The labels that are there against the ones that are declared.
std::vector<Problem> JudgeDeclaredLabels(std::string_view namespace_, const NamespaceDefinition& declared,
                                         const Json& namespace_object);
// The same without a declaration: warn or audit that allow more than what is enforced are what is left when the enforce
// label was taken away; without an enforce label Talos' default, baseline, is what counts.
std::vector<Problem> JudgeConsistentLabels(std::string_view namespace_, const Json& namespace_object);
// pod_security.undeclared.
std::vector<Problem> JudgeUndeclared(const std::vector<Json>& namespaces,
                                     const std::map<std::string, NamespaceDefinition>& declared);

}  // namespace tales::pod_security
