#include "suites/cilium/probe/wire.h"

#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "harness/base/status.h"

namespace tales::cilium::probe {
namespace {

constexpr char kWord[] = "tales-in-the-clear";
constexpr int kSeconds = 5;

WireSeen LookAt(const Executor& executor, const NodePlace& from, const NodePlace& to, Deadline deadline) {
  WireSeen seen{.from = from.name, .to = to.name};
  std::thread watching([&] {
    const auto answers =
        executor.Exec(from.host_client, {{"wire", absl::StrCat(kSeconds), to.address, kWord}}, 1, deadline);
    seen.status = answers.ok() ? ParseWire(answers->front().text, seen) : answers.status();
  });
  absl::SleepFor(absl::Seconds(2));
  const std::string url = absl::StrCat("http://", to.server.address, ":", kHttpPort, "/echo?msg=", kWord);
  absl::Status asked = absl::FailedPreconditionError(to.server.trouble);
  if (to.server.runs()) {
    const auto answers = executor.Exec(from.client, {{"get", url}, {"get", url}, {"get", url}}, 1, deadline);
    asked = answers.status();
    if (answers.ok() && answers->front().code != 0)
      asked = absl::UnavailableError(absl::StrCat("GET ", url, ": ", answers->front().text));
  }
  watching.join();
  if (seen.status.ok()) seen.status = asked;
  return seen;
}

}  // namespace

absl::Status ParseWire(std::string_view text, WireSeen& seen) {
  const std::vector<std::string> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
  if (words.size() == 6 && words[0] == "device" && absl::SimpleAtoi(words[3], &seen.packets) &&
      absl::SimpleAtoi(words[5], &seen.clear)) {
    seen.device = words[1];
    return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat("tcpdump: ", text.substr(0, 200)));
}

std::vector<WireSeen> LookAtWire(const Executor& executor, const Place& place, Deadline deadline) {
  std::vector<WireSeen> all;
  for (size_t i = 0; i < place.nodes.size(); ++i) {
    all.push_back(LookAt(executor, place.nodes[i], place.nodes[(i + 1) % place.nodes.size()], deadline));
  }
  return all;
}

Outcome JudgeWire(const std::vector<WireSeen>& seen) {
  std::vector<Problem> problems;
  std::vector<std::string> blind;
  int packets = 0;
  for (const WireSeen& one : seen) {
    const std::string way = absl::StrCat(one.from, " -> ", one.to);
    if (!one.status.ok()) {
      blind.push_back(absl::StrCat(way, ": ", one.status.message()));
    } else if (one.clear > 0) {
      problems.push_back({.expected = "what pods say to each other between nodes is encrypted",
                          .found = absl::StrCat(way, ": ", one.clear, " of ", one.packets, " packets on ", one.device,
                                                " show what was said"),
                          .next = "cilium-dbg encrypt status in the agents of both; is the other node's key known?"});
    } else if (one.packets == 0) {
      blind.push_back(absl::StrCat(way, ": tcpdump saw no packet on ", one.device, ", so that it proves nothing"));
    }
    packets += one.packets;
  }
  if (problems.empty() && (!blind.empty() || seen.empty())) {
    return Outcome::CannotLook(
        absl::UnavailableError(blind.empty() ? "nothing was looked at" : absl::StrJoin(blind, "; ")),
        "look at the pods host-*");
  }
  return Outcome::FromProblems(std::move(problems),
                               absl::StrCat(packets, " packets between the nodes, none that shows what pods say"));
}

}  // namespace tales::cilium::probe
