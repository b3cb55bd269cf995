#!/bin/sh
# Prints both values of the Secret that the ExternalSecret keeps.
# Needs kubectl; the namespace and cluster are the ones that kubectl is set to.
set -eu
for key in first second; do
  printf '%s: ' "$key"
  kubectl get secret kemgou-external-secret --output "jsonpath={.data.$key}" | base64 --decode
  echo
done
