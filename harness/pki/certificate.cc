#include "harness/pki/certificate.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <ctime>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "harness/base/status.h"
#include "harness/pki/openssl.h"

namespace tales::pki {
namespace {

using StorePtr = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>>;

std::string Utf8(const ASN1_STRING* text) {
  unsigned char* data = nullptr;
  const int size = ASN1_STRING_to_UTF8(&data, text);
  if (size < 0) {
    ERR_clear_error();
    return "";
  }
  std::string result(reinterpret_cast<char*>(data), static_cast<size_t>(size));
  OPENSSL_free(data);
  return result;
}

std::vector<std::string> NameEntries(const X509_NAME* name, int nid) {
  std::vector<std::string> values;
  for (int i = X509_NAME_get_index_by_NID(name, nid, -1); i >= 0; i = X509_NAME_get_index_by_NID(name, nid, i)) {
    values.push_back(Utf8(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i))));
  }
  return values;
}

std::string OneLine(const X509_NAME* name) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
  return BioContent(bio.get());
}

absl::StatusOr<absl::Time> ToTime(const ASN1_TIME* time) {
  std::tm broken_down = {};
  if (ASN1_TIME_to_tm(time, &broken_down) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError("a validity date that is not one");
  }
  return absl::FromTimeT(timegm(&broken_down));
}

void ReadAlternativeNames(X509* certificate, Certificate& out) {
  GeneralNamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr) return;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) out.dns_names.push_back(Utf8(name->d.dNSName));
    if (name->type != GEN_IPADD) continue;
    const int size = ASN1_STRING_length(name->d.iPAddress);
    char text[INET6_ADDRSTRLEN] = {};
    const int family = size == 4 ? AF_INET : AF_INET6;
    if (size != 4 && size != 16) continue;
    inet_ntop(family, ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof text);
    out.addresses.emplace_back(text);
  }
}

std::string KeyTypeName(X509* certificate) {
  const EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (key == nullptr) return "unknown";
  const char* name = EVP_PKEY_get0_type_name(key);
  return name != nullptr ? name : "unknown";
}

absl::StatusOr<std::string> Sha256(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr) != 1) {
    return absl::InternalError(absl::StrCat("SHA-256: ", TakeOpenSslError()));
  }
  return std::string(reinterpret_cast<char*>(digest), size);
}

template <typename T>
std::string Der(int (*encode)(const T*, unsigned char**), const T* object) {
  unsigned char* data = nullptr;
  const int size = encode(object, &data);
  if (size <= 0) return "";
  std::string result(reinterpret_cast<char*>(data), static_cast<size_t>(size));
  OPENSSL_free(data);
  return result;
}

}  // namespace

absl::StatusOr<Certificate> Describe(X509* certificate) {
  Certificate out;
  BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  out.pem = BioContent(bio.get());
  const X509_NAME* subject = X509_get_subject_name(certificate);
  if (std::vector<std::string> names = NameEntries(subject, NID_commonName); !names.empty()) out.common_name = names[0];
  out.organizations = NameEntries(subject, NID_organizationName);
  ReadAlternativeNames(certificate, out);
  out.issuer = OneLine(X509_get_issuer_name(certificate));
  TALES_ASSIGN_OR_RETURN(out.not_before, ToTime(X509_get0_notBefore(certificate)));
  TALES_ASSIGN_OR_RETURN(out.not_after, ToTime(X509_get0_notAfter(certificate)));
  TALES_ASSIGN_OR_RETURN(std::string digest, Sha256(Der<X509>(i2d_X509, certificate)));
  out.sha256 = absl::StrCat("sha256:", absl::BytesToHexString(digest));
  TALES_ASSIGN_OR_RETURN(std::string pin, Sha256(Der<X509_PUBKEY>(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(certificate))));
  out.spki_sha256_base64 = absl::Base64Escape(pin);
  out.is_ca = X509_check_ca(certificate) == 1;
  if ((X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE) != 0) {
    const uint32_t usage = X509_get_extended_key_usage(certificate);
    out.client_auth = (usage & XKU_SSL_CLIENT) != 0;
    out.server_auth = (usage & XKU_SSL_SERVER) != 0;
  }
  out.key_type = KeyTypeName(certificate);
  ERR_clear_error();
  return out;
}

