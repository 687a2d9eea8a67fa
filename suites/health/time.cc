// Clocks: synchronised, and less than a second apart. etcd's leases, certificates and logs all take it for granted.
//
// Talos says whether it synchronised (TimeStatus). The skew is measured: /proc/timer_list shows the monotonic clock at
// the moment of reading ("now at N nsecs") and the offset that makes it wall-clock time (clock 1 of any CPU), both in
// nanoseconds; the reading lies between the sending of the call and its answer on our own clock.
#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "harness/check/spec.h"
#include "harness/talos/resources.h"
#include "suites/health/checks.h"
#include "suites/health/clock_reading.h"
#include "suites/shared/commands.h"

namespace tales::health {

absl::StatusOr<absl::Time> ParseTimerList(std::string_view text) {
  int64_t now = -1, offset = -1;
  bool in_realtime_base = false;
  for (std::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (absl::ConsumePrefix(&line, "now at ")) {
      if (!absl::SimpleAtoi(line.substr(0, line.find(' ')), &now)) now = -1;
    } else if (absl::ConsumePrefix(&line, "clock ")) {
      in_realtime_base = absl::StartsWith(line, "1:");
    } else if (in_realtime_base && absl::ConsumePrefix(&line, ".offset:")) {
      line = absl::StripLeadingAsciiWhitespace(line);
      if (!absl::SimpleAtoi(line.substr(0, line.find(' ')), &offset)) offset = -1;
      break;
    }
  }
  if (now < 0 || offset < 0) return absl::InvalidArgumentError("/proc/timer_list: no clock in it that can be read");
  return absl::UnixEpoch() + absl::Nanoseconds(now) + absl::Nanoseconds(offset);
}

namespace {

constexpr absl::Duration kMaxSkew = absl::Seconds(1);
constexpr size_t kTimerListHead =
    16 << 10;  // the clocks of the first CPU are at the top; with many CPUs the rest is long

struct Reading {
  absl::Duration ahead;        // of our own clock
  absl::Duration uncertainty;  // half the round trip
};

absl::StatusOr<Reading> ReadClock(CheckContext& context, const NodeDefinition& node) {
  return context.facts().Once<Reading>(absl::StrCat("clock@", node.name), [&]() -> absl::StatusOr<Reading> {
    const absl::Time before = absl::Now();
    const absl::StatusOr<std::string> text = context.cluster().talos()->Read(
        node.address, "/proc/timer_list", Deadline::After(Facts::kCallDeadline), kTimerListHead);
    const absl::Time after = absl::Now();
    if (!text.ok()) return text.status();
    const absl::StatusOr<absl::Time> clock = ParseTimerList(*text);
    if (!clock.ok()) return clock.status();
    const absl::Duration half = (after - before) / 2;
    return Reading{*clock - (before + half), half};
  });
}

// What the node's clock is compared with: the median of all where there are three or more, else the first control
// plane's.
absl::StatusOr<Reading> Reference(CheckContext& context) {
  const std::vector<NodeDefinition>& nodes = context.definition().nodes;
  if (nodes.size() < 3) {
    const auto control_plane =
        std::find_if(nodes.begin(), nodes.end(), [](const NodeDefinition& n) { return n.role == Role::kControlPlane; });
    return ReadClock(context, control_plane == nodes.end() ? nodes.front() : *control_plane);
  }
  std::vector<Reading> readings;
  for (const NodeDefinition& node : nodes) {
    const absl::StatusOr<Reading> reading = ReadClock(context, node);
    if (reading.ok()) readings.push_back(*reading);
  }
  if (readings.empty()) return absl::UnavailableError("no node's clock can be read");
  std::nth_element(readings.begin(), readings.begin() + static_cast<ptrdiff_t>(readings.size() / 2), readings.end(),
                   [](const Reading& a, const Reading& b) { return a.ahead < b.ahead; });
  return readings[readings.size() / 2];
}

Outcome Look(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const std::string next = Talosctl(node, "get timestatus -o yaml");
  const absl::StatusOr<std::vector<talos::Resource>> statuses = context.facts().Resources(node, talos::kTimeStatus);
  if (!statuses.ok()) return Outcome::CannotLook(statuses.status(), next);
  if (statuses->empty()) return Outcome::Failed({.expected = "a TimeStatus", .found = "none", .next = next});
  const absl::StatusOr<YAML::Node> spec = ParseSpec(statuses->front());
  if (!spec.ok()) return Outcome::CannotLook(spec.status(), next);
  const bool sync_off = SpecText(*spec, "syncDisabled") == "true";
  if (SpecText(*spec, "synced") != "true") {
    return Outcome::Failed({.expected = absl::StrCat("the clock of ", node.name, " synchronised"),
                            .found = "not synchronised",
                            .next = absl::StrCat("are the time servers reachable? ", Talosctl(node, "logs machined"),
                                                 "; machine.time.servers names them")});
  }
  if (!context.cluster().talos()->HasRole("os:admin")) {
    return Outcome::Inconclusive("synchronised; how far the clocks are apart can be measured with role os:admin only");
  }
  const absl::StatusOr<Reading> mine = ReadClock(context, node);
  if (!mine.ok()) return Outcome::CannotLook(mine.status(), Talosctl(node, "read /proc/timer_list"));
  const absl::StatusOr<Reading> reference = Reference(context);
  if (!reference.ok()) return Outcome::CannotLook(reference.status(), Talosctl(node, "read /proc/timer_list"));
  const absl::Duration skew = mine->ahead - reference->ahead;
  const absl::Duration uncertainty = mine->uncertainty + reference->uncertainty;
  if (absl::AbsDuration(skew) > kMaxSkew + uncertainty) {
    return Outcome::Failed(
        {.expected = absl::StrFormat("the clock of %s within 1 s of the others", node.name),
         .found = absl::StrFormat("%.3f s %s (measured to ±%.3f s)", std::abs(absl::ToDoubleSeconds(skew)),
                                  skew > absl::ZeroDuration() ? "ahead" : "behind", absl::ToDoubleSeconds(uncertainty)),
         .next = absl::StrCat(Talosctl(node, "time"), " compares it with its time server")});
  }
  return Outcome::Passed(absl::StrFormat("%s, %+.0f ms of the others",
                                         sync_off ? "synchronisation is off" : "synchronised",
                                         absl::ToDoubleMilliseconds(skew)));
}

}  // namespace

Check Time() {
  return {.id = "health.time",
          .question = "Is the node's clock synchronised, and less than a second from the others'?",
          .instances = Instances::kNode,
          .needs = {&kNeedsTalos},
          .after = {"health.talos_api"},
          .faults = {"lab:clock-unsynced", "lab:clock-skew"},
          .look = Look};
}

}  // namespace tales::health
