#include "suites/cilium/probe/wire.h"

#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "harness/base/status.h"

namespace tales::cilium::probe {
namespace {

// A part of what probe.sh's upload is made of; dots, as words end at blanks there.
constexpr char kWord[] = "probes.what.a.large.payload";
constexpr int kLongestWatch = 60;  // seconds; it is ended when all has been sent

WireSeen LookAt(const Executor& executor, const NodePlace& from, const NodePlace& to, Deadline deadline) {
  WireSeen seen{.from = from.name, .to = to.name};
  if (!from.client.runs() || !to.server.runs()) {
    seen.status = absl::FailedPreconditionError(from.client.runs() ? to.server.trouble : from.client.trouble);
    return seen;
  }
  const auto run = [&](const PodPlace& pod, const std::vector<std::string>& words) -> absl::StatusOr<std::string> {
    TALES_ASSIGN_OR_RETURN(const std::vector<Answer> answers, executor.Exec(pod, {words}, 1, deadline));
    if (answers.front().code == 0) return answers.front().text;
    return absl::UnavailableError(absl::StrCat(words.front(), ": ", answers.front().text));
  };
  const std::string tag = absl::StrCat("wire-", from.number, "-", to.number);
  absl::StatusOr<std::string> watched;
  // Without encryption packets have the pods' addresses, but in a tunnel: then they have the nodes'.
  std::thread watching([&] {
    watched = run(from.host_client, {"wire", tag, absl::StrCat(kLongestWatch), to.address, kWord, from.client.address,
                                     to.server.address});
  });
  absl::Status sent = run(from.host_client, {"await", tag}).status();
  if (sent.ok()) sent = run(from.client, {"upload", to.server.address, absl::StrCat(kWireBytes)}).status();
  const absl::Status stopped = run(from.host_client, {"stop", tag}).status();
  watching.join();
  for (const absl::Status& status : {watched.status(), sent, stopped}) {
    if (seen.status.ok()) seen.status = status;
  }
  if (seen.status.ok()) seen.status = ParseWire(*watched, seen);
  return seen;
}

}  // namespace

absl::Status ParseWire(std::string_view text, WireSeen& seen) {
  const std::vector<std::string> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
  if (words.size() == 8 && words[0] == "device" && absl::SimpleAtoi(words[3], &seen.packets) &&
      absl::SimpleAtoi(words[5], &seen.bytes) && absl::SimpleAtoi(words[7], &seen.clear)) {
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
                          .found = absl::StrCat(way, ": what was said can be read ", one.clear, " times in ",
                                                one.packets, " packets on ", one.device),
                          .next = "cilium-dbg encrypt status in the agents of both; is the other node's key known?"});
    } else if (one.bytes < kWireBytes) {
      blind.push_back(absl::StrCat(way, ": ", kWireBytes, " bytes were sent, and tcpdump saw ", one.bytes, " in ",
                                   one.packets, " packets on ", one.device, ": they went another way"));
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
