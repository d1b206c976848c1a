#!/bin/sh
# Sets up Petition on Debian 12 or 13: shows what it will change, asks, and changes it. Run it again, for example from a
# newer release, and it changes only what differs; without options it takes those of the last time.
set -eu
umask 022

usage() {
    cat <<'END'
Usage: sudo deploy/install.sh --url https://NAME [options]

  --url URL          the public address
  --web nginx|caddy|none   the web server in front (default nginx); none: reached through Tor only
  --onion            an onion service beside it; with --web none its address is the public one
  --recipient KEY    an age public key that backups are encrypted to; may be repeated
  --certbot EMAIL    fetch a certificate from Let's Encrypt (nginx only; Caddy does it by itself)
  --firewall         replace /etc/nftables.conf: ssh and web in, mail and witnesses out
  --show             show what would change, and change nothing
  --yes              do not ask
END
}

die() {
    echo "$1" >&2
    exit 1
}

# Options

source=$(cd "$(dirname "$0")/.." && pwd)
etc=/etc/petition
hostname=/var/lib/tor/petition/hostname
why_no_path='The program needs a name of its own: under a path, other pages of the name could read what is typed here.'
options=0 url='' web=nginx onion='' recipients='' certbot='' firewall='' show='' yes=''

take_options() {
    while [ $# -gt 0 ]; do
        case $1 in
            --url | --web | --recipient | --certbot)
                case ${2:---} in --*) die "$1 needs a value. See: deploy/install.sh --help" ;; esac
                case $1 in
                    --url) url=${2%/} ;;
                    --web) web=$2 ;;
                    --recipient) recipients="$recipients $2" ;;
                    --certbot) certbot=$2 ;;
                esac
                shift
                ;;
            --onion) onion=yes ;;
            --firewall) firewall=yes ;;
            --show) show=yes && options=$((options - 1)) ;;
            --yes) yes=yes && options=$((options - 1)) ;;
            --help) usage && exit 0 ;;
            *) usage >&2 && die "There is no option $1." ;;
        esac
        options=$((options + 1))
        shift
    done
}

check_options() {
    case $web in
        nginx | caddy)
            printf '%s\n' "$url" | grep -Eqx 'https://[A-Za-z0-9.-]+' ||
                die "--url must be https:// and a name, for example --url https://letters.example.org. $why_no_path"
            ;;
        none)
            [ -n "$onion" ] || die "--web none needs --onion: nobody could reach the site."
            [ -z "$url" ] || die "--web none takes no --url: Tor makes the address."
            ;;
        *) die "--web takes nginx, caddy or none." ;;
    esac
    host=${url#https://}
    for key in $recipients; do
        case $key in
            age1*) ;;
            *) die "--recipient $key: an age public key begins with age1. Make one on another machine: age-keygen" ;;
        esac
    done
    [ -z "$certbot" ] || [ "$web" = nginx ] || die "--certbot goes with nginx only."
}

check_machine() {
    [ "$(id -u)" = 0 ] || die "Run this as root: sudo deploy/install.sh"
    # shellcheck source=/dev/null
    . /etc/os-release
    case ${ID:-}${VERSION_ID:-} in debian12 | debian13) ;; *) die "This script knows Debian 12 and 13. Elsewhere do by hand what docs/hosting.md says." ;; esac
    [ -d /run/systemd/system ] || die "systemd is not running here. In a container use deploy/Containerfile."
    if [ -n "$url" ] && old=$(grep -s '^PETITION_URL=' "$etc/petition.env") && [ "${old#*=}" != "$url" ]; then
        die "$etc/petition.env says $old. Every log is named after it. If no letter was ever opened, change it there first."
    fi
}

# Steps: each says what it changes; the first pass only says it

doing=''
changed=''
steps=0

step() { # step TEXT COMMAND…
    steps=$((steps + 1))
    echo "  $1"
    shift
    [ -z "$doing" ] || "$@"
}

touch_topic() { changed="$changed $1"; }

is_changed() { case " $changed " in *" $1 "*) return 0 ;; *) return 1 ;; esac }

put() { # put SOURCE TARGET MODE TOPIC: a file as it shall be
    if cmp -s "$1" "$2" && [ "$(stat -c %a "$2")" = "$3" ]; then return; fi
    touch_topic "$4"
    step "write $2" install -D -m "$3" "$1" "$2"
}

