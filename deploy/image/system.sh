#!/usr/bin/env bash
# As root, once: Java for Spark, and the folders that a container may write to.
set -euo pipefail
user=${1:?the number of the user that containers run as}
apt-get update -qq
apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless make
rm -rf /var/lib/apt/lists/*
for folder in data warehouse logs .datatrust dist .cache; do
    install -d -o "$user" -g "$user" "/app/$folder"
done
