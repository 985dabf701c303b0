#!/usr/bin/env bash
# Check everything under deploy/ that no test runs: manifests, images and scripts. Nothing is contacted.
# The tools come from PyPI into a virtual environment of their own (`make manifests`), named as the first argument.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tools=$(cd "${1:?usage: check.sh VENV}/bin" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for overlay in development production; do
  "$here/kubernetes/render.sh" "$overlay" > "$work/$overlay.yaml"
  "$tools/kubernetes-validate" --strict --quiet "$work/$overlay.yaml"
  (cd "$work" && "$tools/checkov" --config-file "$here/kubernetes/checkov.yaml" --file "$overlay.yaml")
done
if command -v promtool > /dev/null; then
  promtool check rules "$here/dashboards/alerts.yaml"
  promtool test rules "$here/dashboards/alerts.test.yaml"
elif [ "${RAPPORT_REQUIRE_SERVICES:-}" = 1 ]; then
  echo "check.sh: RAPPORT_REQUIRE_SERVICES=1, but there is no promtool for the alerts" >&2
  exit 1
else
  echo "SKIPPED, NOT TESTED: the alerts; there is no promtool (Debian's package prometheus brings it)"
fi
"$tools/hadolint" "$here/docker/Dockerfile"
"$tools/checkov" --framework dockerfile --compact --quiet --skip-download --file "$here/docker/Dockerfile"
find "$here" "$here/../.ci" -name libs -prune -o \( -name '*.sh' -o -path '*/.ci/run' \) -type f -print0 |
  xargs -0 "$tools/shellcheck"
echo "deploy: manifests, images and scripts are in order"
