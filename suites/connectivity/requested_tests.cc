#include "suites/connectivity/requested_tests.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "re2/re2.h"

namespace tales::connectivity {
namespace {

// What the tests are made of. An expression is matched against TEST/SCENARIO, and the JUnit names the tests alone.
// Source: cilium-cli v0.18.2, connectivity/tests.
constexpr const char* kScenarios[] = {"bgpv1-advertisements",
                                      "bgpv2-advertisements",
                                      "cilium-health",
                                      "client-to-client",
                                      "clustermesh-endpointslice-sync",
                                      "egress-gateway",
                                      "egress-gateway-excluded-cidrs",
                                      "from-cidr-to-pod",
                                      "host-to-pod",
                                      "local-redirect-policy-with-node-dns",
                                      "lrp-skip-redirect-from-backend",
                                      "multicast",
                                      "no-errors-in-logs",
                                      "no-interrupted-connections",
                                      "no-ipsec-xfrm-error",
                                      "no-unexpected-packet-drops",
                                      "node-to-node-encryption",
                                      "outside-to-ingress-service",
                                      "outside-to-nodeport",
                                      "pod-to-cidr",
                                      "pod-to-controlplane-host",
                                      "pod-to-host",
                                      "pod-to-hostport",
                                      "pod-to-ingress-service",
                                      "pod-to-k8s-local",
                                      "pod-to-local-nodeport",
                                      "pod-to-pod",
                                      "pod-to-pod-encryption",
                                      "pod-to-pod-encryption-v2",
                                      "pod-to-pod-missing-ipcache",
                                      "pod-to-pod-no-frag",
                                      "pod-to-pod-with-endpoints",
                                      "pod-to-remote-nodeport",
                                      "pod-to-service",
                                      "pod-to-world",
                                      "pod-to-world-2",
                                      "pod-to-world-with-extra-tls-intercept",
                                      "pod-to-world-with-tls-intercept"};

// At commas, but for those within quotes: the flag is a line of CSV.
std::vector<std::string> Split(std::string_view tests) {
  std::vector<std::string> all(1);
  bool quoted = false;
  for (const char c : tests) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      all.emplace_back();
    } else {
      all.back() += c;
    }
  }
  return all;
}

bool Matches(const std::string& expression, const std::string& text) {
  const RE2 pattern(expression, RE2::Quiet);
  return pattern.ok() && RE2::PartialMatch(text, pattern);
}

bool Picks(const std::string& expression, const std::string& test) {
  const std::string prefix = absl::StrCat(test, "/");
  if (Matches(expression, prefix)) return true;
  if (std::any_of(std::begin(kScenarios), std::end(kScenarios),
                  [&](const char* scenario) { return Matches(expression, absl::StrCat(prefix, scenario)); })) {
    return true;
  }
  // A scenario that is not known here, of a test that is named.
  const size_t slash = expression.find('/');
  return slash != std::string::npos && slash > 0 && Matches(expression.substr(0, slash + 1), prefix);
}

}  // namespace

std::vector<std::string> ExpressionsWithoutATest(std::string_view tests, const std::set<std::string>& ran) {
  std::vector<std::string> without;
  if (tests.empty() || tests == "all") return without;
  for (const std::string& expression : Split(tests)) {
    if (absl::StartsWith(expression, "!")) continue;
    if (std::none_of(ran.begin(), ran.end(), [&](const std::string& test) { return Picks(expression, test); })) {
      without.push_back(expression);
    }
  }
  return without;
}

}  // namespace tales::connectivity
