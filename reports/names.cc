#include "reports/names.h"

#include <cstddef>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tales::reports {
namespace {

std::string JoinInstances(const std::vector<std::string>& instances, int limit) {
  const size_t shown = limit > 0 ? static_cast<size_t>(limit) : instances.size();
  if (shown >= instances.size()) return absl::StrJoin(instances, ",");
  return absl::StrCat(absl::StrJoin(instances.begin(), instances.begin() + static_cast<std::ptrdiff_t>(shown), ","),
                      " and ", instances.size() - shown, " more");
}

}  // namespace

std::string JoinNames(const std::vector<std::string>& checks, int limit) {
  std::vector<std::pair<std::string, std::vector<std::string>>> grouped;
  std::map<std::string, size_t> index;
  for (const std::string& check : checks) {
    const size_t slash = check.find('/');
    const std::string base = check.substr(0, slash);
    const auto [it, is_new] = index.emplace(base, grouped.size());
    if (is_new) grouped.emplace_back(base, std::vector<std::string>());
    if (slash != std::string::npos) grouped[it->second].second.push_back(check.substr(slash + 1));
  }
  std::string out;
  int shown = 0;
  size_t names_shown = 0;
  for (const auto& [base, instances] : grouped) {
    if (limit > 0 && shown == limit) {
      absl::StrAppend(&out, " and ", checks.size() - names_shown, " more");
      break;
    }
    absl::StrAppend(&out, shown++ == 0 ? "" : ", ", base);
    names_shown += instances.empty() ? 1 : instances.size();
    if (instances.size() == 1) absl::StrAppend(&out, "/", instances[0]);
    if (instances.size() > 1) absl::StrAppend(&out, "/{", JoinInstances(instances, limit), "}");
  }
  return out;
}

}  // namespace tales::reports
