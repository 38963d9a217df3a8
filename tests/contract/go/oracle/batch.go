package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/konfig"
)

type renderResponse struct {
	Objects []*unstructured.Unstructured `json:"objects"`
	Err     string                       `json:"err,omitempty"`
}

func renderLines(in io.Reader, out io.Writer) error {
	buffered := bufio.NewWriter(out)
	dec, enc := json.NewDecoder(bufio.NewReader(in)), json.NewEncoder(buffered)
	dec.DisallowUnknownFields()
	copies := map[string]string{}
	defer func() {
		for _, root := range copies {
			os.RemoveAll(root)
		}
	}()
	for {
		var req renderRequest
		if err := dec.Decode(&req); errors.Is(err, io.EOF) {
			return buffered.Flush()
		} else if err != nil {
			return fmt.Errorf("unreadable request: %w", err)
		}
		root, known := copies[req.Root]
		if !known {
			var err error
			if root, err = copyTree(req.Root); err != nil {
				return err
			}
			copies[req.Root] = root
		}
		if err := enc.Encode(renderAgain(root, req)); err != nil {
			return err
		}
	}
}

// renderAgain leaves the copy as it was: what one build generates is no input of the next.
func renderAgain(root string, req renderRequest) renderResponse {
	ks, err := readKustomization(&req)
	if err != nil {
		return renderResponse{Err: err.Error()}
	}
	restore, err := remember(filepath.Join(root, req.Path))
	if err != nil {
		return renderResponse{Err: err.Error()}
	}
	objects, err := renderIn(root, ks, req)
	if failed := restore(); failed != nil {
		return renderResponse{Err: failed.Error()}
	}
	if err != nil {
		return renderResponse{Err: err.Error()}
	}
	return renderResponse{Objects: objects}
}

// remember returns what brings the kustomization files of a folder back.
func remember(dir string) (func() error, error) {
	before := map[string][]byte{}
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		before[path] = data // nil only for a file that is not there
	}
	return func() error {
		for path, data := range before {
			if data != nil {
				if err := os.WriteFile(path, data, 0o644); err != nil {
					return err
				}
			} else if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
		return nil
	}, nil
}
