#!/bin/sh
# Pilots as a Slurm job array: docs/howto/run-on-a-cluster.md
#   AXIOM_SERVER=https://lab.example/ AXIOM_LAB=DIGEST sbatch --array=1-10 deploy/slurm.sh
# Ten jobs compute until no work is left or their time is over. The key lies in ~/.axiom/cluster.key, mode 0600.
# AXIOM_WORDS is added to the pilot's command line.
#SBATCH --job-name=axiom
#SBATCH --cpus-per-task=4
#SBATCH --mem-per-cpu=600M
#SBATCH --time=01:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=axiom-%A-%a.log
set -eu
# The pilot begins nothing in the job's last minutes (JOB_MARGIN_SECONDS), so that the job ends by itself and counts as
# completed. The number of an array's last element is also that of the array, so an element is asked for by both.
job=${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID}
end=$(date -d "$(squeue --noheader --job "${job:-$SLURM_JOB_ID}" --Format EndTime:40)" +%s 2>/dev/null) || end=
minutes=${end:+$(((end - $(date +%s)) / 60))}
[ "${minutes:-1}" -gt 0 ] || minutes=1
# On a disk of the node: a job that is requeued, or the next one here, goes on with what this one had begun.
# exec, since Slurm's SIGTERM must reach the pilot.
exec "${AXIOM:-axiom}" work --server "$AXIOM_SERVER" --lab "$AXIOM_LAB" \
    --key-file "${AXIOM_KEY_FILE:-$HOME/.axiom/cluster.key}" \
    --scratch "${AXIOM_SCRATCH:-/tmp/axiom-$(id -un)}" \
    --cores "${SLURM_CPUS_PER_TASK:-1}" ${minutes:+--job-ends-in "${minutes}m"} ${AXIOM_WORDS:-}
