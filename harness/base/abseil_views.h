// Lets std::string_view be given to Abseil's string functions where Abseil was built with a string_view of its own.
//
// Upstream Abseil in C++17 and later makes absl::string_view an alias of std::string_view. Debian builds it with
// ABSL_OPTION_USE_STD_STRING_VIEW=0, for one ABI over all language modes; there the two types do not convert into each
// other, and plain code such as absl::StrCat(view, "x") does not compile. The overloads below accept std::string_view
// for the functions that we use and forward to Abseil's. CMake includes this file everywhere (-include) where the types
// differ (cmake/TalesTargets.cmake), and nowhere else: our code is written for upstream Abseil and never mentions this
// file.
#pragma once

#ifdef __cplusplus

#include <concepts>
#include <memory>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"

namespace tales::abseil {

template <typename T>
concept StdView = std::same_as<std::remove_cvref_t<T>, std::string_view>;
template <typename T>
concept AnyText = StdView<T> || std::convertible_to<T, absl::string_view>;

inline absl::string_view Adapt(std::string_view view) { return {view.data(), view.size()}; }
template <typename T>
requires(!StdView<T>) const T& Adapt(const T& value) { return value; }
inline std::string_view ToStd(absl::string_view view) { return {view.data(), view.size()}; }
template <AnyText T>
absl::string_view View(const T& text) {
  if constexpr (StdView<T>)
    return Adapt(text);
  else
    return absl::string_view(text);
}

// What StrSplit gives: a range of std::string_view that also converts to a container, or a pair, of strings or views.
class Pieces {
 public:
  template <typename... Arguments>
  Pieces(std::unique_ptr<std::string> owner, absl::string_view text, const Arguments&... arguments)
      : owner_(std::move(owner)) {
    const auto split = absl::StrSplit(owner_ != nullptr ? absl::string_view(*owner_) : text, arguments...);
    for (absl::string_view piece : split) pieces_.push_back(ToStd(piece));
  }
  auto begin() const { return pieces_.begin(); }
  auto end() const { return pieces_.end(); }
  template <typename Container>
  requires std::constructible_from<typename Container::value_type, std::string_view>
  operator Container() const {  // NOLINT(google-explicit-constructor): as Abseil's splitter converts
    Container container;
    for (std::string_view piece : pieces_) container.insert(container.end(), typename Container::value_type(piece));
    return container;
  }
  template <typename First, typename Second>
  operator std::pair<First, Second>() const {  // NOLINT(google-explicit-constructor)
    return {First(pieces_.empty() ? std::string_view() : pieces_[0]),
            Second(pieces_.size() < 2 ? std::string_view() : pieces_[1])};
  }

 private:
  std::unique_ptr<std::string> owner_;  // of a temporary string that was split
  std::vector<std::string_view> pieces_;
};

}  // namespace tales::abseil

