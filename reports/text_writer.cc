#include "reports/text_writer.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace tales::reports {
namespace {

constexpr size_t kColumn = 14;      // where the text of an entry begins, and that of its fields
constexpr size_t kFieldIndent = 4;  // of a field's name

std::string Padded(std::string_view text, size_t width) {
  std::string padded(text);
  padded.resize(std::max(padded.size() + 1, width), ' ');
  return padded;
}

std::string_view Sequence(Colour colour) {
  switch (colour) {
    case Colour::kNone:
      return "";
    case Colour::kRed:
      return "\x1B[31m";
    case Colour::kYellow:
      return "\x1B[33m";
    case Colour::kGreen:
      return "\x1B[32m";
  }
  return "";
}

std::string FieldLead(std::string_view name) {
  return absl::StrCat(std::string(kFieldIndent, ' '), Padded(name, kColumn - kFieldIndent));
}

}  // namespace

void TextWriter::Line(std::string_view text) { absl::StrAppend(&out_, text, "\n"); }

void TextWriter::Paragraph(std::string_view first, std::string_view indent, std::string_view text) {
  const size_t width =
      std::max<size_t>(20, static_cast<size_t>(std::max(0, width_)) - std::min<size_t>(indent.size(), 60));
  bool is_first = true;
  for (std::string_view line : absl::StrSplit(absl::StripTrailingAsciiWhitespace(text), '\n')) {
    std::string current;
    const auto flush = [&] {
      Line(absl::StrCat(is_first ? first : indent, current));
      is_first = false;
      current.clear();
    };
    for (std::string_view word : absl::StrSplit(line, ' ')) {
      if (!current.empty() && current.size() + 1 + word.size() > width) flush();
      absl::StrAppend(&current, current.empty() ? "" : " ", word);
    }
    flush();
  }
}

void TextWriter::Wrapped(std::string_view lead, std::string_view text) {
  Paragraph(lead, std::string(lead.size(), ' '), text);
}

void TextWriter::Unwrapped(std::string_view lead, std::string_view text) {
  const std::string indent(lead.size(), ' ');
  bool is_first = true;
  for (std::string_view line : absl::StrSplit(absl::StripTrailingAsciiWhitespace(text), '\n')) {
    Line(absl::StrCat(is_first ? lead : indent, line));
    is_first = false;
  }
}

void TextWriter::Entry(Colour colour, std::string_view label, std::string_view text) {
  const std::string padded = Padded(label, kColumn);
  const bool coloured = colour_ && colour != Colour::kNone;
  Paragraph(coloured ? absl::StrCat(Sequence(colour), padded, "\x1B[0m") : padded, std::string(kColumn, ' '), text);
}

void TextWriter::Field(std::string_view name, std::string_view text) {
  if (!text.empty()) Wrapped(FieldLead(name), text);
}

void TextWriter::Command(std::string_view name, std::string_view text) {
  if (!text.empty()) Unwrapped(FieldLead(name), text);
}

}  // namespace tales::reports
