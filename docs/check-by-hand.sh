#!/bin/sh
# Checks one signature of a published letter with openssl and the small tools of any Unix. It shares no code with the
# program that it checks. docs/checking.md explains each step.
#
#   sh check-by-hand.sh FOLDER-or-ADDRESS ENTRY-NUMBER
#
# Needs OpenSSL 3 or newer; name another one with OPENSSL=/path/to/openssl. For an address it needs curl, too.
# Exits with 0 if everything is right, with 1 if anything is wrong, with 2 if it was called wrongly, and with 3 if the
# log has a version that it does not know.

set -u
LC_ALL=C
export LC_ALL
OPENSSL=${OPENSSL:-openssl}
wrong=0

usage() {
    echo "$1" >&2
    echo "Usage: sh check-by-hand.sh FOLDER-or-ADDRESS ENTRY-NUMBER" >&2
    exit 2
}

ok() { echo "ok     $1"; }

bad() {
    echo "WRONG  $1"
    wrong=1
}

stop() {
    bad "$1"
    finish
}

finish() {
    if [ "$wrong" -eq 0 ]; then
        echo "Entry $wanted of $size is a valid signature, and the log \"$name\" contains it."
        echo "Not checked here: that it was not withdrawn or annulled, and all the other entries."
    else
        echo "NOT VERIFIED. Do not rely on this entry."
    fi
    exit "$wrong"
}

# --- what was asked

[ $# -eq 2 ] || usage "Give a folder or an address, and the number of an entry."
from=${1%/}
case $from in
http://* | https://*) ;;
*) [ -d "$from" ] || usage "There is no folder $from." ;;
esac
wanted=$(echo "$2" | sed 's/^0*\(.\)/\1/')
case $wanted in
'' | *[!0-9]* | ????????????????*) usage "$2 is not the number of an entry." ;;
esac
for tool in awk cmp cut dd grep mktemp od sed split tail tr wc; do
    command -v "$tool" >/dev/null || usage "The program $tool is needed."
done
case $("$OPENSSL" version 2>/dev/null) in
"OpenSSL "[3-9]* | "OpenSSL "[1-9][0-9]*) ;;
*) usage "OpenSSL 3 or newer is needed. If it is somewhere else: OPENSSL=/path/to/openssl sh check-by-hand.sh …" ;;
esac
size='?' name='?'
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM

# --- small tools

fetch() { # NAME: brings a public file of the letter into the work folder
    [ -f "$work/$1" ] && return
    mkdir -p "$(dirname "$work/$1")"
    case $from in
    http*) curl -fsS --max-time 120 -o "$work/$1" "$from/$1" ;;
    *) cp "$from/$1" "$work/$1" ;;
    esac || stop "The file $1 cannot be read."
}

sha256() { "$OPENSSL" dgst -sha256 -binary; }

from_base64() { "$OPENSSL" base64 -d -A; }

from_base64url() { # pads to a multiple of four, and writes the usual alphabet
    sed -e 'y/-_/+\//' -e 's/^\(\(....\)*..\)$/\1==/' -e 's/^\(\(....\)*...\)$/\1=/' | tr -d '\n' | from_base64
}

pair() { # LEFT RIGHT OUT: the hash of two hashes (RFC 9162, 2.1.1)
    { printf '\001'; cat "$1" "$2"; } | sha256 >"$work/pair"
    mv "$work/pair" "$3"
}

