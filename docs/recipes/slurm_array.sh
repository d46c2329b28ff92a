#!/bin/bash
# All sessions of a folder on a SLURM cluster, as an array of jobs that know nothing of one another.
#
#     sbatch slurm_array.sh /shared/drives
#     sbatch --array=1-10 --time=04:00:00 slurm_array.sh /shared/drives --until align
#
# What follows the folder goes to `dashgaze run`. Submitting it again is always safe: what is done is skipped. Wait
# until the first array has ended, and submit the same range: which sessions are whose depends on it.
#
#SBATCH --job-name=dashgaze
#SBATCH --array=1-40
#SBATCH --cpus-per-task=8
#SBATCH --mem-per-cpu=2G
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --signal=B:USR1@120
#SBATCH --open-mode=append
#SBATCH --output=dashgaze-%A_%a.out

set -euo pipefail

if [ $# -lt 1 ]; then
    echo "Give the folder of sessions: sbatch $0 /shared/drives" >&2
    exit 2
fi
drives=$1
shift
if [ "$SLURM_ARRAY_TASK_MIN" -ne 1 ] || [ "$SLURM_ARRAY_TASK_MAX" -ne "$SLURM_ARRAY_TASK_COUNT" ]; then
    echo "Give a range from 1 without gaps, such as --array=1-40: every session has to be somebody's." >&2
    exit 2
fi

# One log for each: many machines can't append to one file.
mkdir -p "$drives/.dashgaze"
dashgaze run "$drives" \
    --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" \
    --workers "${SLURM_CPUS_PER_TASK:-1}" \
    --log "$drives/.dashgaze/run-$SLURM_ARRAY_TASK_ID-of-$SLURM_ARRAY_TASK_COUNT.jsonl" \
    --quiet "$@" &
run=$!

# Two minutes before the time is over SLURM says so: stop, and queue again. Finished stretches of a drive are kept.
queue_again() {
    trap '' USR1
    kill -TERM "$run" 2>/dev/null || true
    wait "$run" || true
    scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
    exit 0
}
trap queue_again USR1

code=0
wait "$run" || code=$?
# A doubtful verdict (3) is a finding about a drive, and no failure of this job.
if [ "$code" -eq 3 ]; then
    code=0
fi
exit "$code"
