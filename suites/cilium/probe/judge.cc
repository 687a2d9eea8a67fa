#include "suites/cilium/probe/judge.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tales::cilium::probe {
namespace {

using Pair = std::pair<std::string, std::string>;

constexpr size_t kNamed = 4;  // of the reasons why probes could not be run

// One thing that is broken, with the probes that show it. In this order in the report.
enum class Breadth { kEverywhere, kNode, kBothWays, kOneWay, kFrom, kLocal };
struct Break {
  Breadth breadth = Breadth::kLocal;
  Pair nodes;  // kBothWays: in the order of their names; kNode, kLocal: the first alone; kEverywhere: none
  // NOLINTNEXTLINE(modernize-use-nullptr): it takes the comparison with 0 that this stands for, for a pointer
  friend auto operator<=>(const Break&, const Break&) = default;
};
struct Shown {
  std::vector<const Tried*> failed;
  CutFound cut;
};
using Breaks = std::map<Break, Shown>;

// What a measured cut says of a probe from one node to another.
Break ByCut(Cut cut, const std::string& from, const std::string& to) {
  switch (cut) {
    case Cut::kForth:
      return {Breadth::kOneWay, {from, to}};
    case Cut::kBack:
      return {Breadth::kOneWay, {to, from}};
    case Cut::kBoth:
      return {Breadth::kBothWays, std::minmax(from, to)};
    default:
      return {Breadth::kFrom, {from, to}};
  }
}

void Add(const Tried& tried, const Ways& ways, Breaks& breaks) {
  const Probe& probe = tried.probe;
  const auto add = [&](const Break& key, CutFound cut) {
    Shown& shown = breaks[key];
    shown.failed.push_back(&tried);
    shown.cut = cut;
  };
  if (!probe.to.empty() && probe.to != probe.from) {
    const CutFound cut = CutBetween(ways, probe.from, probe.to, probe.layer);
    return add(ByCut(cut.cut, probe.from, probe.to), cut);
  }
  // Whoever answers, one of these does: a way to it that is known to be broken is the reason.
  for (const std::string& other : probe.maybe_to) {
    if (other == probe.from) continue;
    const CutFound cut = CutBetween(ways, probe.from, other, probe.layer);
    if (cut.cut == Cut::kNone || cut.cut == Cut::kUnknown) continue;
    return add(ByCut(cut.cut, probe.from, other), cut);
  }
  add({Breadth::kLocal, {probe.from, ""}}, {});
}

// Where every pair of a node, of two at least, is broken both ways, it is the node that is broken.
void GatherNodes(const std::vector<Tried>& tried, Breaks& breaks) {
  std::map<std::string, std::set<std::string>> others;
  for (const Tried& one : tried) {
    if (one.probe.to.empty() || one.probe.to == one.probe.from) continue;
    others[one.probe.from].insert(one.probe.to);
    others[one.probe.to].insert(one.probe.from);
  }
  for (const auto& [node, all] : others) {
    if (all.size() < 2) continue;
    std::vector<Break> of_node;
    for (const std::string& other : all) {
      const Pair pair = std::minmax(node, other);
      const bool each_way =
          breaks.contains({Breadth::kFrom, {node, other}}) && breaks.contains({Breadth::kFrom, {other, node}});
      if (breaks.contains({Breadth::kBothWays, pair})) {
        of_node.push_back({Breadth::kBothWays, pair});
      } else if (each_way) {
        of_node.push_back({Breadth::kFrom, {node, other}});
        of_node.push_back({Breadth::kFrom, {other, node}});
      } else {
        of_node.clear();
        break;
      }
    }
    if (of_node.empty()) continue;
    Shown& whole = breaks[{Breadth::kNode, {node, ""}}];
    for (const Break& one : of_node) {
      Shown& shown = breaks[one];
      whole.failed.insert(whole.failed.end(), shown.failed.begin(), shown.failed.end());
      breaks.erase(one);
    }
  }
}

// Two breaks of one pair, each way, that nothing more is known about, are one.
void GatherPairs(Breaks& breaks) {
  std::vector<Pair> both;
  for (const auto& [key, shown] : breaks) {
    const bool twice = breaks.contains({Breadth::kFrom, {key.nodes.second, key.nodes.first}});
    if (key.breadth == Breadth::kFrom && twice && key.nodes.first < key.nodes.second) both.push_back(key.nodes);
  }
  for (const Pair& pair : both) {
    Shown& whole = breaks[{Breadth::kBothWays, pair}];
    for (const Break& one : {Break{Breadth::kFrom, pair}, Break{Breadth::kFrom, {pair.second, pair.first}}}) {
      Shown& shown = breaks[one];
      whole.cut = shown.cut;
      whole.failed.insert(whole.failed.end(), shown.failed.begin(), shown.failed.end());
      breaks.erase(one);
    }
  }
}

// What has to do with one node alone, and is so on each of several, has to do with none of them.
void GatherEverywhere(const std::vector<Tried>& tried, Breaks& breaks) {
  std::set<std::string> nodes;
  for (const Tried& one : tried) nodes.insert(one.probe.from);
  const auto is_broken = [&breaks](const std::string& node) { return breaks.contains({Breadth::kLocal, {node, ""}}); };
  if (nodes.size() < 2 || !std::all_of(nodes.begin(), nodes.end(), is_broken)) return;
  Shown& whole = breaks[{Breadth::kEverywhere, {}}];
  for (const std::string& node : nodes) {
    const auto of_node = breaks.find({Breadth::kLocal, {node, ""}});
    whole.failed.insert(whole.failed.end(), of_node->second.failed.begin(), of_node->second.failed.end());
    breaks.erase(of_node);
  }
}

const char* Name(Layer layer) { return layer == Layer::kPods ? "from pod to pod" : "from node to node"; }

std::string Counted(const Ways& ways, const Pair& nodes, Layer layer) {
  const Way* way = ways.Find(layer, nodes.first, nodes.second);
  return way == nullptr ? "" : absl::StrCat(way->arrived, " of ", way->sent, " datagrams ", Name(layer), " arrived");
}

// Where a way is broken that was found whole: it was measured by IPv4.
std::string Though(const Shown& shown) {
  if (shown.cut.cut != Cut::kNone) return "";
  const bool ipv6 = !shown.failed.empty() && shown.failed.front()->probe.scenario == "ipv6";
  return absl::StrCat(", though datagrams", ipv6 ? " of IPv4" : "", " arrive both ways");
}

std::string Found(const Break& key, const Shown& shown, const Ways& ways) {
  const auto& [a, b] = key.nodes;
  switch (key.breadth) {
    case Breadth::kEverywhere:
      return "on every node";
    case Breadth::kNode:
      return absl::StrCat(a, ": nothing gets through to it or from it, with any other node");
    case Breadth::kBothWays:
      if (shown.cut.cut == Cut::kBoth)
        return absl::StrCat(a, " <-> ", b, ": neither way does anything arrive (",
                            Counted(ways, key.nodes, shown.cut.layer), ")");
      return absl::StrCat(a, " <-> ", b, ": broken whoever asks", Though(shown));
    case Breadth::kOneWay:
      return absl::StrCat(a, " -> ", b, ": what is sent this way does not arrive (",
                          Counted(ways, key.nodes, shown.cut.layer), "; the other way they do)");
    case Breadth::kFrom:
      return absl::StrCat(a, " -> ", b, ": broken when ", a, " asks", Though(shown));
    case Breadth::kLocal:
      return a;
  }
  return "";
}

std::string Next(const Break& key, const Shown& shown, const std::string& otherwise) {
  const auto& [a, b] = key.nodes;
  const bool is_silence = std::any_of(shown.failed.begin(), shown.failed.end(),
                                      [](const Tried* one) { return ResultOf(*one) == Result::kSilence; });
  switch (key.breadth) {
    case Breadth::kNode:
      return absl::StrCat("look at the link and the addresses of ", a, ", then at its agent: cilium-dbg status");
    case Breadth::kOneWay:
      return absl::StrCat(
          shown.cut.layer == Layer::kNodes ? "" : "(with a tunnel: UDP 8472 or 6081) ", "on ", b,
          ": tcpdump -ni any host ADDRESS-OF-", a,
          "; what leaves one and does not come in at the other is dropped between them: a firewall or a "
          "route for one direction");
    case Breadth::kBothWays:
    case Breadth::kFrom:
      if (shown.cut.cut == Cut::kNone && is_silence)
        return absl::StrCat("a policy, a route or the MTU? kubectl get netpol,cnp,ccnp -A; `ip route get ADDRESS` on ",
                            a, "; cilium.probe/mtu; the agent on ", b,
                            " says what it drops: cilium-dbg monitor --type drop");
      if (shown.cut.cut == Cut::kBoth)
        return absl::StrCat("ping the address of ", b, " from ", a,
                            "; if that works: UDP 8472 (tunnel), or the routes to pods");
      break;
    case Breadth::kEverywhere:
    case Breadth::kLocal:
      break;
  }
  return otherwise;
}

std::string Example(const Tried& tried, const std::string& name_space) {
  const std::string where =
      tried.probe.pod.empty() ? "" : absl::StrCat("kubectl -n ", name_space, " exec ", tried.probe.pod, " -- ");
  return absl::StrCat(tried.probe.what, ": ", Describe(tried), "   [", where, tried.probe.command, "]");
}

Outcome NotRun(const std::vector<const Tried*>& not_run, size_t all) {
  std::map<std::string, std::vector<std::string>> reasons;  // with the probes that each kept from being run
  for (const Tried* one : not_run) reasons[Describe(*one)].push_back(one->probe.what);
  std::vector<std::string> named;
  for (const auto& [reason, probes] : reasons) {
    if (named.size() == kNamed) break;
    named.push_back(absl::StrCat(
        probes.front(), probes.size() == 1 ? "" : absl::StrCat(" (and ", probes.size() - 1, " more)"), ": ", reason));
  }
  return Outcome::CannotLook(absl::UnavailableError(absl::StrCat(
                                 not_run.size(), " of ", all, " probes could not be run: ", absl::StrJoin(named, "; "),
                                 reasons.size() > kNamed ? "; ..." : "")),
                             "look at the probes' pods: why do they not run, or not answer?");
}

}  // namespace

