#include "harness/pki/authority.h"

#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/pem.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "harness/base/status.h"
#include "harness/pki/openssl.h"

namespace tales::pki {
namespace {

using BignumPtr = std::unique_ptr<BIGNUM, Free<BN_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;
using GeneralNamePtr = std::unique_ptr<GENERAL_NAME, Free<GENERAL_NAME_free>>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>>;

constexpr absl::Duration kAuthorityLifetime = absl::Hours(24 * 365 * 10);
constexpr absl::Duration kClockSkew = absl::Minutes(5);

absl::Status OpenSslFailed(std::string_view what) {
  return absl::InternalError(absl::StrCat(what, ": ", TakeOpenSslError()));
}

absl::StatusOr<KeyPtr> NewKey(KeyType type) {
  KeyPtr key;
  switch (type) {
    case KeyType::kEd25519:
      key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
      break;
    case KeyType::kEcP256:
      key.reset(EVP_EC_gen("P-256"));
      break;
    case KeyType::kRsa2048:
      key.reset(EVP_RSA_gen(2048));
      break;
  }
  if (key == nullptr) return OpenSslFailed("making a key");
  return key;
}

absl::StatusOr<std::string> PrivatePem(EVP_PKEY* key) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return OpenSslFailed("writing a key");
  }
  return BioContent(bio.get());
}

absl::Status SetSerial(X509* certificate) {
  BignumPtr number(BN_new());
  // 127 random bits: positive, and within the 20 octets of RFC 5280 4.1.2.2.
  if (BN_rand(number.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) != 1 ||
      BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) == nullptr) {
    return OpenSslFailed("making a serial number");
  }
  return absl::OkStatus();
}

absl::Status AddName(X509_NAME* name, int nid, std::string_view value) {
  if (X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                                 static_cast<int>(value.size()), -1, 0) != 1) {
    return absl::InvalidArgumentError(absl::StrCat("subject name \"", value.substr(0, 80), "\": ", TakeOpenSslError()));
  }
  return absl::OkStatus();
}

absl::Status SetSubject(X509* certificate, std::string_view common_name,
                        const std::vector<std::string>& organizations) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  for (const std::string& organization : organizations) {
    TALES_RETURN_IF_ERROR(AddName(subject, NID_organizationName, organization));
  }
  if (common_name.empty()) return absl::OkStatus();
  return AddName(subject, NID_commonName, common_name);
}

absl::Status SetValidity(X509* certificate, absl::Time not_before, absl::Time not_after) {
  if (ASN1_TIME_set(X509_getm_notBefore(certificate), absl::ToTimeT(not_before)) == nullptr ||
      ASN1_TIME_set(X509_getm_notAfter(certificate), absl::ToTimeT(not_after)) == nullptr) {
    return OpenSslFailed("setting the validity");
  }
  return absl::OkStatus();
}

absl::Status AddExtension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  if (extension == nullptr || X509_add_ext(certificate, extension.get(), -1) != 1) {
    return OpenSslFailed(absl::StrCat("extension ", OBJ_nid2sn(nid)));
  }
  return absl::OkStatus();
}

absl::Status AddAlternativeName(GENERAL_NAMES* names, int type, std::string_view bytes) {
  GeneralNamePtr name(GENERAL_NAME_new());
  ASN1_STRING* value = type == GEN_DNS ? static_cast<ASN1_STRING*>(ASN1_IA5STRING_new()) : ASN1_OCTET_STRING_new();
  if (name == nullptr || value == nullptr) return OpenSslFailed("subject alternative name");
  GENERAL_NAME_set0_value(name.get(), type, value);
  if (ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size())) != 1 ||
      sk_GENERAL_NAME_push(names, name.get()) == 0) {
    return OpenSslFailed("subject alternative name");
  }
  name.release();
  return absl::OkStatus();
}

