// Command storyrunner-oracle answers with Flux's own libraries what this
// project's embedded engine has to answer too. It never talks to a cluster.
//
// Mode "render": one JSON request on stdin, the objects as one JSON list on
// stdout; a failed build is the error on stderr and exit code 1. The steps are
// kustomize-controller's: generate, build, check and substitute each resource,
// common metadata. Left out, because they belong to applying: owner labels,
// decryption, defaulting. The tree is rendered in a private copy.
//
// Mode "render-all": one such request per line, for trees that nobody changes
// meanwhile; per line {"objects"} or {"err"}. Each tree is copied once, and what
// a request wrote into the copy is taken back before the next.
//
// Mode "envsubst": one JSON request per line, one {"out"} or {"err"} per line.
//
// Mode "version": the version of each Flux and kustomize library it answers with.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/fluxcd/pkg/envsubst"
)

func main() {
	modes := map[string]func(io.Reader, io.Writer) error{
		"render": renderOne, "render-all": renderLines, "envsubst": substituteLines, "version": printLibraries,
	}
	if len(os.Args) != 2 || modes[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: storyrunner-oracle render|render-all|envsubst|version <requests.json")
		os.Exit(2)
	}
	if err := modes[os.Args[1]](os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func renderOne(in io.Reader, out io.Writer) error {
	var req renderRequest
	dec := json.NewDecoder(in)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&req); err != nil {
		return fmt.Errorf("unreadable request: %w", err)
	}
	objects, err := render(req)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(objects)
}

func printLibraries(_ io.Reader, out io.Writer) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("built without module information")
	}
	for _, module := range info.Deps {
		switch module.Path {
		case "github.com/fluxcd/pkg/kustomize", "github.com/fluxcd/pkg/envsubst", "sigs.k8s.io/kustomize/api":
			fmt.Fprintln(out, module.Path, module.Version)
		}
	}
	return nil
}

type substituteRequest struct {
	In     string            `json:"in"`
	Vars   map[string]string `json:"vars"`
	Strict bool              `json:"strict"`
}

type substituteResponse struct {
	Out *string `json:"out,omitempty"`
	Err string  `json:"err,omitempty"`
}

func substituteLines(in io.Reader, out io.Writer) error {
	dec, enc := json.NewDecoder(bufio.NewReader(in)), json.NewEncoder(out)
	for {
		var req substituteRequest
		if err := dec.Decode(&req); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("unreadable request: %w", err)
		}
		if err := enc.Encode(substitute(req)); err != nil {
			return err
		}
	}
}

// substitute turns the library's panics (a negative slice length) into errors:
// they crash a build all the same.
func substitute(req substituteRequest) (resp substituteResponse) {
	defer func() {
		if r := recover(); r != nil {
			resp = substituteResponse{Err: fmt.Sprintf("panic: %v", r)}
		}
	}()
	text, err := envsubst.Eval(req.In, func(name string) (string, bool) {
		value, ok := req.Vars[name]
		return value, ok || !req.Strict
	})
	if err != nil {
		return substituteResponse{Err: err.Error()}
	}
	return substituteResponse{Out: &text}
}
