// What `cilium connectivity test` prints, read a piece at a time. Source: cilium-cli v0.18.2, connectivity/check.
//
//   [=] [cilium-test-1] Test [no-policies] [2/112]             a test begins; the one before it is over
//   [=] [cilium-test-1] Skipping test [dns-only] [93/112] (Feature l7-proxy is disabled)
//     [.] Action [TEST/SCENARIO/ACTION: POD (ADDRESS) -> PEER (ADDRESS:PORT)]
//     ❌ command "curl ... URL" failed: command failed (pod=NAMESPACE/POD, container=X): ... exit code 28
//
// A test's own lines are held back until its first failure, and come in an order that need not be theirs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tales::imports {

// What it printed between "[=] [cilium-test-1] Test [NAME]" and the next test, at most 1 MiB; "" where there is nothing
// of it.
std::string_view SectionOf(std::string_view log, std::string_view test);

// How many tests it left out for each reason, most first: "12 Feature l7-proxy is disabled, 3 skipped by user".
std::string WhySkipped(std::string_view log);

// The text behind the mark of a failure ("❌", or "🟥" for one that ends the test); "" where the line is none.
std::string_view FailureText(std::string_view line);

// How many actions a test that passed has run, by the dots that it printed. 0: it passed without having done anything.
size_t ActionsIn(std::string_view section);

// The test whose action the line begins ("[.] Action [TEST/..."); "" where it begins none.
std::string_view TestOfAction(std::string_view line);

struct FailedAction {
  std::string
      action;  // "no-policies/pod-to-pod/curl-0: a/b (10.0.0.1) -> c/d (10.0.0.2:8080)"; "" where it is not told
  std::string reason;  // "curl http://10.0.0.2:8080: exit code 28 (timed out)"
};
// Of a test's section, in order. The action is the one between the pod and the place that the reason names; where it
// names none, the last one that began.
std::vector<FailedAction> FailedActions(std::string_view section);

// What check-log-errors found fault with.
struct LogCheck {
  struct Container {
    std::string name;                // "CLUSTER/NAMESPACE/POD (CONTAINER)"
    std::vector<std::string> lines;  // of its log, as they are there
    bool whole = false;              // as many as it says that there are
  };
  std::vector<Container> containers;
  std::vector<std::string> others;  // what is not about lines: restarts, logs that could not be had
};
LogCheck ReadLogCheck(std::string_view section);

}  // namespace tales::imports
