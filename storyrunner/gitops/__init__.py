"""What the field means: documents, kustomize, Flux, substitution, schemas and queries."""
