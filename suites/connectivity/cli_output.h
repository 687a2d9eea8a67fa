// `cilium connectivity test` as it goes: its console output, fed as it comes. Its language is told in
// suites/imports/connectivity_log.h.
//
// A test is over where the next one begins, or the report. A failure is seen at once, but its test goes on.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace tales::connectivity {

struct TestEvent {
  enum class Kind { kStarted, kEnded, kSkipped };
  Kind kind = Kind::kStarted;
  std::string test;        // "no-policies"
  int number = 0;          // of `all`
  int all = 0;             // tests that it has, those included that it leaves out
  bool failed = false;     // kEnded
  std::string log;         // kEnded: what it printed, from its own line on; at most 1 MiB
  bool cancelled = false;  // kEnded: the run was cancelled meanwhile, so that this says nothing of the cluster
};

// One namespace at a time: where several run side by side, what they print is mixed, and only their JUnit is to be
// believed. Not thread-safe.
class CliOutput {
 public:
  using Sink = std::function<void(const TestEvent&)>;

  void Feed(std::string_view chunk, const Sink& sink);
  void Finish(const Sink& sink);  // no more comes; a last line without an end counts too

  const std::string& current() const { return current_.test; }  // under way; "": none
  const std::string& current_log() const { return current_.log; }
  int all() const { return all_; }                   // 0: it has not begun
  bool single_node() const { return single_node_; }  // it found one node for ordinary pods
  bool cancelled() const { return cancelled_; }      // its time was up, or it was told to end
  bool reported() const { return reported_; }        // it came to its end
  const std::string& tail() const { return tail_; }  // its last words, at most 2000 bytes

 private:
  void Take(std::string_view line, const Sink& sink);
  void Keep(std::string_view line);
  void EndCurrent(const Sink& sink);

  std::string line_, tail_;
  std::string owner_;                         // the test that lines without a name are of
  std::map<std::string, std::string> early_;  // lines of tests that have yet to begin, as far as the output goes
  TestEvent current_;
  int all_ = 0;
  bool single_node_ = false, cancelled_ = false;
  bool reported_ = false, has_reported_ = false;  // since the last header; ever
};

}  // namespace tales::connectivity