put_link() { # put_link TARGET LINK TOPIC
    if [ "$(readlink "$2" || true)" = "$1" ]; then return; fi
    touch_topic "$3"
    step "link $2 to $1" ln -sfn "$1" "$2"
}

put_folder() { # put_folder PATH MODE OWNER
    if [ "$(stat -c '%a %U' "$1" 2>/dev/null)" = "$2 $3" ]; then return; fi
    step "make $1" install -d -m "$2" -o "$3" -g "$3" "$1"
}

render() { # render FILE: with the site's name, and without IPv6 where the machine has none
    mkdir -p "$work"
    name=$work/$(basename "$1")
    sed "s/letters\\.example\\.org/$host/g" "$1" >"$name"
    [ -e /proc/net/if_inet6 ] || sed -i '/listen \[::\]/d' "$name"
    echo "$name"
}

# Packages, user, program

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = 'ii ' ]; }

install_packages() {
    wanted='python3 python3-venv openssl'
    case $web in nginx | caddy) wanted="$wanted $web" ;; esac
    if [ -n "$onion" ]; then wanted="$wanted tor"; fi
    if [ -n "$onion" ] && [ "$web" = none ]; then wanted="$wanted nginx"; fi
    if [ -n "$certbot" ]; then wanted="$wanted certbot"; fi
    if [ -n "$firewall" ]; then wanted="$wanted nftables"; fi
    missing=''
    for package in $wanted; do is_installed "$package" || missing="$missing $package"; done
    [ -z "$missing" ] || step "install$missing" get_packages "$missing"
}

get_packages() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $1 >/dev/null
}

make_user() {
    if ! getent passwd petition >/dev/null; then
        step "make the user petition" useradd --system --user-group --home-dir /var/lib/petition --no-create-home \
            --shell /usr/sbin/nologin petition
    fi
    put_folder /var/lib/petition-public 755 petition
}

stamp() {
    (cd "$source" && find petition templates migrations pyproject.toml requirements.lock -type f ! -name '*.pyc' -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-12)
}

install_program() {
    release=/opt/petition/$(sed -n 's/^version = "\(.*\)"/\1/p' "$source/pyproject.toml")-$(stamp)
    if [ ! -e "$release/complete" ]; then step "install the program into $release" build_program "$release"; fi
    put_link "$release" /opt/petition/current program
    put "$source/deploy/petition" /usr/local/sbin/petition 755 wrapper
    if [ -d /etc/sudoers.d ]; then put "$source/deploy/sudoers" /etc/sudoers.d/petition 440 wrapper; fi
    put "$source/docs/hosting.md" /usr/local/share/doc/petition/hosting.md 644 docs
}

build_program() { # every module is compiled here, because the service may not write
    rm -rf "$1"
    python3 -m venv "$1"
    "$1/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$source/requirements.lock"
    mkdir "$work/source" # building leaves the release's own folder alone
    for part in petition templates migrations pyproject.toml README.md LICENSE; do cp -r "$source/$part" "$work/source"; done
    "$1/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation "$work/source"
    touch "$1/complete"
}

# Settings and services

write_settings() {
    put_folder "$etc" 755 root
    if [ ! -e "$etc/petition.env" ]; then
        settings=$(render "$source/deploy/petition.env")
        if [ "$web" = none ]; then
            address=$(onion_address)
            sed -i "s|^PETITION_URL=.*|PETITION_URL=$address|; s/^PETITION_PROXIES=.*/PETITION_PROXIES=0/" "$settings"
        fi
        put "$settings" "$etc/petition.env" 600 settings
    fi
    if [ -n "$onion" ] && [ "$web" != none ] && ! grep -qs '^PETITION_ONION=' "$etc/petition.env"; then
        touch_topic settings
        address=$(onion_address)
        step "tell the program its onion address" add_line "$etc/petition.env" "PETITION_ONION=$address"
    fi
    if [ -n "$recipients" ]; then
        mkdir -p "$work"
        # shellcheck disable=SC2086
        printf '%s\n' $recipients >"$work/recipients"
        put "$work/recipients" "$etc/backup-recipients.txt" 644 backup
    fi
}

