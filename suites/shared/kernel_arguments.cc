#include "suites/shared/kernel_arguments.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "harness/base/status.h"

namespace tales {
namespace {

constexpr int kKexecLoader = 13;

std::optional<std::string> NothingDeclared(const Cluster& cluster) {
  const std::optional<ConfigDefinition>& config = cluster.definition().config;
  if (config.has_value() && !config->kernel_arguments.empty()) return std::nullopt;
  return "a cluster file without config.kernelArguments";
}

// "" when the framebuffer has this resolution, else what it has.
absl::StatusOr<std::string> ResolutionTrouble(CheckContext& context, const Resolution& wanted) {
  const absl::StatusOr<std::string> size = context.facts().File(context.node(), "/sys/class/graphics/fb0/virtual_size");
  if (size.status().code() == absl::StatusCode::kNotFound)
    return std::string("there is no framebuffer: a text console");
  if (!size.ok()) return size.status();
  const std::vector<std::string_view> parts = absl::StrSplit(absl::StripAsciiWhitespace(*size), ',');
  Resolution found{0, 0};
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &found.width) || !absl::SimpleAtoi(parts[1], &found.height)) {
    return absl::InvalidArgumentError(absl::StrCat("/sys/class/graphics/fb0/virtual_size: \"", *size, "\""));
  }
  if (found == wanted) return std::string();
  return absl::StrFormat("the framebuffer is %dx%d", found.width, found.height);
}

}  // namespace

const Requirement kNeedsKernelArguments{"declared:kernelArguments", "declared kernel arguments", NothingDeclared};

absl::StatusOr<SeenKernelArguments> ReadKernelArguments(CheckContext& context) {
  SeenKernelArguments seen;
  TALES_ASSIGN_OR_RETURN(const std::string text, context.facts().File(context.node(), "/proc/cmdline"));
  const std::vector<std::string> words = absl::StrSplit(absl::StripAsciiWhitespace(text), ' ', absl::SkipEmpty());
  seen.command_line = words;
  for (const std::string& argument : context.definition().config->kernel_arguments) {
    const bool there =
        std::find(seen.command_line.begin(), seen.command_line.end(), argument) != seen.command_line.end();
    if (!there) seen.missing.push_back(argument);
    const std::optional<Resolution> resolution = ResolutionOfVga(argument);
    if (!resolution.has_value()) continue;
    ConsoleResolution& console = seen.consoles.emplace_back();
    console = {.argument = argument, .wanted = *resolution, .on_command_line = there, .trouble = ""};
    if (!there) continue;
    TALES_ASSIGN_OR_RETURN(console.trouble, ResolutionTrouble(context, *resolution));
  }
  return seen;
}

absl::StatusOr<bool> StartedByKexec(CheckContext& context) {
  TALES_ASSIGN_OR_RETURN(const std::string loader,
                         context.facts().File(context.node(), "/proc/sys/kernel/bootloader_type"));
  int type = 0;
  return absl::SimpleAtoi(absl::StripAsciiWhitespace(loader), &type) && (type >> 4) == kKexecLoader;
}

}  // namespace tales
