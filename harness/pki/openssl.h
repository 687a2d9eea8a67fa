// What the files of this folder share of OpenSSL 3: owners for its objects, its error queue as text, keys from PEM.
// Not for other folders: their interface is certificate.h and authority.h.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "harness/pki/certificate.h"

namespace tales::pki {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Free<BIO_free_all>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Free<SSL_free>>;

// The oldest reason in this thread's error queue, which is emptied; "no reason given" where it is empty.
std::string TakeOpenSslError();

// A memory BIO that reads `text`, which must outlive it. REQUIRES: text.size() <= kMaxPem.
BioPtr ReadingBio(std::string_view text);
std::string BioContent(BIO* bio);
inline constexpr size_t kMaxPem = 4 << 20;  // a system's whole trust store is a quarter of a MiB

// InvalidArgument for what is no unencrypted private key; never asks for a passphrase.
absl::StatusOr<KeyPtr> ParsePrivateKey(std::string_view pem);
// Every certificate of the text; see ParseCertificates.
absl::StatusOr<std::vector<X509Ptr>> ParseX509(std::string_view pem);
absl::StatusOr<Certificate> Describe(X509* certificate);

}  // namespace tales::pki