next_row() { # ROW OUT: the hashes of the pairs in a row of hashes, all computed by one call of openssl
    : >"$2"
    [ "$(wc -c <"$1")" -ge 64 ] || return
    rm -rf "$work/pairs"
    mkdir "$work/pairs"
    printf %b "$(od -A n -v -t o1 "$1" | awk '
        { for (i = 1; i <= NF; i++) { if (at++ % 64 == 0) pair = "\\0001"; pair = pair "\\0" $i
            if (at % 64 == 0) printf "%s", pair } }')" | (cd "$work/pairs" && split -b 65 -a 3)
    "$OPENSSL" dgst -sha256 -binary "$work"/pairs/* >"$2"
}

# --- the files of the log

file_name() { # FOLDER NUMBER HOW-MANY: the name of tile NUMBER, if its level has HOW-MANY hashes (C2SP tlog-tiles)
    file=$(printf '%03d' $(($2 % 1000)))
    rest=$(($2 / 1000))
    while [ "$rest" -gt 0 ]; do
        file=$(printf 'x%03d/%s' $((rest % 1000)) "$file")
        rest=$((rest / 1000))
    done
    [ $(($3 - $2 * 256)) -ge 256 ] || file=$file.p/$(($3 - $2 * 256))
    file=log/tile/$1/$file
}

entry() { # NUMBER OUT: cuts an entry from its bundle, where each stands after its length in two bytes
    file_name entries $(($1 / 256)) "$size"
    fetch "$file"
    place=$(od -A n -v -t u1 "$work/$file" | awk -v want=$(($1 % 256)) '
        { for (i = 1; i <= NF; i++) {
            at++
            if (skip > 0) skip--
            else if (!half) { high = $i; half = 1 }
            else {
                length_ = high * 256 + $i
                if (seen == want) { print at, length_; exit }
                skip = length_; half = 0; seen++
            }
        } }')
    [ -n "$place" ] || stop "The file $file has no entry $1."
    dd if="$work/$file" of="$2" bs=1 skip="${place% *}" count="${place#* }" 2>/dev/null
}

node() { # HEIGHT NUMBER OUT: the hash over the 2^HEIGHT entries from NUMBER * 2^HEIGHT on, all of them in the log
    level=$(($1 / 8))
    step=$(($1 % 8))
    tile=$(($2 >> (8 - step)))
    file_name "$level" "$tile" $((size >> (8 * level)))
    fetch "$file"
    row=$work/row.$level.$tile
    [ -f "$row.0" ] || cp "$work/$file" "$row.0"
    above=1
    while [ "$above" -le "$step" ]; do # a tile has only every eighth height; those between are computed once
        if [ ! -f "$row.$above" ]; then
            next_row "$row.$((above - 1))" "$row.$above"
        fi
        above=$((above + 1))
    done
    dd if="$row.$step" of="$3" bs=32 skip=$(($2 - (tile << (8 - step)))) count=1 2>/dev/null
}

right_end() { # HEIGHT OUT: the hash over the last entries, which do not fill their 2^HEIGHT places
    rest=$((size - (((size - 1) >> $1) << $1)))
    end=$size
    part=0
    rm -f "$2"
    while [ "$rest" -gt 0 ]; do
        if [ $((rest & 1)) -eq 1 ]; then
            end=$((end - (1 << part)))
            kept=$rest
            node "$part" $((end >> part)) "$work/part"
            rest=$kept
            if [ -f "$2" ]; then pair "$work/part" "$2" "$2"; else mv "$work/part" "$2"; fi
        fi
        rest=$((rest >> 1))
        part=$((part + 1))
    done
}

prove() { # NUMBER FILE WHAT: from an entry's bytes up to the root of the checkpoint (RFC 9162, 2.1.3)
    { printf '\000'; cat "$2"; } | sha256 >"$work/hash"
    here=$1
    last=$((size - 1))
    height=0
    fits=1
    while :; do
        if [ $((height % 8)) -eq 0 ] && [ $(((here + 1) << height)) -le "$size" ]; then
            node "$height" "$here" "$work/own"
            cmp -s "$work/own" "$work/hash" || fits=0
        fi
        [ "$last" -gt 0 ] || break
        if [ $((here & 1)) -eq 1 ]; then
            node "$height" $((here - 1)) "$work/sibling"
            pair "$work/sibling" "$work/hash" "$work/hash"
        elif [ "$here" -lt "$last" ]; then
            if [ $((here + 1)) -lt "$last" ]; then
                node "$height" $((here + 1)) "$work/sibling"
            else
                right_end "$height" "$work/sibling"
            fi
            pair "$work/hash" "$work/sibling" "$work/hash"
        fi
        here=$((here >> 1))
        last=$((last >> 1))
        height=$((height + 1))
    done
    cmp -s "$work/hash" "$work/root" || fits=0
    if [ "$fits" -eq 1 ]; then
        ok "The hashes lead from entry $1$3 up to the root."
    else
        bad "The hashes do not lead from entry $1$3 up to the root: something in the log was changed."
    fi
}

# --- 1. the checkpoint: how many entries, which root, signed with the log's key

fetch log/checkpoint
fetch log/vkey
vkey=$(cat "$work/log/vkey")
name=${vkey%%+*}
case $name in
'' | *[!!-~]*) name='?' && stop "The file log/vkey does not name a log." ;;
esac
key_id=${vkey#*+}
key_id=${key_id%%+*}
echo "${vkey#*+*+}" | tr -d '\n' | from_base64 >"$work/vkey-bytes" 2>/dev/null
tail -c +2 "$work/vkey-bytes" >"$work/key"
{ printf '\060\052\060\005\006\003\053\145\160\003\041\000'; cat "$work/key"; } >"$work/key.der" # SPKI of Ed25519
sed '/^$/,$d' "$work/log/checkpoint" >"$work/note"
[ "$(sed -n 1p "$work/note")" = "$name" ] || bad "The checkpoint and vkey name different logs."
computed=$({ printf '%s\n\001' "$name"; cat "$work/key"; } | sha256 | od -A n -t x1 | tr -d ' \n' | cut -c 1-8)
[ "$computed" = "$key_id" ] || bad "The key in log/vkey does not have the number that stands beside it."
signed=0
NAME=$name awk '$1 == "\342\200\224" && $2 == ENVIRON["NAME"] { print $3 }' "$work/log/checkpoint" >"$work/lines"
while read -r line; do
    echo "$line" | tr -d '\n' | from_base64 >"$work/signed" 2>/dev/null
    [ "$(od -A n -t x1 -N 4 "$work/signed" | tr -d ' \n')" = "$key_id" ] || continue
    tail -c +5 "$work/signed" >"$work/signature"
    "$OPENSSL" pkeyutl -verify -pubin -keyform DER -inkey "$work/key.der" -rawin -in "$work/note" \
        -sigfile "$work/signature" >/dev/null 2>&1 && signed=1
done <"$work/lines"
size=$(sed -n 2p "$work/note")
case $size in
'' | 0* | *[!0-9]* | ????????????????*)
    size='?'
    stop "The checkpoint does not say how many entries there are."
    ;;
esac
sed -n 3p "$work/note" | tr -d '\n' | from_base64 >"$work/root" 2>/dev/null
if [ "$signed" -eq 1 ]; then
    ok "The checkpoint, which says that there are $size entries and what their root is, is signed with the log's key."
else
    bad "The checkpoint is not signed with the key in log/vkey."
fi
[ "$wanted" -lt "$size" ] || usage "The log has $size entries, from 0 to $((size - 1))."

# --- 2. the entry itself, if the log is of the version whose rules these are

entry 0 "$work/first"
case $(tail -c 40 "$work/first") in
*'"type":"letter","version":2}') ;;
*'"type":"letter"}' | *'"type":"letter","version":'*)
    echo "This log has another version than 2 (one without a version was made by release 0.1.0). Nothing was checked."
    exit 3
    ;;
esac
entry "$wanted" "$work/entry"
prove "$wanted" "$work/entry" ""
form='^{"message":"\([A-Za-z0-9_-]*\)","round":\([0-9]*\),"signature":"\([A-Za-z0-9_-]*\)","type":"signature"}$'
round=$(sed -n "s/$form/\\2/p" "$work/entry")
if [ -z "$round" ]; then
    [ "$wrong" -eq 0 ] || finish
    usage "Entry $wanted is not a signature but a \"$(sed 's/.*"type":"\([a-z]*\)".*/\1/' "$work/entry")\". Choose another."
fi
sed -n "s/$form/\\1/p" "$work/entry" | from_base64url >"$work/message" 2>/dev/null
sed -n "s/$form/\\3/p" "$work/entry" | from_base64url >"$work/signature" 2>/dev/null

# --- 3. what the log says of the letter and of the round

prove 0 "$work/first" ", the letter,"
letter=$(sed -n 's/^{.*,"letter_id":"\([0-9A-Z]*\)","log_key":"\([A-Za-z0-9_-]*\)",.*/\1 \2/p' "$work/first")
text=$(sed -n 's/.*\],"text_sha256":"\([0-9a-f]*\)","timing":".*/\1/p' "$work/first")
echo "${letter#* }" | from_base64url >"$work/log-key" 2>/dev/null
if cmp -s "$work/log-key" "$work/key"; then
    ok "The log's first entry names the same key as log/vkey."
else
    bad "The log's first entry names another key than log/vkey."
fi
fetch letter.md
if [ "$("$OPENSSL" dgst -sha256 -r "$work/letter.md" | cut -c 1-64)" = "$text" ]; then
    ok "letter.md is the text that the log's first entry names (SHA-256 $text)."
else
    bad "letter.md is not the text that the log's first entry names."
fi
search=0
found=
while [ "$search" -le $((wanted / 256)) ] && [ -z "$found" ]; do
    file_name entries "$search" "$size"
    fetch "$file"
    if grep "\"round\":$round,\"type\":\"round\"}" "$work/$file" >/dev/null; then
        at=$((search * 256))
        while [ "$at" -lt "$wanted" ] && [ "$at" -lt $((search * 256 + 256)) ] && [ -z "$found" ]; do
            entry "$at" "$work/round"
            grep -q "\"round\":$round,\"type\":\"round\"}\$" "$work/round" && found=$at
            at=$((at + 1))
        done
    fi
    search=$((search + 1))
done
[ -n "$found" ] || stop "The log does not name round $round before this signature."
prove "$found" "$work/round" ", round $round and its key,"
in_log=$(sed -n 's/.*"public_key":"\([A-Za-z0-9_-]*\)",.*/\1/p' "$work/round")

# --- 4. the signature: RSA-PSS over the message, under the round's key in issuer.pem

fetch log/issuer.pem
keys=$(sed -e '/^-----BEGIN/d' -e 's/^-----END.*/,/' "$work/log/issuer.pem" | tr -d '\r\n' | tr ',' '\n')
mine=
for key in $keys; do
    [ "$(echo "$key" | sed -e 'y/+\//-_/' -e 's/=*$//')" = "$in_log" ] && mine=$key
done
if [ -n "$mine" ]; then
    ok "log/issuer.pem holds the key that the log names for round $round."
    echo "$mine" | tr -d '\n' | from_base64 |
        "$OPENSSL" pkey -pubin -inform DER -out "$work/issuer.pem" -text_pub >/dev/null 2>&1
    if "$OPENSSL" rsa -pubin -in "$work/issuer.pem" -noout -text 2>/dev/null |
        awk '/Public-Key: \(3072 bit\)/ { n = 1 } /^Exponent: 65537 / { e = 1 } END { exit !(n && e) }'; then
        ok "It is an RSA key of 3072 bits, with the exponent 65537."
    else
        bad "It is not an RSA key of 3072 bits with the exponent 65537."
    fi
    if "$OPENSSL" dgst -sha384 -verify "$work/issuer.pem" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:48 \
        -sigopt rsa_mgf1_md:sha384 -signature "$work/signature" "$work/message" >/dev/null 2>&1; then
        ok "The signature in entry $wanted is valid under this key (RSA-PSS with SHA-384)."
    else
        bad "The signature in entry $wanted is not valid under this key."
    fi
else
    bad "log/issuer.pem does not hold the key that the log names for round $round."
fi

# --- 5. what was signed: 32 random bytes, then the statement

tail -c +33 "$work/message" >"$work/statement"
commit=$(sed -n 5p "$work/statement")
printf 'petition-signature-v1\n%s\n%s\n%s\n%s\n' "${letter% *}" "$round" "$text" "$commit" >"$work/expected"
if cmp -s "$work/statement" "$work/expected" && [ "$(printf %s "$commit" | tr -d '0-9a-f' | wc -c)" -eq 0 ] &&
    [ ${#commit} -eq 64 ]; then
    ok "What was signed names this letter, this text, round $round, and the commit $commit."
else
    bad "What was signed is not a statement for this letter, this text and round $round."
fi
finish
