#!/bin/sh
# Link tree for static tools: build/links/ohmsum/* -> the real folders, so that mypy and pyright see one package.
set -e
cd "$(dirname "$0")/.."
rm -rf build/links/ohmsum
mkdir -p build/links/ohmsum
for folder in arch sim tools workloads; do ln -s "../../../$folder" "build/links/ohmsum/$folder"; done
for file in sim/facade/*; do
    case "$file" in *__pycache__*) ;; *) ln -s "../../../$file" "build/links/ohmsum/$(basename "$file")" ;; esac
done