Outcome JudgeTried(const JudgeInput& input, const Ways& ways) {
  Breaks breaks;
  std::vector<const Tried*> not_run;
  size_t failed = 0, again = 0;
  for (const Tried& one : input.tried) {
    if (Holds(one)) {
      again += one.tries > 1 ? 1 : 0;
    } else if (ResultOf(one) == Result::kNotRun) {
      not_run.push_back(&one);
    } else {
      ++failed;
      Add(one, ways, breaks);
    }
  }
  if (input.tried.empty())
    return Outcome::CannotLook(absl::InternalError("nothing was tried"), "report this: a scenario without a probe");
  if (failed == 0 && !not_run.empty()) return NotRun(not_run, input.tried.size());
  GatherNodes(input.tried, breaks);
  GatherPairs(breaks);
  GatherEverywhere(input.tried, breaks);
  std::vector<Problem> problems;
  for (const auto& [key, shown] : breaks) {
    problems.push_back(
        {.expected = input.expected,
         .found = absl::StrCat(Found(key, shown, ways), ": ", shown.failed.size(), " failed, for example ",
                               Example(*shown.failed.front(), input.name_space)),
         .next = Next(key, shown, input.next)});
  }
  const size_t fine = input.tried.size() - failed - not_run.size();
  if (!problems.empty()) {
    absl::StrAppend(&problems.back().found, "; all others fine (", fine, ")");
    if (!not_run.empty()) absl::StrAppend(&problems.back().found, "; ", not_run.size(), " could not be run");
  }
  return Outcome::FromProblems(std::move(problems),
                               absl::StrCat("all ", fine, " probes ended as they have to",
                                            again > 0 ? absl::StrCat("; ", again, " at a later try") : ""));
}

