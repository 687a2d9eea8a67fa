#include "suites/health/members.h"

#include "absl/strings/str_cat.h"
#include "harness/base/status.h"
#include "harness/check/spec.h"
#include "harness/talos/resources.h"

namespace tales::health {

namespace {

absl::StatusOr<std::vector<Member>> FetchMembers(CheckContext& context, const NodeDefinition& node) {
  TALES_ASSIGN_OR_RETURN(
      const std::vector<talos::Resource> resources,
      context.cluster().talos()->List(node.address, talos::kMember, Deadline::After(Facts::kCallDeadline)));
  std::vector<Member> members;
  for (const talos::Resource& resource : resources) {
    TALES_ASSIGN_OR_RETURN(const YAML::Node spec, ParseSpec(resource));
    members.push_back({resource.id, SpecList(spec, "addresses"), SpecText(spec, "machineType")});
  }
  return members;
}

}  // namespace

// Of this node alone: Facts::Resources asks all of its role, and of n nodes each has n members.
absl::StatusOr<std::vector<Member>> MembersSeenBy(CheckContext& context, const NodeDefinition& node) {
  return context.facts().Once<std::vector<Member>>(absl::StrCat("members@", node.name),
                                                   [&] { return FetchMembers(context, node); });
}

const NodeDefinition* DeclaredNodeOf(const ClusterDefinition& definition, const Member& member) {
  for (const std::string& address : member.addresses) {
    if (const NodeDefinition* node = definition.FindNodeByAddress(address); node != nullptr) return node;
  }
  return nullptr;
}

}  // namespace tales::health