write_units() {
    for unit in petition.target petition-server.service petition-scheduler.service \
        petition-publish.service petition-publish.timer petition-backup.service petition-backup.timer \
        petition-restore-check.service petition-restore-check.timer petition-doctor.service petition-doctor.timer; do
        put "$source/deploy/systemd/$unit" "/etc/systemd/system/$unit" 644 units
    done
    put "$source/deploy/systemd/petition-.service.d/hardening.conf" \
        /etc/systemd/system/petition-.service.d/hardening.conf 644 units
    if [ -n "$onion" ]; then
        put "$source/deploy/systemd/petition-onion.service" /etc/systemd/system/petition-onion.service 644 units
    fi
    if is_changed units; then step "reload systemd" systemctl daemon-reload; fi
}

enable_unit() { # enable_unit UNIT: at each start of the machine
    if [ "$(systemctl is-enabled "$1" 2>/dev/null)" = enabled ]; then return; fi
    step "enable $1" systemctl --quiet enable "$1"
}

start_unit() { # start_unit UNIT TOPIC…: start it, or start it again if one of the topics changed
    unit=$1
    shift
    for topic in "$@"; do
        if is_changed "$topic"; then
            step "restart $unit" systemctl restart "$unit"
            return
        fi
    done
    if [ "$(systemctl is-active "$unit")" != active ]; then step "start $unit" systemctl start "$unit"; fi
}

start_services() {
    for unit in petition.target petition-scheduler.service petition-publish.timer petition-backup.timer \
        petition-restore-check.timer petition-doctor.timer; do
        enable_unit "$unit"
    done
    if [ "$web" != none ]; then enable_unit petition-server.service; fi
    if [ -n "$onion" ]; then enable_unit petition-onion.service; fi
    start_unit petition.target units program settings
    if [ -n "$doing" ] && ! systemctl --quiet is-active "petition-$([ "$web" = none ] && echo onion || echo server)"; then
        die "The program does not start. Look at: journalctl -u petition-server -u petition-onion"
    fi
}

# Web server

write_certificate() { # until there is a real one, so that the web server starts
    put_folder "$etc/tls" 700 root
    if [ ! -e "$etc/tls/fullchain.pem" ]; then
        touch_topic web
        step "make a self-signed certificate for $host, until there is a real one" make_certificate
    fi
}

make_certificate() { # openssl makes the key's file for its owner alone
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -subj "/CN=$host" \
        -addext "subjectAltName=DNS:$host" -keyout "$etc/tls/privkey.pem" -out "$etc/tls/fullchain.pem" 2>"$work/openssl" ||
        die "$(cat "$work/openssl")"
}

write_nginx() {
    put "$source/deploy/nginx/petition-http.conf" /etc/nginx/conf.d/petition-http.conf 644 web
    for name in petition-proxy.conf petition-pages.conf; do
        put "$source/deploy/nginx/$name" "/etc/nginx/snippets/$name" 644 web
    done
    if [ "$web" = nginx ]; then
        write_certificate
        put_folder /var/lib/petition-acme 755 root
        put "$(render "$source/deploy/nginx/petition.conf")" /etc/nginx/sites-available/petition 644 web
        put_link /etc/nginx/sites-available/petition /etc/nginx/sites-enabled/petition web
    fi
    if [ -n "$onion" ]; then
        put "$source/deploy/nginx/petition-onion.conf" /etc/nginx/sites-available/petition-onion 644 web
        put_link /etc/nginx/sites-available/petition-onion /etc/nginx/sites-enabled/petition-onion web
    fi
    if [ -L /etc/nginx/sites-enabled/default ] || { [ -z "$doing" ] && ! is_installed nginx; }; then
        touch_topic web
        step "remove Debian's default site, which logs visitors" rm /etc/nginx/sites-enabled/default
    fi
    if is_changed web; then step "check nginx's configuration" nginx -t -q; fi
    enable_unit nginx.service
    start_unit nginx.service web
}

write_caddy() {
    put "$(render "$source/deploy/caddy/Caddyfile")" /etc/caddy/Caddyfile 644 web
    enable_unit caddy.service
    start_unit caddy.service web
}

write_web() {
    for name in petition-502.html petition-413.html; do
        put "$source/deploy/pages/$name" "/usr/local/share/petition/pages/$name" 644 web
    done
    if [ "$web" = caddy ]; then write_caddy; else write_nginx; fi
}

