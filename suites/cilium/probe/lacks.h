// What a scenario needs and a cluster need not have.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "suites/cilium/probe/place.h"

namespace tales::cilium::probe {

// Want and have; nullopt: nothing is missing. Pure.
std::optional<std::pair<std::string, std::string>> Lacks(const Place& place, std::string_view scenario);
// Whether Cilium does: with another network a pod that asks for one may not even start.
bool ServesHostPorts(const Place& place);

}  // namespace tales::cilium::probe
