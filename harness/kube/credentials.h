// What we show the API server to be let in: a certificate, a token, a password, or what an exec plugin gives.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "harness/base/deadline.h"
#include "harness/kube/kubeconfig.h"

namespace tales::kube {

struct Credential {
  std::string token;
  std::string certificate_pem, key_pem;
  absl::Time expires = absl::InfiniteFuture();
};

// What an exec plugin wrote on its standard output (ExecCredential). InvalidArgument says what is wrong with it.
// Source: k8s.io/client-go pkg/apis/clientauthentication/v1.
absl::StatusOr<Credential> ParseExecCredential(std::string_view text, std::string_view api_version);
// KUBERNETES_EXEC_INFO: what the plugin is told.
std::string ExecInfo(const Access& access);

// Thread-safe; `access` must outlive it.
class CredentialSource {
 public:
  explicit CredentialSource(const Access& access) : access_(access) {}

  // A token file is read each time; a plugin runs when there is no credential yet or it has expired.
  absl::StatusOr<Credential> Current(Deadline deadline);
  // Forgets the plugin's credential, if it is still this one: the server answered 401. False: there is nothing to
  // renew.
  bool Refuse(const Credential& credential);

 private:
  absl::StatusOr<Credential> RunPlugin(Deadline deadline) const;

  const Access& access_;
  std::mutex mutex_;
  std::optional<Credential> cached_;
};

}  // namespace tales::kube