Outcome JudgeWays(const Ways& ways, const std::vector<std::string>& missing) {
  Breaks breaks;
  size_t measured = 0, fine = 0;
  for (const Layer layer : {Layer::kNodes, Layer::kPods}) {
    for (const auto& [nodes, way] : ways.of(layer)) {
      ++measured;
      if (!way.broken()) {
        ++fine;
        continue;
      }
      const Way* back = ways.Find(layer, nodes.second, nodes.first);
      const bool both = back != nullptr && back->broken();
      const Break key =
          both ? Break{Breadth::kBothWays, std::minmax(nodes.first, nodes.second)} : Break{Breadth::kOneWay, nodes};
      // The lower network is named where both are broken: the upper one is built on it.
      breaks.try_emplace(key, Shown{.cut = {both ? Cut::kBoth : Cut::kForth, layer}});
    }
  }
  if (breaks.empty() && (!missing.empty() || measured == 0)) {
    return Outcome::CannotLook(
        absl::UnavailableError(absl::StrCat("not every way could be measured: ",
                                            missing.empty() ? "there is none" : absl::StrJoin(missing, "; "))),
        "look at the probes' pods: why do they not run, or not answer?");
  }
  std::vector<Problem> problems;
  for (const auto& [key, shown] : breaks) {
    problems.push_back({.expected = "what a node and its pods send arrives at every other node and its pods",
                        .found = Found(key, shown, ways),
                        .next = Next(key, shown, "")});
  }
  if (!problems.empty()) absl::StrAppend(&problems.back().found, "; all other ways fine (", fine, ")");
  return Outcome::FromProblems(std::move(problems),
                               absl::StrCat("what is sent arrives, all ", measured, " ways between nodes and pods"));
}

}  // namespace tales::cilium::probe
