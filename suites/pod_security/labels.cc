#include "suites/pod_security/labels.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/definition/pod_security_labels.h"

namespace tales::pod_security {
namespace {

const Json* LabelsIn(const Json& object) {
  if (!object.is_object()) return nullptr;
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return nullptr;
  const auto labels = metadata->find("labels");
  return labels != metadata->end() && labels->is_object() ? &*labels : nullptr;
}

// How much a level allows; higher is more.
int Allows(std::string_view level) {
  if (level == "privileged") return 2;
  return level == "restricted" ? 0 : 1;
}

// What it means that the label is not there.
std::string_view Consequence(std::string_view mode) {
  if (mode == "enforce") return ": the API server's default is enforced there, and pods that need more are refused";
  if (mode == "warn") return ": the API server's default is warned about there";
  return "";
}

}  // namespace

std::string LabelOf(const Json& namespace_object, std::string_view mode) {
  const Json* labels = LabelsIn(namespace_object);
  if (labels == nullptr) return "";
  const auto label = labels->find(PodSecurityLabel(mode));
  return label != labels->end() && label->is_string() ? label->get<std::string>() : std::string();
}

bool HasAnyLabel(const Json& namespace_object) {
  const Json* labels = LabelsIn(namespace_object);
  if (labels == nullptr) return false;
  for (const auto& [key, value] : labels->items()) {
    if (absl::StartsWith(key, PodSecurityLabel(""))) return true;
  }
  return false;
}

std::string NameOf(const Json& object) {
  if (!object.is_object()) return "";
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return "";
  const auto name = metadata->find("name");
  return name != metadata->end() && name->is_string() ? name->get<std::string>() : std::string();
}

const Json* FindNamespace(const std::vector<Json>& namespaces, std::string_view name) {
  for (const Json& candidate : namespaces) {
    if (NameOf(candidate) == name) return &candidate;
  }
  return nullptr;
}

std::string LabelCommand(std::string_view namespace_, std::string_view mode, std::string_view level) {
  return absl::StrCat("kubectl label --overwrite namespace ", namespace_, " ", PodSecurityLabel(mode), "=", level);
}

std::string CreateCommand(std::string_view namespace_, const NamespaceDefinition& declared) {
  std::string command = absl::StrCat("kubectl create namespace ", namespace_);
  const auto labels = DeclaredPodSecurity(declared);
  if (labels.empty()) return command;
  absl::StrAppend(&command, " && kubectl label --overwrite namespace ", namespace_);
  for (const auto& [mode, level] : labels) absl::StrAppend(&command, " ", PodSecurityLabel(mode), "=", level);
  return command;
}

Problem MissingNamespace(std::string_view namespace_, const NamespaceDefinition& declared) {
  return {.expected = absl::StrCat("namespace ", namespace_),
          .found = absl::StrCat("there is no namespace ", namespace_),
          .next = CreateCommand(namespace_, declared)};
}

std::vector<Problem> JudgeDeclaredLabels(std::string_view namespace_, const NamespaceDefinition& declared,
                                         const Json& namespace_object) {
  std::vector<Problem> problems;
  for (const auto& [mode, level] : DeclaredPodSecurity(declared)) {
    const std::string label = PodSecurityLabel(mode), have = LabelOf(namespace_object, mode);
    if (have == level) continue;
    problems.push_back(
        {.expected = absl::StrCat("label ", label, "=", level, " on namespace ", namespace_),
         .found = have.empty() ? absl::StrCat("namespace ", namespace_, " has no label ", label, Consequence(mode))
                               : absl::StrCat("namespace ", namespace_, " has ", label, "=", have),
         .next = LabelCommand(namespace_, mode, level)});
  }
  return problems;
}

std::vector<Problem> JudgeConsistentLabels(std::string_view namespace_, const Json& namespace_object) {
  const std::string enforce = LabelOf(namespace_object, "enforce");
  const std::string enforced = enforce.empty() ? "baseline" : enforce;
  std::vector<Problem> problems;
  for (const char* mode : {"warn", "audit"}) {
    const std::string level = LabelOf(namespace_object, mode);
    if (level.empty() || Allows(level) <= Allows(enforced)) continue;
    problems.push_back(
        {.expected = absl::StrCat("label ", PodSecurityLabel("enforce"), "=", level, " on namespace ", namespace_,
                                  ", as its ", mode, " label has it"),
         .found = enforce.empty()
                      ? absl::StrCat("namespace ", namespace_, " has no label ", PodSecurityLabel("enforce"), ", but ",
                                     PodSecurityLabel(mode), "=", level, Consequence("enforce"))
                      : absl::StrCat("namespace ", namespace_, " has ", PodSecurityLabel("enforce"), "=", enforce,
                                     ", but ", PodSecurityLabel(mode), "=", level),
         .next = LabelCommand(namespace_, "enforce", level)});
    break;
  }
  return problems;
}

std::vector<Problem> JudgeUndeclared(const std::vector<Json>& namespaces,
                                     const std::map<std::string, NamespaceDefinition>& declared) {
  std::vector<Problem> problems;
  for (const Json& candidate : namespaces) {
    const std::string name = NameOf(candidate);
    const auto definition = declared.find(name);
    const bool meant =
        definition != declared.end() && (definition->second.enforce == "privileged" || definition->second.exempt);
    if (meant || name == "kube-system" || LabelOf(candidate, "enforce") != "privileged") continue;
    // On its way out: nothing can be made in it any more.
    if (candidate.is_object() && candidate.value("/status/phase"_json_pointer, Json()) == "Terminating") continue;
    problems.push_back(
        {.expected = absl::StrCat("namespace ", name, " not privileged: the cluster file does not declare it so"),
         .found = absl::StrCat("namespace ", name, " has ", PodSecurityLabel("enforce"), "=privileged"),
         .next = absl::StrCat("kubectl label namespace ", name, " ", PodSecurityLabel("enforce"),
                              "-   # or declare it: `namespaces: {", name,
                              ": {enforce: privileged}}` in the cluster file")});
  }
  return problems;
}

}  // namespace tales::pod_security
