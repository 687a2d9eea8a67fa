#include "absl/strings/str_cat.h"
#include "harness/talos/resources.h"
#include "suites/pod_security/admission_config.h"
#include "suites/pod_security/checks.h"

namespace tales::pod_security {
namespace {

Outcome Look(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const std::string next = absl::StrCat("talosctl -n ", node.address, " get admissioncontrolconfigs -o yaml");
  const absl::StatusOr<std::vector<talos::Resource>> resources =
      context.facts().Resources(node, talos::kAdmissionControl);
  if (!resources.ok()) return Outcome::CannotLook(resources.status(), next);
  if (resources->empty()) {
    return Outcome::Failed(
        {.expected = "an AdmissionControlConfigs resource", .found = "the control plane has none", .next = next});
  }
  const talos::Resource& resource = resources->front();
  return Outcome::FromProblems(JudgeAdmissionConfig(resource.yaml_spec, ExpectedExemptions(context.definition()),
                                                    /*exempt_only=*/!context.definition().discovered, node.address),
                               "enforce baseline, warn and audit restricted; kube-system exempt")
      .With({.name = "admissioncontrolconfigs.yaml", .content = resource.yaml_spec});
}

}  // namespace

Check AdmissionConfigCheck() {
  return {.id = "pod_security.admission_config",
          .question = "Is the control plane's live PodSecurity configuration the declared default?",
          .instances = Instances::kControlPlane,
          .needs = {&kNeedsTalos},
          .after = {"health.talos_api"},
          .faults = {"lab:admission-config-drift"},
          .look = Look};
}

}  // namespace tales::pod_security
