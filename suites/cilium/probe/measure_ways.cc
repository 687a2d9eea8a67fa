#include "suites/cilium/probe/measure_ways.h"

#include <map>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "harness/base/parallel.h"
#include "harness/base/status.h"

namespace tales::cilium::probe {
namespace {

constexpr int kDatagrams = 10;     // one each 0.2 s
constexpr int kFirstPort = 41000;  // nobody listens there; ours plus the sender's number
constexpr size_t kAtOnce = 32;
constexpr int kLongestWatch = 60;  // seconds; it is ended when all has been sent
// For what arrived to be in the log that is read.
constexpr absl::Duration kLogged = absl::Milliseconds(500);

class Measuring {
 public:
  Measuring(kube::Client& client, const Executor& executor, const Place& place, std::string tag, Deadline deadline)
      : client_(client), executor_(executor), place_(place), tag_(std::move(tag)), deadline_(deadline) {}

  WaysMeasured Run() {
    std::thread watching([this] { Watch(); });
    awaited_ = Order("await");
    Send();
    Order("stop");
    watching.join();
    absl::SleepFor(kLogged);
    ReadLogs();
    return std::move(result_);
  }

 private:
  std::string Token(const NodePlace& from, const NodePlace& to) const {
    return absl::StrCat("way-", place_.run_id, "-", tag_, "-", from.number, "-", to.number);
  }
  // To the watches of all nodes.
  std::vector<absl::Status> Order(const char* verb) {
    std::vector<absl::Status> done(place_.nodes.size());
    ForEachInParallel(done.size(), kAtOnce, [&](size_t i) {
      const auto answers = executor_.Exec(place_.nodes[i].host_client, {{verb, tag_}}, 1, deadline_);
      done[i] = answers.status();
      if (answers.ok() && answers->front().code != 0) done[i] = absl::UnavailableError(answers->front().text);
    });
    return done;
  }
  void Missing(const NodePlace& from, const NodePlace& to, Layer layer, const absl::Status& why) {
    result_.missing.push_back(
        absl::StrCat(from.name, " -> ", to.name,
                     layer == Layer::kPods ? ", from pod to pod: " : ", from node to node: ", why.message()));
  }

  void Watch() {
    watched_.resize(place_.nodes.size(), absl::UnknownError("not watched"));
    // All at once, however many: one that began behind the sending would see nothing of it.
    ForEachInParallel(place_.nodes.size(), place_.nodes.size(), [&](size_t i) {
      const std::string ports = absl::StrCat(kFirstPort, "-", kFirstPort + place_.nodes.size());
      absl::StatusOr<std::vector<Answer>> seen =
          executor_.Exec(place_.nodes[i].host_client,
                         {{"watch", tag_, absl::StrCat(kLongestWatch), "udp", "and", "dst", "host",
                           place_.nodes[i].address, "and", "dst", "portrange", ports}},
                         1, deadline_);
      if (seen.ok() && seen->front().code != 0)
        seen = absl::UnavailableError(absl::StrCat("tcpdump: ", seen->front().text));
      watched_[i] = seen.ok() ? absl::StatusOr<std::string>(seen->front().text) : seen.status();
    });
  }

