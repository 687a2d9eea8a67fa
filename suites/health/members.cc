#include "suites/health/members.h"

#include "harness/check/spec.h"
#include "harness/talos/resources.h"

namespace tales::health {

absl::StatusOr<std::vector<Member>> MembersSeenBy(CheckContext& context, const NodeDefinition& node) {
  const absl::StatusOr<std::vector<talos::Resource>> resources = context.facts().Resources(node, talos::kMember);
  if (!resources.ok()) return resources.status();
  std::vector<Member> members;
  for (const talos::Resource& resource : *resources) {
    const absl::StatusOr<YAML::Node> spec = ParseSpec(resource);
    if (!spec.ok()) return spec.status();
    members.push_back({resource.id, SpecList(*spec, "addresses"), SpecText(*spec, "machineType")});
  }
  return members;
}

const NodeDefinition* DeclaredNodeOf(const ClusterDefinition& definition, const Member& member) {
  for (const std::string& address : member.addresses) {
    if (const NodeDefinition* node = definition.FindNodeByAddress(address); node != nullptr) return node;
  }
  return nullptr;
}

}  // namespace tales::health
