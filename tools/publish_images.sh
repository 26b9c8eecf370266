#!/usr/bin/env bash
# Build the images and push them under REPOSITORY and TAG to GitHub's registry, as ACTOR with GH_TOKEN.
set -euo pipefail
cd "$(dirname "$0")/.."
registry=ghcr.io/${REPOSITORY,,}
echo "$GH_TOKEN" | docker login ghcr.io --username "$ACTOR" --password-stdin
for target in pipeline chat notebook; do
    docker build --file deploy/Dockerfile --target "$target" --tag "$registry/$target:$TAG" .
    docker push "$registry/$target:$TAG"
done
