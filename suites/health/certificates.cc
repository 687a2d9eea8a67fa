// Certificates chain to the authority that is expected and will not run out soon: those that servers show (per node),
// and those that we and the operator hold (talosconfig, kubeconfig).
//
// How soon is soon depends on who renews. Nobody renews a talosconfig or kubeconfig: 30 days. Servers renew by
// themselves at half of a lifetime (apid: 24 h; API server: a year; internal/app/machined/pkg/controllers/secrets of
// Talos 1.9.4), so one with less than a quarter left is one whose renewal is stuck.
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "harness/pki/certificate.h"
#include "suites/health/checks.h"
#include "suites/shared/commands.h"

namespace tales::health {
namespace {

constexpr int kApidPort = 50000;
constexpr absl::Duration kHeldMargin = absl::Hours(24 * 30);

std::string When(absl::Time time) { return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone()); }

void JudgeCertificate(const std::string& what, const pki::Certificate& leaf, const std::string& ca_pem,
                      absl::Duration margin, const std::string& renew, std::vector<Problem>& problems) {
  const absl::Time now = absl::Now();
  if (now >= leaf.not_after) {
    problems.push_back({.expected = absl::StrCat(what, " valid"),
                        .found = absl::StrCat("it expired on ", When(leaf.not_after)),
                        .next = renew});
    return;
  }
  if (now < leaf.not_before) {
    problems.push_back(
        {.expected = absl::StrCat(what, " valid"),
         .found = absl::StrCat("it is valid from ", When(leaf.not_before), " only: whose clock is wrong?"),
         .next = "`talosctl time` on every node, and the clock of this machine"});
    return;
  }
  if (!ca_pem.empty()) {
    if (const absl::Status chain = pki::VerifyChain(leaf, ca_pem, now); !chain.ok()) {
      problems.push_back({.expected = absl::StrCat(what, " issued by the cluster's authority"),
                          .found = absl::StrCat(chain.message(), " (issuer: ", leaf.issuer, ")"),
                          .next = "is this the cluster that the credentials belong to?"});
    }
  }
  if (leaf.not_after - now < margin) {
    problems.push_back(
        {.expected = absl::StrCat(what, " outlives ", absl::FormatDuration(absl::Trunc(margin, absl::Minutes(1)))),
         .found = absl::StrCat("it expires on ", When(leaf.not_after)),
         .next = renew});
  }
}

absl::Duration RenewalMargin(const pki::Certificate& leaf) { return (leaf.not_after - leaf.not_before) / 4; }

// Host and port of "https://10.0.1.50:6443".
bool SplitServer(std::string_view url, std::string& host, int& port) {
  if (!absl::ConsumePrefix(&url, "https://")) return false;
  url = url.substr(0, url.find('/'));
  port = 443;
  const size_t colon = url.rfind(':');
  if (colon != std::string_view::npos && url.find(']', colon) == std::string_view::npos) {
    if (!absl::SimpleAtoi(url.substr(colon + 1), &port)) return false;
    url = url.substr(0, colon);
  }
  if (!url.empty() && url.front() == '[') url = url.substr(1, url.size() - 2);
  host = std::string(url);
  return !host.empty();
}

Outcome LookAtServers(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const talos::Context& talos = *context.cluster().talos_context();
  const std::string& host = node.dial.empty() ? node.address : node.dial;
  std::vector<Problem> problems;
  const absl::StatusOr<pki::ServerCertificates> apid = pki::FetchServerCertificates(
      host, kApidPort, talos.certificate_pem, talos.key_pem, context.deadline().AtMost(Facts::kCallDeadline));
  if (!apid.ok())
    return Outcome::CannotLook(apid.status(), absl::StrCat("is port 50000 of ", host, " reachable from here?"));
  const pki::Certificate& leaf = apid->chain.front();
  JudgeCertificate(absl::StrCat("apid's certificate on ", node.name), leaf, talos.ca_pem, RenewalMargin(leaf),
                   absl::StrCat(Talosctl(node, "service apid restart"), "; ", Talosctl(node, "logs machined"),
                                " (secrets.APIController)"),
                   problems);
  std::string summary = absl::StrCat("apid's until ", When(leaf.not_after));

  int port = 0;
  std::string server;
  const kube::Client* kube = context.cluster().kube();
  if (node.role == Role::kControlPlane && kube != nullptr && SplitServer(kube->access().server, server, port)) {
    const absl::StatusOr<pki::ServerCertificates> api =
        pki::FetchServerCertificates(host, port, "", "", context.deadline().AtMost(Facts::kCallDeadline));
    if (!api.ok())
      return Outcome::CannotLook(api.status(), absl::StrCat("is port ", port, " of ", host, " reachable from here?"));
    const pki::Certificate& serving = api->chain.front();
    JudgeCertificate(absl::StrCat("the API server's certificate on ", node.name), serving, kube->access().ca_pem,
                     RenewalMargin(serving), Talosctl(node, "logs machined"), problems);
    absl::StrAppend(&summary, ", the API server's until ", When(serving.not_after));
  }
  return Outcome::FromProblems(std::move(problems), summary);
}

Outcome LookAtCredentials(CheckContext& context) {
  std::vector<Problem> problems;
  std::vector<std::string> summary;
  auto judge = [&](const std::string& what, const std::string& certificate_pem, const std::string& ca_pem,
                   const std::string& renew) -> absl::Status {
    const absl::StatusOr<std::vector<pki::Certificate>> chain = pki::ParseCertificates(certificate_pem);
    if (!chain.ok()) return chain.status();
    JudgeCertificate(what, chain->front(), ca_pem, kHeldMargin, renew, problems);
    summary.push_back(absl::StrCat(what, " until ", When(chain->front().not_after)));
    return absl::OkStatus();
  };
  if (const std::optional<talos::Context>& talos = context.cluster().talos_context(); talos.has_value()) {
    const absl::Status status =
        judge("the talosconfig's certificate", talos->certificate_pem, talos->ca_pem,
              "`talosctl config new` with a talosconfig that still works, or generate one from secrets.yaml");
    if (!status.ok()) return Outcome::CannotLook(status, "look at the talosconfig");
  }
  if (const kube::Client* kube = context.cluster().kube(); kube != nullptr && !kube->access().certificate_pem.empty()) {
    const absl::Status status = judge("the kubeconfig's certificate", kube->access().certificate_pem,
                                      kube->access().ca_pem, "`talosctl kubeconfig` writes a new one");
    if (!status.ok()) return Outcome::CannotLook(status, "look at the kubeconfig");
  }
  if (summary.empty()) return Outcome::Unsupported("a client certificate", "credentials without one");
  std::string found = summary.front();
  for (size_t i = 1; i < summary.size(); ++i) absl::StrAppend(&found, ", ", summary[i]);
  return Outcome::FromProblems(std::move(problems), found);
}

}  // namespace

Check Certificates() {
  return {
      .id = "health.certificates",
      .question = "Do the node's server certificates chain to the cluster's authority, and are they renewed in time?",
      .instances = Instances::kNode,
      .needs = {&kNeedsTalos},
      .after = {"health.talos_api"},
      .faults = {"lab:certificate-expiring"},
      .look = LookAtServers};
}

Check Credentials() {
  return {.id = "health.credentials",
          .question = "Do talosconfig and kubeconfig belong to the cluster, and are they valid for another 30 days?",
          .faults = {"lab:credentials-expiring"},
          .look = LookAtCredentials};
}

}  // namespace tales::health
