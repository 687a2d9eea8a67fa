#include "reports/clean_text.h"

#include <cstdint>

#include "absl/strings/str_cat.h"

namespace tales::reports {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The length of the character at the front of `text`, which starts with a byte >= 0x80; 0 where there is none.
// Table 3-7 of the Unicode standard, without its exclusion of surrogates: those are recognised and dropped.
size_t CharacterLength(std::string_view text, uint32_t& code_point) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  size_t length = 0;
  uint32_t least = 0;
  if ((byte(0) & 0xE0) == 0xC0) {
    length = 2, least = 0x80, code_point = byte(0) & 0x1F;
  } else if ((byte(0) & 0xF0) == 0xE0) {
    length = 3, least = 0x800, code_point = byte(0) & 0x0F;
  } else if ((byte(0) & 0xF8) == 0xF0) {
    length = 4, least = 0x10000, code_point = byte(0) & 0x07;
  } else {
    return 0;
  }
  if (text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code_point = code_point << 6 | (byte(i) & 0x3F);
  }
  return code_point >= least && code_point <= 0x10FFFF ? length : 0;
}

bool IsDropped(uint32_t code_point) {
  return (code_point >= 0x80 && code_point < 0xA0) || (code_point >= 0xD800 && code_point <= 0xDFFF) ||
         code_point == 0xFFFE || code_point == 0xFFFF;
}

// The length of the escape sequence at the front of `text`, which starts with ESC (ECMA-48: CSI, the string sequences
// OSC, DCS, SOS, PM and APC, and the two-character ones).
size_t EscapeLength(std::string_view text) {
  if (text.size() < 2) return 1;
  size_t i = 2;
  switch (text[1]) {
    case '[':
      while (i < text.size() && text[i] >= 0x20 && text[i] <= 0x3F) ++i;
      return i < text.size() && text[i] >= 0x40 && text[i] <= 0x7E ? i + 1 : i;
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_':
      for (; i < text.size() && text[i] != '\n'; ++i) {
        if (text[i] == '\a') return i + 1;
        if (text[i] == '\x1B' && i + 1 < text.size() && text[i + 1] == '\\') return i + 2;
      }
      return 2;  // unterminated: only the introducer goes, the text stays
    default:
      return text[1] >= 0x20 && text[1] <= 0x7E ? 2 : 1;
  }
}

}  // namespace

std::string CleanText(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (byte == 0x1B) {
      i += EscapeLength(text.substr(i));
    } else if (byte == '\r') {
      if (i + 1 == text.size() || text[i + 1] != '\n') out += '\n';
      ++i;
    } else if (byte < 0x80) {
      if ((byte >= 0x20 && byte != 0x7F) || byte == '\t' || byte == '\n') out += text[i];
      ++i;
    } else {
      uint32_t code_point = 0;
      const size_t length = CharacterLength(text.substr(i), code_point);
      if (length == 0) {
        out += kReplacement;
        ++i;
      } else {
        if (!IsDropped(code_point)) out += text.substr(i, length);
        i += length;
      }
    }
  }
  return out;
}

std::string OneLine(std::string_view text) {
  std::string out;
  bool space = false;
  for (char c : CleanText(text)) {
    if (c == ' ' || c == '\t' || c == '\n') {
      space = !out.empty();
    } else {
      if (space) out += ' ';
      space = false;
      out += c;
    }
  }
  return out;
}

std::string HeadAndTail(std::string_view text, size_t limit) {
  if (text.size() <= limit) return std::string(text);
  const auto continues = [&](size_t i) { return i < text.size() && (text[i] & 0xC0) == 0x80; };
  size_t head = limit / 2;
  while (head > 0 && continues(head)) --head;
  size_t tail = text.size() - (limit - limit / 2);
  while (continues(tail)) ++tail;
  return absl::StrCat(text.substr(0, head), "\n[... ", tail - head, " bytes left out ...]\n", text.substr(tail));
}

}  // namespace tales::reports
