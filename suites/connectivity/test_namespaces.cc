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

constexpr char kMadeBy[] = "app.kubernetes.io/managed-by", kTales[] = "tales";
constexpr char kBefore[] = "tales/before-connectivity-test";
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

// What was there before: what an earlier run wrote down, where one was killed.
absl::Status TestNamespaces::Remember(const Json& namespace_, Deadline deadline) {
  const std::string name = NameOf(namespace_);
  if (Label(namespace_, kMadeBy) == kTales) return absl::OkStatus();  // ours to take away
  before_.insert(name);
  const Json annotations = namespace_["metadata"].value("annotations", Json::object());
  const Json written = Json::parse(annotations.value(kBefore, ""), nullptr, /*allow_exceptions=*/false);
  if (written.is_object() && written.contains("labels") && written.contains("objects")) {
    labels_[name] = written["labels"];
    for (const Json& object : written["objects"])
      objects_[name].insert(object.is_string() ? object.get<std::string>() : "");
    return absl::OkStatus();
  }
  for (const char* label : kLabels) {
    const std::string value = Label(namespace_, label);
    labels_[name][label] = value.empty() ? Json(nullptr) : Json(value);
  }
  TALES_ASSIGN_OR_RETURN(objects_[name], ObjectsIn(name, deadline));
  return absl::OkStatus();
}

absl::Status TestNamespaces::Make(const std::string& name, Deadline deadline) {
  Json labels = {{kMadeBy, kTales}};
  for (const char* label : kLabels) labels[label] = "privileged";
  const Json made = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}, {"labels", labels}}}};
  const absl::Status status =
      client_->Create(kube::kNamespaces, "", made, /*dry_run=*/false, deadline.AtMost(kCall)).status();
  // One of ours that a killed run left is as it should be.
  return absl::IsAlreadyExists(status) ? absl::OkStatus() : Annotate(status, absl::StrCat("making namespace ", name));
}

absl::Status TestNamespaces::Open(const std::string& name, Deadline deadline) {
  const Json before = {{"labels", labels_[name]}, {"objects", objects_[name]}};
  Json labels = Json::object();
  for (const char* label : kLabels) labels[label] = "privileged";
  const Json patch = {{"metadata", {{"labels", labels}, {"annotations", {{kBefore, before.dump()}}}}}};
  return Annotate(
      client_->MergePatch(kube::kNamespaces, "", name, patch, /*dry_run=*/false, deadline.AtMost(kCall)).status(),
      absl::StrCat("labelling namespace ", name));
}

absl::Status TestNamespaces::Close(const std::string& name, Deadline deadline) {
  const Json patch = {{"metadata", {{"labels", labels_[name]}, {"annotations", {{kBefore, nullptr}}}}}};
  return Annotate(
      client_->MergePatch(kube::kNamespaces, "", name, patch, /*dry_run=*/false, deadline.AtMost(kCall)).status(),
      absl::StrCat("labelling namespace ", name, " as it was"));
}

absl::StatusOr<TestNamespaces> TestNamespaces::Prepare(kube::Client& client, int count, Deadline deadline) {
  TestNamespaces prepared(client);
  TALES_ASSIGN_OR_RETURN(const auto namespaces, client.List(kube::kNamespaces, "", {}, deadline.AtMost(kCall)));
  for (const Json& one : namespaces) {
    if (absl::StartsWith(NameOf(one), kPrefix)) TALES_RETURN_IF_ERROR(prepared.Remember(one, deadline));
  }
  for (int i = 1; i <= count; ++i) {
    const std::string name = absl::StrCat(kPrefix, i);
    TALES_RETURN_IF_ERROR(prepared.before_.contains(name) ? prepared.Open(name, deadline)
                                                          : prepared.Make(name, deadline));
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
  std::vector<std::string> left;
  const absl::Status gone =
      RetryUntil(deadline, "what the test has made to go", absl::Seconds(1), [&]() -> absl::Status {
        TALES_ASSIGN_OR_RETURN(left, Remove(deadline));
        return left.empty() ? absl::OkStatus() : absl::UnavailableError(absl::StrJoin(left, ", "));
      });
  if (!gone.ok() && left.empty()) return gone;
  for (const std::string& name : before_) TALES_RETURN_IF_ERROR(Close(name, Deadline::After(kCall)));
  return left;
}

}  // namespace tales::connectivity