fetch_certificate() {
    live=/etc/letsencrypt/live/$host
    put "$source/deploy/nginx/certificate-hook.sh" /etc/letsencrypt/renewal-hooks/deploy/petition 755 certificate
    if [ ! -e "$live" ]; then
        step "fetch a certificate for $host from Let's Encrypt" certbot certonly --quiet --non-interactive --agree-tos \
            --no-eff-email --email "$certbot" --webroot --webroot-path /var/lib/petition-acme --domain "$host"
    fi
    for name in fullchain.pem privkey.pem; do put_link "$live/$name" "$etc/tls/$name" certificate; done
    if is_changed certificate; then step "reload nginx" systemctl reload nginx; fi
}

# Onion service, firewall

write_onion() {
    put "$source/deploy/tor/petition.conf" /etc/tor/petition.conf 644 tor
    if ! grep -qsx '%include /etc/tor/petition.conf' /etc/tor/torrc; then
        touch_topic tor
        step "include it in /etc/tor/torrc" add_line /etc/tor/torrc '%include /etc/tor/petition.conf'
    fi
    enable_unit tor.service
    start_unit tor@default.service tor
}

add_line() { printf '%s\n' "$2" >>"$1"; }

onion_address() {
    [ -n "$doing" ] || [ -s $hostname ] || { echo http://ADDRESS.onion && return; }
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        [ ! -s $hostname ] || { echo "http://$(cat $hostname)" && return; }
        sleep 1
    done
    die "Tor made no address. Look at: journalctl -u tor@default"
}

write_firewall() {
    mkdir -p "$work"
    ports=$( (sshd -T 2>/dev/null || true) | awk '$1 == "port" { printf "%s%s", comma, $2; comma = ", " }')
    sed "s/tcp dport { 22 }/tcp dport { ${ports:-22} }/" "$source/deploy/nftables.conf" >"$work/nftables.conf"
    if [ -e /etc/nftables.conf ] && [ ! -e /etc/nftables.conf.before-petition ]; then
        step "keep the old /etc/nftables.conf" cp -p /etc/nftables.conf /etc/nftables.conf.before-petition
    fi
    put "$work/nftables.conf" /etc/nftables.conf 644 firewall
    enable_unit nftables.service
    start_unit nftables.service firewall
}

# All of it

write_options() { # for the next time
    {
        printf -- '--web\n%s\n' "$web"
        if [ -n "$url" ]; then printf -- '--url\n%s\n' "$url"; fi
        for key in $recipients; do printf -- '--recipient\n%s\n' "$key"; done
        if [ -n "$certbot" ]; then printf -- '--certbot\n%s\n' "$certbot"; fi
        if [ -n "$onion" ]; then echo --onion; fi
        if [ -n "$firewall" ]; then echo --firewall; fi
    } >"$work/options"
    put "$work/options" "$etc/install.options" 644 options
}

everything() {
    steps=0 changed=''
    install_packages
    make_user
    if [ -n "$onion" ]; then write_onion; fi
    install_program
    write_settings
    write_units
    start_services
    write_web
    if [ -n "$certbot" ]; then fetch_certificate; fi
    if [ -n "$firewall" ]; then write_firewall; fi
    write_options
}

finish() {
    echo
    echo "Done. Next:"
    echo "  sudo petition doctor       says what is wrong, and how to mend it"
    echo "  sudo petition              asks for commands; organizer add NAME prints a one-time link"
    if [ "$web" = nginx ] && [ ! -L "$etc/tls/fullchain.pem" ]; then
        echo "  Put a real certificate at $etc/tls/fullchain.pem and its key at $etc/tls/privkey.pem, or use --certbot"
    fi
    if [ -z "$recipients" ]; then echo "  Make backups possible: --recipient KEY (see docs/hosting.md, Backups)"; fi
    if [ -n "$onion" ]; then echo "  The onion address: http://$(cat $hostname)"; fi
}

main() {
    take_options "$@"
    if [ "$options" = 0 ] && [ -e "$etc/install.options" ]; then
        set --
        while read -r word; do set -- "$@" "$word"; done <"$etc/install.options"
        take_options "$@"
    fi
    check_options
    check_machine
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    echo "This changes:"
    everything
    if [ "$steps" = 0 ]; then
        echo "  nothing: all is as it shall be."
        exit 0
    fi
    [ -z "$show" ] || exit 0
    if [ -z "$yes" ]; then
        printf 'Go on? [y/N] '
        read -r answer
        [ "$answer" = y ] || die "Nothing was changed."
    fi
    doing=yes
    echo "Doing it:"
    everything
    finish
}

main "$@"
