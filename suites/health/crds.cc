// The declared custom resource definitions are there, established, and of the declared version. They are installed
// before the CNI, so that one values.yaml of Cilium can name ServiceMonitors from the start.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "harness/check/spec.h"
#include "suites/health/checks.h"

namespace tales::health {
namespace {

// What `crds.prometheusOperator` stands for. Source: example/prometheus-operator-crd of prometheus-operator v0.80.
constexpr std::string_view kPrometheusOperatorCrds[] = {
    "alertmanagerconfigs.monitoring.coreos.com", "alertmanagers.monitoring.coreos.com",
    "podmonitors.monitoring.coreos.com",         "probes.monitoring.coreos.com",
    "prometheusagents.monitoring.coreos.com",    "prometheuses.monitoring.coreos.com",
    "prometheusrules.monitoring.coreos.com",     "scrapeconfigs.monitoring.coreos.com",
    "servicemonitors.monitoring.coreos.com",     "thanosrulers.monitoring.coreos.com"};
constexpr std::string_view kVersionAnnotation = "operator.prometheus.io/version";

std::optional<std::string> NothingDeclared(const Cluster& cluster) {
  if (!cluster.definition().crds.empty()) return std::nullopt;
  return "a cluster file without crds";
}
const Requirement kNeedsCrds{"declared:crds", "declared custom resource definitions", NothingDeclared};

std::optional<Problem> Judge(std::string_view name, const kube::Json* crd, const CrdsDefinition& declared) {
  const std::string install = absl::StrCat("`kubectl apply --server-side -f` the file of ", name, " of ",
                                           declared.version, declared.source.empty() ? "" : " from ", declared.source);
  if (crd == nullptr) {
    return Problem{.expected = absl::StrCat("CRD ", name), .found = "there is none", .next = install};
  }
  if (ConditionStatus(*crd, "Established") != "True") {
    return Problem{.expected = absl::StrCat("CRD ", name, " Established"),
                   .found = absl::StrCat("Established is ", ConditionStatus(*crd, "Established"), ": ",
                                         ConditionMessage(*crd, "NamesAccepted")),
                   .next = absl::StrCat("`kubectl describe crd ", name, "`")};
  }
  const std::string version = Annotation(*crd, kVersionAnnotation);
  if (!declared.version.empty() && absl::StripPrefix(version, "v") != absl::StripPrefix(declared.version, "v")) {
    return Problem{.expected = absl::StrCat("CRD ", name, " of version ", declared.version),
                   .found = version.empty() ? absl::StrCat("no annotation ", kVersionAnnotation) : version,
                   .next = install};
  }
  return std::nullopt;
}

Outcome Look(CheckContext& context) {
  const std::map<std::string, CrdsDefinition>& sets = context.definition().crds;
  const auto declared = sets.find("prometheusOperator");
  if (declared == sets.end()) return Outcome::Unsupported("a set of CRDs that is known", sets.begin()->first);
  const absl::StatusOr<std::vector<kube::Json>> crds = context.facts().Objects(kube::kCustomResourceDefinitions);
  if (!crds.ok()) return Outcome::CannotLook(crds.status(), "`kubectl get crds`");
  std::vector<Problem> problems;
  for (std::string_view name : kPrometheusOperatorCrds) {
    const auto found = std::find_if(crds->begin(), crds->end(),
                                    [&](const kube::Json& crd) { return Text(crd, "metadata.name") == name; });
    if (std::optional<Problem> problem = Judge(name, found == crds->end() ? nullptr : &*found, declared->second)) {
      problems.push_back(*std::move(problem));
    }
  }
  return Outcome::FromProblems(std::move(problems), absl::StrCat(std::size(kPrometheusOperatorCrds), " established, ",
                                                                 declared->second.version));
}

}  // namespace

Check Crds() {
  return {.id = "health.crds",
          .question = "Are the declared CRDs there, established, and of the declared version?",
          .needs = {&kNeedsCrds, &kNeedsKubernetes},
          .after = {"health.kubernetes_api"},
          .faults = {"lab:crd-missing", "lab:crd-not-established"},
          .optional = true,
          .look = Look};
}

}  // namespace tales::health