absl::StatusOr<std::vector<Certificate>> ParseCertificates(std::string_view pem) {
  TALES_ASSIGN_OR_RETURN(std::vector<X509Ptr> parsed, ParseX509(pem));
  std::vector<Certificate> certificates;
  for (const X509Ptr& certificate : parsed) {
    TALES_ASSIGN_OR_RETURN(Certificate described, Describe(certificate.get()));
    certificates.push_back(std::move(described));
  }
  return certificates;
}

absl::Status VerifyChain(const Certificate& leaf, std::string_view ca_pem, absl::Time at) {
  TALES_ASSIGN_OR_RETURN(std::vector<X509Ptr> leaves, ParseX509(leaf.pem));
  absl::StatusOr<std::vector<X509Ptr>> authorities = ParseX509(ca_pem);
  if (!authorities.ok()) return Annotate(authorities.status(), "certificate authority");
  StorePtr store(X509_STORE_new());
  for (const X509Ptr& authority : *authorities) X509_STORE_add_cert(store.get(), authority.get());
  StoreContextPtr context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), leaves[0].get(), nullptr);
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  // An intermediate that is named as the authority is one, as for Go's x509.
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  if (at == absl::InfinitePast()) {
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_NO_CHECK_TIME);
  } else {
    X509_VERIFY_PARAM_set_time(parameters, absl::ToTimeT(at));
  }
  const bool verified = X509_verify_cert(context.get()) == 1;
  const int error = X509_STORE_CTX_get_error(context.get());
  ERR_clear_error();
  if (verified) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("certificate of ", leaf.common_name.empty() ? "(no common name)" : leaf.common_name, " issued by ",
                   leaf.issuer, ": ", X509_verify_cert_error_string(error), " (valid from ",
                   absl::FormatTime(leaf.not_before, absl::UTCTimeZone()), " to ",
                   absl::FormatTime(leaf.not_after, absl::UTCTimeZone()), ")"));
}

absl::Status KeyMatches(const Certificate& certificate, std::string_view key_pem) {
  TALES_ASSIGN_OR_RETURN(std::vector<X509Ptr> parsed, ParseX509(certificate.pem));
  TALES_ASSIGN_OR_RETURN(KeyPtr key, ParsePrivateKey(key_pem));
  const bool match = X509_check_private_key(parsed[0].get(), key.get()) == 1;
  ERR_clear_error();
  if (match) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the private key is not that of the certificate of ", certificate.common_name));
}

std::string NormalizeKeyLabel(std::string_view key_pem) {
  return absl::StrReplaceAll(key_pem, {{"-----BEGIN ED25519 PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----"},
                                       {"-----END ED25519 PRIVATE KEY-----", "-----END PRIVATE KEY-----"}});
}

absl::StatusOr<std::string> TalosKeyPem(std::string_view key_pem) {
  TALES_ASSIGN_OR_RETURN(KeyPtr key, ParsePrivateKey(key_pem));
  BioPtr bio(BIO_new(BIO_s_mem()));
  const bool ed25519 = EVP_PKEY_is_a(key.get(), "ED25519") == 1;
  const int written =
      ed25519 ? PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr)
              : PEM_write_bio_PrivateKey_traditional(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  if (written != 1) return absl::InternalError(absl::StrCat("writing a key: ", TakeOpenSslError()));
  const std::string pem = BioContent(bio.get());
  return ed25519 ? absl::StrReplaceAll(pem, {{" PRIVATE KEY-----", " ED25519 PRIVATE KEY-----"}}) : pem;
}

}  // namespace tales::pki
