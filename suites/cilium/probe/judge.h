// From what was tried to a verdict, as a function: which way between which nodes, and what a person does next.
#pragma once

#include <string>
#include <vector>

#include "harness/check/outcome.h"
#include "suites/cilium/probe/probe.h"
#include "suites/cilium/probe/ways.h"

namespace tales::cilium::probe {

struct JudgeInput {
  std::string expected;      // "a pod on each node reaches the pods of every other by HTTP"
  std::vector<Tried> tried;  // of one scenario
  std::string name_space;    // of the pods, for commands
  std::string next;          // where to look when nothing else is known
};

// Passed: all hold. Failed: a problem for each thing that is broken, the widest first: all nodes, a node, a pair of
// nodes both ways, one way, and what has to do with one node alone; the last one says how many of the others are fine.
// Error: none failed, but some could not be run, or there is nothing that was tried.
Outcome JudgeTried(const JudgeInput& input, const Ways& ways);

// cilium.probe/one-way: does what is sent arrive? `missing`: ways that could not be measured, and why.
Outcome JudgeWays(const Ways& ways, const std::vector<std::string>& missing);

}  // namespace tales::cilium::probe
