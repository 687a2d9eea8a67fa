// Command server is an apid as strict as the real one: Ed25519 certificates made at start, TLS 1.3 with X25519 alone, a
// client certificate required (or, with -maintenance, none asked for). It is one control plane, "control" at its own
// address, which forwards to "10.5.0.3" (a worker) and cannot reach "10.5.0.4".
//
// It writes talosconfig to -out, then prints "ready ADDRESS" and serves until it is killed.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"

	"github.com/cosi-project/runtime/api/v1alpha1"
	"github.com/siderolabs/talos/pkg/machinery/api/machine"
	timeapi "github.com/siderolabs/talos/pkg/machinery/api/time"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

func main() {
	out := flag.String("out", "", "folder for talosconfig")
	host := flag.String("host", "127.0.0.1", "address to listen at")
	name := flag.String("certificate-for", "", "address in the certificate (default: -host)")
	role := flag.String("role", "os:admin", "role of the talosconfig's certificate")
	expired := flag.Bool("expired", false, "show a certificate that has expired")
	maintenance := flag.Bool("maintenance", false, "be a node without configuration")
	worker := flag.Bool("worker", false, "be a worker: forward nothing")
	flag.Parse()
	if *name == "" {
		*name = *host
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(*host, "0"))
	if err != nil {
		log.Fatal(err)
	}
	pki, err := newPKI(*name, *role, *expired)
	if err != nil {
		log.Fatal(err)
	}
	config := &tls.Config{
		Certificates:     []tls.Certificate{pki.server},
		MinVersion:       tls.VersionTLS13,
		CurvePreferences: []tls.CurveID{tls.X25519},
	}
	if !*maintenance {
		config.ClientAuth = tls.RequireAndVerifyClientCert
		config.ClientCAs = pki.pool
	}
	if err = os.WriteFile(filepath.Join(*out, "talosconfig"), pki.talosconfig(listener.Addr().String()), 0o600); err != nil {
		log.Fatal(err)
	}

	apid := &router{self: *host, worker: *worker}
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(config)), grpc.MaxRecvMsgSize(32<<20), grpc.MaxSendMsgSize(32<<20),
		grpc.UnaryInterceptor(apid.unary), grpc.StreamInterceptor(apid.stream))
	v1alpha1.RegisterStateServer(server, newState(*host))
	machine.RegisterMachineServiceServer(server, &machineServer{maintenance: *maintenance})
	timeapi.RegisterTimeServiceServer(server, &timeServer{})
	fmt.Println("ready", listener.Addr())
	log.Fatal(server.Serve(listener))
}
