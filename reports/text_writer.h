// Paragraphs for a terminal: a label, and text beside it that is wrapped.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace tales::reports {

enum class Colour { kNone, kRed, kYellow, kGreen };

class TextWriter {
 public:
  // `width` is that of the whole line; less than a sensible one counts as 20 beside the label.
  TextWriter(int width, bool colour) : width_(width), colour_(colour) {}

  void Line(std::string_view text = "");  // as it stands
  // `text` on lines of the wanted width, the first behind `lead`, the others as far in; lines of the text stay lines.
  void Wrapped(std::string_view lead, std::string_view text);
  // A command that is broken over lines cannot be pasted into a shell: the terminal may wrap it, we do not.
  void Unwrapped(std::string_view lead, std::string_view text);
  // "failed        health.kubelet/worker": `label` in colour, in a column of its own.
  void Entry(Colour colour, std::string_view label, std::string_view text);
  // "    found     Failed: exit code 1": below an entry. Nothing where `text` is empty.
  void Field(std::string_view name, std::string_view text);
  void Command(std::string_view name, std::string_view text);

  std::string Take() { return std::move(out_); }

 private:
  void Paragraph(std::string_view first, std::string_view indent, std::string_view text);

  int width_;
  bool colour_;
  std::string out_;
};

}  // namespace tales::reports