absl::Status AddAlternativeNames(X509* certificate, const LeafRequest& request) {
  if (request.dns_names.empty() && request.addresses.empty()) return absl::OkStatus();
  GeneralNamesPtr names(GENERAL_NAMES_new());
  for (const std::string& dns : request.dns_names) TALES_RETURN_IF_ERROR(AddAlternativeName(names.get(), GEN_DNS, dns));
  for (const std::string& address : request.addresses) {
    char bytes[16];
    const int family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
    if (inet_pton(family, address.c_str(), bytes) != 1) {
      return absl::InvalidArgumentError(absl::StrCat("\"", address, "\" is not an IP address"));
    }
    TALES_RETURN_IF_ERROR(
        AddAlternativeName(names.get(), GEN_IPADD, std::string_view(bytes, family == AF_INET ? 4 : 16)));
  }
  if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) != 1) {
    return OpenSslFailed("subject alternative names");
  }
  return absl::OkStatus();
}

// Version, serial, key: what authority and leaf have in common.
absl::StatusOr<X509Ptr> NewCertificate(EVP_PKEY* key) {
  X509Ptr certificate(X509_new());
  if (certificate == nullptr || X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      X509_set_pubkey(certificate.get(), key) != 1) {
    return OpenSslFailed("making a certificate");
  }
  TALES_RETURN_IF_ERROR(SetSerial(certificate.get()));
  return certificate;
}

absl::StatusOr<KeyPair> SignAndWrite(X509* certificate, EVP_PKEY* key, EVP_PKEY* signer) {
  // Ed25519 has its digest built in.
  const EVP_MD* digest = EVP_PKEY_is_a(signer, "ED25519") == 1 ? nullptr : EVP_sha256();
  if (X509_sign(certificate, signer, digest) <= 0) return OpenSslFailed("signing a certificate");
  BioPtr bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(bio.get(), certificate) != 1) return OpenSslFailed("writing a certificate");
  TALES_ASSIGN_OR_RETURN(std::string key_pem, PrivatePem(key));
  return KeyPair{.certificate_pem = BioContent(bio.get()), .key_pem = std::move(key_pem)};
}

// A leaf with the key `key`, signed by `signer`, whose certificate is `issuer`; nullptr: the leaf itself.
absl::StatusOr<KeyPair> IssueLeaf(const LeafRequest& request, EVP_PKEY* key, X509* issuer, EVP_PKEY* signer) {
  TALES_ASSIGN_OR_RETURN(X509Ptr certificate, NewCertificate(key));
  X509* x509 = certificate.get();
  if (issuer == nullptr) issuer = x509;
  TALES_RETURN_IF_ERROR(SetSubject(x509, request.common_name, request.organizations));
  X509_set_issuer_name(x509, X509_get_subject_name(issuer));
  const absl::Time end = absl::Now() + request.lifetime;
  TALES_RETURN_IF_ERROR(SetValidity(x509, std::min(absl::Now() - kClockSkew - request.age, end - absl::Hours(1)), end));
  TALES_RETURN_IF_ERROR(AddExtension(x509, issuer, NID_basic_constraints, "critical,CA:FALSE"));
  const char* usage =
      EVP_PKEY_is_a(key, "RSA") == 1 ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature";
  TALES_RETURN_IF_ERROR(AddExtension(x509, issuer, NID_key_usage, usage));
  if (request.client_auth || request.server_auth) {
    const char* extended = !request.server_auth   ? "clientAuth"
                           : !request.client_auth ? "serverAuth"
                                                  : "serverAuth,clientAuth";
    TALES_RETURN_IF_ERROR(AddExtension(x509, issuer, NID_ext_key_usage, extended));
  }
  TALES_RETURN_IF_ERROR(AddExtension(x509, issuer, NID_subject_key_identifier, "hash"));
  // Who vouches for itself needs not say by which key; an authority of Go's has no identifier to be named by.
  if (issuer != x509 && X509_get0_subject_key_id(issuer) != nullptr)
    TALES_RETURN_IF_ERROR(AddExtension(x509, issuer, NID_authority_key_identifier, "keyid:always"));
  TALES_RETURN_IF_ERROR(AddAlternativeNames(x509, request));
  return SignAndWrite(x509, key, signer);
}

}  // namespace

