// Pods that differ in one thing each from one that every level of the Pod Security Standards admits.
#pragma once

#include <string>
#include <vector>

#include "nlohmann/json.hpp"

namespace tales::testing {

struct NamedPod {
  std::string what;
  nlohmann::json pod;  // without a name and a namespace
};

// Every control of the levels baseline and restricted, on pod, container, init container and several of them, allowed
// and forbidden values, and what the API server refuses before admission sees it.
const std::vector<NamedPod>& ParityPods();

// A pod that every level admits.
nlohmann::json RestrictedPod();

}  // namespace tales::testing
