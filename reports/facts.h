// What a run says of the cluster that it judged and of how it was judged: the properties of a JUnit suite, the head of
// a page, the first lines of a comparison.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nlohmann/json.hpp"

namespace tales::reports {

struct Fact {
  std::string name;   // as a JUnit property: "talos.version"
  std::string value;  // never empty, one line
};

// Of a journal's first event, in an order that is always the same; what it does not say is left out.
std::vector<Fact> FactsOf(const nlohmann::json& run);

// For people: "talos.version" is "Talos", "nodes.schedulable" is "schedulable nodes"; others stay what they are.
std::string_view FactTitle(std::string_view name);

// The value of `name`, or "".
std::string_view FactValue(const std::vector<Fact>& facts, std::string_view name);

// Whether the fixture finds its cluster instead of making one: there another authority is another cluster.
bool FindsItsCluster(std::string_view fixture);

// When the run was begun, RFC 3339 UTC: as it says, else from its id, which starts with the time; "" where neither
// does.
std::string StartOf(const nlohmann::json& run);

// A string, number or boolean below `object` as one line of text; "" for the rest.
std::string FieldText(const nlohmann::json& object, const char* key);

}  // namespace tales::reports
