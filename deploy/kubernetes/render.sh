#!/usr/bin/env bash
# Print an overlay as kubectl would apply it:  render.sh production|development
# Uses kubectl, or kustomize, or builds kustomize with Go into .cache/ at the root of the project.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
overlay="$here/overlays/${1:?usage: render.sh OVERLAY}"
kustomize_version=v5.7.1
cache="$here/../../.cache/bin"

if command -v kubectl > /dev/null && kubectl kustomize --help > /dev/null 2>&1; then
  exec kubectl kustomize "$overlay"
elif command -v kustomize > /dev/null; then
  exec kustomize build "$overlay"
elif [ ! -x "$cache/kustomize" ]; then
  command -v go > /dev/null || { echo "render.sh: there is no kubectl, no kustomize and no go" >&2; exit 69; }
  mkdir -p "$cache"
  GOBIN=$(cd "$cache" && pwd) go install "sigs.k8s.io/kustomize/kustomize/v5@$kustomize_version" >&2
fi
exec "$cache/kustomize" build "$overlay"
