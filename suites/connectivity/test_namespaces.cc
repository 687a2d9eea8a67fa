#include "suites/connectivity/test_namespaces.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/status.h"
#include "harness/check/spec.h"

namespace tales::connectivity {
namespace {

using kube::Json;

constexpr std::string_view kPrefix = "cilium-test-";
constexpr absl::Duration kCall = absl::Seconds(20);

// What the test deploys (cilium-cli v0.18.2, connectivity/check/deployment.go), and the policies that it may leave.
constexpr kube::ResourcePath kKinds[] = {kube::kDeployments,
                                         kube::kDaemonSets,
                                         kube::kServices,
                                         kube::kConfigMaps,
                                         kube::kServiceAccounts,
                                         {"networking.k8s.io/v1", "ingresses"},
                                         {"networking.k8s.io/v1", "networkpolicies"},
                                         {"cilium.io/v2", "ciliumnetworkpolicies"}};

const char* const kLabels[] = {"pod-security.kubernetes.io/enforce", "pod-security.kubernetes.io/warn"};

std::string NameOf(const Json& object) { return Text(object, "metadata.name"); }

}  // namespace

absl::StatusOr<TestNamespaces::Names> TestNamespaces::ObjectsIn(const std::string& name, Deadline deadline) {
  Names names;
  for (const kube::ResourcePath& kind : kKinds) {
    const auto objects = client_->List(kind, name, {}, deadline.AtMost(kCall));
    if (absl::IsNotFound(objects.status())) continue;  // a cluster without that kind
    if (!objects.ok()) return objects.status();
    for (const Json& object : *objects) names.insert(absl::StrCat(kind.plural, " ", NameOf(object)));
  }
  return names;
}

absl::StatusOr<TestNamespaces::Names> TestNamespaces::Existing(Deadline deadline) {
  TALES_ASSIGN_OR_RETURN(const auto namespaces, client_->List(kube::kNamespaces, "", {}, deadline.AtMost(kCall)));
  Names names;
  for (const Json& one : namespaces) {
    if (absl::StartsWith(NameOf(one), kPrefix)) names.insert(NameOf(one));
  }
  return names;
}

absl::StatusOr<TestNamespaces> TestNamespaces::Prepare(kube::Client& client, int count, Deadline deadline) {
  TestNamespaces prepared(client);
  TALES_ASSIGN_OR_RETURN(prepared.before_, prepared.Existing(deadline));
  for (const std::string& name : prepared.before_) {
    TALES_ASSIGN_OR_RETURN(prepared.objects_[name], prepared.ObjectsIn(name, deadline));
  }
  for (int i = 1; i <= count; ++i) {
    const std::string name = absl::StrCat(kPrefix, i);
    Json labels = Json::object();
    for (const char* label : kLabels) labels[label] = "privileged";
    if (!prepared.before_.contains(name)) {
      const Json made = {
          {"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}, {"labels", labels}}}};
      TALES_RETURN_IF_ERROR(
          Annotate(client.Create(kube::kNamespaces, "", made, /*dry_run=*/false, deadline.AtMost(kCall)).status(),
                   absl::StrCat("making namespace ", name)));
      continue;
    }
    TALES_ASSIGN_OR_RETURN(const Json there, client.Get(kube::kNamespaces, "", name, deadline.AtMost(kCall)));
    Json was = Json::object();
    for (const char* label : kLabels) {
      const std::string value = Label(there, label);
      if (value != "privileged") was[label] = value.empty() ? Json(nullptr) : Json(value);
    }
    if (was.empty()) continue;
    prepared.labels_[name] = was;
    TALES_RETURN_IF_ERROR(Annotate(client
                                       .MergePatch(kube::kNamespaces, "", name, {{"metadata", {{"labels", labels}}}},
                                                   /*dry_run=*/false, deadline.AtMost(kCall))
                                       .status(),
                                   absl::StrCat("labelling namespace ", name)));
  }
  return prepared;
}

// One pass: deletes what is not ours to keep, and returns it.
absl::StatusOr<std::vector<std::string>> TestNamespaces::Remove(Deadline deadline) {
  std::vector<std::string> left;
  TALES_ASSIGN_OR_RETURN(const Names now, Existing(deadline));
  for (const std::string& name : now) {
    if (!before_.contains(name)) {
      left.push_back(name);
      const absl::Status deleted = client_->Delete(kube::kNamespaces, "", name, deadline.AtMost(kCall));
      if (!deleted.ok() && !absl::IsNotFound(deleted)) return deleted;
      continue;
    }
    TALES_ASSIGN_OR_RETURN(const Names objects, ObjectsIn(name, deadline));
    const Names& kept = objects_[name];
    for (const kube::ResourcePath& kind : kKinds) {
      const std::string prefix = absl::StrCat(kind.plural, " ");
      for (const std::string& object : objects) {
        if (!absl::StartsWith(object, prefix) || kept.contains(object)) continue;
        const std::string object_name = object.substr(prefix.size());
        if (object_name == "kube-root-ca.crt" || object == "serviceaccounts default") continue;  // the cluster's own
        left.push_back(absl::StrCat(name, "/", object_name));
        const absl::Status deleted = client_->Delete(kind, name, object_name, deadline.AtMost(kCall));
        if (!deleted.ok() && !absl::IsNotFound(deleted)) return deleted;
      }
    }
  }
  return left;
}

absl::StatusOr<std::vector<std::string>> TestNamespaces::Restore(Deadline deadline) {
  for (const auto& [name, labels] : labels_) {
    TALES_RETURN_IF_ERROR(Annotate(client_
                                       ->MergePatch(kube::kNamespaces, "", name, {{"metadata", {{"labels", labels}}}},
                                                    /*dry_run=*/false, deadline.AtMost(kCall))
                                       .status(),
                                   absl::StrCat("labelling namespace ", name, " as it was")));
  }
  labels_.clear();
  std::vector<std::string> left;
  const absl::Status gone =
      RetryUntil(deadline, "what the test has made to go", absl::Seconds(1), [&]() -> absl::Status {
        TALES_ASSIGN_OR_RETURN(left, Remove(deadline));
        return left.empty() ? absl::OkStatus() : absl::UnavailableError(absl::StrJoin(left, ", "));
      });
  if (gone.ok() || !left.empty()) return left;
  return gone;
}

}  // namespace tales::connectivity
