// kubeconfig: which server, which authority, which credentials. Source: client-go tools/clientcmd/api/v1 of v0.32.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tales::kube {

// One context of a kubeconfig, resolved: everything that a client needs to connect.
struct Access {
  std::string context;
  std::string server;           // "https://10.0.1.50:6443"
  std::string ca_pem;           // "" with insecure = true only
  bool insecure = false;        // insecure-skip-tls-verify
  std::string tls_server_name;  // Default: the server's host
  std::string proxy_url;        // http, https or socks5
  std::string certificate_pem, key_pem;
  std::string token;  // or token_file, read again for each connection as client-go does
  std::string token_file;
  std::string username, password;
  // exec plugin (client.authentication.k8s.io/v1 and v1beta1): run when a credential is needed, cached until it
  // expires.
  std::vector<std::string> exec_argv;
  std::vector<std::pair<std::string, std::string>> exec_environment;
  std::string exec_api_version;
  bool exec_provide_cluster_info = false;
  // Not of a kubeconfig: for servers of another kind.
  std::string pinned_sha256;                    // "sha256:<64 hex>" over the leaf's DER: it and no other is trusted,
                                                // whoever signed it and whatever name is in it
  std::string trust_source = "the kubeconfig";  // who names the authority, for messages
  std::string cluster_file;  // extension `tales`: the cluster file that a fixture wrote beside it; "" otherwise
};

// The named context, or the current one for "". Paths in the file are relative to the file. InvalidArgument and
// NotFound name the file, the context and what is wrong with it.
absl::StatusOr<Access> LoadKubeconfig(const std::filesystem::path& path, std::string_view context);
absl::StatusOr<Access> ParseKubeconfig(std::string_view text, std::string_view name,
                                       const std::filesystem::path& folder, std::string_view context);
// The text of a kubeconfig with this one context (certificates inline); real kubectl reads it.
std::string WriteKubeconfig(const Access& access, std::string_view cluster, std::string_view user);

}  // namespace tales::kube
