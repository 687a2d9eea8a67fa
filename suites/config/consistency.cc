#include "suites/config/consistency.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/pki/certificate.h"

namespace tales::config {
namespace {

std::string ValueOf(const Secrets& secrets, std::string_view path) {
  const auto found = secrets.values.find(std::string(path));
  return found == secrets.values.end() ? "" : found->second;
}

void JudgeAuthority(const std::string& name, const std::string& what, const std::string& ca_pem,
                    const std::string& certificate_pem, const std::string& authority_pem, const std::string& origin,
                    const std::string& next, std::vector<Problem>& problems) {
  const auto trusted = pki::ParseCertificates(ca_pem);
  const auto authority = pki::ParseCertificates(authority_pem);
  if (!authority.ok()) return;  // JudgeSecrets has told
  // It may trust several: one that is being replaced by another.
  const bool same = trusted.ok() && std::any_of(trusted->begin(), trusted->end(), [&](const pki::Certificate& each) {
                      return each.sha256 == authority->front().sha256;
                    });
  if (!same) {
    problems.push_back({.expected = absl::StrCat(name, " trusts the ", what, " authority of ", origin),
                        .found = trusted.ok()
                                     ? absl::StrCat("it trusts another: ", trusted->front().sha256)
                                     : absl::StrCat("its authority cannot be read: ", trusted.status().message()),
                        .next = next});
    return;
  }
  if (certificate_pem.empty()) return;  // a token, a plugin
  const auto leaf = pki::ParseCertificates(certificate_pem);
  const absl::Status issued =
      leaf.ok() ? pki::VerifyChain(leaf->front(), authority_pem, absl::InfinitePast()) : leaf.status();
  if (issued.ok()) return;
  problems.push_back(
      {.expected = absl::StrCat("the certificate in ", name, " issued by the ", what, " authority of ", origin),
       .found = std::string(issued.message()),
       .next = next});
}

}  // namespace

std::vector<Problem> JudgeSecrets(const Secrets& secrets) {
  std::vector<Problem> problems;
  for (const std::string_view name : {"etcd", "k8s", "k8saggregator", "os"}) {
    const auto certificates = pki::ParseCertificates(PemOf(ValueOf(secrets, absl::StrCat("certs.", name, ".crt"))));
    const std::string key = PemOf(ValueOf(secrets, absl::StrCat("certs.", name, ".key")));
    const absl::Status status = certificates.ok() ? pki::KeyMatches(certificates->front(), key) : certificates.status();
    if (status.ok()) continue;
    problems.push_back(
        {.expected = absl::StrCat("certs.", name, ".key in ", secrets.origin, " is the key of certs.", name, ".crt"),
         .found = std::string(status.message()),
         .next = "take the file from where its master copy is kept; a mended one is another cluster's"});
  }
  return problems;
}

std::vector<Problem> JudgeConfig(const Secrets& secrets, const NamedConfig& config, const std::string& next) {
  std::vector<std::string> different, missing;
  for (const SecretPlace& place : SecretPlaces()) {
    if (!config.control_plane && !place.in_worker) continue;
    const std::string want = ValueOf(secrets, place.secrets);
    const std::string have = Compact(TextAt(config.config->v1alpha1(), place.machine_config));
    if (have == want) continue;
    (have.empty() ? missing : different).emplace_back(place.machine_config);
  }
  if (different.empty() && missing.empty()) return {};
  std::string found = config.name;
  if (!different.empty()) absl::StrAppend(&found, ": other values at ", absl::StrJoin(different, ", "));
  if (!missing.empty()) absl::StrAppend(&found, ": nothing at ", absl::StrJoin(missing, ", "));
  return {{.expected = absl::StrCat(config.name, " holds the secrets of ", secrets.origin),
           .found = std::move(found),
           .next = next}};
}

std::vector<Problem> JudgeCredentials(const Secrets& secrets, const std::string& name, const talos::Context& context,
                                      const std::string& next) {
  std::vector<Problem> problems;
  JudgeAuthority(name, "Talos", context.ca_pem, context.certificate_pem, PemOf(ValueOf(secrets, "certs.os.crt")),
                 secrets.origin, next, problems);
  return problems;
}

std::vector<Problem> JudgeCredentials(const Secrets& secrets, const std::string& name, const kube::Access& access,
                                      const std::string& next) {
  std::vector<Problem> problems;
  if (access.ca_pem.empty()) return problems;  // it trusts anybody: nothing to compare
  JudgeAuthority(name, "Kubernetes", access.ca_pem, access.certificate_pem, PemOf(ValueOf(secrets, "certs.k8s.crt")),
                 secrets.origin, next, problems);
  return problems;
}

Secrets SecretsOf(const NamedConfig& control_plane) {
  Secrets secrets{control_plane.name, "", {}};
  for (const SecretPlace& place : SecretPlaces()) {
    const std::string value = Compact(TextAt(control_plane.config->v1alpha1(), place.machine_config));
    if (!value.empty()) secrets.values.emplace(place.secrets, value);
  }
  return secrets;
}

}  // namespace tales::config
