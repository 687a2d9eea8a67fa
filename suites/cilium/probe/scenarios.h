// The scenarios: each is a check of its own, cilium.probe/ID.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "suites/cilium/probe/probe.h"

namespace tales::cilium::probe {

struct Scenario {
  std::string id;                   // "other-node"
  std::string question;             // of the check
  std::string expected;             // for a report that it does not hold
  std::vector<std::string> faults;  // that must turn it
  std::string unproven;             // why none here can; "": one can
  std::string next;                 // where to look, when the way between nodes is not the reason
};

const std::vector<Scenario>& Scenarios();
const Scenario& FindScenario(std::string_view id);  // REQUIRES: it is one
std::string CheckOf(std::string_view id);           // "cilium.probe/other-node"

}  // namespace tales::cilium::probe
