// What went wrong on the way to the Kubernetes API, as a Status: codes as client.h lists them.
#pragma once

#include <curl/curl.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tales::kube {

// Why an HTTP answer with this status is an error: the server's own words where `body` is a v1.Status, else its start.
// OK below 400. The words alone are kept as a payload: see ServerMessage().
absl::Status FromHttp(int http_status, std::string_view body);

// What the server itself said (Status.message), without what we put in front of it; "" where it said nothing. Lost by
// layers that annotate: ask before.
std::string ServerMessage(const absl::Status& status);

// A transfer that failed. `elapsed` parts tell whether it was connecting, shaking hands or waiting that took too long.
struct TransferFailure {
  CURLcode code = CURLE_OK;
  long verify_result = 0;      // X509_V_ERR_*
  std::string detail;          // libcurl's error buffer
  double seconds_connect = 0;  // 0: never connected
  double seconds_tls = 0;      // 0: handshake not completed
  double seconds_total = 0;
  bool tls = true;
  std::string trust_source = "the kubeconfig";  // who names the authority
  std::string shown_sha256;                     // of a certificate that is not the pinned one
};
absl::Status FromTransfer(const TransferFailure& failure);

}  // namespace tales::kube
