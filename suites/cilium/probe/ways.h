// Which way is broken: what one node sends, does it arrive at the other? A connection needs both ways, so that one that
// cannot be made never says which of them it is; datagrams that are counted where they arrive do.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "suites/cilium/probe/probe.h"

namespace tales::cilium::probe {

struct Way {
  int sent = 0, arrived = 0;
  bool broken() const { return sent > 0 && arrived * 10 < sent * 9; }  // one that is late is not lost
};

// By nodes, from and to. What is not in it was not measured.
class Ways {
 public:
  void Set(Layer layer, const std::string& from, const std::string& to, Way way) { ways_[layer][{from, to}] = way; }
  const Way* Find(Layer layer, const std::string& from, const std::string& to) const;
  const std::map<std::pair<std::string, std::string>, Way>& of(Layer layer) const;
  bool AnyBroken() const;

 private:
  std::map<Layer, std::map<std::pair<std::string, std::string>, Way>> ways_;
};

// Of two nodes, what is known to be broken between them.
enum class Cut { kUnknown, kNone, kForth, kBack, kBoth };  // forth: from the first to the second
struct CutFound {
  Cut cut = Cut::kUnknown;
  Layer layer = Layer::kPods;  // where it was seen
};
// In `first` layer, else in the other one.
CutFound CutBetween(const Ways& ways, const std::string& from, const std::string& to, Layer first);

// How many different ones of the `count` tokens "TOKEN-1" to "TOKEN-COUNT" the server's log has.
int CountTokens(std::string_view log, const std::string& token, int count);
// How many datagrams to `port` from `address` a watch (probe.sh, "watch") saw, `count` at most: one is seen at every
// device that it passes.
int CountWatched(std::string_view watched, const std::string& address, int port, int count);

}  // namespace tales::cilium::probe
