#include "harness/runner/scheduler.h"

#include <algorithm>
#include <set>

namespace tales {
namespace {

constexpr double kUnknownCost = 0.05;  // seconds: a few round trips

void AddUnique(std::vector<std::string>& to, const std::vector<std::string>& from) {
  for (const std::string& each : from) {
    if (std::find(to.begin(), to.end(), each) == to.end()) to.push_back(each);
  }
}

}  // namespace

Scheduler::Scheduler(const std::vector<PlannedCheck>& checks, Options options) : options_(std::move(options)) {
  std::map<std::string, size_t> index;
  entries_.reserve(checks.size());
  for (const PlannedCheck& check : checks) {
    index[check.name] = entries_.size();
    entries_.emplace_back().check = &check;
  }
  for (size_t i = 0; i < entries_.size(); ++i) {
    const auto await = [&](const std::vector<std::string>& names, std::vector<size_t>& before) {
      for (const std::string& name : names) {
        const auto found = index.find(name);
        if (found == index.end() || found->second == i) continue;
        before.push_back(found->second);
        entries_[found->second].dependents.push_back(i);
        ++entries_[i].open_after;
      }
    };
    await(checks[i].after, entries_[i].after);
    await(checks[i].explained_by, entries_[i].explained_by);
  }
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].open_after == 0) Settle(i);
  }
}

void Scheduler::Settle(size_t index) {
  Entry& entry = entries_[index];
  if (entry.state != State::kWaiting) return;
  for (size_t before : entry.after) {
    const Entry& other = entries_[before];
    if (!Blocks(other.verdict)) continue;
    AddUnique(entry.roots, other.verdict == Verdict::kBlocked ? other.roots : std::vector{other.check->name});
  }
  for (size_t cause : entry.explained_by) {
    if (entries_[cause].verdict == Verdict::kFailed) AddUnique(entry.roots, {entries_[cause].check->name});
  }
  if (entry.roots.empty()) {
    if (IsProduced(index) && !entry.check->is_producer()) return;
    entry.state = State::kReady;
    (IsProduced(index) ? ready_producers_ : ready_).push_back(index);
    return;
  }
  blocked_.push_back({index, entry.roots});
  Finish(index, Verdict::kBlocked);
}

std::vector<Scheduler::Blocked> Scheduler::TakeBlocked() { return std::exchange(blocked_, {}); }

void Scheduler::Release(const Entry& entry) {
  if (entry.state != State::kDealt) return;
  --dealt_;
  if (entry.check->alone) alone_ = false;
  if (const auto lock = locks_.find(entry.check->lock); lock != locks_.end() && --lock->second == 0) locks_.erase(lock);
}

void Scheduler::Finish(size_t index, Verdict verdict, std::vector<std::string> roots) {
  Entry& entry = entries_[index];
  if (entry.state == State::kFinal) return;
  if (!roots.empty()) entry.roots = std::move(roots);
  if (entry.state == State::kReady) {
    std::erase(ready_, index);
    std::erase(ready_producers_, index);
  }
  Release(entry);
  entry.state = State::kFinal;
  entry.verdict = verdict;
  ++final_;
  if (verdict == Verdict::kFailed || verdict == Verdict::kError) ++failed_;
  for (size_t dependent : entry.dependents) {
    if (--entries_[dependent].open_after == 0) Settle(dependent);
  }
}

void Scheduler::GiveBack(size_t index) {
  Entry& entry = entries_[index];
  if (entry.state != State::kDealt) return;
  Release(entry);
  entry.state = State::kReady;
  ready_.push_back(index);
}

void Scheduler::HoldForRetry(size_t index) {
  Entry& entry = entries_[index];
  Release(entry);
  entry.state = State::kHeld;
}

std::vector<size_t> Scheduler::TakeRetries(std::vector<size_t>& given_up) {
  std::vector<size_t> held;
  if (!ready_.empty() || dealt_ > 0) return held;
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].state == State::kHeld) held.push_back(i);
  }
  if (failed_ + held.size() > static_cast<size_t>(options_.retry_limit)) {
    given_up = std::move(held);
    for (size_t i : given_up) Finish(i, Verdict::kFailed);
    return {};
  }
  for (size_t i : held) {
    entries_[i].state = State::kReady;
    ready_.push_back(i);
  }
  return held;
}

double Scheduler::Cost(size_t index) const {
  const auto found = options_.durations.find(entries_[index].check->name);
  return found == options_.durations.end() ? kUnknownCost : std::max(found->second, 0.001);
}

std::vector<size_t> Scheduler::NextBatch() {
  const int free = std::min(options_.jobs - looking_, options_.jobs + options_.settling - looking_ - settling_);
  if (free <= 0 || alone_ || ready_.empty()) return {};

  // Groups of the same check: what one instance fetches, the others find.
  struct Group {
    std::vector<size_t> members;
    double cost = 0, longest = 0;
    size_t first = 0;
  };
  std::map<std::string, Group> groups;
  std::vector<size_t> alone;
  for (size_t i : ready_) {
    const PlannedCheck& check = *entries_[i].check;
    if (check.alone) {
      alone.push_back(i);
    } else if (LockIsFree(check.lock)) {
      Group& group = groups[check.lock.empty() ? check.check : "lock " + check.lock];
      if (group.members.empty()) group.first = i;
      group.members.push_back(i);
      group.cost += Cost(i);
      group.longest = std::max(group.longest, Cost(i));
      group.first = std::min(group.first, i);
    }
  }
  std::vector<size_t> batch;
  if (groups.empty()) {
    if (alone.empty() || dealt_ > 0 || looking_ + settling_ > 0) return {};
    batch.push_back(*std::min_element(alone.begin(), alone.end()));
    alone_ = true;
  } else {
    std::vector<Group> order;
    double total = 0;
    for (auto& [id, group] : groups) {
      total += group.cost;
      order.push_back(std::move(group));
    }
    std::sort(order.begin(), order.end(), [](const Group& a, const Group& b) {
      return a.longest != b.longest ? a.longest > b.longest : a.first < b.first;
    });
    double cost = 0;
    for (const Group& group : order) {
      if (!batch.empty() && cost + group.cost / 2 > total / free) break;
      batch.insert(batch.end(), group.members.begin(), group.members.end());
      cost += group.cost;
    }
  }
  const std::set<size_t> taken(batch.begin(), batch.end());
  std::erase_if(ready_, [&](size_t i) { return taken.contains(i); });
  for (size_t i : batch) {
    entries_[i].state = State::kDealt;
    if (!entries_[i].check->lock.empty()) ++locks_[entries_[i].check->lock];
  }
  dealt_ += batch.size();
  ++looking_;
  return batch;
}

std::optional<size_t> Scheduler::NextProducer() {
  if (alone_) return std::nullopt;
  for (size_t i : ready_producers_) {
    // After what is ready: those may be waiting for the cluster to settle, and one that runs alone takes long.
    if (entries_[i].check->alone && (dealt_ > 0 || !ready_.empty())) continue;
    TakeProducer(i);
    return i;
  }
  return std::nullopt;
}

void Scheduler::TakeProducer(size_t index) {
  std::erase(ready_producers_, index);
  entries_[index].state = State::kDealt;
  alone_ = entries_[index].check->alone;
  ++dealt_;
}

void Scheduler::WorkerSettles() {
  --looking_;
  ++settling_;
}

void Scheduler::WorkerGone(bool settled) { --(settled ? settling_ : looking_); }

}  // namespace tales
