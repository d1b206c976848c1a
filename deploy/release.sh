#!/bin/sh
# Makes a release from a clean checkout: checks it, builds it twice, writes the notes, signs the sums with minisign.
#
#   deploy/release.sh VERSION FOLDER KEY
#
# KEY is minisign's secret key (minisign -G makes one). CHECK is what must succeed first, "make test" unless you set it.
# Nothing is uploaded.
set -eu
umask 022

die() {
    echo "$1" >&2
    exit 1
}

[ $# = 3 ] || die "Usage: deploy/release.sh VERSION FOLDER KEY"
version=$1
key=$(realpath "$3")
mkdir -p "$2"
folder=$(realpath "$2")
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}

# Is this what shall be released?

[ -z "$(git status --porcelain)" ] || die "There are changes that are not committed, or files that git does not know."
[ -z "$(ls -A "$folder")" ] || die "$folder is not empty."
said=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
[ "$said" = "$version" ] || die "pyproject.toml says version $said, not $version."
grep -q "^__version__ = \"$version\"" petition/__init__.py || die "petition/__init__.py says another version."
changes=$(awk -v head="## $version" 'index($0, head) == 1 { on = 1; next } /^## / { on = 0 } on' CHANGELOG.md)
[ -n "$changes" ] || die "CHANGELOG.md has no section that begins with: ## $version"
sh -c "${CHECK:-make test}" || die "The checks failed. Nothing was built."

# Build twice, from two copies, and compare

SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for copy in one two; do
    mkdir -p "$work/$copy"
    git archive HEAD | tar -x -C "$work/$copy"
    for kind in sdist wheel; do
        (cd "$work/$copy" && "$OLDPWD/$python" -m hatchling build -t $kind -d "$work/$copy-dist" >/dev/null)
    done
done
diff -r "$work/one-dist" "$work/two-dist" || die "Two builds of the same commit differ."
cp "$work/one-dist/"* requirements.lock "$folder"

# Notes, sums, signature

digest() { sha256sum "$1" | cut -d ' ' -f 1; }
{
    printf '# Petition %s\n%s\n\n' "$version" "$changes"
    echo "## What every log names"
    echo
    echo "The first entry of a log names the SHA-256 of these files. If they are not those of the last release, letters"
    echo "that are open tell of the change."
    echo
    printf '    %s  client.py\n    %s  sign.js\n\n' "$(digest petition/client.py)" "$(digest petition/static/sign.js)"
    printf '## Source\n\nCommit %s.\n' "$(git rev-parse HEAD)"
} >"$folder/NOTES.md"
(cd "$folder" && sha256sum -- * >SHA256SUMS)
minisign -S -s "$key" -m "$folder/SHA256SUMS" -t "Petition $version"
echo "Petition $version lies in $folder. Check it as others will: minisign -V -P PUBLIC-KEY -m SHA256SUMS (with the key in a file: -p FILE)"
