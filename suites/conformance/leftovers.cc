#include "suites/conformance/leftovers.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/status.h"
#include "harness/check/spec.h"

namespace tales::conformance {

absl::StatusOr<std::vector<std::string>> RemoveLeftovers(kube::Client& client, const std::vector<std::string>& run_ids,
                                                         Deadline deadline) {
  std::vector<std::string> left;
  if (run_ids.empty()) return left;
  const kube::ListOptions ours{.label_selector = absl::StrCat("e2e-run in (", absl::StrJoin(run_ids, ","), ")")};
  absl::Status asked;
  const absl::Status gone =
      RetryUntil(deadline, "the end of the tests' namespaces", absl::Milliseconds(500), [&]() -> absl::Status {
        left.clear();
        const auto namespaces = client.List(kube::kNamespaces, "", ours, deadline.AtMost(absl::Seconds(20)));
        asked = namespaces.status();
        TALES_RETURN_IF_ERROR(asked);
        for (const kube::Json& one : *namespaces) {
          left.push_back(Text(one, "metadata.name"));
          // Most are on their way out already: e2e.test deletes each, and does not wait.
          if (!Text(one, "metadata.deletionTimestamp").empty()) continue;
          const absl::Status deleted =
              client.Delete(kube::kNamespaces, "", left.back(), deadline.AtMost(absl::Seconds(20)));
          if (!deleted.ok() && !absl::IsNotFound(deleted)) return deleted;
        }
        return left.empty() ? absl::OkStatus() : absl::UnavailableError(absl::StrJoin(left, ", "));
      });
  if (!asked.ok()) return asked;
  return left;
}

}  // namespace tales::conformance
