#include "suites/cilium/probe/executor.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/parallel.h"
#include "harness/base/pause.h"
#include "harness/base/status.h"
#include "harness/base/subprocess.h"
#include "script_text.h"

namespace tales::cilium::probe {
namespace {

constexpr size_t kPodsAtOnce = 16;
constexpr size_t kProbesOfAnExec = 60;  // they are in the request's address, which some proxies limit to 8 KiB
constexpr absl::Duration kLongestExec = absl::Seconds(90);
constexpr absl::Duration kPause = absl::Seconds(2);
// Cluster DNS keeps for half a minute that a name has no addresses (CoreDNS' `cache 30`, `ttl 30`): what is asked
// before it has heard of a new service is asked in vain for as long.
constexpr absl::Duration kNamesPatience = absl::Seconds(35);

// The message of a client's error, without the request, which has the whole command in it: "EXEC /api/... at
// https://...: WHY".
std::string WithoutAddress(const std::string& message) {
  const size_t at = message.find(" at http");
  const size_t end = at == std::string::npos ? at : message.find(": ", at);
  return end == std::string::npos ? message : message.substr(end + 2);
}

// As probe.sh takes them.
std::vector<std::string> Lines(const std::vector<std::vector<std::string>>& probes) {
  std::vector<std::string> lines;
  lines.reserve(probes.size());
  for (size_t i = 0; i < probes.size(); ++i) lines.push_back(absl::StrCat(i, " ", absl::StrJoin(probes[i], " ")));
  return lines;
}

bool IsNameWithoutItsAddresses(const Tried& one) {
  return (one.probe.kind() == "resolve" || one.probe.kind() == "dig") && ResultOf(one) == Result::kWrong;
}

// What does not hold and could be tried.
std::vector<size_t> Failing(const std::vector<Tried>& tried) {
  std::vector<size_t> places;
  for (size_t i = 0; i < tried.size(); ++i) {
    if (!Holds(tried[i]) && tried[i].probe.impossible.empty()) places.push_back(i);
  }
  return places;
}

}  // namespace

std::vector<Tried> ToTry(std::vector<Probe> probes) {
  std::vector<Tried> tried;
  tried.reserve(probes.size());
  for (Probe& probe : probes) tried.push_back({.probe = std::move(probe)});
  return tried;
}

absl::StatusOr<std::vector<Answer>> RunOutside(const std::string& program,
                                               const std::vector<std::vector<std::string>>& probes, int lanes,
                                               Deadline deadline) {
  // Straight to the nodes, whatever the environment says about proxies.
  Command command{.argv = {program, "sh", "-c", kProbeScript, "probe.sh", absl::StrCat(lanes)},
                  .environment = {{"HTTPS_PROXY", ""}, {"HTTP_PROXY", ""}, {"https_proxy", ""}, {"http_proxy", ""}}};
  for (std::string& line : Lines(probes)) command.argv.push_back(std::move(line));
  TALES_ASSIGN_OR_RETURN(const Finished done, tales::Run(command, deadline.AtMost(kLongestExec)));
  absl::StatusOr<std::vector<Answer>> answers = ParseRecords(done.output, probes.size());
  if (answers.ok()) return answers;
  return Annotate(answers.status(), absl::StrCat("probes by ", program, " (exit code ", done.exit_code, "; ",
                                                 done.error_output.substr(0, 300), ")"));
}

const PodPlace* Executor::FindPod(const std::string& name) const {
  for (const NodePlace& node : place_.nodes) {
    for (const PodPlace* pod : {&node.client, &node.host_client, &node.server, &node.door}) {
      if (pod->name == name) return pod;
    }
  }
  const auto guard = place_.guards.find(name);
  return guard == place_.guards.end() ? nullptr : &guard->second;
}

absl::StatusOr<std::vector<Answer>> Executor::Exec(const PodPlace& pod,
                                                   const std::vector<std::vector<std::string>>& probes, int lanes,
                                                   Deadline deadline) const {
  if (!pod.runs())
    return absl::FailedPreconditionError(pod.trouble.empty() ? absl::StrCat("pod ", pod.name, " has no address")
                                                             : pod.trouble);
  const std::string where = absl::StrCat("exec in ", pod.name, " on ", pod.node, ": ");
  if (const std::string trouble = trouble_(pod.node); !trouble.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(where, trouble));
  }
  std::vector<std::string> command = {"sh", "/tales-probe/probe.sh", absl::StrCat(lanes)};
  for (std::string& line : Lines(probes)) command.push_back(std::move(line));
  const absl::StatusOr<kube::ExecResult> exec =
      client_.Exec(place_.name_space, pod.name, "main", command, deadline.AtMost(kLongestExec));
  if (!exec.ok()) {
    const std::string trouble = trouble_(pod.node);
    return absl::Status(exec.status().code(), absl::StrCat(where, trouble, trouble.empty() ? "" : "; ",
                                                           WithoutAddress(std::string(exec.status().message()))));
  }
  const kube::ExecResult& done = *exec;
  absl::StatusOr<std::vector<Answer>> answers = ParseRecords(done.output, probes.size());
  if (answers.ok()) return answers;
  return Annotate(answers.status(), absl::StrCat("probes in ", pod.name, " (exit code ", done.exit_code, "; ",
                                                 done.error_output.substr(0, 300), ")"));
}

