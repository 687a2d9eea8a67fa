// What differs between two machine configurations, as paths that a person finds in the file. Never a secret's value.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "harness/operator/document.h"

namespace tales::config {

struct Difference {
  enum class Kind { kChanged, kOnlyInFirst, kOnlyInSecond };

  std::string path;  // "cluster.apiServer.certSANs[1]"
  Kind kind = Kind::kChanged;
  std::string first, second;  // the values, where they may be shown; else why not: "(secret)", "(3 lines)", "(a map)"
};

// In the order of the first. Documents are compared by kind and name, maps by key, lists by place (what was put into
// the middle of one does not make the rest of it differ). Null and not there are the same, as they are to Talos; so are
// a number and the same number in quotes. Empty: they mean the same, whatever their comments and order.
std::vector<Difference> Compare(const MachineConfig& first, const MachineConfig& second);

// "cluster.network.dnsDomain: "cluster.local" in FIRST, "home.lan" in SECOND"
std::string Describe(const Difference& difference, std::string_view first, std::string_view second);
// The first few, one a line, and how many more there are.
std::string Describe(const std::vector<Difference>& differences, std::string_view first, std::string_view second,
                     size_t most = 20);

}  // namespace tales::config
