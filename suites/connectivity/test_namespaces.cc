#include "suites/connectivity/test_namespaces.h"

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
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
constexpr char kBefore[] = "tales/before-connectivity-test", kTenant[] = "tales/connectivity-test";
const char* const kLabels[] = {"pod-security.kubernetes.io/enforce", "pod-security.kubernetes.io/warn"};

std::string NameOf(const Json& object) { return Text(object, "metadata.name"); }

std::optional<Tenant> TenantOf(const Json& namespace_) { return ReadTenant(Annotation(namespace_, kTenant)); }

}  // namespace

bool TestNamespaces::IsAnothers(const Json& namespace_) const {
  const std::optional<Tenant> tenant = TenantOf(namespace_);
  return tenant.has_value() && tenant->run != tenant_.run;
}

// Unavailable: it goes. FailedPrecondition: another run is in it.
absl::Status TestNamespaces::CheckFree(const Json& namespace_) const {
  const std::string name = NameOf(namespace_);
  if (!Text(namespace_, "metadata.deletionTimestamp").empty()) {
    return absl::UnavailableError(absl::StrCat("namespace ", name, " is still being deleted"));
  }
  const std::optional<Tenant> tenant = TenantOf(namespace_);
  if (!IsAnothers(namespace_) || !MayBeAtWork(*tenant, absl::Now())) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "namespace ", name, " is ", InUseBy(*tenant),
      ": let it end first; or, where it was killed, free it: kubectl annotate namespace ", name, " ", kTenant, "-"));
}

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
    if (absl::StartsWith(NameOf(one), kPrefix) && !IsAnothers(one)) names.insert(NameOf(one));
  }
  return names;
}

// What was there before: what an earlier run wrote down, where one was killed.
absl::Status TestNamespaces::Remember(const Json& namespace_, Deadline deadline) {
  const std::string name = NameOf(namespace_);
  versions_[name] = Text(namespace_, "metadata.resourceVersion");
  const bool ours = Label(namespace_, kMadeBy) == kTales;
  (ours ? ours_ : before_).insert(name);
  if (ours || IsAnothers(namespace_)) TALES_RETURN_IF_ERROR(TakeOver(name, deadline));
  if (ours) return absl::OkStatus();
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
  const Json made = {
      {"apiVersion", "v1"},
      {"kind", "Namespace"},
      {"metadata", {{"name", name}, {"labels", labels}, {"annotations", {{kTenant, WriteTenant(tenant_)}}}}}};
  const absl::Status status =
      client_->Create(kube::kNamespaces, "", made, /*dry_run=*/false, deadline.AtMost(kCall)).status();
  if (status.ok()) made_.insert(name);
  // Somebody else was quicker: who?
  return absl::IsAlreadyExists(status) ? absl::UnavailableError(status.message())
                                       : Annotate(status, absl::StrCat("making namespace ", name));
}

// One that a run of ours left, made or opened: this run's to put right.
absl::Status TestNamespaces::TakeOver(const std::string& name, Deadline deadline) {
  // With its version, so that of two who find it free one is refused (Aborted).
  const Json patch = {
      {"metadata", {{"resourceVersion", versions_[name]}, {"annotations", {{kTenant, WriteTenant(tenant_)}}}}}};
  const auto taken = client_->MergePatch(kube::kNamespaces, "", name, patch, /*dry_run=*/false, deadline.AtMost(kCall));
  if (!taken.ok()) return Annotate(taken.status(), absl::StrCat("taking over namespace ", name));
  versions_[name] = Text(taken->body, "metadata.resourceVersion");
  return absl::OkStatus();
}

absl::Status TestNamespaces::Open(const std::string& name, Deadline deadline) {
  const Json before = {{"labels", labels_[name]}, {"objects", objects_[name]}};
  Json labels = Json::object();
  for (const char* label : kLabels) labels[label] = "privileged";
  const Json patch = {{"metadata",
                       {{"resourceVersion", versions_[name]},  // as in TakeOver
                        {"labels", labels},
                        {"annotations", {{kBefore, before.dump()}, {kTenant, WriteTenant(tenant_)}}}}}};
  const absl::Status opened =
      client_->MergePatch(kube::kNamespaces, "", name, patch, /*dry_run=*/false, deadline.AtMost(kCall)).status();
  if (opened.ok()) opened_.insert(name);
  return Annotate(opened, absl::StrCat("labelling namespace ", name));
}

absl::Status TestNamespaces::Close(const std::string& name, Deadline deadline) {
  const Json patch = {
      {"metadata", {{"labels", labels_[name]}, {"annotations", {{kBefore, nullptr}, {kTenant, nullptr}}}}}};
  return Annotate(
      client_->MergePatch(kube::kNamespaces, "", name, patch, /*dry_run=*/false, deadline.AtMost(kCall)).status(),
      absl::StrCat("labelling namespace ", name, " as it was"));
}

// One attempt; Unavailable and Aborted: worth another.
absl::Status TestNamespaces::Settle(int count, Deadline deadline) {
  before_.clear();
  ours_.clear();
  TALES_ASSIGN_OR_RETURN(auto namespaces, client_->List(kube::kNamespaces, "", {}, deadline.AtMost(kCall)));
  std::erase_if(namespaces, [](const Json& one) { return !absl::StartsWith(NameOf(one), kPrefix); });
  for (const Json& one : namespaces) TALES_RETURN_IF_ERROR(CheckFree(one));
  for (const Json& one : namespaces) TALES_RETURN_IF_ERROR(Remember(one, deadline));
  for (int i = 1; i <= count; ++i) {
    const std::string name = absl::StrCat(kPrefix, i);
    if (ours_.contains(name)) continue;
    TALES_RETURN_IF_ERROR(before_.contains(name) ? Open(name, deadline) : Make(name, deadline));
  }
  return absl::OkStatus();
}

absl::StatusOr<TestNamespaces> TestNamespaces::Prepare(kube::Client& client, int count, Tenant tenant,
                                                       Deadline deadline) {
  TestNamespaces prepared(client, std::move(tenant));
  const absl::Status settled = RetryUntil(
      deadline, "the namespaces of the test", absl::Seconds(1), [&] { return prepared.Settle(count, deadline); },
      [](const absl::Status& status) { return absl::IsUnavailable(status) || absl::IsAborted(status); });
  if (settled.ok()) return prepared;
  // What it had made ready by then would keep others out.
  for (const std::string& name : prepared.made_) {
    client.Delete(kube::kNamespaces, "", name, Deadline::After(kCall)).IgnoreError();
  }
  for (const std::string& name : prepared.opened_) {
    prepared.Close(name, Deadline::After(kCall)).IgnoreError();
  }
  return settled;
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
      TALES_RETURN_IF_ERROR(dead_pods_.End(name, deadline));
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
