#!/bin/sh
# Proves what an operator installs, on bare Debian: the containers behind their proxy, and the service, upgraded and rolled back.
#
# Everything is made in a folder of its own: a base by debootstrap, images, volumes. The first finding may take 180 s.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
parts=$root/campaigns/packages
most=180

say() { printf '%6s s  %s\n' "$(($(date +%s) - began))" "$*"; }

fail() {
    say "$*"
    exit 1
}

for tool in podman podman-compose debootstrap; do
    if [ "$(id -u)" != 0 ] || ! command -v "$tool" >/dev/null; then
        echo "This campaign needs root, podman, podman-compose and debootstrap, so nothing was proven. Type: sudo apt-get install podman podman-compose debootstrap netavark aardvark-dns" >&2
        exit 5
    fi
done

began=$(date +%s)
scratch=$(mktemp -d)
log=$scratch/log
cat >"$scratch/storage.conf" <<end
[storage]
driver = "overlay"
graphroot = "$scratch/images"
runroot = "$scratch/run"
end
export CONTAINERS_STORAGE_CONF="$scratch/storage.conf"
export AXIOM_DOMAIN=localhost AXIOM_HTTP=127.0.0.1:18081 AXIOM_HTTPS=127.0.0.1:18443 AXIOM_WORKERS=2
compose() { podman-compose --project-name axiom-campaign --file "$root/deploy/compose.yaml" "$@" >>"$log" 2>&1; }
server() { podman exec axiom-campaign_server_1 "$@"; }
results() { server axiom status 2>>"$log" | sed -n 's/^results *//p' | tr -d ,; }
service() { podman exec --interactive axiom-service sh -eu; }

end() {
    status=$?
    [ "$status" = 0 ] || tail -n 20 "$log" >&2
    podman rm --force --time 20 axiom-service >>"$log" 2>&1 || :
    compose down || :
    podman network rm --force axiom-campaign_default >>"$log" 2>&1 || :
    umount "$scratch/images/overlay" 2>/dev/null || :
    rm -rf "$scratch"
    exit "$status"
}
trap end EXIT
trap 'exit 130' INT TERM
touch "$log"

debootstrap --variant=minbase --include=ca-certificates bookworm "$scratch/base" >>"$log"
cp /etc/ssl/certs/ca-certificates.crt "$scratch/base/etc/ssl/certs/" # whatever stands between here and the packages
tar --create --directory "$scratch/base" . | podman import - localhost/debian >>"$log" 2>&1
rm -rf "$scratch/base"
say "a base from Debian's packages"

if ! podman run --rm localhost/debian true 2>>"$log"; then
    printf '[engine]\nruntime = "runc"\n[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n' >"$scratch/containers.conf"
    export CONTAINERS_CONF="$scratch/containers.conf"
    podman run --rm localhost/debian true 2>>"$log" || fail "no container starts on this computer, not with runc either"
    say "containers start here with runc and small limits alone"
fi

compose build
say "both images"
say "starting them with 2 workers, at a load of $(cut -d ' ' -f 1 /proc/loadavg)"
"$root/.venv/bin/python" "$parts/first_finding.py" https://localhost:18443/ "$most" &
watching=$!
compose up --detach --no-build
wait "$watching" || fail "no finding within $most s"
[ "$(server id -un)" = axiom ] || fail "the server runs as $(server id -un)"
! server touch /opt/axiom/x 2>>"$log" || fail "the server can write its own program"
server python -m axiom.runner.confine.bubblewrap >>"$log" 2>&1 || fail "no sandbox in the container: nothing goes to volunteers"
podman healthcheck run axiom-campaign_server_1 >>"$log" 2>&1 || fail "the health check says no"
say "not root, read-only, healthy, with a sandbox for untried code"
had=$(results)
compose down
compose up --detach --no-build
"$root/.venv/bin/python" "$parts/first_finding.py" https://localhost:18443/ "$most"
[ "$(results)" -ge "$had" ] || fail "results were lost: there were $had"
compose down
say "stopped and started: nothing lost of $had results"

newest=$(cd "$root" && find src/axiom/store/migrations -name '*.sql' | sort | tail -n 1)
older=$(git -C "$root" log --diff-filter=A --format=%H -n 1 -- "$newest")^
{
    podman build --quiet --tag localhost/axiom-server "$parts"
    podman run --detach --name axiom-service --systemd=always --privileged --volume "$root:/checkout:ro" localhost/axiom-server
} >>"$log" 2>&1
service <<end >>"$log" 2>&1
git config --global safe.directory '*'
git clone --quiet --no-hardlinks /checkout /root/newer
git clone --quiet --no-hardlinks /checkout /root/older
git -C /root/older checkout --quiet $older
cp -r /root/newer/deploy /root/older/
/root/older/deploy/install-service --url https://lab.example.org/ --name Trial
end
say "deploy/install-service, from the version before $(basename "$newest" .sql)"
podman exec --interactive axiom-service python3 - http://127.0.0.1:8080/ "$most" <"$parts/first_finding.py" || fail "no finding within $most s"
service <<end >>"$log" 2>&1
systemd-analyze verify /etc/systemd/system/axiom.service
systemctl stop axiom
install --directory --mode 0700 --owner axiom /var/backups/axiom
axiom backup -o /var/backups/axiom/before.tar
axiom restore /var/backups/axiom/before.tar --dry-run --data /var/backups/axiom/trial
/root/newer/deploy/install-service
end
podman exec --interactive axiom-service python3 - http://127.0.0.1:8080/ "$most" <"$parts/first_finding.py" || fail "no finding after the upgrade"
echo 'axiom doctor --invariants && ls /var/lib/axiom/backups/before-*.db' | service >>"$log" 2>&1
say "upgraded with its backup: every promise holds"
service <<end >>"$log" 2>&1
systemctl stop axiom
/root/older/deploy/install-service
until journalctl -u axiom | grep 'was written by a newer Axiom'; do sleep 1; done
systemctl stop axiom
mv /var/lib/axiom /var/lib/axiom-newer
/opt/axiom/bin/axiom restore /var/backups/axiom/before.tar --as-it-was --data /var/lib/axiom
chown -R axiom:axiom /var/lib/axiom
systemctl start axiom
end
podman exec --interactive axiom-service python3 - http://127.0.0.1:8080/ "$most" <"$parts/first_finding.py" || fail "no finding after the roll back"
echo 'axiom doctor --invariants' | service >>"$log" 2>&1
say "rolled back to that backup: every promise holds"
service <<end >>"$log" 2>&1
/root/newer/deploy/install-service --remove
for gone in /opt/axiom /var/cache/axiom /usr/local/sbin/axiom /etc/systemd/system/axiom.service; do test ! -e \$gone; done
test -e /var/lib/axiom/keys
rm -r /var/lib/axiom
/root/newer/deploy/install-service --remove
! id axiom
end
say "--remove: nothing is left but the data, and then not even that"
