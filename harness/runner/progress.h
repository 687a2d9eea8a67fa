// What a person sees while a run is under way.
#pragma once

#include <chrono>
#include <cstdio>
#include <map>
#include <ostream>
#include <set>
#include <string>

#include "harness/runner/run_loop.h"

namespace tales {

// On a terminal one line that lives (judged, running, time) and a line for each verdict that is not green; elsewhere
// the lines alone. Instances of one check that come together and are unsupported for one reason share a line.
class Progress : public RunObserver {
 public:
  struct Options {
    bool terminal = false;
    bool colour = false;
    int width = 80;
  };
  // What standard output is: a terminal or not, NO_COLOR and TERM obeyed.
  static Options ForStandardOutput();

  Progress(std::ostream& out, Options options);
  ~Progress() override;  // takes the living line away

  void Note(std::string_view line) override;
  void Started(const std::string& check) override;
  void Waiting(const std::string& check, const std::string& found) override;
  void Finished(const WorkerEvent& event) override;
  void Producing(const std::string& producer, const std::string& progress) override;
  void Tick(size_t final, size_t total) override;
  void Clear();

 private:
  void Line(std::string_view text);
  void Draw();
  void TakeLivingLineAway();
  void WriteGroup();

  // What is to be written once it is known how many there are.
  struct Group {
    Verdict verdict = Verdict::kPassed;
    std::string family, name, reason;  // without the instance; of the first one
    size_t count = 0;
  };

  std::ostream& out_;
  Options options_;
  std::set<std::string> running_;
  std::string waiting_;                           // the check that does not settle, and what it found
  std::map<std::string, std::string> producing_;  // what producers said last, by their names
  Group group_;
  size_t final_ = 0, total_ = 0;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_, last_draw_{}, last_wait_note_{}, last_producing_note_{};
};

}  // namespace tales
