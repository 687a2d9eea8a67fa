#include "suites/cilium/images.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace tales::cilium {

ImageReference ParseImage(std::string_view image) {
  ImageReference reference;
  const size_t at = image.find('@');
  if (at != std::string_view::npos) {
    reference.digest = std::string(image.substr(at + 1));
    image = image.substr(0, at);
  }
  const size_t colon = image.rfind(':'), slash = image.rfind('/');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    reference.tag = std::string(image.substr(colon + 1));
    image = image.substr(0, colon);
  }
  reference.repository = std::string(image);
  return reference;
}

bool IsOfVersion(const ImageReference& image, std::string_view version) {
  const std::string wanted = absl::StrCat("v", absl::StripPrefix(version, "v"));
  return image.tag == wanted || absl::StartsWith(image.tag, absl::StrCat(wanted, "-"));
}

}  // namespace tales::cilium
