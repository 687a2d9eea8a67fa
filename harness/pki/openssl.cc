#include "harness/pki/openssl.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tales::pki {
namespace {

int NoPassphrase(char*, int, int, void*) { return -1; }  // otherwise OpenSSL asks on the terminal

absl::Status CheckSize(std::string_view pem) {
  if (pem.size() > kMaxPem) {
    return absl::InvalidArgumentError(absl::StrCat("PEM text of ", pem.size(), " bytes is longer than ", kMaxPem));
  }
  return absl::OkStatus();
}

}  // namespace

std::string TakeOpenSslError() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  const char* reason = ERR_reason_error_string(code);
  if (reason != nullptr) return reason;
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  return text;
}

BioPtr ReadingBio(std::string_view text) { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

std::string BioContent(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<size_t>(size)) : std::string();
}

absl::StatusOr<KeyPtr> ParsePrivateKey(std::string_view pem) {
  if (absl::Status status = CheckSize(pem); !status.ok()) return status;
  const std::string normal = NormalizeKeyLabel(pem);
  ERR_clear_error();
  BioPtr bio = ReadingBio(normal);
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) return absl::InvalidArgumentError(absl::StrCat("not a private key in PEM: ", TakeOpenSslError()));
  return key;
}

absl::StatusOr<std::vector<X509Ptr>> ParseX509(std::string_view pem) {
  if (absl::Status status = CheckSize(pem); !status.ok()) return status;
  ERR_clear_error();
  BioPtr bio = ReadingBio(pem);
  std::vector<X509Ptr> certificates;
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr)) certificates.emplace_back(next);
  const unsigned long error = ERR_peek_last_error();
  const bool at_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (!at_end) {
    return absl::InvalidArgumentError(
        absl::StrCat("certificate ", certificates.size() + 1, " of the PEM text: ", TakeOpenSslError()));
  }
  ERR_clear_error();
  if (certificates.empty()) return absl::InvalidArgumentError("no certificate in the PEM text");
  return certificates;
}

}  // namespace tales::pki
