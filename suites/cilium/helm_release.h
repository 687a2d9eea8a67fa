// A release as Helm 3 keeps it: in a Secret (or, with another driver, a ConfigMap), as base64 of gzip of JSON. What
// comes from there may hold secrets of the operator's values: only what is asked for leaves this file.
// Source: helm.sh/helm/v3, pkg/storage/driver, pkg/release, pkg/chart.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/check/check.h"
#include "harness/kube/client.h"

namespace tales::cilium {

using kube::Json;

struct HelmRelease {
  std::string name, status, description;  // "deployed", "failed"; "Upgrade complete"
  int64_t revision = 0;
  std::string chart, chart_version;  // of the chart that was installed, perhaps one around Cilium's
  std::string cilium_version;        // of Cilium's own chart: that one, or the dependency of that name; "" without one
  Json values;  // those of Cilium's chart, the defaults of an umbrella chart and the given ones merged
  std::map<std::string, std::string> config;  // cilium-config as rendered; empty where the manifest has none

  // The scalar at a dotted path of `values` as text; nullopt where there is none.
  std::optional<std::string> Value(std::string_view path) const;
};

// The text of one stored release (data.release of the Secret, still in the Secret's base64 where `of_secret`).
// InvalidArgument where it is not what Helm writes; OutOfRange where it unpacks to more than 64 MiB.
absl::StatusOr<HelmRelease> ParseHelmRelease(std::string_view stored, bool of_secret);

// The newest revision of the release that the cluster file names, shared as a fact. NotFound where there is none.
absl::StatusOr<HelmRelease> FindHelmRelease(CheckContext& context);

}  // namespace tales::cilium
