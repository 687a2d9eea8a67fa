#include "harness/check/check.h"

#include <cstdio>
#include <cstdlib>

namespace tales {
namespace {

// A wrong instance is a mistake of ours, not of the cluster: the worker dies and the runner reports a crash.
[[noreturn]] void DieOfWrongInstance(const std::string& instance, const char* kind) {
  std::fprintf(stderr, "tales: \"%s\" is not a declared %s\n", instance.c_str(), kind);
  std::abort();
}

}  // namespace

std::string_view ToString(Instances instances) {
  switch (instances) {
    case Instances::kOne:
      return "one";
    case Instances::kNode:
      return "node";
    case Instances::kControlPlane:
      return "controlplane";
    case Instances::kNamespace:
      return "namespace";
  }
  return "one";
}

const NodeDefinition& CheckContext::node() const {
  const NodeDefinition* node = definition().FindNode(instance_);
  if (node == nullptr) DieOfWrongInstance(instance_, "node");
  return *node;
}

const NamespaceDefinition& CheckContext::namespace_definition() const {
  const auto found = definition().namespaces.find(instance_);
  if (found == definition().namespaces.end()) DieOfWrongInstance(instance_, "namespace");
  return found->second;
}

}  // namespace tales
