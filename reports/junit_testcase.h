// One case as a JUnit <testcase>, under Jenkins' junit-10 schema: no other attributes than name, time and classname,
// plain digits for the time. The verdicts' elements are those of README.md, "Verdicts".
#pragma once

#include <string>

#include "pugixml.hpp"
#include "reports/run_model.h"

namespace tales::reports {

// `fails`: the case makes the run fail (RunModel::Fails).
pugi::xml_node AppendTestcase(pugi::xml_node suite, const Case& one, bool fails);

void SetAttribute(pugi::xml_node node, const char* name, const std::string& value);
std::string Seconds(double seconds);  // "4.210"; the schema takes no exponent and at most three decimals

}  // namespace tales::reports
