#!/bin/sh
# The stock BOINC client as a batch job: docs/howto/run-on-a-cluster.md
#   AXIOM_SERVER=https://lab.example/ sbatch --array=1-10 deploy/boinc.sh
# It fetches one task for each core, computes them, reports and ends. The account key of a volunteer's account lies in
# ~/.axiom/account.key, mode 0600. Needs the package boinc-client on the nodes.
#SBATCH --job-name=axiom-boinc
#SBATCH --cpus-per-task=4
#SBATCH --mem-per-cpu=600M
#SBATCH --time=02:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=axiom-boinc-%A-%a.log
set -eu
umask 077
key=$(cat "${AXIOM_ACCOUNT_FILE:-$HOME/.axiom/account.key}")
# A folder is one host of the laboratory's, and no two clients may share one.
folder=${AXIOM_SCRATCH:-/tmp/axiom-boinc-$(id -un)}/${SLURM_ARRAY_TASK_ID:-1}
mkdir -p "$folder"
[ -O "$folder" ] && [ -O "${folder%/*}" ] || { echo "$folder belongs to somebody else." >&2; exit 5; }
cd "$folder"
# In a file and not as a word of --attach_project, which everybody on the node could read.
name=$(printf %s "$AXIOM_SERVER" | sed 's|^[a-z]*://||; s|/*$||; s|[^A-Za-z0-9.-]|_|g')
cat >"account_$name.xml" <<END
<account>
<master_url>$AXIOM_SERVER</master_url>
<authenticator>$key</authenticator>
</account>
END
cat >cc_config.xml <<END
<cc_config><options>
<ncpus>${SLURM_CPUS_PER_TASK:-1}</ncpus>
<no_gpus>1</no_gpus>
<report_results_immediately>1</report_results_immediately>
</options></cc_config>
END
# What the scheduler gave is ours, whatever else happens on the node.
cat >global_prefs_override.xml <<END
<global_preferences>
<run_on_batteries>1</run_on_batteries>
<run_if_user_active>1</run_if_user_active>
<suspend_cpu_usage>0</suspend_cpu_usage>
<max_ncpus_pct>100</max_ncpus_pct>
<cpu_usage_limit>100</cpu_usage_limit>
</global_preferences>
END
# exec, since Slurm's SIGTERM must reach the client, which then keeps the state of its tasks.
exec boinc --dir "$folder" --fetch_minimal_work --exit_when_idle --allow_multiple_clients --no_gui_rpc \
    --no_info_fetch --suppress_net_info ${AXIOM_WORDS:-}
