// Command generator makes what `talosctl gen` makes, with the code that talosctl makes it with. For tests: real files to
// compare, on a machine without talosctl.
//
//	generator secrets FILE
//	generator config -secrets FILE [-out FOLDER] [-patch YAML|@FILE] [-patch-control-plane ...] [-patch-worker ...] ...
//	generator validate FILE...
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/siderolabs/talos/pkg/machinery/config"
	"github.com/siderolabs/talos/pkg/machinery/config/bundle"
	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
	"github.com/siderolabs/talos/pkg/machinery/config/configpatcher"
	"github.com/siderolabs/talos/pkg/machinery/config/encoder"
	"github.com/siderolabs/talos/pkg/machinery/config/generate"
	"github.com/siderolabs/talos/pkg/machinery/config/generate/secrets"
	"github.com/siderolabs/talos/pkg/machinery/config/machine"
	"github.com/siderolabs/talos/pkg/machinery/config/validation"
	"gopkg.in/yaml.v3"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("secrets, config or validate")
	}
	switch args[0] {
	case "secrets":
		return makeSecrets(args[1:])
	case "config":
		return makeConfig(args[1:])
	case "validate":
		return validate(args[1:])
	default:
		return fmt.Errorf("no command %q", args[0])
	}
}

func makeSecrets(args []string) error {
	if len(args) != 1 {
		return errors.New("secrets FILE")
	}
	made, err := secrets.NewBundle(secrets.NewClock(), config.TalosVersion1_6) // until 1.6: an EC key for service accounts, made in no time
	if err != nil {
		return err
	}
	text, err := yaml.Marshal(made)
	if err != nil {
		return err
	}
	return os.WriteFile(args[0], text, 0o600)
}

// texts is a flag that may be given more than once.
type texts []string

func (t *texts) String() string { return fmt.Sprint(*t) }
func (t *texts) Set(text string) error {
	*t = append(*t, text)
	return nil
}

func makeConfig(args []string) error {
	var all, controlPlane, worker, kernel, names texts
	flags := flag.NewFlagSet("config", flag.ContinueOnError)
	from := flags.String("secrets", "secrets.yaml", "secrets to use")
	out := flags.String("out", ".", "folder for the files")
	cluster := flags.String("cluster", "tales", "")
	endpoint := flags.String("endpoint", "https://10.0.1.50:6443", "")
	kubernetes := flags.String("kubernetes-version", "1.32.2", "")
	talos := flags.String("talos-version", "v1.9.4", "the version contract; empty: the newest")
	image := flags.String("install-image", "ghcr.io/siderolabs/installer:v1.9.4", "")
	disk := flags.String("install-disk", "/dev/sda", "")
	docs := flags.Bool("docs", true, "comments and examples, as talosctl writes them")
	age := flags.Duration("age", 0, "how long ago this is done, by the talosconfig's certificate")
	flags.Var(&all, "patch", "patch of both")
	flags.Var(&controlPlane, "patch-control-plane", "patch of the control plane")
	flags.Var(&worker, "patch-worker", "patch of the worker")
	flags.Var(&kernel, "kernel-argument", "")
	flags.Var(&names, "additional-san", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	loaded, err := secrets.LoadBundle(*from)
	if err != nil {
		return err
	}
	loaded.Clock = secrets.NewFixedClock(time.Now().Add(-*age))
	options := []generate.Option{
		generate.WithSecretsBundle(loaded), generate.WithInstallDisk(*disk), generate.WithInstallImage(*image),
		generate.WithInstallExtraKernelArgs(kernel), generate.WithAdditionalSubjectAltNames(names),
	}
	if *talos != "" {
		contract, err := config.ParseContractFromVersion(*talos)
		if err != nil {
			return err
		}
		options = append(options, generate.WithVersionContract(contract))
	}
	bundleOptions := []bundle.Option{bundle.WithInputOptions(&bundle.InputOptions{
		ClusterName: *cluster, Endpoint: *endpoint, KubeVersion: *kubernetes, GenOptions: options,
	})}
	for _, each := range []struct {
		texts texts
		with  func([]configpatcher.Patch) bundle.Option
	}{{all, bundle.WithPatch}, {controlPlane, bundle.WithPatchControlPlane}, {worker, bundle.WithPatchWorker}} {
		patches, err := configpatcher.LoadPatches(each.texts)
		if err != nil {
			return err
		}
		bundleOptions = append(bundleOptions, each.with(patches))
	}
	made, err := bundle.NewBundle(bundleOptions...)
	if err != nil {
		return err
	}
	comments := encoder.CommentsDisabled
	if *docs {
		comments = encoder.CommentsAll
	}
	if err := made.Write(*out, comments, machine.TypeControlPlane, machine.TypeWorker); err != nil {
		return err
	}
	talosconfig, err := yaml.Marshal(made.TalosConfig())
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(*out, "talosconfig"), talosconfig, 0o644)
}

// metal is what `talosctl validate --mode metal` assumes.
type metal struct{}

func (metal) String() string        { return "metal" }
func (metal) RequiresInstall() bool { return true }
func (metal) InContainer() bool     { return false }

func validate(files []string) error {
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		loaded, err := configloader.NewFromBytes(text)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if _, err := loaded.Validate(metal{}, validation.WithLocal(), validation.WithStrict()); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}