absl::StatusOr<Authority> Authority::Mint(std::string_view common_name, std::string_view organization, KeyType type) {
  TALES_ASSIGN_OR_RETURN(KeyPtr key, NewKey(type));
  TALES_ASSIGN_OR_RETURN(X509Ptr certificate, NewCertificate(key.get()));
  X509* x509 = certificate.get();
  std::vector<std::string> organizations;
  if (!organization.empty()) organizations.emplace_back(organization);
  TALES_RETURN_IF_ERROR(SetSubject(x509, common_name, organizations));
  X509_set_issuer_name(x509, X509_get_subject_name(x509));
  const absl::Time now = absl::Now();
  TALES_RETURN_IF_ERROR(SetValidity(x509, now - kClockSkew, now + kAuthorityLifetime));
  TALES_RETURN_IF_ERROR(AddExtension(x509, x509, NID_basic_constraints, "critical,CA:TRUE"));
  TALES_RETURN_IF_ERROR(AddExtension(x509, x509, NID_key_usage, "critical,digitalSignature,keyCertSign,cRLSign"));
  TALES_RETURN_IF_ERROR(AddExtension(x509, x509, NID_subject_key_identifier, "hash"));
  TALES_RETURN_IF_ERROR(AddExtension(x509, x509, NID_authority_key_identifier, "keyid:always"));
  TALES_ASSIGN_OR_RETURN(KeyPair pair, SignAndWrite(x509, key.get(), key.get()));
  return Authority(std::move(pair), type);
}

absl::StatusOr<Authority> Authority::Load(KeyPair pair) {
  TALES_ASSIGN_OR_RETURN(const std::vector<Certificate> certificates, ParseCertificates(pair.certificate_pem));
  pair.key_pem = NormalizeKeyLabel(pair.key_pem);
  if (const absl::Status matches = KeyMatches(certificates.front(), pair.key_pem); !matches.ok()) {
    return absl::InvalidArgumentError(matches.message());
  }
  const std::string& type = certificates.front().key_type;
  if (type == "ED25519") return Authority(std::move(pair), KeyType::kEd25519);
  if (type == "EC") return Authority(std::move(pair), KeyType::kEcP256);
  if (type == "RSA") return Authority(std::move(pair), KeyType::kRsa2048);
  return absl::InvalidArgumentError(absl::StrCat("an authority's key of type ", type));
}

absl::StatusOr<KeyPair> Authority::Issue(const LeafRequest& request) const {
  TALES_ASSIGN_OR_RETURN(std::vector<X509Ptr> issuer, ParseX509(pair_.certificate_pem));
  TALES_ASSIGN_OR_RETURN(KeyPtr signer, ParsePrivateKey(pair_.key_pem));
  TALES_ASSIGN_OR_RETURN(KeyPtr key, NewKey(type_));
  return IssueLeaf(request, key.get(), issuer[0].get(), signer.get());
}

absl::StatusOr<KeyPair> SelfSign(const LeafRequest& request, KeyType type) {
  TALES_ASSIGN_OR_RETURN(KeyPtr key, NewKey(type));
  return IssueLeaf(request, key.get(), nullptr, key.get());
}

absl::StatusOr<RawKey> MintKey(KeyType type) {
  TALES_ASSIGN_OR_RETURN(KeyPtr key, NewKey(type));
  TALES_ASSIGN_OR_RETURN(std::string private_pem, PrivatePem(key.get()));
  BioPtr bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PUBKEY(bio.get(), key.get()) != 1) return OpenSslFailed("writing a public key");
  return RawKey{.private_pem = std::move(private_pem), .public_pem = BioContent(bio.get())};
}

}  // namespace tales::pki
