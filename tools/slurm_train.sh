#!/usr/bin/env bash
# The same as tools/train.py on a Slurm cluster, one task a GPU.
# usage:   [GPUS=8] [GPUS_PER_NODE=8] [CPUS_PER_TASK=4] tools/slurm_train.sh PARTITION JOB_NAME CONFIG [arguments of tools/train.py]
# example: GPUS=4 tools/slurm_train.sh gpu ide configs/ide/ide_resnet50_market1501.py
set -euo pipefail
if [ $# -lt 3 ]; then sed -n '2,4s/^# //p' "$0" >&2; exit 2; fi
partition=$1 job=$2 config=$3
shift 3
gpus=${GPUS:-8} per_node=${GPUS_PER_NODE:-8}
[ "$gpus" -lt "$per_node" ] && per_node=$gpus
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}  # as torchrun does; Slurm hands it on to the tasks
exec srun --partition "$partition" --job-name "$job" --ntasks "$gpus" --ntasks-per-node "$per_node" \
    --gres "gpu:$per_node" --cpus-per-task "${CPUS_PER_TASK:-4}" --kill-on-bad-exit 1 \
    python -u tools/train.py "$config" --launcher slurm "$@"
