package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fluxcd/pkg/kustomize"
	ssautil "github.com/fluxcd/pkg/ssa/utils"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/yaml"
)

// renderRequest is one build of one Flux Kustomization.
type renderRequest struct {
	Root          string            `json:"root"`          // the artifact: nothing outside it is read
	Path          string            `json:"path"`          // folder below root; default: spec.path
	Kustomization string            `json:"kustomization"` // YAML file with exactly that object
	Vars          map[string]string `json:"vars"`          // more inline substitutes; those in the object win
	Objects       []map[string]any  `json:"objects"`       // ConfigMaps and Secrets that substituteFrom finds
	Strict        bool              `json:"strict"`        // an undefined variable is an error
}

func render(req renderRequest) ([]*unstructured.Unstructured, error) {
	ks, err := readKustomization(&req)
	if err != nil {
		return nil, err
	}
	root, err := copyTree(req.Root)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(root)
	return renderIn(root, ks, req)
}

// copyTree makes a private copy, which the caller removes.
func copyTree(source string) (string, error) {
	root, err := os.MkdirTemp("", "storyrunner-oracle-")
	if err != nil {
		return "", err
	}
	// The secure file system compares resolved paths.
	if root, err = filepath.EvalSymlinks(root); err != nil {
		return "", err
	}
	if err := os.CopyFS(root, os.DirFS(source)); err != nil {
		os.RemoveAll(root)
		return "", err
	}
	return root, nil
}

// renderIn renders in a private copy of the tree, and changes the copy.
func renderIn(root string, ks unstructured.Unstructured, req renderRequest) ([]*unstructured.Unstructured, error) {
	dir := filepath.Join(root, req.Path)
	ignore, _, _ := unstructured.NestedString(ks.Object, "spec", "ignore")
	if _, err := kustomize.NewGeneratorWithIgnore(root, ignore, ks).WriteFile(dir); err != nil {
		return nil, fmt.Errorf("failed to generate kustomization.yaml: %w", err)
	}
	built, err := kustomize.SecureBuild(root, dir, false)
	if err != nil {
		return nil, fmt.Errorf("kustomize build failed: %w", err)
	}
	if err := substituteAll(ks, built, req); err != nil {
		return nil, err
	}
	return finish(ks, built)
}

// readKustomization also completes the request with the path that the object names.
func readKustomization(req *renderRequest) (ks unstructured.Unstructured, err error) {
	data, err := os.ReadFile(req.Kustomization)
	if err != nil {
		return ks, err
	}
	if err := yaml.Unmarshal(data, &ks.Object); err != nil {
		return ks, err
	}
	for name, value := range req.Vars {
		field := []string{"spec", "postBuild", "substitute", name}
		if _, found, err := unstructured.NestedFieldNoCopy(ks.Object, field...); err != nil || found {
			continue
		}
		if err := unstructured.SetNestedField(ks.Object, value, field...); err != nil {
			return ks, err
		}
	}
	if req.Path == "" {
		req.Path, _, _ = unstructured.NestedString(ks.Object, "spec", "path")
	}
	return ks, nil
}

func substituteAll(ks unstructured.Unstructured, built resmap.ResMap, req renderRequest) error {
	if _, found, _ := unstructured.NestedMap(ks.Object, "spec", "postBuild"); !found {
		return nil
	}
	strategy, _, _ := unstructured.NestedString(ks.Object, "spec", "postBuild", "substituteStrategy")
	for _, res := range built.Resources() {
		out, err := kustomize.SubstituteVariables(context.Background(), repository{objects: req.Objects}, ks, res,
			kustomize.SubstituteWithStrict(req.Strict), kustomize.SubstituteWithAlways(strategy == "Always"))
		if err != nil {
			return fmt.Errorf("post build failed for '%s': %w", res.GetName(), err)
		}
		if out == nil {
			continue
		}
		if _, err := built.Replace(res); err != nil {
			return err
		}
	}
	return nil
}

func finish(ks unstructured.Unstructured, built resmap.ResMap) ([]*unstructured.Unstructured, error) {
	text, err := built.AsYaml()
	if err != nil {
		return nil, err
	}
	objects, err := ssautil.ReadObjects(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	labels, _, _ := unstructured.NestedStringMap(ks.Object, "spec", "commonMetadata", "labels")
	annotations, _, _ := unstructured.NestedStringMap(ks.Object, "spec", "commonMetadata", "annotations")
	ssautil.SetCommonMetadata(objects, labels, annotations)
	return objects, nil
}

// repository stands where the controller has the cluster: only Get is ever called.
type repository struct {
	client.Client
	objects []map[string]any
}

func (r repository) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	kind := strings.TrimPrefix(fmt.Sprintf("%T", into), "*v1.")
	for _, object := range r.objects {
		u := unstructured.Unstructured{Object: object}
		if u.GetKind() == kind && u.GetName() == key.Name && u.GetNamespace() == key.Namespace {
			return runtime.DefaultUnstructuredConverter.FromUnstructured(object, into)
		}
	}
	return apierrors.NewNotFound(schema.GroupResource{Resource: strings.ToLower(kind) + "s"}, key.Name)
}
