// Behaves like e2e.test v1.32.2 as far as a runner of it can see: arguments, output, JUnit, signals, exit code. What
// becomes of each test is written in the file that FAKE_E2E names, a line for each: "passed NAME", "failed NAME",
// "skipped NAME", "flaky NAME" (failed in the first start, passed in later ones), "hangs NAME", "deaf NAME" (hangs, and
// takes no signal), "naps NAME" (takes four seconds and passes), "dies NAME", "lies NAME" (prints passed, writes
// failed), "unseen NAME" (writes passed, prints nothing); and for the whole: "no-setup", "no-junit", "cut-junit", "exit
// N".
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <string>

#include "suites/conformance/selection.h"
#include "tests/unit/conformance/ginkgo_junit.h"

namespace {

volatile sig_atomic_t interrupted = 0;

std::string Flag(int argc, char** argv, const std::string& name) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.rfind(name + "=", 0) == 0) return argument.substr(name.size() + 1);
  }
  return "";
}

void Say(const std::string& text) {
  std::cout << text;
  std::cout.flush();
}

const char kLine[] = "------------------------------\n";

void Node(const std::string& name, bool works, const std::string& why = "") {
  Say(kLine + name + " \nk8s.io/kubernetes@v1.32.2/test/e2e/e2e.go:69\n");
  Say(name + (works ? " PASSED" : " [FAILED]") + " [0.010 seconds]\n");
  if (!works) Say(name + " \nk8s.io/e2e.go:69\n\n  [FAILED] " + why + "\n  In " + name + " at: e2e.go:1\n" + kLine);
}

}  // namespace

int main(int argc, char** argv) {
  using tales::conformance::Selection;
  if (argc > 1 && std::string(argv[1]) == "--version") {
    std::cout << "v1.32.2\n";
    return 0;
  }
  signal(SIGINT, [](int) { interrupted = 1; });
  const char* scenario_file = std::getenv("FAKE_E2E");
  std::ifstream scenario(scenario_file == nullptr ? "" : scenario_file);
  const auto selection = Selection::Make(Flag(argc, argv, "--ginkgo.focus"), "");
  if (!scenario || !selection.ok()) {
    std::cerr << "flag provided but not defined\n";
    return 2;
  }
  tales::testing::GinkgoJUnit junit;
  junit.focus = Flag(argc, argv, "--ginkgo.focus");
  int exit_code = 0;
  bool setup = true, has_junit = true, fixed_exit = false, cut = false;
  std::vector<std::pair<std::string, std::string>> tests;
  for (std::string line; std::getline(scenario, line);) {
    const std::string word = line.substr(0, line.find(' '));
    const std::string rest = line.size() > word.size() ? line.substr(word.size() + 1) : "";
    if (word == "no-setup")
      setup = false;
    else if (word == "no-junit")
      has_junit = false;
    else if (word == "cut-junit")
      cut = true;
    else if (word == "exit")
      exit_code = std::stoi(rest), fixed_exit = true;
    else if (selection->Picks(rest))
      tests.emplace_back(word, rest);
  }
  Say("  I1125 19:37:45.052777   28209 e2e.go:109] Starting e2e run \"0123-4567-" + std::to_string(tests.size()) +
      "\" on Ginkgo node 1\nRunning Suite: Kubernetes e2e suite - /p\n");
  Node("[SynchronizedBeforeSuite]", setup, "coredns is not ready");
  junit.cases.push_back(
      {"[SynchronizedBeforeSuite]", setup ? "passed" : "failed", setup ? "" : "coredns is not ready"});
  bool failed = !setup;
  const bool first = Flag(argc, argv, "--report-dir").ends_with("e2e-1");
  for (const auto& [planned, name] : tests) {
    const std::string fate = planned != "flaky" ? planned : first ? "failed" : "passed";
    if (!setup || interrupted) {
      junit.Add(name, "skipped");
      continue;
    }
    if (fate == "unseen") {
      junit.Add(name);
      continue;
    }
    Say(kLine + name + " [labels, Conformance]\nk8s.io/x.go:1\n  STEP: begins\n");
    if (fate == "dies") raise(SIGKILL);
    if (fate == "deaf") signal(SIGINT, SIG_IGN);
    while ((fate == "hangs" || fate == "deaf") && !interrupted) usleep(10'000);
    if (fate == "naps") usleep(4'000'000);
    std::string state = fate == "lies" || fate == "naps" ? "passed" : interrupted ? "interrupted" : fate;
    const std::string upper = state == "failed" ? "FAILED" : state == "skipped" ? "SKIPPED" : "INTERRUPTED";
    if (state == "passed") {
      Say("• [0.001 seconds]\n");
    } else {
      Say((state == "skipped" ? "S [" : "• [") + upper + "] [0.020 seconds]\n" + name + "\nx.go:1\n\n  [" + upper +
          "] it is " + fate + "\n  In [It] at: x.go:1\n" + kLine);
    }
    if (fate == "lies") state = "failed";
    junit.Add(name, state, state == "passed" ? "" : "it is " + fate);
    failed = failed || state == "failed" || state == "interrupted";
  }
  Node("[SynchronizedAfterSuite]", true);
  if (has_junit) {
    std::ofstream file(Flag(argc, argv, "--report-dir") + "/junit_01.xml");
    const std::string text = junit.ToString();
    file << text.substr(0, cut ? text.size() / 2 : text.size());
  }
  return fixed_exit ? exit_code : failed ? 1 : 0;
}