void Executor::Run(std::vector<Tried>& tried, Deadline deadline, int lanes) const {
  std::map<std::string, std::vector<Tried*>> by_pod;
  for (Tried& one : tried) {
    if (!one.probe.impossible.empty()) {
      one.answer = absl::FailedPreconditionError(one.probe.impossible);
    } else {
      by_pod[one.probe.pod].push_back(&one);
    }
  }
  std::vector<std::pair<std::string, std::vector<Tried*>>> pods(by_pod.begin(), by_pod.end());
  ForEachInParallel(pods.size(), kPodsAtOnce, [&](size_t i) {
    auto& [name, probes] = pods[i];
    const PodPlace* pod = FindPod(name);
    for (size_t first = 0; first < probes.size(); first += kProbesOfAnExec) {
      const size_t end = std::min(first + kProbesOfAnExec, probes.size());
      std::vector<std::vector<std::string>> words;
      for (size_t j = first; j < end; ++j) words.push_back(probes[j]->probe.words);
      absl::StatusOr<std::vector<Answer>> answers = absl::NotFoundError(absl::StrCat("there is no pod ", name));
      if (pod != nullptr) answers = Exec(*pod, words, lanes, deadline);
      if (name.empty()) answers = RunOutside(place_.outside, words, lanes, deadline);
      for (size_t j = first; j < end; ++j) {
        if (answers.ok()) {
          probes[j]->answer = std::move((*answers)[j - first]);
        } else {
          probes[j]->answer = answers.status();
        }
      }
    }
  });
}

void Executor::RunAgain(std::vector<Tried>& tried, const std::vector<size_t>& places, Deadline deadline) const {
  std::vector<Tried> again;
  for (const size_t place : places) again.push_back({.probe = tried[place].probe});
  Pause(kPause, deadline);
  Run(again, deadline);
  for (size_t i = 0; i < again.size(); ++i) {
    tried[places[i]].answer = std::move(again[i].answer);
    ++tried[places[i]].tries;
  }
}

void Executor::RunPatiently(std::vector<Tried>& tried, int rounds, Deadline deadline) const {
  const Deadline names = deadline.AtMost(kNamesPatience);
  Run(tried, deadline);
  for (int round = 2; round <= rounds && !deadline.passed(); ++round) {
    const std::vector<size_t> places = Failing(tried);
    if (places.empty() || (round > 2 && places.size() * 4 > tried.size())) return;
    RunAgain(tried, places, deadline);
  }
  while (!names.passed()) {
    std::vector<size_t> places = Failing(tried);
    std::erase_if(places, [&tried](size_t place) { return !IsNameWithoutItsAddresses(tried[place]); });
    if (places.empty()) return;
    RunAgain(tried, places, deadline);
  }
}

}  // namespace tales::cilium::probe
