#include "harness/operator/secrets.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/status.h"
#include "harness/operator/document.h"

namespace tales::config {
namespace {

constexpr std::string_view kSecretbox = "secrets.secretboxencryptionsecret", kAescbc = "secrets.aescbcencryptionsecret";

constexpr std::array<SecretPlace, 15> kPlaces = {{
    {"cluster.id", "cluster.id", true},
    {"cluster.secret", "cluster.secret", true},
    {"secrets.bootstraptoken", "cluster.token", true},
    {kSecretbox, "cluster.secretboxEncryptionSecret"},
    {kAescbc, "cluster.aescbcEncryptionSecret"},
    {"trustdinfo.token", "machine.token", true},
    {"certs.etcd.crt", "cluster.etcd.ca.crt"},
    {"certs.etcd.key", "cluster.etcd.ca.key"},
    {"certs.k8s.crt", "cluster.ca.crt", true},
    {"certs.k8s.key", "cluster.ca.key"},
    {"certs.k8saggregator.crt", "cluster.aggregatorCA.crt"},
    {"certs.k8saggregator.key", "cluster.aggregatorCA.key"},
    {"certs.k8sserviceaccount.key", "cluster.serviceAccount.key"},
    {"certs.os.crt", "machine.ca.crt", true},
    {"certs.os.key", "machine.ca.key"},
}};

}  // namespace

std::span<const SecretPlace> SecretPlaces() { return kPlaces; }

absl::StatusOr<Secrets> ParseSecrets(std::string text, std::string_view origin) {
  TALES_ASSIGN_OR_RETURN(const YamlNode::Pointer root, ParseMap(text, origin));
  if (Find(root.get(), "sops") != nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(origin,
                                                   " is encrypted by SOPS; name the command that prints it in clear: "
                                                   "config.secrets: {command: [sops, --decrypt, secrets.yaml]}"));
  }
  Secrets secrets{std::string(origin), std::move(text), {}};
  std::vector<std::string> missing;
  for (const SecretPlace& place : SecretPlaces()) {
    const std::string value = Compact(TextAt(root.get(), place.secrets));
    if (!value.empty()) {
      secrets.values.emplace(place.secrets, value);
      const bool pem = absl::StartsWith(place.secrets, "certs.");
      if (pem && PemOf(value).empty()) missing.push_back(absl::StrCat(place.secrets, " is no PEM in base64"));
    } else if (place.secrets != kSecretbox && place.secrets != kAescbc) {
      missing.push_back(absl::StrCat(place.secrets, " is missing"));
    }
  }
  // Either is there: the one since Talos 1.3, the other before.
  if (!secrets.values.contains(std::string(kSecretbox)) && !secrets.values.contains(std::string(kAescbc))) {
    missing.push_back(absl::StrCat(kSecretbox, " is missing"));
  }
  if (missing.empty()) return secrets;
  return absl::InvalidArgumentError(absl::StrCat(origin, ": ", absl::StrJoin(missing, "; "),
                                                 "; `talosctl gen secrets` writes what `gen config` needs"));
}

std::string PemOf(std::string_view base64) {
  std::string pem;
  if (!absl::Base64Unescape(base64, &pem) || !absl::StrContains(pem, "-----BEGIN ")) return "";
  return pem;
}

std::string Compact(std::string_view base64) {
  std::string compact(base64);
  std::erase_if(compact, [](char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); });
  return compact;
}

}  // namespace tales::config
