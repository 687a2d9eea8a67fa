#include "suites/conformance/leftovers.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "harness/base/status.h"
#include "harness/check/spec.h"
#include "suites/shared/dead_pods.h"

namespace tales::conformance {

namespace {

constexpr absl::Duration kOnItsWay = absl::Seconds(8);

}  // namespace

bool HasJustBeenDeleted(const kube::Json& one, absl::Time now) {
  absl::Time deleted;
  const std::string text = Text(one, "metadata.deletionTimestamp");
  return absl::ParseTime(absl::RFC3339_full, text, &deleted, nullptr) && absl::AbsDuration(now - deleted) < kOnItsWay;
}

absl::StatusOr<std::set<std::string>> RunIdsOf(kube::Client& client, const std::set<std::string>& names,
                                               Deadline deadline) {
  std::set<std::string> ids;
  if (names.empty()) return ids;
  TALES_ASSIGN_OR_RETURN(const std::vector<kube::Json> namespaces,
                         client.List(kube::kNamespaces, "", {.label_selector = "e2e-run"}, deadline));
  for (const kube::Json& one : namespaces) {
    if (names.contains(Text(one, "metadata.name"))) ids.insert(Label(one, "e2e-run"));
  }
  return ids;
}

absl::StatusOr<std::vector<std::string>> RemoveLeftovers(kube::Client& client, const std::vector<std::string>& run_ids,
                                                         Deadline deadline) {
  std::vector<std::string> left;
  if (run_ids.empty()) return left;
  const kube::ListOptions ours{.label_selector = absl::StrCat("e2e-run in (", absl::StrJoin(run_ids, ","), ")")};
  absl::Status asked;
  std::set<std::string> by_us;
  DeadPods dead_pods(client);
  const absl::Status gone =
      RetryUntil(deadline, "the end of the tests' namespaces", absl::Milliseconds(500), [&]() -> absl::Status {
        left.clear();
        const auto namespaces = client.List(kube::kNamespaces, "", ours, deadline.AtMost(absl::Seconds(20)));
        asked = namespaces.status();
        TALES_RETURN_IF_ERROR(asked);
        for (const kube::Json& one : *namespaces) {
          const std::string name = Text(one, "metadata.name");
          if (!by_us.contains(name) && HasJustBeenDeleted(one, absl::Now())) continue;
          left.push_back(name);
          // Most are on their way out already: e2e.test deletes each, and does not wait.
          if (!Text(one, "metadata.deletionTimestamp").empty()) {
            TALES_RETURN_IF_ERROR(dead_pods.End(name, deadline));
            continue;
          }
          by_us.insert(name);
          absl::Status deleted = client.Delete(kube::kNamespaces, "", left.back(), deadline.AtMost(absl::Seconds(20)));
          if (!deleted.ok() && !absl::IsNotFound(deleted)) return deleted;
        }
        return left.empty() ? absl::OkStatus() : absl::UnavailableError(absl::StrJoin(left, ", "));
      });
  if (!asked.ok()) return asked;
  return left;
}

}  // namespace tales::conformance
