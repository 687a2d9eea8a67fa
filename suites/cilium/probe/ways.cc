#include "suites/cilium/probe/ways.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tales::cilium::probe {
namespace {

CutFound CutIn(const Ways& ways, const std::string& from, const std::string& to, Layer layer) {
  const Way* forth = ways.Find(layer, from, to);
  const Way* back = ways.Find(layer, to, from);
  CutFound found{.cut = Cut::kUnknown, .layer = layer};
  if (forth == nullptr && back == nullptr) return found;
  const bool forth_broken = forth != nullptr && forth->broken(), back_broken = back != nullptr && back->broken();
  found.cut = forth_broken && back_broken           ? Cut::kBoth
              : forth_broken                        ? Cut::kForth
              : back_broken                         ? Cut::kBack
              : forth == nullptr || back == nullptr ? Cut::kUnknown
                                                    : Cut::kNone;
  return found;
}

}  // namespace

const Way* Ways::Find(Layer layer, const std::string& from, const std::string& to) const {
  const auto ways = ways_.find(layer);
  if (ways == ways_.end()) return nullptr;
  const auto way = ways->second.find({from, to});
  return way == ways->second.end() ? nullptr : &way->second;
}

const std::map<std::pair<std::string, std::string>, Way>& Ways::of(Layer layer) const {
  static const auto* const none = new std::map<std::pair<std::string, std::string>, Way>();
  const auto ways = ways_.find(layer);
  return ways == ways_.end() ? *none : ways->second;
}

bool Ways::AnyBroken() const {
  for (const auto& [layer, ways] : ways_) {
    for (const auto& [nodes, way] : ways) {
      if (way.broken()) return true;
    }
  }
  return false;
}

CutFound CutBetween(const Ways& ways, const std::string& from, const std::string& to, Layer first) {
  const Layer other = first == Layer::kPods ? Layer::kNodes : Layer::kPods;
  const CutFound here = CutIn(ways, from, to, first);
  if (here.cut != Cut::kNone && here.cut != Cut::kUnknown) return here;
  const CutFound there = CutIn(ways, from, to, other);
  return there.cut == Cut::kNone || there.cut == Cut::kUnknown ? here : there;
}

int CountTokens(std::string_view log, const std::string& token, int count) {
  int found = 0;
  for (int i = 1; i <= count; ++i) {
    const std::string one = absl::StrCat(token, "-", i);
    for (size_t at = log.find(one); at != std::string_view::npos; at = log.find(one, at + 1)) {
      // "t-1" is also the beginning of "t-10".
      const size_t end = at + one.size();
      if (end < log.size() && absl::ascii_isdigit(static_cast<unsigned char>(log[end]))) continue;
      ++found;
      break;
    }
  }
  return found;
}

int CountWatched(std::string_view watched, const std::string& address, int port, int count) {
  int seen = 0, number = 0;
  const std::string one = absl::StrCat(address, ">", port);
  for (std::string_view word : absl::StrSplit(watched, ' ', absl::SkipEmpty())) {
    if (word == one) seen += number;
    if (!absl::SimpleAtoi(word, &number)) number = 0;
  }
  return std::min(seen, count);
}

}  // namespace tales::cilium::probe
