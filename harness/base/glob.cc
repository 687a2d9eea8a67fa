#include "harness/base/glob.h"

namespace tales {
namespace {

// Iterative matching with one point of return: linear for what people write, never exponential.
bool Matches(std::string_view glob, std::string_view text) {
  size_t g = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (g < glob.size() && (glob[g] == '?' || glob[g] == text[t]) && glob[g] != '*') {
      ++g, ++t;
    } else if (g < glob.size() && glob[g] == '*') {
      star = g++;
      resume = t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

}  // namespace

bool GlobMatches(std::string_view glob, std::string_view check_instance) {
  if (Matches(glob, check_instance)) return true;
  if (glob.find('/') != std::string_view::npos) return false;
  const size_t slash = check_instance.find('/');
  return slash != std::string_view::npos && Matches(glob, check_instance.substr(0, slash));
}

}  // namespace tales
