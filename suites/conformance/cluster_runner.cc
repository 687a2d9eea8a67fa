#include "suites/conformance/cluster_runner.h"

#include <sys/random.h>

#include <fstream>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/file.h"
#include "harness/base/status.h"
#include "harness/check/spec.h"
#include "suites/shared/dead_pods.h"

namespace tales::conformance {
namespace {

using kube::Json;

// Whether it can be a label's value, and part of a name.
bool IsRunId(std::string_view id) {
  return !id.empty() && id.size() <= 45 &&
         id.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") ==
             std::string_view::npos;
}

}  // namespace

std::string RunIdOf(const std::filesystem::path& folder) {
  std::ifstream journal(folder.parent_path().parent_path() / "events.jsonl");
  std::string line;
  if (std::getline(journal, line)) {
    std::string id = Text(Json::parse(line, nullptr, /*allow_exceptions=*/false), "run");
    if (IsRunId(id)) return id;
  }
  const std::filesystem::path kept = folder / "run-id";
  if (const absl::StatusOr<std::string> id = ReadFile(kept, 64); id.ok() && IsRunId(*id)) return *id;
  unsigned char bytes[4] = {};
  if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) return "0";
  std::string id = absl::BytesToHexString(std::string_view(reinterpret_cast<const char*>(bytes), sizeof bytes));
  WriteFileAtomically(kept, id, 0600).IgnoreError();
  return id;
}

absl::Status ClusterRunner::Make(kube::ResourcePath kind, std::string_view namespace_, const Json& object) {
  const std::string name = Text(object, "metadata.name");
  const Deadline deadline = options_.deadline.AtMost(absl::Minutes(1));
  absl::Status made;
  RetryUntil(
      deadline, "the API server", absl::Milliseconds(500),
      [&] {
        made = client_.Create(kind, namespace_, object, /*dry_run=*/false, deadline.AtMost(absl::Seconds(20))).status();
        return made;
      },
      [](const absl::Status& status) { return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status); })
      .IgnoreError();  // `made` has it
  if (!absl::IsAlreadyExists(made)) return made;
  TALES_ASSIGN_OR_RETURN(const Json there, client_.Get(kind, namespace_, name, deadline));
  if (Label(there, kRunLabel) != options_.settings.run) {
    return absl::FailedPreconditionError(absl::StrCat(kind.plural, " ", name, " is there and is not of this run"));
  }
  if (!Text(there, "metadata.deletionTimestamp").empty()) {
    return absl::FailedPreconditionError(absl::StrCat(kind.plural, " ", name, " is being deleted"));
  }
  return absl::OkStatus();
}

absl::Status ClusterRunner::Prepare() {
  const std::string& run = options_.settings.run;
  const std::string name = NamespaceName(run);
  TALES_RETURN_IF_ERROR(Make(kube::kNamespaces, "", NamespaceObject(run)));
  TALES_RETURN_IF_ERROR(Make(kube::kServiceAccounts, name, ServiceAccountObject(run)));
  TALES_RETURN_IF_ERROR(Make(kClusterRoles, "", ClusterRoleObject(run)));
  return Make(kClusterRoleBindings, "", ClusterRoleBindingObject(run));
}

absl::StatusOr<std::unique_ptr<TestRun>> ClusterRunner::Start(const E2eOptions& options) {
  return PodRun::Start(client_, options_, options);
}

absl::Status ClusterRunner::Unmake(kube::ResourcePath kind, const std::string& name, Deadline deadline) {
  const absl::Status deleted = client_.Delete(kind, "", name, deadline.AtMost(absl::Seconds(20)));
  return absl::IsNotFound(deleted) ? absl::OkStatus() : deleted;
}

std::string ClusterRunner::Remove(Deadline deadline) {
  const std::string name = NamespaceName(options_.settings.run);
  std::vector<std::string> left;
  // The rights first of all, should it break off in the middle.
  for (const kube::ResourcePath& kind : {kClusterRoleBindings, kClusterRoles}) {
    const absl::Status deleted = Unmake(kind, name, deadline);
    if (!deleted.ok()) left.push_back(absl::StrCat(kind.plural, "/", name, " (", deleted.message(), ")"));
  }
  Json there;
  DeadPods dead_pods(client_, options_.progress);
  const absl::Status gone =
      RetryUntil(deadline, "the end of the namespace", absl::Milliseconds(300), [&]() -> absl::Status {
        absl::StatusOr<Json> object = client_.Get(kube::kNamespaces, "", name, deadline.AtMost(absl::Seconds(20)));
        if (absl::IsNotFound(object.status())) return absl::OkStatus();
        TALES_RETURN_IF_ERROR(object.status());
        there = *std::move(object);
        if (Text(there, "metadata.deletionTimestamp").empty()) {
          TALES_RETURN_IF_ERROR(Unmake(kube::kNamespaces, name, deadline));
        }
        TALES_RETURN_IF_ERROR(dead_pods.End(name, deadline));
        return absl::UnavailableError(WhyStuck(there));
      });
  if (!gone.ok()) left.push_back(absl::StrCat("namespace ", name, " (", gone.message(), ")"));
  return absl::StrJoin(left, "; ");
}

absl::StatusOr<std::vector<std::string>> RunsInCluster(kube::Client& client, Deadline deadline) {
  std::set<std::string> runs;
  for (const kube::ResourcePath& kind : {kube::kNamespaces, kClusterRoles, kClusterRoleBindings}) {
    TALES_ASSIGN_OR_RETURN(
        const std::vector<Json> objects,
        client.List(kind, "", {.label_selector = absl::StrCat(kManagedBy, "=tales,", kRunLabel)}, deadline));
    for (const Json& object : objects) {
      const std::string id = Label(object, kRunLabel);
      // The name too: others of ours carry the same labels.
      if (Text(object, "metadata.name") == NamespaceName(id)) runs.insert(id);
    }
  }
  return std::vector<std::string>(runs.begin(), runs.end());
}

std::vector<std::pair<std::string, std::string>> CleanUpRuns(kube::Client& client, const std::vector<std::string>& runs,
                                                             Deadline deadline) {
  std::vector<std::pair<std::string, std::string>> left;
  left.reserve(runs.size());
  for (const std::string& id : runs) {
    left.emplace_back(id, ClusterRunner(client, {.settings = {.run = id}, .deadline = deadline}).Remove(deadline));
  }
  return left;
}

}  // namespace tales::conformance
