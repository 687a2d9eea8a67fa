package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

type testPKI struct {
	server       tls.Certificate
	pool         *x509.CertPool
	ca, crt, key []byte
}

func issue(template, parent *x509.Certificate, parentKey ed25519.PrivateKey) ([]byte, ed25519.PrivateKey, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if parent == nil {
		parent, parentKey = template, private
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, nil, err
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, parentKey)
	return der, private, err
}

func newPKI(address, role string, expired bool) (*testPKI, error) {
	now := time.Now()
	before, after := now.Add(-time.Minute), now.Add(time.Hour)
	ca := &x509.Certificate{
		Subject: pkix.Name{Organization: []string{"talos"}}, NotBefore: before, NotAfter: after, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	caDER, caKey, err := issue(ca, nil, nil)
	if err != nil {
		return nil, err
	}
	if ca, err = x509.ParseCertificate(caDER); err != nil {
		return nil, err
	}
	leaf := &x509.Certificate{
		Subject: pkix.Name{CommonName: "control"}, NotBefore: before, NotAfter: after, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, IPAddresses: []net.IP{net.ParseIP(address)}, DNSNames: []string{"control"},
	}
	if expired {
		leaf.NotBefore, leaf.NotAfter = now.Add(-2*time.Hour), now.Add(-time.Hour)
	}
	leafDER, leafKey, err := issue(leaf, ca, caKey)
	if err != nil {
		return nil, err
	}
	client := &x509.Certificate{
		Subject: pkix.Name{Organization: []string{role}}, NotBefore: before, NotAfter: after,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	clientDER, clientKey, err := issue(client, ca, caKey)
	if err != nil {
		return nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(clientKey)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	block := func(label string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}) }
	return &testPKI{
		server: tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: leafKey},
		pool:   pool,
		ca:     block("CERTIFICATE", caDER), crt: block("CERTIFICATE", clientDER), key: block("ED25519 PRIVATE KEY", pkcs8),
	}, nil
}

func (p *testPKI) talosconfig(endpoint string) []byte {
	encode := base64.StdEncoding.EncodeToString
	return []byte(fmt.Sprintf("context: peer\ncontexts:\n  peer:\n    endpoints: [%q]\n    ca: %s\n    crt: %s\n    key: %s\n",
		endpoint, encode(p.ca), encode(p.crt), encode(p.key)))
}