namespace absl {
ABSL_NAMESPACE_BEGIN

template <typename... Arguments>
requires(tales::abseil::StdView<Arguments> || ...) std::string StrCat(const Arguments&... arguments) {
  return StrCat(tales::abseil::Adapt(arguments)...);
}
template <typename... Arguments>
requires(tales::abseil::StdView<Arguments> || ...) void StrAppend(std::string* destination,
                                                                  const Arguments&... arguments) {
  StrAppend(destination, tales::abseil::Adapt(arguments)...);
}

template <std::ranges::range Range, tales::abseil::AnyText Separator>
requires(tales::abseil::StdView<std::ranges::range_value_t<Range>> || tales::abseil::StdView<Separator>) std::string
    StrJoin(const Range& range, const Separator& separator) {
  std::string joined;
  bool first = true;
  for (const auto& item : range) {
    if (!first) StrAppend(&joined, tales::abseil::View(separator));
    StrAppend(&joined, tales::abseil::Adapt(item));
    first = false;
  }
  return joined;
}

template <tales::abseil::AnyText Text, typename... Arguments>
requires(sizeof...(Arguments) > 0) tales::abseil::Pieces StrSplit(const Text& text, const Arguments&... arguments) {
  return tales::abseil::Pieces(nullptr, tales::abseil::View(text), tales::abseil::Adapt(arguments)...);
}
template <typename... Arguments>
tales::abseil::Pieces StrSplit(std::string&& text, const Arguments&... arguments) {
  return tales::abseil::Pieces(std::make_unique<std::string>(std::move(text)), "", tales::abseil::Adapt(arguments)...);
}

#define TALES_ABSEIL_TWO_TEXTS_(function)                                                                  \
  template <tales::abseil::AnyText A, tales::abseil::AnyText B>                                            \
  requires(tales::abseil::StdView<A> || tales::abseil::StdView<B>) bool function(const A& a, const B& b) { \
    return function(tales::abseil::View(a), tales::abseil::View(b));                                       \
  }
TALES_ABSEIL_TWO_TEXTS_(StartsWith)
TALES_ABSEIL_TWO_TEXTS_(EndsWith)
TALES_ABSEIL_TWO_TEXTS_(StrContains)
TALES_ABSEIL_TWO_TEXTS_(EqualsIgnoreCase)
TALES_ABSEIL_TWO_TEXTS_(StartsWithIgnoreCase)
TALES_ABSEIL_TWO_TEXTS_(EndsWithIgnoreCase)
#undef TALES_ABSEIL_TWO_TEXTS_
inline bool StrContains(tales::abseil::StdView auto text, char c) { return text.find(c) != std::string_view::npos; }

#define TALES_ABSEIL_STRIP_(function)                                                             \
  template <tales::abseil::StdView Text, tales::abseil::AnyText Affix>                            \
  std::string_view function(const Text& text, const Affix& affix) {                               \
    return tales::abseil::ToStd(function(tales::abseil::View(text), tales::abseil::View(affix))); \
  }
TALES_ABSEIL_STRIP_(StripPrefix)
TALES_ABSEIL_STRIP_(StripSuffix)
#undef TALES_ABSEIL_STRIP_

#define TALES_ABSEIL_CONSUME_(function)                                \
  template <tales::abseil::AnyText Affix>                              \
  bool function(std::string_view* text, const Affix& affix) {          \
    absl::string_view view = tales::abseil::Adapt(*text);              \
    const bool consumed = function(&view, tales::abseil::View(affix)); \
    *text = tales::abseil::ToStd(view);                                \
    return consumed;                                                   \
  }
TALES_ABSEIL_CONSUME_(ConsumePrefix)
TALES_ABSEIL_CONSUME_(ConsumeSuffix)
#undef TALES_ABSEIL_CONSUME_

#define TALES_ABSEIL_VIEW_TO_VIEW_(function)                           \
  inline std::string_view function(tales::abseil::StdView auto text) { \
    return tales::abseil::ToStd(function(tales::abseil::Adapt(text))); \
  }
TALES_ABSEIL_VIEW_TO_VIEW_(StripAsciiWhitespace)
TALES_ABSEIL_VIEW_TO_VIEW_(StripLeadingAsciiWhitespace)
TALES_ABSEIL_VIEW_TO_VIEW_(StripTrailingAsciiWhitespace)
#undef TALES_ABSEIL_VIEW_TO_VIEW_

#define TALES_ABSEIL_TO_STRING_(function) \
  inline std::string function(tales::abseil::StdView auto text) { return function(tales::abseil::Adapt(text)); }
TALES_ABSEIL_TO_STRING_(AsciiStrToLower)
TALES_ABSEIL_TO_STRING_(AsciiStrToUpper)
TALES_ABSEIL_TO_STRING_(Base64Escape)
TALES_ABSEIL_TO_STRING_(WebSafeBase64Escape)
TALES_ABSEIL_TO_STRING_(BytesToHexString)
TALES_ABSEIL_TO_STRING_(HexStringToBytes)
TALES_ABSEIL_TO_STRING_(CEscape)
TALES_ABSEIL_TO_STRING_(CHexEscape)
TALES_ABSEIL_TO_STRING_(Utf8SafeCEscape)
TALES_ABSEIL_TO_STRING_(Utf8SafeCHexEscape)
#undef TALES_ABSEIL_TO_STRING_

#define TALES_ABSEIL_PARSE_(function)                         \
  template <typename Out>                                     \
  bool function(tales::abseil::StdView auto text, Out* out) { \
    return function(tales::abseil::Adapt(text), out);         \
  }
TALES_ABSEIL_PARSE_(SimpleAtoi)
TALES_ABSEIL_PARSE_(SimpleHexAtoi)
TALES_ABSEIL_PARSE_(SimpleAtod)
TALES_ABSEIL_PARSE_(SimpleAtof)
TALES_ABSEIL_PARSE_(SimpleAtob)
TALES_ABSEIL_PARSE_(Base64Unescape)
TALES_ABSEIL_PARSE_(WebSafeBase64Unescape)
TALES_ABSEIL_PARSE_(CUnescape)
TALES_ABSEIL_PARSE_(ParseDuration)
#undef TALES_ABSEIL_PARSE_

inline std::string StrReplaceAll(tales::abseil::StdView auto text,
                                 std::initializer_list<std::pair<absl::string_view, absl::string_view>> replacements) {
  return StrReplaceAll(tales::abseil::Adapt(text), replacements);
}

template <tales::abseil::AnyText Format>
bool ParseTime(const Format& format, tales::abseil::StdView auto text, Time* time, std::string* error) {
  return ParseTime(tales::abseil::View(format), tales::abseil::Adapt(text), time, error);
}

ABSL_NAMESPACE_END
}  // namespace absl

#endif  // __cplusplus