  // From all at once; a sender that could not be run has sent nothing that could be missed.
  void Send() {
    struct Sender {
      const PodPlace* pod;
      const NodePlace* from;
      Layer layer;
    };
    std::vector<Sender> senders;
    for (const NodePlace& from : place_.nodes) {
      senders.push_back({&from.client, &from, Layer::kPods});
      senders.push_back({&from.host_client, &from, Layer::kNodes});
    }
    std::mutex mutex;
    ForEachInParallel(senders.size(), kAtOnce, [&](size_t i) {
      const auto& [pod, from, layer] = senders[i];
      std::vector<std::vector<std::string>> probes;
      std::vector<const NodePlace*> to;
      for (const NodePlace& other : place_.nodes) {
        if (&other == from) continue;
        const bool pods = layer == Layer::kPods;
        if (pods && !other.server.runs()) continue;  // said where its log is read
        probes.push_back({"send", pods ? other.server.address : other.address,
                          absl::StrCat(pods ? kUdpPort : kFirstPort + from->number), Token(*from, other),
                          absl::StrCat(kDatagrams)});
        to.push_back(&other);
      }
      if (probes.empty()) return;
      const auto sent = executor_.Exec(*pod, probes, static_cast<int>(probes.size()), deadline_);
      const std::lock_guard<std::mutex> lock(mutex);
      for (size_t j = 0; j < to.size(); ++j) {
        absl::Status status = sent.status();
        if (sent.ok() && (*sent)[j].code != 0) status = absl::UnavailableError(absl::StrCat("nc: ", (*sent)[j].text));
        sent_[{layer, from->number, to[j]->number}] = status;
      }
    });
  }

  void Take(const NodePlace& from, const NodePlace& to, Layer layer, const absl::Status& seen, int arrived) {
    const auto sent = sent_.find({layer, from.number, to.number});
    if (sent != sent_.end() && !sent->second.ok()) return Missing(from, to, layer, sent->second);
    if (!seen.ok()) return Missing(from, to, layer, seen);
    if (sent == sent_.end()) return Missing(from, to, layer, absl::FailedPreconditionError(to.server.trouble));
    result_.ways.Set(layer, from.name, to.name, {.sent = kDatagrams, .arrived = arrived});
  }

  void ReadLogs() {
    for (size_t i = 0; i < place_.nodes.size(); ++i) {
      const NodePlace& to = place_.nodes[i];
      std::string log;
      absl::Status read = absl::FailedPreconditionError(to.server.trouble);
      if (to.server.runs()) {
        read = client_.Logs(
            place_.name_space, to.server.name, {.container = "main", .limit_bytes = 8 << 20},
            [&log](std::string_view chunk) {
              log += chunk;
              return true;
            },
            deadline_.AtMost(absl::Seconds(15)));
      }
      for (const NodePlace& from : place_.nodes) {
        if (&from == &to) continue;
        Take(from, to, Layer::kPods, read, CountTokens(log, Token(from, to), kDatagrams));
        const absl::StatusOr<std::string>& watched = watched_[i];
        // What was sent before a watch had begun could not be seen by it.
        Take(from, to, Layer::kNodes, awaited_[i].ok() ? watched.status() : awaited_[i],
             watched.ok() ? CountWatched(*watched, from.address, kFirstPort + from.number, kDatagrams) : 0);
      }
    }
  }

  kube::Client& client_;
  const Executor& executor_;
  const Place& place_;
  const std::string tag_;  // of this measurement
  const Deadline deadline_;
  std::vector<absl::StatusOr<std::string>> watched_;  // by node, as place_ has them
  std::vector<absl::Status> awaited_;                 // whether they had begun when sending did
  std::map<std::tuple<Layer, int, int>, absl::Status> sent_;
  WaysMeasured result_;
};

}  // namespace

// A second look at what seems broken: what did not arrive for want of a processor does so then.
WaysMeasured MeasureWays(kube::Client& client, const Executor& executor, const Place& place, Deadline deadline) {
  WaysMeasured first = Measuring(client, executor, place, "1", deadline).Run();
  if (!first.ways.AnyBroken()) return first;
  WaysMeasured second = Measuring(client, executor, place, "2", deadline).Run();
  for (const Layer layer : {Layer::kPods, Layer::kNodes}) {
    for (const auto& [nodes, way] : second.ways.of(layer)) {
      const Way* before = first.ways.Find(layer, nodes.first, nodes.second);
      if (before == nullptr || before->arrived < way.arrived) first.ways.Set(layer, nodes.first, nodes.second, way);
    }
  }
  return first;
}

}  // namespace tales::cilium::probe
